package rest_test

import (
	"context"
	"errors"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"roster/connectors"
	"roster/internal/rest"
)

var errOver = errors.New("over")

// A write that waited for its turn, or for a token, is sent only if its guard says so then; a reading is no business of the guard's.
func TestGuard(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		write bool
		over  time.Duration // from when the guard says no
		sent  int
	}{
		"a write whose right lasts":                      {true, time.Hour, 2},
		"a write whose right is over before its turn":    {true, 5 * time.Second, 1},
		"a write whose right is over before it is asked": {true, 0, 1},
		"a reading": {false, 0, 2},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := &script{answer: always(http.StatusOK, "{}")}
				c := scripted(t, s, func(o *rest.Options) { o.Limit = connectors.RateLimit{Calls: 1, Per: 10 * time.Second} })
				began := time.Now()
				if _, err := c.Do(t.Context(), rest.Request{Op: "first"}); err != nil {
					t.Fatal(err)
				}
				ctx := connectors.WithGuard(t.Context(), func(context.Context) error {
					if time.Since(began) >= tc.over {
						return errOver
					}
					return nil
				})
				_, err := c.Do(ctx, rest.Request{Op: "second", Write: tc.write})
				if s.count() != tc.sent {
					t.Errorf("%d calls were sent, want %d", s.count(), tc.sent)
				}
				if tc.sent == 2 {
					if err != nil {
						t.Error(err)
					}
					return
				}
				if e, ok := errors.AsType[*connectors.Error](err); !ok || !e.Unsent || !e.Undone() || e.Op != "second" || !errors.Is(err, errOver) {
					t.Errorf("%#v, want one that says that nothing was sent, and why", err)
				}
				if state := c.Health().Breaker; state != connectors.BreakerClosed {
					t.Errorf("the breaker is %s: the guard says nothing of the source", state)
				}
			})
		})
	}
}
