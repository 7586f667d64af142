package writes_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"roster/internal/writes"
)

// lifetimes is a connection to the store that records when the last lock expires, and that loses some answers.
type lifetimes struct {
	writes.Store
	mu   sync.Mutex
	fail int // the number of renewals that are executed without an answer
	ends time.Time
}

func (l *lifetimes) Put(ctx context.Context, name string, was writes.Held, value []byte, life time.Duration) (writes.Held, bool, error) {
	now, ok, err := l.Store.Put(ctx, name, was, value, life)
	l.mu.Lock()
	defer l.mu.Unlock()
	if !strings.HasPrefix(name, writes.LockPrefix) || value == nil {
		return now, ok, err
	}
	if ok && err == nil {
		l.ends = time.Now().Add(life)
	}
	if was.Value != nil && l.fail > 0 {
		l.fail--
		return was, false, errCut
	}
	return now, ok, err
}

// Just before a call is sent, the lock is renewed for its whole lease, even if earlier renewals got no answer.
func TestTheGuardRenewsForTheWholeLease(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		v := newVendor()
		way := &lifetimes{Store: new(writes.Memory)}
		w, stop := newWorld(t, v, way, nil)
		defer stop()
		v.tune(func(v *vendor) {
			v.turn = func(_ context.Context, op string) {
				if op == "write" {
					way.mu.Lock()
					way.fail = 1
					way.mu.Unlock()
					time.Sleep(9 * time.Second) // the renewal after 5 s gets no answer
				}
			}
		})
		sent := writes.WithSteps(t.Context(), func(step string) {
			if step == "sent" {
				way.mu.Lock()
				defer way.mu.Unlock()
				if left := time.Until(way.ends); left != 15*time.Second {
					t.Errorf("the lock lasts for %s more", left)
				}
			}
		})
		if res, err := kinds["createTeam"].do(sent, w, writes.Request{Source: "ws"}); err != nil || res.Outcome != writes.Done {
			t.Errorf("%+v, %v", res, err)
		}
	})
}

// The store is down at the moment in which a call was to be sent, and comes back at once: the key is free, for another input too, and the next call
// need not reconcile anything.
func TestNothingIsLeftOfWhatWasNotSent(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, kind string, v *vendor, store *writes.Memory, _ *world) {
		way := &lockOutage{Store: store}
		w, stop := newWorld(t, v, way, nil)
		defer stop()
		v.tune(func(v *vendor) {
			v.turn = func(_ context.Context, op string) {
				if op == "write" {
					way.mu.Lock()
					way.refuse = 1
					way.mu.Unlock()
				}
			}
		})
		if res, err := kinds[kind].do(t.Context(), w, writes.Request{Source: "ws", Key: new("k")}); !errors.Is(err, writes.ErrUnavailable) || v.calls() != 0 {
			t.Fatalf("%+v, %v after %d calls", res, err, v.calls())
		}
		v.tune(func(v *vendor) { v.turn = nil })
		w.suffix = "2" // another input
		began := time.Now()
		if res := w.do(kind, writes.Request{Key: new("k")}); res.Outcome != writes.Done {
			t.Errorf("the key is not free: %+v", res)
		}
		w.suffix = ""
		if res := w.do(kind, writes.Request{}); res.Outcome != writes.Done || time.Since(began) >= 5*time.Second {
			t.Errorf("%+v after %s: there was something to settle", res, time.Since(began))
		}
	})
}

// lockOutage is a store that is down for some exchanges of locks.
type lockOutage struct {
	writes.Store
	mu     sync.Mutex
	refuse int
}

func (b *lockOutage) Put(ctx context.Context, name string, was writes.Held, value []byte, life time.Duration) (writes.Held, bool, error) {
	b.mu.Lock()
	refuse := b.refuse > 0 && strings.HasPrefix(name, writes.LockPrefix)
	if refuse {
		b.refuse--
	}
	b.mu.Unlock()
	if refuse {
		return was, false, errCut
	}
	return b.Store.Put(ctx, name, was, value, life)
}
