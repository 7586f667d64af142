package edits_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"roster/internal/directory"
	"roster/internal/edits"
)

// A replica that starts while the store is away waits for it, so that it shows the same people as others, but not for ever.
func TestFirstReading(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		err   error
		again time.Duration // when the store is there; 0 for never
		most  time.Duration // the wait
		least time.Duration
	}{
		"the store is there":           {most: 0},
		"the store comes back":         {err: errors.New("away"), again: 4 * time.Second, least: 4 * time.Second, most: 9 * time.Second},
		"the store does not come back": {err: errors.New("away"), least: 10 * time.Second, most: 10 * time.Second},
		"the store is damaged":         {err: edits.ErrDamaged, most: 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				store := &memory{err: tc.err}
				if tc.again > 0 {
					time.AfterFunc(tc.again, func() {
						store.mu.Lock()
						defer store.mu.Unlock()
						store.err = nil
					})
				}
				r := newReplica(store, directory.Rules{}, company())
				ctx, stop := context.WithCancel(t.Context())
				defer synctest.Wait()
				defer stop()
				began := time.Now()
				go r.edits.Run(ctx)
				if !r.edits.AwaitFirst(ctx) {
					t.Fatal("it has not waited")
				}
				if took := time.Since(began); took < tc.least || took > tc.most {
					t.Errorf("the wait was %v, want %v to %v", took, tc.least, tc.most)
				}
			})
		})
	}
}
