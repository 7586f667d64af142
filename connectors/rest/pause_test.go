package rest_test

import (
	"context"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"roster/connectors"
	"roster/connectors/rest"
	"roster/connectors/upstream"
)

// A pause is told while it lasts, by its reason, and can be ended. One source may be believed for a shorter time than others.
func TestResume(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c, err := rest.New(rest.Options{Source: "acme", Base: "https://acme.example", Judge: judge, Retries: new(int),
			Runtime:   connectors.Runtime{MaxPause: 5 * time.Minute},
			Transport: &canned{answers: []answer{{http.StatusTooManyRequests, "86400"}, {http.StatusOK, ""}}}})
		if err != nil {
			t.Fatal(err)
		}
		if h := c.Health(); h.Pause != nil {
			t.Errorf("before anything, it is paused: %v", h.Pause)
		}
		short, cancel := context.WithTimeout(t.Context(), 30*time.Second)
		defer cancel()
		c.Do(short, rest.Request{Path: "users"}) //nolint:errcheck // what it causes is what counts
		time.Sleep(time.Minute)
		if h := c.Health(); h.Pause == nil || h.Pause.RetryAfter != 4*time.Minute || h.Pause.Kind != connectors.KindRateLimited || h.PartPaused {
			t.Errorf("a minute later: %+v", h)
		}
		c.Resume()
		if h := c.Health(); h.Pause != nil {
			t.Errorf("ended, and still paused: %v", h.Pause)
		}
		if _, err := c.Do(t.Context(), rest.Request{Path: "users"}); err != nil {
			t.Errorf("after that: %v", err)
		}
	})
}

// What a source asks for is believed up to a limit, in whatever way it says it; after that it is asked again.
func TestPausesAreBounded(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		status int
		after  string
		want   time.Duration
	}{
		"a mistake":            {http.StatusTooManyRequests, "999999999999", connectors.MaxPause},
		"more than any number": {http.StatusTooManyRequests, "99999999999999999999999", time.Minute},
		"a date far ahead":     {http.StatusTooManyRequests, "Fri, 31 Dec 9999 23:59:59 GMT", connectors.MaxPause},
		"below zero":           {http.StatusTooManyRequests, "-5", time.Minute},
		"nonsense":             {http.StatusTooManyRequests, "soon", time.Minute},
		"an outage":            {http.StatusServiceUnavailable, "86400", connectors.MaxPause},
		"a block":              {http.StatusForbidden, "86400", time.Hour},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				c, err := rest.New(rest.Options{Source: "acme", Base: "https://acme.example", Judge: judge, Retries: new(int),
					Transport: &canned{answers: []answer{{tt.status, tt.after}, {http.StatusOK, ""}}}})
				if err != nil {
					t.Fatal(err)
				}
				short, cancel := context.WithTimeout(t.Context(), 30*time.Second)
				defer cancel()
				if _, err = c.Do(short, rest.Request{Path: "users"}); connectors.AsError("acme", err).RetryAfter != tt.want {
					t.Errorf("%v, want %s to wait", err, tt.want)
				}
				time.Sleep(tt.want)
				if _, err := c.Do(t.Context(), rest.Request{Path: "users"}); err != nil {
					t.Errorf("after that: %v", err)
				}
			})
		})
	}
}

// What a source says beside its answers, that it allows no more calls for a day, is believed up to the limit too.
func TestToldPausesAreBounded(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c, err := rest.New(rest.Options{Source: "acme", Base: "https://acme.example", Judge: judge, Retries: new(int),
			Runtime:   connectors.Runtime{MaxPause: 5 * time.Minute},
			Told:      func(*rest.Response) upstream.Told { return upstream.Told{Pause: 24 * time.Hour} },
			Transport: &canned{answers: []answer{{http.StatusOK, ""}}}})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := c.Do(t.Context(), rest.Request{Path: "users"}); err != nil {
			t.Fatal(err)
		}
		if h := c.Health(); h.Pause == nil || h.Pause.RetryAfter != 5*time.Minute {
			t.Errorf("it says %+v; want a pause of 5 minutes", h.Pause)
		}
	})
}
