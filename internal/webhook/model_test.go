package webhook_test

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"roster/internal/webhook"
)

// act is one thing that happens in the model.
type act struct {
	add     int // changes are made
	wait    time.Duration
	restart int // 1: the process is stopped and started, 2: it is killed, 3: it loses its log, too
	forget  bool
	away    bool // the log cannot be read meanwhile
	revoke  bool // the process loses the lease, and gets it again later
	batch   int  // the configuration changes
	answers []int
}

// Answers of the model's receiver, beside statuses.
const (
	answerNever   = 1 // it takes the message, and the answer is lost
	answerHangs   = 2 // the same, and the connection stays open
	answerRefused = 3 // it gets nothing
)

// mortal is the store as one process sees it. A process that was killed stores nothing.
type mortal struct {
	*webhook.Memory
	dead    atomic.Bool
	revoked atomic.Int64 // how many leases were taken away
}

type mortalLease struct {
	webhook.Lease
	of    *mortal
	after int64 // the number of those that were taken away before
}

var errDead = errors.New("the process is dead")

func (m *mortal) Acquire(ctx context.Context, name string) (webhook.Lease, error) {
	l, err := m.Memory.Acquire(ctx, name)
	return &mortalLease{l, m, m.revoked.Load()}, err
}

func (l *mortalLease) Held() bool { return !l.of.dead.Load() && l.of.revoked.Load() == l.after }

func (l *mortalLease) Save(ctx context.Context, state []byte) error {
	if !l.Held() {
		return errDead
	}
	return l.Lease.Save(ctx, state)
}

// RoundTrip is that of a process that may be dead.
type processTransport struct {
	of *mortal
	*receiver
}

func (p processTransport) RoundTrip(r *http.Request) (*http.Response, error) {
	if p.of.dead.Load() {
		return nil, errDead
	}
	return p.receiver.RoundTrip(r)
}

// Whatever a receiver answers, and whenever the process ends: each change arrives, in order, or the receiver is told to read everything anew.
func TestEveryChangeArrivesInOrder(t *testing.T) {
	t.Parallel()
	acts := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) act {
		a := act{add: rapid.IntRange(0, 9).Draw(t, "add"), wait: time.Duration(rapid.SampledFrom([]int{0, 1, 1, 1, 30, 300, 1500}).Draw(t, "wait")) * time.Second,
			away:    rapid.IntRange(0, 4).Draw(t, "away") == 0,
			revoke:  rapid.IntRange(0, 4).Draw(t, "revoke") == 0,
			forget:  rapid.IntRange(0, 9).Draw(t, "forget") == 0,
			answers: rapid.SliceOfN(rapid.SampledFrom([]int{204, 204, 200, 500, 400, 301, 429, 503, answerNever, answerHangs, answerHangs, answerRefused}), 0, 6).Draw(t, "answers")}
		if rapid.IntRange(0, 2).Draw(t, "restarts") == 0 {
			a.restart = rapid.SampledFrom([]int{1, 2, 2, 2, 3}).Draw(t, "restart")
		}
		if rapid.IntRange(0, 5).Draw(t, "configures") == 0 {
			a.batch = rapid.IntRange(1, 5).Draw(t, "batch")
		}
		return a
	}), 1, 12)
	rapid.Check(t, func(rt *rapid.T) {
		plan := acts.Draw(rt, "acts")
		if rapid.Bool().Draw(rt, "one configuration") {
			for i := range plan {
				plan[i].batch = 0
			}
		}
		down := rapid.IntRange(0, 4).Draw(rt, "down") == 0 // it refuses everything until the end
		var faults []string
		synctest.Test(t, func(t *testing.T) { faults = play(t, plan, down) })
		if len(faults) > 0 {
			rt.Fatal(strings.Join(faults, "\n"))
		}
	})
}

// play runs the acts, and returns what the receiver has to complain of.
func play(t *testing.T, plan []act, down bool) []string {
	t.Helper()
	log, state, in := newTape(), webhook.NewMemory(), &receiver{answer: accepted}
	h := hook()
	h.RetryFor = 20 * time.Minute
	var last *mortal
	var d *webhook.Deliverer
	var stop func()
	start := func() {
		last = &mortal{Memory: state}
		d, stop = running(t, webhook.Options{Log: log, Store: last, Transport: processTransport{last, in}}, h)
	}
	start()
	time.Sleep(time.Second) // the receiver gets its first message
	for _, a := range plan {
		script := a.answers
		in.answers(func(r *http.Request, _ *received) (*http.Response, error) {
			in.mu.Lock()
			next := http.StatusOK
			if down {
				next = http.StatusInternalServerError
			}
			if len(script) > 0 {
				next, script = script[0], script[1:]
			}
			in.mu.Unlock()
			switch next {
			case answerNever:
				return nil, errLost
			case answerHangs:
				<-r.Context().Done()
				return nil, errLost
			case http.StatusServiceUnavailable:
				resp, _ := status(next)
				resp.Header.Set("Retry-After", "120")
				return resp, nil
			case answerRefused:
				return nil, errors.New("connection refused")
			}
			return status(next)
		})
		log.add(a.add)
		log.leave(a.away)
		if a.forget {
			log.forget(1)
		}
		if a.batch > 0 {
			h.Batch = a.batch
			d.Set([]webhook.Hook{h})
		}
		time.Sleep(a.wait / 2) // the time of the bubble
		if a.revoke {
			last.revoked.Add(1)
		}
		time.Sleep(a.wait - a.wait/2)
		if a.restart > 0 {
			last.dead.Store(a.restart > 1)
			stop()
			if a.restart == 3 {
				log.restart()
			}
			start()
		}
	}
	in.answers(accepted)
	log.leave(false)
	log.add(1)
	time.Sleep(40 * time.Minute) // the longest pause is 10 minutes
	stop()
	alike := !slices.ContainsFunc(plan, func(a act) bool { return a.batch > 0 })
	return append(in.faults, follow(log, in.messages(), alike)...)
}

// follow goes through the messages as a receiver does that ignores what it has had, and returns what it misses. If the settings stayed as they were, a change
// comes always in the same message.
func follow(log *tape, messages []received, alike bool) (faults []string) {
	complain := func(m *received, what string) { faults = append(faults, what+": "+m.body) }
	epoch, at := 0, 0
	bodies, messageOf := make(map[string]string), make(map[string]string)
	for i := range messages {
		m := &messages[i]
		if body, seen := bodies[m.id]; seen && body != m.body {
			complain(m, "another message has this ID")
		}
		bodies[m.id] = m.body
		for _, c := range m.Data.Changes {
			if in := messageOf[c.Cursor]; alike && in != "" && in != m.id {
				complain(m, "a change comes again with another ID")
			}
			messageOf[c.Cursor] = m.id
		}
		if !m.taken {
			continue
		}
		if m.Type == webhook.TypeReset {
			if e, n := numbersIn(m.Data.Cursor); e > epoch || e == epoch && n >= at {
				epoch, at = e, n
			}
			continue
		}
		for _, c := range m.Data.Changes {
			e, n := numbersIn(c.Cursor)
			if c.ID != "id"+strconv.Itoa(n) || n%5 == 0 {
				complain(m, "not the change, or one that is not wanted")
			}
			if e < epoch || e == epoch && n <= at {
				continue // had before
			}
			missed := e != epoch
			for between := at + 1; between < n; between++ {
				missed = missed || between%5 != 0
			}
			if missed {
				complain(m, "something before this was not told")
			}
			epoch, at = e, n
		}
	}
	if last := log.head(); epoch != log.epoch || at < last && !(at == last-1 && last%5 == 0) {
		faults = append(faults, "the end was not told")
	}
	return faults
}
