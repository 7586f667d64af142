package writes_test

import (
	"context"
	"sync/atomic"
	"testing"
	"time"

	"roster/internal/writes"
)

// tongue is a replica's way to the store that takes everything but what was made, while it is tied, and nothing from a caller whose time is over.
type tongue struct {
	writes.Store
	tied atomic.Bool
}

func (s *tongue) Put(ctx context.Context, name string, was writes.Held, value []byte, life time.Duration) (writes.Held, bool, error) {
	if ctx.Err() != nil || s.tied.Load() && name == writes.OverlayName {
		return was, false, errCut
	}
	return s.Store.Put(ctx, name, was, value, life)
}

// A replica has made something and cannot tell the others. Who asks one of them, whose list does not have it yet, must not have a second one made.
func TestNobodyIsToldWhatWasMade(t *testing.T) {
	t.Parallel()
	for name, key := range map[string]*string{"without a key": nil, "with one": new("k")} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			each(t, func(t *testing.T, kind string, v *vendor, store *writes.Memory, other *world) {
				way := &tongue{Store: store}
				w, stop := newWorld(t, v, way, nil)
				defer stop()
				v.tune(func(v *vendor) { v.lag, v.answering = 3*time.Second, func() { way.tied.Store(true) } })
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

// A write's time ends in the very moment in which the source answers: the others are told all the same.
func TestAnsweredWhenItsTimeIsOver(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, kind string, v *vendor, store *writes.Memory, other *world) {
		w, stop := newWorld(t, v, &tongue{Store: store}, func(o *writes.Options) { o.Within = time.Minute })
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
