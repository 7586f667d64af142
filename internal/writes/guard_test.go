package writes_test

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"roster/internal/writes"
)

// severed is a replica's way to the store, which can be cut.
type severed struct {
	writes.Store
	cut atomic.Bool
}

var errCut = errors.New("cut")

func (s *severed) Get(ctx context.Context, name string) (writes.Held, error) {
	if s.cut.Load() {
		return writes.Held{}, errCut
	}
	return s.Store.Get(ctx, name)
}

func (s *severed) Put(ctx context.Context, name string, was writes.Held, value []byte, life time.Duration) (writes.Held, bool, error) {
	if s.cut.Load() {
		return was, false, errCut
	}
	return s.Store.Put(ctx, name, was, value, life)
}

// A call waits for its turn for longer than its lock lasts without the store, and another replica makes the thing meanwhile. Whether the store has
// come back by then or not, the call is not sent.
func TestALockIsLostWhileTheTurnIsWaitedFor(t *testing.T) {
	t.Parallel()
	for _, back := range []bool{false, true} {
		each(t, func(t *testing.T, kind string, v *vendor, store *writes.Memory, other *world) {
			way := &severed{Store: store}
			w, stop := newWorld(t, v, way, nil)
			defer stop()
			first := true
			v.turn = func() {
				if !first {
					return
				}
				first = false
				way.cut.Store(true)
				time.Sleep(20 * time.Second)
				if res := other.do(kind, writes.Request{}); res.Outcome != writes.Done {
					t.Errorf("the other: %+v", res)
				}
				way.cut.Store(!back)
			}
			if res, err := kinds[kind].do(t.Context(), w, writes.Request{Source: "ws", Key: new("k")}); !errors.Is(err, writes.ErrUnavailable) {
				t.Errorf("%+v, %v, want an error that says that nothing was sent", res, err)
			}
			if n := v.holds(kinds[kind].collection, nameOf(kind, "")); n != 1 {
				t.Errorf("there are %d, want the other's", n)
			}
			way.cut.Store(false)
			if res := w.do(kind, writes.Request{Key: new("k")}); res.Ref == nil || res.Outcome == writes.Unknown || !w.shows(kind, res) {
				t.Errorf("afterwards: %+v", res)
			}
			if n := v.holds(kinds[kind].collection, nameOf(kind, "")); n != 1 {
				t.Errorf("afterwards there are %d", n)
			}
		})
	}
}

// A lock that was kept alive all the while is no hindrance, however long the turn takes.
func TestALockIsKeptWhileTheTurnIsWaitedFor(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, kind string, v *vendor, _ *writes.Memory, w *world) {
		v.turn = func() { time.Sleep(time.Minute) }
		if res := w.do(kind, writes.Request{}); res.Outcome != writes.Done {
			t.Errorf("%+v", res)
		}
	})
}

// Somebody may have had it made the other way round meanwhile.
func TestALockIsLostWhileASubscriptionWaits(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		v, store := newVendor(), new(writes.Memory)
		way := &severed{Store: store}
		w, stop := newWorld(t, v, way, nil)
		defer stop()
		other, stopOther := newWorld(t, v, store, nil)
		defer stopOther()
		v.turn = func() {
			v.turn = nil
			way.cut.Store(true)
			time.Sleep(20 * time.Second)
			for _, off := range []bool{false, true} {
				if _, _, err := other.writer.SubscribeToTask(t.Context(), ws, writes.Subscribe{TaskID: "7", Off: off, User: ann}); err != nil {
					t.Error(err)
				}
			}
		}
		if res, _, err := w.writer.SubscribeToTask(t.Context(), ws, writes.Subscribe{TaskID: "7", User: ann}); !errors.Is(err, writes.ErrUnavailable) {
			t.Errorf("%+v, %v, want an error that says that nothing was sent", res, err)
		}
		if v.tasks["7 ann@example.com"] {
			t.Error("subscribed, although that was ended since")
		}
	})
}
