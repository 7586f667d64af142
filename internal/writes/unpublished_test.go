package writes_test

import (
	"context"
	"sync/atomic"
	"testing"
	"time"

	"roster/internal/writes"
)

// overlayRefuser is a replica's connection to the store that, while refusing is set, refuses new overlay entries. It refuses everything from a caller whose time is
// over.
type overlayRefuser struct {
	writes.Store
	refusing atomic.Bool
}

func (s *overlayRefuser) Put(ctx context.Context, name string, was writes.Held, value []byte, life time.Duration) (writes.Held, bool, error) {
	if ctx.Err() != nil || s.refusing.Load() && name == writes.OverlayName {
		return was, false, errCut
	}
	return s.Store.Put(ctx, name, was, value, life)
}

// A replica has created a record and cannot notify the others. A caller of another replica, whose list lacks the record, must not get a duplicate
// created.
func TestNobodyIsToldWhatWasMade(t *testing.T) {
	t.Parallel()
	for name, key := range map[string]*string{"without a key": nil, "with one": new("k")} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			each(t, func(t *testing.T, kind string, v *vendor, store *writes.Memory, other *world) {
				way := &overlayRefuser{Store: store}
				w, stop := newWorld(t, v, way, nil)
				defer stop()
				v.tune(func(v *vendor) { v.lag, v.answering = 3*time.Second, func() { way.refusing.Store(true) } })
				made := w.do(kind, writes.Request{Key: key})
				again := other.do(kind, writes.Request{})
				if made.Outcome != writes.Done || again.Ref == nil || *again.Ref != *made.Ref {
					t.Errorf("made %+v, the other %+v", made, again)
				}
				if n := v.holds(kinds[kind].collection, nameOf(kind, "")); n != 1 {
					t.Errorf("there are %d", n)
				}
			})
		})
	}
}

// A write's time ends at the moment in which the source answers: the other replicas are notified all the same.
func TestAnsweredWhenItsTimeIsOver(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, kind string, v *vendor, store *writes.Memory, other *world) {
		w, stop := newWorld(t, v, &overlayRefuser{Store: store}, func(o *writes.Options) { o.Within = time.Minute })
		defer stop()
		ended := make(chan struct{})
		v.tune(func(v *vendor) { v.lag, v.answering = time.Hour, func() { time.Sleep(62 * time.Second) } })
		ctx := writes.WithSteps(t.Context(), func(step string) {
			if step == "closed" {
				close(ended)
			}
		})
		if res, err := kinds[kind].do(ctx, w, writes.Request{Source: "ws"}); res.Outcome != writes.Unknown || err != nil {
			t.Errorf("it says %+v, %v when its time is over", res, err)
		}
		<-ended
		v.tune(func(v *vendor) { v.answering = nil })
		if res := other.do(kind, writes.Request{}); res.Outcome != writes.AlreadyDone || v.holds(kinds[kind].collection, nameOf(kind, "")) != 1 {
			t.Errorf("the other: %+v, and there are %d", res, v.holds(kinds[kind].collection, nameOf(kind, "")))
		}
	})
}

// A Redis failover may lose the newest values. A replica that has stored something since did not know them: a replica that knows them stores them
// again.
func TestTheNewestIsLost(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, kind string, v *vendor, store *writes.Memory, w *world) {
		v.tune(func(v *vendor) { v.lag = time.Hour })
		way := &cuttable{Store: store}
		other, stop := newWorld(t, v, way, nil)
		defer stop()
		swap := func(value []byte) []byte {
			t.Helper()
			held := must(store.Get(t.Context(), writes.OverlayName))
			if value != nil {
				if _, ok, err := store.Put(t.Context(), writes.OverlayName, held, value, time.Hour); !ok || err != nil {
					t.Fatal(ok, err)
				}
			}
			return held.Value
		}
		other.suffix = "1"
		other.do(kind, writes.Request{})
		time.Sleep(time.Minute) // both replicas have it
		before := swap(nil)
		way.cut.Store(true)
		w.suffix = "2"
		made := w.do(kind, writes.Request{})
		swap(before)
		time.Sleep(time.Millisecond)
		way.cut.Store(false)
		other.suffix = "3"
		other.do(kind, writes.Request{})
		time.Sleep(time.Minute)
		if !w.shows(kind, made) || !other.shows(kind, made) {
			t.Errorf("what was made is shown: %t by its replica, %t by the other", w.shows(kind, made), other.shows(kind, made))
		}
	})
}
