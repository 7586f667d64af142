package rest_test

import (
	"context"
	"errors"
	"io"
	"net"
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

// What a write's guard goes by must not end before the write is sent: whoever takes long to be connected with is given up before.
func TestGuardAndASlowConnection(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c, err := rest.New(rest.Options{
			Source: "slow", Base: "https://slow.example", Judge: func(*rest.Response) *connectors.Error { return nil }, Timeout: time.Minute,
			Runtime: connectors.Runtime{Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
				time.Sleep(7 * time.Second)
				ours, theirs := net.Pipe()
				go io.Copy(io.Discard, theirs) //nolint:errcheck // it says nothing, and ends with the connection
				return ours, ctx.Err()
			}},
		})
		if err != nil {
			t.Fatal(err)
		}
		var asked time.Time
		ctx := connectors.WithGuard(t.Context(), func(context.Context) error { asked = time.Now(); return nil })
		if _, err := c.Do(ctx, rest.Request{Op: "write", Method: http.MethodPost, Write: true}); err == nil || time.Since(asked) >= 15*time.Second {
			t.Errorf("%v after %s", err, time.Since(asked))
		}
	})
}
