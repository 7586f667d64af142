package rest_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"roster/connectors"
	"roster/connectors/faults"
	"roster/connectors/rest"
)

const (
	base   = "/at/a/base"
	secret = "sesame-opens"
)

// judge takes the status for the meaning.
func judge(r *rest.Response) *connectors.Error {
	if r.Status == http.StatusOK {
		return nil
	}
	e := r.Fail(rest.StatusKind(r.Status), "")
	e.RetryAfter = r.RetryAfter()
	e.Blocked = r.Status == http.StatusForbidden
	return e
}

// client calls a server over loopback, or whatever change makes of it.
func client(t *testing.T, h http.Handler, change func(*rest.Options)) *rest.Client {
	t.Helper()
	server := httptest.NewServer(h)
	t.Cleanup(server.Close)
	opt := rest.Options{Source: "acme", Base: server.URL + base + "/", Judge: judge, Timeout: 20 * time.Second}
	if change != nil {
		change(&opt)
	}
	c, err := rest.New(opt)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// canned answers without a network, for tests that have a time of their own.
type canned struct {
	calls   atomic.Int32
	answers []answer // the last one again and again
}

type answer struct {
	status int
	after  string // Retry-After
}

func (c *canned) RoundTrip(r *http.Request) (*http.Response, error) {
	n := int(c.calls.Add(1)) - 1
	a := c.answers[min(n, len(c.answers)-1)]
	h := http.Header{}
	if a.after != "" {
		h.Set("Retry-After", a.after)
	}
	return &http.Response{StatusCode: a.status, Header: h, Body: io.NopCloser(strings.NewReader("{}")), Request: r}, nil
}

func TestNewRefusesBadURLs(t *testing.T) {
	t.Parallel()
	for _, bad := range []string{
		"", "acme.example", "//acme.example", "ftp://acme.example", "https:acme.example", "https://", "https://:443", "https://a b/", "http://[::1",
		"https://user@acme.example", "https://user:sesame@acme.example", "https://acme.example?x=1", "https://acme.example/?", "https://acme.example/#x",
	} {
		if _, err := rest.New(rest.Options{Base: bad, Judge: judge}); err == nil {
			t.Errorf("%q was accepted", bad)
		} else if bad != "" && strings.Contains(err.Error(), bad) {
			t.Errorf("%q is repeated in %v", bad, err)
		}
	}
}

func TestRequestOnTheWire(t *testing.T) {
	t.Parallel()
	type seen struct {
		Method, URI, Body, Type, Agent, Auth, Extra string
	}
	var got seen
	h := http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		got = seen{r.Method, r.RequestURI, string(body), r.Header.Get("Content-Type"), r.UserAgent(), r.Header.Get("Authorization"), r.Header.Get("X-Extra")}
	})
	sign := func(r *http.Request) error { r.Header.Set("Authorization", "Bearer "+secret); return nil }
	tests := map[string]struct {
		req  rest.Request
		want seen
	}{
		"reading": {
			rest.Request{Path: "users/a%2Fb", Query: "page=2&q=%26"},
			seen{Method: "GET", URI: base + "/users/a%2Fb?page=2&q=%26", Agent: "roster", Auth: "Bearer " + secret},
		},
		"posting": {
			rest.Request{Method: http.MethodPost, Path: "users", Body: []byte(`{"a":1}`), ContentType: "application/json", Header: http.Header{"X-Extra": {"1"}}},
			seen{Method: "POST", URI: base + "/users", Body: `{"a":1}`, Type: "application/json", Agent: "roster", Auth: "Bearer " + secret, Extra: "1"},
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			c := client(t, h, func(o *rest.Options) { o.Sign = sign })
			if _, err := c.Do(t.Context(), tt.req); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

func TestRedirectsAreNotFollowed(t *testing.T) {
	t.Parallel()
	for _, status := range []int{301, 302, 303, 307, 308} {
		for _, to := range []string{"foreign", "same", "broken", "none"} {
			var calls atomic.Int32
			foreign := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { calls.Add(100) }))
			t.Cleanup(foreign.Close)
			target := map[string]string{"foreign": foreign.URL, "same": base + "/again", "broken": "http://%zz/canary", "none": ""}[to]
			c := client(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				calls.Add(1)
				if target != "" {
					w.Header().Set("Location", target)
				}
				w.WriteHeader(status)
			}), nil)
			_, err := c.Do(t.Context(), rest.Request{Op: "users.list", Method: http.MethodPost, Body: []byte("x"), Path: "users"})
			if err == nil || calls.Load() != 1 {
				t.Errorf("%d to %s: %d calls, error %v; want one call and an error", status, to, calls.Load(), err)
			}
			if err != nil && strings.Contains(err.Error(), "canary") {
				t.Errorf("%d to %s: the error repeats the target: %v", status, to, err)
			}
		}
	}
}

func TestBodiesAreBounded(t *testing.T) {
	t.Parallel()
	const bound = 1 << 16
	var bomb bytes.Buffer
	z := gzip.NewWriter(&bomb)
	_, _ = z.Write(make([]byte, 8<<20))
	_ = z.Close()
	tests := map[string]struct {
		answer http.HandlerFunc
		ok     bool
	}{
		"as large as allowed": {func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(make([]byte, bound)) }, true},
		"a byte too many":     {func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(make([]byte, bound+1)) }, false},
		"without an end": {func(w http.ResponseWriter, r *http.Request) {
			for r.Context().Err() == nil {
				if _, err := w.Write(make([]byte, 1<<15)); err != nil {
					return
				}
			}
		}, false},
		"a gzip bomb": {func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Encoding", "gzip")
			_, _ = w.Write(bomb.Bytes())
		}, false},
		"an error page without an end": {func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(http.StatusBadGateway)
			for {
				if _, err := w.Write(make([]byte, 1<<15)); err != nil {
					return
				}
			}
		}, false},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := client(t, tt.answer, func(o *rest.Options) { o.Bounds.Bytes = bound })
			resp, err := c.Do(t.Context(), rest.Request{Op: "users.list", Path: "users"})
			if tt.ok {
				if err != nil || len(resp.Body) != bound {
					t.Fatalf("got %v", err)
				}
				return
			}
			if !connectors.IsKind(err, connectors.KindBadResponse) || !strings.Contains(err.Error(), "larger than 65536 bytes") {
				t.Errorf("got %v; want it too large", err)
			}
		})
	}
}

func TestFailuresAreSafeToPrint(t *testing.T) {
	t.Parallel()
	healthy := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, `{"people":[]}`) })
	tests := map[string]struct {
		effect faults.Effect
		change func(*rest.Options)
		kind   connectors.ErrorKind
		want   string
	}{
		"cut off":       {faults.Reset(), nil, connectors.KindUnavailable, "connection was cut"},
		"hanging":       {faults.Hang(), func(o *rest.Options) { o.Timeout = 50 * time.Millisecond }, connectors.KindTimeout, "no answer in time"},
		"half answered": {faults.Stall(), func(o *rest.Options) { o.Timeout = 50 * time.Millisecond }, connectors.KindTimeout, "no answer in time"},
		"refused": {nil, func(o *rest.Options) { o.Base = "http://127.0.0.1:1" + base }, connectors.KindUnavailable,
			"connection refused; check url and whether the source is up"},
		"not TLS": {nil, func(o *rest.Options) { o.Base = strings.Replace(o.Base, "http:", "https:", 1) }, connectors.KindUnavailable, "does not speak TLS"},
		"an unknown host": {nil, func(o *rest.Options) { o.Base = "http://no-such-host.invalid" }, connectors.KindUnavailable,
			"the host name is not known; check url"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := &faults.Handler{Next: healthy}
			t.Cleanup(h.Clear)
			if tt.effect != nil {
				h.Set(faults.Fault{Effect: tt.effect})
			}
			c := client(t, h, func(o *rest.Options) {
				// Some machines have a proxy between them and every other host.
				o.Transport = &http.Transport{Proxy: nil, DisableKeepAlives: true}
				if tt.change != nil {
					tt.change(o)
				}
			})
			_, err := c.Do(t.Context(), rest.Request{Op: "users.list", Path: "users", Query: "hash=" + secret})
			e, ok := errors.AsType[*connectors.Error](err)
			if !ok || e.Source != "acme" || e.Op != "users.list" || e.Kind != tt.kind {
				t.Fatalf("got %v, want kind %v", err, tt.kind)
			}
			if !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %q, want it to say %q", err, tt.want)
			}
			for _, bad := range []string{secret, "127.0.0.1", "://", base, "no-such-host"} {
				if strings.Contains(err.Error(), bad) {
					t.Errorf("%q shows %q", err, bad)
				}
			}
		})
	}
}

func TestUntrustedCertificate(t *testing.T) {
	t.Parallel()
	server := httptest.NewUnstartedServer(http.NotFoundHandler())
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.StartTLS()
	t.Cleanup(server.Close)
	c := client(t, http.NotFoundHandler(), func(o *rest.Options) { o.Base = server.URL })
	_, err := c.Do(t.Context(), rest.Request{Op: "users.list"})
	if err == nil || err.Error() != "acme: users.list: unavailable: its TLS certificate is not trusted" {
		t.Errorf("got %v", err)
	}
}

func TestCallerGivesUp(t *testing.T) {
	t.Parallel()
	h := &faults.Handler{Next: http.NotFoundHandler()}
	t.Cleanup(h.Clear)
	ctx, cancel := context.WithCancel(t.Context())
	h.Set(faults.Fault{Effect: faults.Hang(), On: func(*http.Request) bool { cancel(); return true }})
	c := client(t, h, nil)
	_, err := c.Do(ctx, rest.Request{Op: "users.list", Path: "users"})
	if !errors.Is(err, context.Canceled) || err.Error() != "acme: users.list: timed out: given up by the caller" {
		t.Errorf("got %v", err)
	}
}

func TestRateLimitedCalls(t *testing.T) {
	t.Parallel()
	ok, soon, unsaid, late := answer{200, ""}, answer{429, "7"}, answer{429, ""}, answer{429, "3600"}
	tests := map[string]struct {
		answers []answer
		write   bool
		limit   time.Duration // of the caller; 0 for none
		calls   int32
		takes   time.Duration
		fails   bool
	}{
		"good at once":                      {[]answer{ok}, false, 0, 1, 0, false},
		"again after the time it asked for": {[]answer{soon, ok}, false, 0, 2, 7 * time.Second, false},
		"again after a minute when unsaid":  {[]answer{unsaid, ok}, false, 0, 2, time.Minute, false},
		"three times in all":                {[]answer{soon}, false, 0, 3, 14 * time.Second, true},
		"a write is sent once":              {[]answer{soon, ok}, true, 0, 1, 0, true},
		"an hour is too long to wait":       {[]answer{late, ok}, false, 0, 1, 0, true},
		"a deadline within the wait":        {[]answer{soon, ok}, false, 5 * time.Second, 1, 0, true},
		"a server's own fault of a write":   {[]answer{{500, ""}, ok}, true, 0, 1, 0, true},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				source := &canned{answers: tt.answers}
				c, err := rest.New(rest.Options{Source: "acme", Base: "https://acme.example", Judge: judge, Transport: source})
				if err != nil {
					t.Fatal(err)
				}
				ctx := t.Context()
				if tt.limit > 0 {
					var cancel context.CancelFunc
					ctx, cancel = context.WithTimeout(ctx, tt.limit)
					defer cancel()
				}
				begin := time.Now()
				_, err = c.Do(ctx, rest.Request{Op: "users.list", Write: tt.write})
				if e := connectors.AsError("acme", err); e != nil && e.Status != tt.answers[0].status && tt.limit == 0 {
					t.Errorf("got %v; want it to tell what the source said", err)
				}
				if took := time.Since(begin); took != tt.takes || source.calls.Load() != tt.calls || (err != nil) != tt.fails {
					t.Errorf("took %s and %d calls, want %s and %d; error %v", took, source.calls.Load(), tt.takes, tt.calls, err)
				}
			})
		})
	}
}

func TestBlockedSourceIsLeftAlone(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		source := &canned{answers: []answer{{403, ""}, {200, ""}}}
		c, err := rest.New(rest.Options{Source: "acme", Base: "https://acme.example", Judge: judge, Transport: source})
		if err != nil {
			t.Fatal(err)
		}
		for range 3 {
			_, err := c.Do(t.Context(), rest.Request{Op: "users.list"})
			if e := connectors.AsError("acme", err); e == nil || !e.Blocked || e.Status != 403 || e.Op != "users.list" {
				t.Fatalf("got %v; want it blocked", err)
			}
		}
		if n := source.calls.Load(); n != 1 {
			t.Errorf("%d calls while blocked, want none but the first", n-1)
		}
		time.Sleep(time.Hour)
		if _, err := c.Do(t.Context(), rest.Request{Op: "users.list"}); err != nil {
			t.Errorf("after the block: %v", err)
		}
	})
}
