package faults_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"roster/connectors/faults"
)

const healthy = `{"people":["Ada","Grace","Barbara"]}`

// reply is what a client receives.
type reply struct {
	status int
	body   string
	err    error // of reading the body
}

func start(t *testing.T) (*faults.Handler, func(ctx context.Context, path string) (reply, error)) {
	t.Helper()
	h := &faults.Handler{Next: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, healthy)
	})}
	server := httptest.NewServer(h)
	t.Cleanup(server.Close)
	t.Cleanup(h.Clear)
	client := server.Client() // not the default client, because httptest closes that one's connections
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return h, func(ctx context.Context, path string) (reply, error) {
		// Even if the handler does not read the body, the server must notice that the client disconnects.
		req, err := http.NewRequestWithContext(ctx, http.MethodPost, server.URL+path, strings.NewReader(`{"a":1}`))
		if err != nil {
			return reply{}, err
		}
		res, err := client.Do(req)
		if err != nil {
			return reply{}, err
		}
		defer res.Body.Close()
		body, err := io.ReadAll(res.Body)
		return reply{res.StatusCode, string(body), err}, nil
	}
}

func TestWithoutFaultsNothingChanges(t *testing.T) {
	t.Parallel()
	h, get := start(t)
	got, err := get(t.Context(), "/")
	if err != nil || got != (reply{200, healthy, nil}) {
		t.Fatalf("got %+v, %v", got, err)
	}
	if h.Requests() != 1 || h.Hits() != 0 {
		t.Errorf("%d requests and %d hits, want 1 and 0", h.Requests(), h.Hits())
	}
}

func TestEffects(t *testing.T) {
	t.Parallel()
	half := healthy[:len(healthy)/2]
	tests := map[string]struct {
		effect faults.Effect
		status int
		body   string
		cut    bool
	}{
		"status with a page":       {faults.Reply(502, faults.HTML("<h1>Bad Gateway</h1>")), 502, "<h1>Bad Gateway</h1>", false},
		"success with a page":      {faults.Reply(200, faults.HTML("<h1>Log in</h1>")), 200, "<h1>Log in</h1>", false},
		"another shape":            {faults.Reply(200, faults.JSON("[1]")), 200, "[1]", false},
		"plain text":               {faults.Reply(403, faults.Plain("no")), 403, "no", false},
		"nothing in the body":      {faults.Reply(200, faults.Empty()), 200, "", false},
		"a status without body":    {faults.Reply(204, faults.Empty()), 204, "", false},
		"redirect":                 {faults.Redirect(302, "http://192.0.2.1/"), 302, "", false},
		"truncated but in order":   {faults.Truncate(), 200, half, false},
		"reset within the body":    {faults.Reset(), 200, half, true},
		"slow, but all of it":      {faults.Slow(4, time.Millisecond), 200, healthy, false},
		"slow, in too many pieces": {faults.Slow(1000, 0), 200, healthy, false},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h, get := start(t)
			h.Set(faults.Fault{Effect: tt.effect})
			got, err := get(t.Context(), "/")
			if tt.cut && err != nil {
				return // the reset arrived before the headers
			}
			if err != nil {
				t.Fatal(err)
			}
			if cut := got.err != nil; cut != tt.cut {
				t.Fatalf("cut off: %v (%v), want %v", cut, got.err, tt.cut)
			}
			if got.status != tt.status || (!tt.cut && got.body != tt.body) {
				t.Errorf("got %d %q, want %d %q", got.status, got.body, tt.status, tt.body)
			}
			if h.Hits() != 1 {
				t.Errorf("%d hits, want 1", h.Hits())
			}
		})
	}
}

func TestHugeIsValidAndAtLeastThatLarge(t *testing.T) {
	t.Parallel()
	h, get := start(t)
	h.Set(faults.Fault{Effect: faults.Huge(200_000)})
	got, err := get(t.Context(), "/")
	if err != nil || got.err != nil || len(got.body) < 200_000 || !strings.HasSuffix(got.body, `x"}`) {
		t.Fatalf("got %d bytes, %v, %v", len(got.body), err, got.err)
	}
}

func TestHeaders(t *testing.T) {
	t.Parallel()
	h := &faults.Handler{}
	h.Set(faults.Fault{Effect: faults.Reply(429, faults.Empty(), "Retry-After", "3600")})
	rec := httptest.NewRecorder()
	h.ServeHTTP(rec, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", http.NoBody))
	if got := rec.Header().Get("Retry-After"); got != "3600" {
		t.Errorf("Retry-After %q, want 3600", got)
	}
}

func TestSelectedRequests(t *testing.T) {
	t.Parallel()
	h, get := start(t)
	bad := faults.Reply(500, faults.Empty())
	h.Set(
		faults.Fault{On: faults.Path("users?page="), Skip: 1, Times: 2, Effect: bad},
		faults.Fault{On: func(r *http.Request) bool { return r.URL.Path == "/roles" }, Effect: faults.Reply(403, faults.Empty())},
	)
	var got []int
	for _, path := range []string{"/users?page=1", "/teams", "/roles", "/users?page=2", "/users?page=3", "/users?page=4", "/roles"} {
		r, err := get(t.Context(), path)
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, r.status)
	}
	if want := "[200 200 403 500 500 200 403]"; fmt.Sprint(got) != want {
		t.Errorf("got %v, want %s", got, want)
	}
	if h.Requests() != 7 || h.Hits() != 4 {
		t.Errorf("%d requests and %d hits, want 7 and 4", h.Requests(), h.Hits())
	}
	h.Clear()
	if r, err := get(t.Context(), "/roles"); err != nil || r.status != 200 {
		t.Errorf("after Clear: %+v, %v", r, err)
	}
}

func TestHangEnds(t *testing.T) {
	t.Parallel()
	for name, effect := range map[string]faults.Effect{
		"before the answer": faults.Hang(), "within the answer": faults.Stall(), "drop by drop": faults.Trickle(time.Millisecond),
	} {
		t.Run("when the client goes, "+name, func(t *testing.T) {
			t.Parallel()
			var serving sync.WaitGroup
			h, get := start(t)
			ctx, cancel := context.WithCancel(t.Context())
			h.Set(faults.Fault{Effect: effect, On: func(r *http.Request) bool {
				serving.Go(func() { <-r.Context().Done() })
				cancel()
				return true
			}})
			r, err := get(ctx, "/")
			if !errors.Is(errors.Join(err, r.err), context.Canceled) {
				t.Errorf("got %+v, %v, want it cancelled", r, err)
			}
			serving.Wait() // until the server notices
		})
		t.Run("at Clear, "+name, func(t *testing.T) {
			t.Parallel()
			h, get := start(t)
			met := make(chan struct{})
			h.Set(faults.Fault{Effect: effect, On: func(*http.Request) bool { close(met); return true }})
			go func() { <-met; h.Clear() }()
			if r, err := get(t.Context(), "/"); err == nil && r.err == nil {
				t.Errorf("got a whole answer: %+v", r)
			}
		})
	}
}
