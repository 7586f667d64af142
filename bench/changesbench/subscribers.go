package main

import (
	"context"
	"fmt"
	"io"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"roster/bench/internal/process"
)

// The orders for the process that subscribes.
type order struct {
	Open    *open    `json:",omitempty"`
	Expect  *expect  `json:",omitempty"`
	Measure *measure `json:",omitempty"`
}

// open opens subscriptions after a cursor.
type open struct {
	Address, Cursor string
	Subscribers     int
}

// expect begins a step in which the subscribers of each filter get these changes.
type expect struct {
	Of     []tally
	Within time.Duration
}

// measure ends the step. The delays of its changes, counted from each of these times, are added to those of the steps before; a zero time is not known.
type measure struct {
	From [2]time.Time
	// Last ends the phase.
	Last bool
}

// answer is the answer to all orders.
type answer struct {
	Failure string `json:",omitempty"` // what a subscriber has missed, or got in addition
	// For Measure.
	Received int     // changes
	Delays   []delay // of the phase, for each time, with Last
	Bytes    []int64 // received since the beginning, by transport
	Counts   []int   // changes, in the same way

	once bool // the directory was built once in the step
}

// delay is how late changes were.
type delay struct{ Median, P99, Most time.Duration }

// subscribers are all of them, in the process that subscribes.
type subscribers struct {
	all    []*subscriber
	want   []tally    // what the subscribers of each filter are to have got so far
	lost   chan error // when a stream has ended
	ready  chan struct{}
	delays [2][]time.Duration // of the phase
}

// subscribe subscribes, and measures.
func subscribe(in io.Reader, out io.Writer) error {
	s := &subscribers{lost: make(chan error, 1), ready: make(chan struct{}, 1)}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	return process.AnswerLines(in, out, func(o order) (answer, error) {
		switch {
		case o.Open != nil:
			return answer{}, s.open(ctx, o.Open)
		case o.Expect != nil:
			return s.expect(o.Expect), nil
		default:
			return s.measure(o.Measure), nil
		}
	})
}

func (s *subscribers) open(ctx context.Context, o *open) error {
	errs := make(chan error, o.Subscribers)
	room := make(chan struct{}, 64)
	for i := range o.Subscribers {
		x := &subscriber{number: i, changed: s.ready}
		s.all = append(s.all, x)
		go func() {
			room <- struct{}{}
			read, err := x.connect(ctx, o.Address, o.Cursor)
			<-room
			errs <- err
			if err == nil {
				err = x.follow(read)
				select {
				case s.lost <- fmt.Errorf("subscriber %d: %w", x.number, err):
				default:
				}
			}
		}()
	}
	for range o.Subscribers {
		if err := <-errs; err != nil {
			return err
		}
	}
	return nil
}

// expect waits until all subscribers have got what they are to get. What they get in addition is found in a later step, because all of them are counted
// together.
func (s *subscribers) expect(e *expect) answer {
	if s.want == nil {
		s.want = make([]tally, len(e.Of))
	}
	for i := range e.Of {
		s.want[i].plus(e.Of[i])
	}
	select {
	case err := <-s.lost:
		return answer{Failure: err.Error()}
	default:
	}
	late := time.NewTimer(e.Within)
	defer late.Stop()
	for {
		missing := slices.IndexFunc(s.all, func(x *subscriber) bool { return x.count() < s.want[x.filter()].Changes })
		if missing < 0 {
			break
		}
		select {
		case <-s.ready:
		case err := <-s.lost:
			return answer{Failure: err.Error()}
		case <-late.C:
			x := s.all[missing]
			return answer{Failure: fmt.Sprintf("%s has %d changes of %d after %s", x.describe(), x.count(), s.want[x.filter()].Changes, e.Within)}
		}
	}
	for _, x := range s.all {
		if got, want := x.tally(), s.want[x.filter()]; got != want {
			return answer{Failure: fmt.Sprintf("%s has other changes: %d of %d, the last of which is %.300s", x.describe(), got.Changes, want.Changes, x.text)}
		}
	}
	return answer{}
}

func (s *subscribers) measure(m *measure) answer {
	a := answer{Bytes: make([]int64, len(transports)), Counts: make([]int, len(transports))}
	for _, x := range s.all {
		received := x.take()
		a.Received += len(received)
		for i, from := range m.From {
			for j := 0; j < len(received) && !from.IsZero(); j++ {
				s.delays[i] = append(s.delays[i], received[j].Sub(from))
			}
		}
		a.Bytes[x.transport()] += x.bytes.Load()
		a.Counts[x.transport()] += x.total
	}
	for i := range s.delays {
		if m.Last {
			a.Delays = append(a.Delays, delayOf(s.delays[i]))
			s.delays[i] = s.delays[i][:0]
		}
	}
	return a
}

func delayOf(all []time.Duration) (d delay) {
	if len(all) == 0 {
		return d
	}
	slices.Sort(all)
	at := func(part float64) time.Duration { return all[int(part*float64(len(all)-1))] }
	return delay{at(0.5), at(0.99), at(1)}
}

// subscriber is one of them.
type subscriber struct {
	number  int
	bytes   atomic.Int64
	changed chan<- struct{} // told when the subscriber has got something

	mu       sync.Mutex
	got      tally       // since the beginning
	received []time.Time // since the last measure
	total    int         // before that
	last     uint64      // the position of the last change
	text     []byte      // the last change
}

// Half of the subscribers use WebSockets. All combinations of filters and transports occur.
func (x *subscriber) transport() int {
	return [...]int{webSocket, graphqlSSE, webSocket, plainSSE}[x.number%4]
}

func (x *subscriber) filter() int { return x.number / 4 % len(filters) }

// combinations is the number of subscribers after which everything repeats itself.
var combinations = 4 * len(filters)

func (x *subscriber) describe() string {
	return fmt.Sprintf("subscriber %d (%s, %s)", x.number, transports[x.transport()], filters[x.filter()].title)
}

func (x *subscriber) count() int { return x.tally().Changes }

func (x *subscriber) tally() tally {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.got
}

func (x *subscriber) take() []time.Time {
	x.mu.Lock()
	defer x.mu.Unlock()
	received := x.received
	x.received = nil
	x.total += len(received)
	return received
}

// follow reads changes until the stream ends.
func (x *subscriber) follow(read func() ([]byte, error)) error {
	for {
		data, err := read()
		if err != nil {
			return err
		}
		if data == nil {
			continue
		}
		c, err := parseChange(data)
		if err != nil {
			return err
		}
		now := time.Now()
		x.mu.Lock()
		if c.position <= x.last {
			x.mu.Unlock()
			return fmt.Errorf("change %d follows change %d", c.position, x.last)
		}
		x.last = c.position
		x.got.add(c.kind, c.action, c.id, c.fields)
		x.received = append(x.received, now)
		x.text = append(x.text[:0], data...)
		x.mu.Unlock()
		select {
		case x.changed <- struct{}{}:
		default:
		}
	}
}
