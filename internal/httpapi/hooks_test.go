package httpapi_test

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"roster/internal/httpapi"
)

const (
	hookSecret        = "0123456789abcdef0123456789abcdef"
	earlierHookSecret = "fedcba9876543210fedcba9876543210"
)

// receiver records what it receives.
type receiver struct {
	mu      sync.Mutex
	bodies  []string
	results map[string]int
}

func (r *receiver) receive(_ context.Context, body []byte) httpapi.HookResult {
	r.mu.Lock()
	defer r.mu.Unlock()
	switch r.bodies = append(r.bodies, string(body)); {
	case body == nil:
		r.bodies[len(r.bodies)-1] = "(too long to be read)"
	case strings.Contains(string(body), "wrong token"):
		return httpapi.HookRejected
	case strings.Contains(string(body), "of no interest"):
		return httpapi.HookIgnored
	}
	return httpapi.HookAccepted
}

func (r *receiver) observe(source string, result httpapi.HookResult) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.results == nil {
		r.results = make(map[string]int)
	}
	r.results[source+" "+string(result)]++
}

// options have the receiver for the source crm.
func (r *receiver) options() httpapi.Options {
	return httpapi.Options{API: api{}, Hooks: map[string]httpapi.Hook{"crm": {Secret: hookSecret, Receive: r.receive}, "chat": {Secret: hookSecret, Previous: earlierHookSecret, Receive: r.receive}}, Hooked: r.observe}
}

// hook returns a webhook.
func hook(path, body string) *http.Request {
	r := httptest.NewRequestWithContext(context.Background(), http.MethodPost, path, strings.NewReader(body))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return r
}

func TestHooks(t *testing.T) {
	t.Parallel()
	method := func(m string) *http.Request {
		r := hook("/hooks/crm/"+hookSecret, "")
		r.Method = m
		return r
	}
	elsewhere := hook("/hooks/crm/"+hookSecret, "from elsewhere")
	elsewhere.Host = "hooks.example.com"
	elsewhere.Header.Set("Origin", "https://evil.example")
	elsewhere.Header.Set("Sec-Fetch-Site", "cross-site")
	elsewhere.Header.Set("Authorization", "Basic x")
	most := httpapi.DefaultLimits().BodyBytes
	for name, tc := range map[string]struct {
		request *http.Request
		status  int
		body    string // received
		result  string
	}{
		"accepted":             {hook("/hooks/crm/"+hookSecret, "contacts"), 200, "contacts", "crm accepted"},
		"the new secret":       {hook("/hooks/chat/"+hookSecret, "users"), 200, "users", "chat accepted"},
		"the earlier one":      {hook("/hooks/chat/"+earlierHookSecret, "users"), 200, "users", "chat accepted"},
		"of another source":    {hook("/hooks/crm/"+earlierHookSecret, "x"), 404, "", "crm rejected"},
		"neither of the two":   {hook("/hooks/chat/"+strings.Repeat("0", 32), "x"), 404, "", "chat rejected"},
		"none of the two":      {hook("/hooks/chat/", "x"), 404, "", "chat rejected"},
		"both of them":         {hook("/hooks/chat/"+hookSecret+earlierHookSecret, "x"), 404, "", "chat rejected"},
		"without a body":       {hook("/hooks/crm/"+hookSecret, ""), 200, "", "crm accepted"},
		"ignored":              {hook("/hooks/crm/"+hookSecret, "of no interest"), 200, "of no interest", "crm ignored"},
		"from elsewhere":       {elsewhere, 200, "from elsewhere", "crm accepted"},
		"long":                 {hook("/hooks/crm/"+hookSecret, strings.Repeat("x", most)), 200, "(too long to be read)", "crm accepted"},
		"too long":             {hook("/hooks/crm/"+hookSecret, strings.Repeat("x", most+1)), 413, "", "crm refused"},
		"too long, in chunks":  {unsized(hook("/hooks/crm/"+hookSecret, strings.Repeat("x", most+1))), 413, "", "crm refused"},
		"a wrong token":        {hook("/hooks/crm/"+hookSecret, "wrong token"), 404, "wrong token", "crm rejected"},
		"a wrong secret":       {hook("/hooks/crm/"+strings.Repeat("0", 32), "x"), 404, "", "crm rejected"},
		"a part of it":         {hook("/hooks/crm/"+hookSecret[:31], "x"), 404, "", "crm rejected"},
		"more than it":         {hook("/hooks/crm/"+hookSecret+"/", "x"), 404, "", "crm rejected"},
		"with a double slash":  {hook("/hooks//crm/"+hookSecret, "x"), 404, "", " rejected"},
		"no secret":            {hook("/hooks/crm/", "x"), 404, "", "crm rejected"},
		"no slash":             {hook("/hooks/crm", "x"), 404, "", "crm rejected"},
		"no source":            {hook("/hooks/", "x"), 404, "", " rejected"},
		"an unknown source":    {hook("/hooks/desk/"+hookSecret, "x"), 404, "", " rejected"},
		"of an unknown source": {hook("/hooks/desk/", "x"), 404, "", " rejected"},
		"GET":                  {method(http.MethodGet), 405, "", ""},
		"HEAD":                 {method(http.MethodHead), 405, "", ""},
		"PUT":                  {method(http.MethodPut), 405, "", ""},
		"OPTIONS":              {method(http.MethodOptions), 405, "", ""},
		"GET, unknown source":  {get(""), 405, "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if tc.request.URL.Path == "/graphql" {
				tc.request.URL.Path = "/hooks/chat/x"
			}
			var got receiver
			opt := got.options()
			opt.Access, opt.LocalOnly = guard{"": nil}, true
			rec := do(httpapi.New(opt), tc.request)
			want := "not found\n"
			switch tc.status {
			case 200:
				want = `{"status":"OK"}`
			case 405:
				want = "only POST is allowed\n"
			case 413:
				want = "the body is too long, too slow or cut off\n"
			}
			if rec.Code != tc.status || rec.Body.String() != want || rec.Header().Get("Location") != "" {
				t.Errorf("HTTP %d %q %v, want %d %q", rec.Code, rec.Body, rec.Header(), tc.status, want)
			}
			if allow := rec.Header().Get("Allow"); (allow == "POST") != (tc.status == 405) {
				t.Errorf("Allow: %q", allow)
			}
			if received := strings.Join(got.bodies, ","); received != tc.body {
				t.Errorf("received %.100q, want %.100q", received, tc.body)
			}
			results := map[string]int{}
			if tc.result != "" {
				results[tc.result] = 1
			}
			if !maps.Equal(results, got.results) {
				t.Errorf("results %v, want %v", got.results, results)
			}
			if tc.request.Pattern != "/hooks/" {
				t.Errorf("the pattern is %q, which is logged", tc.request.Pattern)
			}
		})
	}
}

// Whoever guesses is limited like any anonymous caller, and nobody can use that up for the source.
func TestHooksOfGuessers(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var got receiver
		opt := got.options()
		opt.Limits = httpapi.DefaultLimits()
		opt.Limits.Requests = 3
		h := httpapi.New(opt)
		var statuses []int
		for range 5 {
			statuses = append(statuses, do(h, hook("/hooks/crm/wrong", "")).Code)
		}
		rec := do(h, hook("/hooks/none/wrong", ""))
		statuses = append(statuses, rec.Code, do(h, hook("/hooks/crm/"+hookSecret, "")).Code)
		if diff := cmp.Diff([]int{404, 404, 404, 429, 429, 429, 200}, statuses); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
		if after := rec.Header().Get("Retry-After"); after != "20" {
			t.Errorf("Retry-After: %q", after)
		}
		other := hook("/hooks/crm/wrong", "")
		other.RemoteAddr = "192.0.2.9:1"
		if code := do(h, other).Code; code != 404 {
			t.Errorf("another address: HTTP %d", code)
		}
	})
}

// A body that comes too slowly ends with the minimum rate, and one that breaks off with its connection. Nothing is received, and nobody logs the secret.
func TestHooksOfSlowSenders(t *testing.T) {
	t.Parallel()
	var got receiver
	var log bytes.Buffer
	limits := httpapi.DefaultLimits()
	limits.MinRateGrace = 100 * time.Millisecond
	opt := got.options()
	opt.Limits = limits
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() {
		ended <- (&httpapi.Server{Handler: httpapi.New(opt), Limits: limits,
			Logger: slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))}).Serve(ctx, l)
	}()
	for name, begin := range map[string]struct{ text, want string }{
		"slow":      {"POST /hooks/crm/" + hookSecret + " HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\nbegin", "HTTP/1.1 408 "},
		"malformed": {"POST /hooks/crm/" + hookSecret + " HTTP/1.1\r\nHost: localhost\r\nContent-Length: x\r\n\r\n", "HTTP/1.1 400 "},
		"cut off":   {"POST /hooks/crm/" + hookSecret + " HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", "HTTP/1.1 400 "},
	} {
		conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", l.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(conn, begin.text); err != nil {
			t.Error(err)
		}
		answer := make([]byte, len(begin.want))
		if _, err := io.ReadFull(conn, answer); err != nil || string(answer) != begin.want {
			t.Errorf("%s: %q, %v, want %q", name, answer, err, begin.want)
		}
		conn.Close() //nolint:errcheck // it has been answered
	}
	stop()
	if err := <-ended; err != nil {
		t.Error(err)
	}
	if len(got.bodies) > 0 || got.results["crm refused"] != 2 {
		t.Errorf("received %q; results %v", got.bodies, got.results)
	}
	if strings.Contains(log.String(), hookSecret) {
		t.Errorf("the log has the secret:\n%s", log.String())
	}
}
