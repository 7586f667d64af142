package webhook_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"roster/internal/changes"
	"roster/internal/webhook"
)

// leases is a store that several processes share. A test can take a lease away, and make the store fail.
type leases struct {
	*webhook.Memory
	mu     sync.Mutex
	holder *oneLease
	fails  atomic.Bool
}

type oneLease struct {
	webhook.Lease
	of *leases
}

var errStore = errors.New("the store is away")

func (l *leases) Acquire(ctx context.Context, name string) (webhook.Lease, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.fails.Load() {
		return nil, errStore
	}
	if l.holder != nil {
		return nil, nil //nolint:nilnil // another one has it
	}
	inner, err := l.Memory.Acquire(ctx, name)
	l.holder = &oneLease{inner, l}
	return l.holder, err
}

// revoke takes the lease away, so that another process can have it.
func (l *leases) revoke() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.holder = nil
}

func (o *oneLease) Held() bool {
	o.of.mu.Lock()
	defer o.of.mu.Unlock()
	return o.of.holder == o
}

func (o *oneLease) Save(ctx context.Context, state []byte) error {
	if o.of.fails.Load() || !o.Held() {
		return errStore
	}
	return o.Lease.Save(ctx, state)
}

func (o *oneLease) Release(context.Context) {
	o.of.mu.Lock()
	defer o.of.mu.Unlock()
	if o.of.holder == o {
		o.of.holder = nil
	}
}

// Of two processes one delivers. One whose lease is lost while a receiver is slow ends its attempt before the other one sends the message, and sends no more.
func TestALostLeaseEndsTheAttempt(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		log, store, in := newTape(), &leases{Memory: webhook.NewMemory()}, &receiver{answer: accepted}
		h := hook()
		h.Timeout = time.Minute
		opt := webhook.Options{Log: log, Store: store}
		one, stopOne := started(t, opt, in, h)
		defer stopOne()
		opt.Transport = in
		two, stopTwo := running(t, opt, h)
		defer stopTwo()
		log.add(1)
		time.Sleep(time.Minute)
		if !one.Stats()[0].Delivering || two.Stats()[0].Delivering || len(in.messages()) != 2 {
			t.Fatalf("%+v, %+v, %d messages", one.Stats(), two.Stats(), len(in.messages()))
		}
		var endedAfter time.Duration
		in.answers(func(r *http.Request, _ *received) (*http.Response, error) {
			in.answers(accepted)
			began := time.Now()
			<-r.Context().Done()
			endedAfter = time.Since(began)
			return nil, r.Context().Err()
		})
		log.add(1)
		time.Sleep(time.Second)
		store.revoke()
		// The first process has the lease no more, and the second one takes it before the first one tries again.
		time.Sleep(30 * time.Second)
		got := in.messages()
		if len(got) != 4 || got[3].id != got[2].id || endedAfter > 3*time.Second {
			t.Errorf("%+v, the attempt ended after %v", got, endedAfter)
		}
		if one.Stats()[0].Delivering == two.Stats()[0].Delivering || one.Stats()[0].Failed+two.Stats()[0].Failed > 0 {
			t.Errorf("%+v, %+v", one.Stats(), two.Stats())
		}
	})
}

// A process that waits for its next attempt makes none when it has lost the lease.
func TestALostLeaseEndsThePause(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		log, store, in := newTape(), &leases{Memory: webhook.NewMemory()}, &receiver{answer: accepted}
		_, stop := started(t, webhook.Options{Log: log, Store: store}, in, hook())
		defer stop()
		in.answers(refusing(503, "600"))
		log.add(1)
		time.Sleep(time.Minute)
		store.fails.Store(true)
		store.revoke()
		time.Sleep(time.Hour)
		if got := in.messages(); len(got) != 2 {
			t.Errorf("%d messages", len(got))
		}
	})
}

// While the store fails nothing is delivered, the log says so once, and afterwards everything arrives.
func TestTheStoreFails(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		log, store, in := newTape(), &leases{Memory: webhook.NewMemory()}, &receiver{answer: accepted}
		var lines bytes.Buffer
		opt := webhook.Options{Log: log, Store: store, Logger: slog.New(slog.NewTextHandler(&lines, nil))}
		_, stop := started(t, opt, in, hook())
		store.fails.Store(true)
		log.add(2)
		time.Sleep(time.Hour)
		if len(in.messages()) != 1 {
			t.Errorf("%d messages although the position cannot be stored", len(in.messages()))
		}
		stop()
		opt.Transport = in
		_, stop = running(t, opt, hook())
		time.Sleep(time.Hour)
		store.fails.Store(false)
		time.Sleep(time.Minute)
		stop()
		if got := in.messages(); len(got) != 2 || len(got[1].Data.Changes) != 2 {
			t.Errorf("%+v", got)
		}
		for _, line := range []string{"cannot be stored", "cannot be read from the store", "can be read from the store again"} {
			if strings.Count(lines.String(), line) != 1 {
				t.Errorf("%q is not there once:\n%s", line, lines.String())
			}
		}
	})
}

// A process that cannot read the log lets another one deliver, and does not take the lease again before it can.
func TestAProcessWithoutTheLogGivesTheLeaseBack(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		log, store, in := newTape(), &leases{Memory: webhook.NewMemory()}, &receiver{answer: accepted}
		behind := &sometimes{tape: log}
		var lines bytes.Buffer
		one, stopOne := started(t, webhook.Options{Log: behind, Store: store, Logger: slog.New(slog.NewTextHandler(&lines, nil))}, in, hook())
		defer stopOne()
		two, stopTwo := running(t, webhook.Options{Log: log, Store: store, Transport: in}, hook())
		defer stopTwo()
		behind.away.Store(true)
		log.add(1)
		time.Sleep(time.Minute)
		if got := in.messages(); len(got) != 2 || one.Stats()[0].Delivering || !two.Stats()[0].Delivering {
			t.Errorf("%d messages, %+v, %+v", len(got), one.Stats(), two.Stats())
		}
		behind.away.Store(false)
		time.Sleep(time.Minute)
		store.revoke() // the other process stands still
		log.add(1)
		time.Sleep(time.Minute)
		if got := in.messages(); len(got) != 3 {
			t.Errorf("%d messages", len(got))
		}
		stopOne()
		for _, line := range []string{"the log of changes cannot be read", "the log of changes can be read again"} {
			if strings.Count(lines.String(), line) != 1 {
				t.Errorf("%q is not there once:\n%s", line, lines.String())
			}
		}
	})
}

// sometimes is a tape that one process cannot read at times.
type sometimes struct {
	*tape
	away atomic.Bool
}

func (s *sometimes) Reader(after string) (webhook.Reader, error) {
	if s.away.Load() {
		return nil, changes.ErrUnavailable
	}
	r, err := s.tape.Reader(after)
	if err != nil {
		return nil, err
	}
	return sometimesReader{s, r}, nil
}

type sometimesReader struct {
	of *sometimes
	webhook.Reader
}

func (r sometimesReader) Next(ctx context.Context, wanted func(*changes.Event) bool) (*changes.Event, error) {
	if r.of.away.Load() {
		return nil, changes.ErrUnavailable
	}
	return r.Reader.Next(ctx, wanted)
}
