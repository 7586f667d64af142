package writes_test

import (
	"context"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"roster/internal/writes"
)

// mumbling is a store that takes the renewal of locks, while it mumbles, and does not say so before the caller gives up.
type mumbling struct {
	writes.Store
	is atomic.Bool
}

func (s *mumbling) Put(ctx context.Context, name string, was writes.Held, value []byte, life time.Duration) (writes.Held, bool, error) {
	now, ok, err := s.Store.Put(ctx, name, was, value, life)
	if s.is.Load() && strings.HasPrefix(name, writes.LockPrefix) && was.Value != nil && value != nil {
		<-ctx.Done()
		return was, false, ctx.Err()
	}
	return now, ok, err
}

// A lock is given back that was being renewed: nobody waits until it would have ended by itself.
func TestALockIsGivenBackWhileItIsRenewed(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, kind string, v *vendor, store *writes.Memory, other *world) {
		way := &mumbling{Store: store}
		w, stop := newWorld(t, v, way, nil)
		defer stop()
		v.tune(func(v *vendor) {
			v.answering = func() {
				way.is.Store(true)
				time.Sleep(6 * time.Second)
			}
		})
		w.do(kind, writes.Request{})
		began := time.Now()
		if res := other.do(kind, writes.Request{}); res.Outcome != writes.AlreadyDone || time.Since(began) > time.Second {
			t.Errorf("the other: %+v after %s", res, time.Since(began))
		}
	})
}
