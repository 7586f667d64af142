package writes_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"roster/connectors"
	"roster/connectors/limit"
	"roster/internal/writes"
)

// cuttable is a replica's connection to the store, which can be cut.
type cuttable struct {
	writes.Store
	cut atomic.Bool
}

var errCut = errors.New("cut")

func (s *cuttable) Get(ctx context.Context, name string) (writes.Held, error) {
	if s.cut.Load() {
		return writes.Held{}, errCut
	}
	return s.Store.Get(ctx, name)
}

func (s *cuttable) Put(ctx context.Context, name string, was writes.Held, value []byte, life time.Duration) (writes.Held, bool, error) {
	if s.cut.Load() {
		return was, false, errCut
	}
	return s.Store.Put(ctx, name, was, value, life)
}

// A call waits for its turn for longer than its lock lasts without the store, and another replica creates the thing meanwhile. The call is not sent,
// whether or not the store has come back by then.
func TestALockIsLostWhileTheTurnIsWaitedFor(t *testing.T) {
	t.Parallel()
	for _, back := range []bool{false, true} {
		each(t, func(t *testing.T, kind string, v *vendor, store *writes.Memory, other *world) {
			way := &cuttable{Store: store}
			w, stop := newWorld(t, v, way, nil)
			defer stop()
			first := true
			turn := func(_ context.Context, op string) {
				if op != "write" || !first {
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
			v.tune(func(v *vendor) { v.turn = turn })
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

// A lock that was renewed all the time lets the call be sent, however long the turn takes.
func TestALockIsKeptWhileTheTurnIsWaitedFor(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, kind string, v *vendor, _ *writes.Memory, w *world) {
		v.tune(func(v *vendor) {
			v.turn = func(_ context.Context, op string) {
				if op == "write" {
					time.Sleep(time.Minute)
				}
			}
		})
		if res := w.do(kind, writes.Request{}); res.Outcome != writes.Done {
			t.Errorf("%+v", res)
		}
	})
}

// Another replica may have set the opposite state meanwhile.
func TestALockIsLostWhileASubscriptionWaits(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		v, store := newVendor(), new(writes.Memory)
		way := &cuttable{Store: store}
		w, stop := newWorld(t, v, way, nil)
		defer stop()
		other, stopOther := newWorld(t, v, store, nil)
		defer stopOther()
		turn := func(_ context.Context, op string) {
			if op != "write" {
				return
			}
			v.tune(func(v *vendor) { v.turn = nil })
			way.cut.Store(true)
			time.Sleep(20 * time.Second)
			for _, off := range []bool{false, true} {
				if _, _, err := other.writer.SubscribeToTask(t.Context(), ws, writes.Subscribe{TaskID: "7", Off: off, User: ann}); err != nil {
					t.Error(err)
				}
			}
		}
		v.tune(func(v *vendor) { v.turn = turn })
		if res, _, err := w.writer.SubscribeToTask(t.Context(), ws, writes.Subscribe{TaskID: "7", User: ann}); !errors.Is(err, writes.ErrUnavailable) {
			t.Errorf("%+v, %v, want an error that says that nothing was sent", res, err)
		}
		if v.tasks["7 ann@example.com"] {
			t.Error("subscribed, although that was ended since")
		}
	})
}

// The first call got no answer, and the second may not be sent any more: "nothing was sent" would be false.
func TestALockIsLostBeforeASubscriptionIsRepeated(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		v, way := newVendor(), &cuttable{Store: new(writes.Memory)}
		w, stop := newWorld(t, v, way, nil)
		defer stop()
		v.tune(func(v *vendor) {
			v.fates = []fate{cutAfter}
			v.turn = func(_ context.Context, op string) { way.cut.Store(op == "write" && v.calls() == 1) }
		})
		if res, _, err := w.writer.SubscribeToTask(t.Context(), ws, writes.Subscribe{TaskID: silent, User: ann}); err != nil || res.Outcome != writes.Unknown {
			t.Errorf("%+v, %v", res, err)
		}
	})
}

// Within the source's limits, fetches for a write take priority over background fetches that have waited for longer, even when the write is
// reconciled.
func TestWritesGoFirst(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, kind string, v *vendor, _ *writes.Memory, w *world) {
		limits := limit.New(nil)
		budgets := []connectors.Budget{{Key: "ws", Limit: connectors.RateLimit{Calls: 1, Per: 10 * time.Second}}}
		ops := make(chan string, 100)
		v.tune(func(v *vendor) {
			v.turn = func(ctx context.Context, op string) {
				if pass, e := limits.Acquire(ctx, budgets, time.Second); e == nil {
					ops <- op
					pass.Release(true)
				}
			}
		})
		time.Sleep(5*time.Minute + time.Second) // all collections are fetched again in the background, and each call waits for the one before
		for range len(ops) {
			<-ops
		}
		v.tune(func(v *vendor) { v.fates = []fate{cutAfter} })
		if res := w.do(kind, writes.Request{}); res.Outcome != writes.Done {
			t.Errorf("%+v", res)
		}
		mine := kinds[kind].collection.String()
		var got []string
		for range len(ops) {
			got = append(got, <-ops)
		}
		// The source is fetched before the call, unless it has just been fetched.
		if diff := cmp.Diff([]string{mine, "write", mine}, got); diff != "" && !slices.Equal(got, []string{"write", mine}) {
			t.Errorf("-want +got\n%s", diff)
		}
		time.Sleep(time.Minute)
		if len(ops) < 2 {
			t.Errorf("%d readings had been waiting, want some", len(ops))
		}
	})
}

// A connector's panic ends one write and no other: the next write reconciles it.
func TestAWritePanics(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, kind string, v *vendor, _ *writes.Memory, w *world) {
		v.tune(func(v *vendor) { v.fates = []fate{panics} })
		if res := w.do(kind, writes.Request{Key: new("k")}); res.Outcome != writes.Unknown || len(res.Errors) != 1 || strings.Contains(res.Errors[0].Message, "canary") {
			t.Errorf("%+v", res)
		}
		if res := w.do(kind, writes.Request{Key: new("k")}); res.Outcome != writes.Done || v.holds(kinds[kind].collection, nameOf(kind, "")) != 1 {
			t.Errorf("then %+v", res)
		}
	})
}

// If the program's end cancels a write before it was sent, the outcome is not unknown.
func TestClosedBeforeItIsSent(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, kind string, v *vendor, store *writes.Memory, _ *world) {
		way := &cuttable{Store: store}
		w, stop := newWorld(t, v, way, nil)
		defer stop()
		v.tune(func(v *vendor) {
			v.turn = func(_ context.Context, op string) {
				if op == "write" {
					go w.writer.Close()
					way.cut.Store(true)
					time.Sleep(11 * time.Second) // it is cancelled after 10 s
				}
			}
		})
		if res, err := kinds[kind].do(t.Context(), w, writes.Request{Source: "ws"}); !errors.Is(err, writes.ErrUnavailable) || v.calls() != 0 {
			t.Errorf("%+v, %v after %d calls", res, err, v.calls())
		}
	})
}
