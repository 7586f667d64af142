package rest_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"roster/connectors"
	"roster/connectors/rest"
)

// script is a source without a network whose answers are decided call by call.
type script struct {
	mu     sync.Mutex
	calls  []time.Time
	answer func(n int) (status int, body string, err error) // n from 1
	takes  time.Duration
}

func (s *script) RoundTrip(r *http.Request) (*http.Response, error) {
	s.mu.Lock()
	s.calls = append(s.calls, time.Now())
	status, body, err := s.answer(len(s.calls))
	s.mu.Unlock()
	select {
	case <-time.After(s.takes):
	case <-r.Context().Done():
		return nil, r.Context().Err()
	}
	if err != nil {
		return nil, err
	}
	return &http.Response{StatusCode: status, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(body)), Request: r}, nil
}

func (s *script) count() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.calls)
}

// meaningful takes an error inside a success for what it is, and whatever is not JSON for garbage.
func meaningful(r *rest.Response) *connectors.Error {
	switch {
	case r.Status != http.StatusOK:
		return judge(r)
	case string(r.Body) == `{"error":500}`:
		return r.Fail(connectors.KindUnavailable, "an error inside")
	case !strings.HasPrefix(string(r.Body), "{"):
		return r.Fail(connectors.KindBadResponse, "garbage")
	}
	return nil
}

func scripted(t *testing.T, s *script, change func(*rest.Options)) *rest.Client {
	t.Helper()
	opt := rest.Options{Source: "acme", Base: "https://acme.example", Judge: meaningful, Transport: s}
	if change != nil {
		change(&opt)
	}
	c, err := rest.New(opt)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func always(status int, body string) func(int) (int, string, error) {
	return func(int) (int, string, error) { return status, body, nil }
}

func TestWhatIsRepeated(t *testing.T) {
	t.Parallel()
	cut := errors.New("cut")
	tests := map[string]struct {
		answer func(int) (int, string, error)
		write  bool
		within time.Duration // the caller's time
		takes  time.Duration
		calls  int
	}{
		"a cut connection":             {answer: func(int) (int, string, error) { return 0, "", cut }, calls: 3},
		"a server's fault":             {answer: always(500, ""), calls: 3},
		"a fault inside a success":     {answer: always(200, `{"error":500}`), calls: 3},
		"a time-out":                   {answer: always(200, "{}"), takes: time.Hour, calls: 3},
		"garbage, once":                {answer: always(200, "garbage"), calls: 2},
		"a write, never":               {answer: always(500, ""), write: true, calls: 1},
		"a refusal, never":             {answer: always(401, ""), calls: 1},
		"what is not there, never":     {answer: always(404, ""), calls: 1},
		"a wrong request, never":       {answer: always(422, ""), calls: 1},
		"a page in its place, never":   {answer: always(200, "<!DOCTYPE html>"), calls: 1},
		"nothing once time is up":      {answer: always(200, "{}"), takes: time.Hour, within: 10 * time.Second, calls: 1},
		"a proxy's page with a fault":  {answer: always(502, "<html>"), calls: 3},
		"a redirect, never":            {answer: always(302, ""), calls: 1},
		"a block, never":               {answer: always(403, ""), calls: 1},
		"a place that does not exist":  {answer: always(410, ""), calls: 1},
		"what it cannot do, never":     {answer: always(405, ""), calls: 1},
		"a success needs no more":      {answer: always(200, "{}"), calls: 1},
		"a gateway that waited for it": {answer: always(504, ""), calls: 3},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := &script{answer: tt.answer, takes: tt.takes}
				c := scripted(t, s, nil)
				ctx := t.Context()
				if tt.within > 0 {
					var cancel context.CancelFunc
					ctx, cancel = context.WithTimeout(ctx, tt.within)
					defer cancel()
				}
				_, _ = c.Do(ctx, rest.Request{Op: "users.list", Write: tt.write})
				if n := s.count(); n != tt.calls {
					t.Errorf("%d calls, want %d", n, tt.calls)
				}
				for i := 1; i < len(s.calls) && tt.takes == 0; i++ {
					if pause, most := s.calls[i].Sub(s.calls[i-1]), 500*time.Millisecond<<(i-1); pause > most {
						t.Errorf("repetition %d came after %s, want %s at most", i, pause, most)
					}
				}
			})
		})
	}
}

// In an outage of an hour, with a call each second, the repetitions stay within a fifth of the calls and a few.
func TestRepetitionsAreBounded(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		every  int
		status int
	}{
		"all fail": {1, 500}, "every third fails": {3, 500},
		"all ask for patience": {1, 429}, "every third asks for it": {3, 429},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := &script{}
				s.answer = func(n int) (int, string, error) {
					if n%tt.every == 0 {
						return tt.status, "", nil
					}
					return 200, "{}", nil
				}
				c := scripted(t, s, func(o *rest.Options) {
					o.Judge = func(r *rest.Response) *connectors.Error {
						e := meaningful(r)
						if e != nil && e.Kind == connectors.KindRateLimited {
							e.RetryAfter = time.Second
						}
						return e
					}
				})
				unsent, wanted, began := 0, 3600, time.Now()
				for range wanted {
					if _, err := c.Do(t.Context(), rest.Request{Op: "users.list"}); err != nil && connectors.AsError("", err).Unsent {
						unsent++
					}
					time.Sleep(time.Second)
				}
				extra := s.count() - (wanted - unsent)
				if most := wanted/5 + 3 + int(time.Since(began)/time.Minute); extra > most {
					t.Errorf("%d extra calls, want %d at most", extra, most)
				}
				if tt.every == 1 && tt.status == 500 && s.count() > 150 {
					t.Errorf("%d calls to a source that was down for an hour", s.count())
				}
			})
		})
	}
}

func TestBreaker(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		down := true
		s := &script{answer: func(int) (int, string, error) {
			if down {
				return 200, `{"error":500}`, nil
			}
			return 200, "{}", nil
		}}
		c := scripted(t, s, func(o *rest.Options) { o.Retries = new(0) })
		do := func() *connectors.Error {
			_, err := c.Do(t.Context(), rest.Request{Op: "users.list"})
			return connectors.AsError("acme", err)
		}
		for range 5 {
			if h := c.Health(); h.Breaker != connectors.BreakerClosed {
				t.Fatalf("%+v after %d failures", h, s.count())
			}
			if e := do(); e == nil || e.Unsent {
				t.Fatalf("got %v", e)
			}
		}
		h := c.Health()
		if h.Breaker != connectors.BreakerOpen || h.Err == nil || h.Err.Kind != connectors.KindUnavailable || !h.RetryAt.After(time.Now()) ||
			h.RetryAt.After(time.Now().Add(5*time.Second)) || !h.Since.Equal(time.Now()) {
			t.Fatalf("%+v; want it open for five seconds at most", h)
		}
		if e := do(); e == nil || !e.Unsent || e.Kind != connectors.KindUnavailable || e.Op != "users.list" || e.RetryAfter != time.Until(h.RetryAt) {
			t.Errorf("got %v; want it to fail at once, and say for how long", e)
		}
		if n := s.count(); n != 5 {
			t.Fatalf("%d calls, want none while it is open", n-5)
		}
		// One call probes, for as long as it takes. Calls that nobody waits for wait for what comes of it; others fail at once.
		time.Sleep(time.Until(h.RetryAt))
		s.takes = time.Second
		began := time.Now()
		background := func() (context.Context, *connectors.Urgency) {
			u := connectors.NewUrgency()
			return connectors.WithUrgency(t.Context(), u), u
		}
		var calling sync.WaitGroup
		for range 4 {
			calling.Go(func() {
				ctx, _ := background()
				if _, err := c.Do(ctx, rest.Request{Op: "users.list"}); err == nil {
					t.Error("a call went well while the source is down")
				}
				if took := time.Since(began); took != time.Second {
					t.Errorf("a background call took %s, want as long as the probe", took)
				}
			})
		}
		synctest.Wait()
		if h := c.Health(); h.Breaker != connectors.BreakerProbing || s.count() != 6 {
			t.Errorf("%+v with %d calls, want one that probes", h, s.count()-5)
		}
		if e := do(); e == nil || !e.Unsent || e.Kind != connectors.KindUnavailable || e.RetryAfter != 0 || time.Since(began) != 0 {
			t.Errorf("an urgent call got %v after %s; want it to fail at once", e, time.Since(began))
		}
		ctx, urgency := background()
		calling.Go(func() {
			if _, err := c.Do(ctx, rest.Request{Op: "users.list"}); err == nil || time.Since(began) != time.Second/2 {
				t.Errorf("a call that somebody began to wait for got %v after %s", err, time.Since(began))
			}
		})
		time.Sleep(time.Second / 2)
		urgency.Raise()
		calling.Wait()
		if h := c.Health(); h.Breaker != connectors.BreakerOpen || s.count() != 6 || h.RetryAt.Before(time.Now().Add(5*time.Second)) {
			t.Errorf("%+v with %d calls, want it open for longer", h, s.count()-5)
		}
		// A caller that goes while it probes tells nothing: the next one probes.
		time.Sleep(time.Until(c.Health().RetryAt))
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
		defer cancel()
		if _, err := c.Do(ctx, rest.Request{Op: "users.list"}); err == nil {
			t.Error("the call went well")
		}
		down = false
		for range 3 {
			calling.Go(func() {
				ctx, _ := background()
				if _, err := c.Do(ctx, rest.Request{Op: "users.list"}); err != nil {
					t.Errorf("after it has recovered: %v", err)
				}
			})
		}
		calling.Wait()
		if h := c.Health(); h.Breaker != connectors.BreakerClosed || h.Err != nil || s.count() != 6+1+3 {
			t.Errorf("%+v after %d calls", h, s.count())
		}
	})
}

// What goes wrong in another place, such as the one that gives tokens, leaves the API alone, and the other way round; also on one host.
func TestBreakersOfPlaces(t *testing.T) {
	t.Parallel()
	for name, base := range map[string]string{"another host": "https://login.example", "the same host": "https://acme.example"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				answers := map[string]string{"token": "<!DOCTYPE html>", "users": "{}"}
				calls := map[string]int{}
				c := scripted(t, nil, func(o *rest.Options) {
					o.Transport = roundTrip(func(r *http.Request) (*http.Response, error) {
						calls[r.URL.Path]++
						return &http.Response{StatusCode: 200, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(answers[r.URL.Path[1:]])), Request: r}, nil
					})
				})
				token := rest.Request{Op: "token", Base: base, Path: "token"}
				users := rest.Request{Op: "users.list", Path: "users"}
				ask := func(r rest.Request) *connectors.Error {
					_, err := c.Do(t.Context(), r)
					return connectors.AsError("", err)
				}
				if e := ask(token); e == nil || e.Unsent {
					t.Fatalf("a page in the place of a token: %v", e)
				}
				if e := ask(token); e == nil || !e.Unsent || calls["/token"] != 1 {
					t.Errorf("asked again: %v after %d calls; want that place left alone", e, calls["/token"])
				}
				if e := ask(users); e != nil || c.Health().Breaker != connectors.BreakerClosed {
					t.Errorf("the API: %v, %+v", e, c.Health())
				}
				if e := ask(rest.Request{Op: "token", Base: "https://third.example", Path: "users"}); e != nil {
					t.Errorf("a third place: %v", e)
				}
				time.Sleep(5 * time.Minute)
				answers["token"], answers["users"] = "{}", "<!DOCTYPE html>"
				if e := ask(users); e == nil || c.Health().Breaker != connectors.BreakerOpen {
					t.Errorf("a page in the place of the API: %v, %+v", e, c.Health())
				}
				if e := ask(token); e != nil {
					t.Errorf("the token while the API is left alone: %v", e)
				}
			})
		})
	}
}

type roundTrip func(*http.Request) (*http.Response, error)

// RoundTrip answers a request.
func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// What is no fault of the source's health leaves the breaker closed; and a pause stays within a minute however long the outage.
func TestBreakerJudgesMeanings(t *testing.T) {
	t.Parallel()
	for name, answer := range map[string]func(int) (int, string, error){
		"a credential refused": always(401, ""), "nothing there": always(404, ""), "a wrong request": always(400, ""),
		"failures between successes": func(n int) (int, string, error) {
			if n%5 == 0 {
				return 200, "{}", nil
			}
			return 500, "", nil
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := &script{answer: answer}
				c := scripted(t, s, func(o *rest.Options) { o.Retries = new(0) })
				for range 50 {
					_, _ = c.Do(t.Context(), rest.Request{Op: "users.list"})
				}
				if h := c.Health(); h.Breaker != connectors.BreakerClosed || s.count() != 50 {
					t.Errorf("%+v after %d calls", h, s.count())
				}
			})
		})
	}
	t.Run("a page opens it at once, for long", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			s := &script{answer: always(200, "\n<html><p>sign in: canary</p>")}
			c := scripted(t, s, nil)
			for range 10 {
				_, err := c.Do(t.Context(), rest.Request{Op: "users.list"})
				if e := connectors.AsError("", err); e == nil || e.Kind != connectors.KindBadResponse || strings.Contains(e.Error(), "canary") {
					t.Fatalf("got %v", err)
				}
				time.Sleep(29 * time.Second)
			}
			if n := s.count(); n != 1 {
				t.Errorf("%d calls in five minutes", n)
			}
			time.Sleep(time.Minute)
			s.answer = always(200, "{}")
			if _, err := c.Do(t.Context(), rest.Request{Op: "users.list"}); err != nil {
				t.Errorf("afterwards: %v", err)
			}
		})
	})
	t.Run("a long outage is probed once a minute", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			s := &script{answer: always(500, "")}
			c := scripted(t, s, nil)
			for range 36_000 { // an hour
				_, _ = c.Do(t.Context(), rest.Request{Op: "users.list"})
				time.Sleep(100 * time.Millisecond)
			}
			if n := s.count(); n < 60 || n > 135 {
				t.Errorf("%d calls in an hour", n)
			}
			for i := 20; i < len(s.calls); i++ {
				if gap := s.calls[i].Sub(s.calls[i-1]); gap > 61*time.Second {
					t.Errorf("it was left alone for %s", gap)
				}
			}
		})
	})
}
