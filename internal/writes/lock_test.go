package writes_test

import (
	"context"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"roster/internal/writes"
)

// unanswering is a store that, while "is" is set, executes the renewal of locks but does not answer before the caller gives up.
type unanswering struct {
	writes.Store
	is atomic.Bool
}

func (s *unanswering) Put(ctx context.Context, name string, was writes.Held, value []byte, life time.Duration) (writes.Held, bool, error) {
	now, ok, err := s.Store.Put(ctx, name, was, value, life)
	if s.is.Load() && strings.HasPrefix(name, writes.LockPrefix) && was.Value != nil && value != nil {
		<-ctx.Done()
		return was, false, ctx.Err()
	}
	return now, ok, err
}

// A lock that is being renewed can be released: no other caller waits until it expires.
func TestALockIsGivenBackWhileItIsRenewed(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, kind string, v *vendor, store *writes.Memory, other *world) {
		way := &unanswering{Store: store}
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
