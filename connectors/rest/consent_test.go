package rest_test

import (
	"context"
	"errors"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"roster/connectors"
	"roster/connectors/rest"
	"roster/internal/e2e/memnet"
)

var errOver = errors.New("over")

// A write that waited for its turn, or for a token, is sent only with consent at that time. A call that reads needs none.
func TestConsent(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		write bool
		over  time.Duration // from when there is no consent
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
				ctx := connectors.WithConsent(t.Context(), func(context.Context) error {
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
					t.Errorf("the breaker is %s: missing consent is no failure of the source", state)
				}
			})
		})
	}
}

// A write without consent was not sent, so the next call does not wait a second longer for it.
func TestCallWithoutConsentIsNotOnItsWay(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := scripted(t, &script{answer: always(http.StatusOK, "{}")}, func(o *rest.Options) { o.Limit = connectors.RateLimit{Calls: 1, Per: time.Minute} })
		began := time.Now()
		no := connectors.WithConsent(t.Context(), func(context.Context) error { return errOver })
		if _, err := c.Do(no, rest.Request{Write: true}); !errors.Is(err, errOver) {
			t.Fatal(err)
		}
		if _, err := c.Do(t.Context(), rest.Request{}); err != nil || time.Since(began) != time.Minute {
			t.Errorf("the next call: %v, after %s", err, time.Since(began))
		}
	})
}

// With a new token a write is sent once more, but not if the consent has ended meanwhile.
func TestConsentIsCheckedForEachToken(t *testing.T) {
	t.Parallel()
	for allows := range int32(3) {
		var calls, asked atomic.Int32
		c := client(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			calls.Add(1)
			if r.Header.Get("Authorization") != "Bearer b" {
				w.WriteHeader(http.StatusUnauthorized)
			}
		}), nil)
		ctx := connectors.WithConsent(t.Context(), func(context.Context) error {
			if asked.Add(1) > allows {
				return errOver
			}
			return nil
		})
		_, err := c.DoAs(ctx, rest.Request{Write: true}, &purse{tokens: []connectors.Token{{Value: "a"}, {Value: "b"}}}, unauthorized)
		if calls.Load() != allows || errors.Is(err, errOver) != (allows < 2) {
			t.Errorf("allowed %d times, it was sent %d times: %v", allows, calls.Load(), err)
		}
	}
}

// Consent is valid for a short time: a connection that opens too late is not used.
func TestConsentNeedsAConnectionSoon(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		opens        time.Duration
		needsConsent bool
		sent         int32
	}{"soon": {4 * time.Second, true, 1}, "late": {6 * time.Second, true, 0}, "late, without a check": {6 * time.Second, false, 1}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				var network memnet.Network
				l, err := network.Listen("acme.example:80")
				if err != nil {
					t.Fatal(err)
				}
				var calls atomic.Int32
				server := &http.Server{ReadHeaderTimeout: time.Minute, Handler: http.HandlerFunc(func(http.ResponseWriter, *http.Request) { calls.Add(1) })}
				var serving sync.WaitGroup
				serving.Go(func() { _ = server.Serve(l) })
				transport := &http.Transport{DialContext: func(ctx context.Context, n, address string) (net.Conn, error) {
					time.Sleep(tc.opens)
					return network.Dial(ctx, n, address)
				}}
				c, err := rest.New(rest.Options{Source: "acme", Base: "http://acme.example", Judge: judge, Transport: transport, Timeout: time.Minute})
				if err != nil {
					t.Fatal(err)
				}
				ctx := t.Context()
				if tc.needsConsent {
					ctx = connectors.WithConsent(ctx, func(context.Context) error { return nil })
				}
				_, err = c.Do(ctx, rest.Request{Method: http.MethodPost, Body: []byte("{}"), Write: true})
				e := connectors.AsError("", err)
				if (e == nil) != (tc.sent == 1) || e != nil && !e.Unsent {
					t.Errorf("%v", err)
				}
				time.Sleep(10 * time.Second) // until a connection has opened that nobody wants any more
				if calls.Load() != tc.sent {
					t.Errorf("%d calls came, want %d", calls.Load(), tc.sent)
				}
				transport.CloseIdleConnections()
				_ = server.Close()
				serving.Wait()
			})
		})
	}
}
