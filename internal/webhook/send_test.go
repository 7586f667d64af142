package webhook

import (
	"crypto/x509"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"roster/connectors"
)

const (
	testSecret  connectors.Secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
	otherSecret connectors.Secret = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"
)

func containsAll(text string, parts ...string) bool {
	for _, part := range parts {
		if !strings.Contains(text, part) {
			return false
		}
	}
	return true
}

// here allows the receivers of tests.
var here = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("::1/128")}

func senderTo(t *testing.T, url string, change func(*Hook)) *sender {
	t.Helper()
	h := &Hook{URL: connectors.Secret(url), Secret: testSecret, Networks: here, Timeout: time.Minute}
	if change != nil {
		change(h)
	}
	s, err := newSender(h, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.close)
	return s
}

func serving(t *testing.T, f http.HandlerFunc) string {
	t.Helper()
	server := httptest.NewServer(f)
	t.Cleanup(server.Close)
	return server.URL
}

// Receivers verify messages with the public library, with either secret while both are configured, and no longer with one that is not.
func TestSignatures(t *testing.T) {
	t.Parallel()
	type request struct {
		header http.Header
		body   []byte
	}
	requests := make(chan request, 1)
	url := serving(t, func(_ http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		requests <- request{r.Header, body}
	})
	verifies := func(r request, secret connectors.Secret) bool {
		signer, err := standardwebhooks.NewWebhook(secret.Reveal())
		return err == nil && signer.Verify(r.body, r.header) == nil
	}
	m := message{"msg_1", []byte(`{"type":"webhook.test"}`)}
	senderTo(t, url, func(h *Hook) { h.Previous = otherSecret }).send(t.Context(), m)
	both := <-requests
	senderTo(t, url, nil).send(t.Context(), m)
	one := <-requests
	for what, ok := range map[string]bool{
		"the new secret": verifies(both, testSecret), "the previous one": verifies(both, otherSecret), "the only one": verifies(one, testSecret),
		"the ID": one.header.Get("webhook-id") == "msg_1", "the type of the content": one.header.Get("Content-Type") == "application/json",
		"not another one": !verifies(one, otherSecret),
	} {
		if !ok {
			t.Errorf("%s: %v, %v", what, both.header, one.header)
		}
	}
	one.body = append(one.body, ' ')
	if verifies(one, testSecret) {
		t.Error("a changed body is verified")
	}
}

func TestCheckSecret(t *testing.T) {
	t.Parallel()
	for secret, ok := range map[connectors.Secret]bool{
		testSecret: true, otherSecret: true, "": false, "whsec_": false, "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw": false, "whsec_c2hvcnQ=": false,
		"whsec_not base64": false, connectors.Secret("whsec_" + strings.Repeat("A", 32)): false, connectors.Secret("whsec_" + strings.Repeat("MfKQ9r8G", 12)): false,
	} {
		if err := CheckSecret(secret); (err == nil) != ok {
			t.Errorf("%q: %v", secret.Reveal(), err)
		}
	}
}

// A redirect is not followed, and says what to do. Nothing of what the receiver says is told, and nothing of the URL.
func TestAnswers(t *testing.T) {
	t.Parallel()
	var elsewhere atomic.Int64
	other := serving(t, func(http.ResponseWriter, *http.Request) { elsewhere.Add(1) })
	for name, tt := range map[string]struct {
		answer http.HandlerFunc
		want   Result
	}{
		"200": {func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "literal-canary") }, Result{}},
		"204": {func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(204) }, Result{}},
		"400": {func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "literal-canary", 400) }, Result{Problem: "HTTP 400"}},
		"410": {func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(410) }, Result{Problem: "HTTP 410", Ended: true}},
		"307": {func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, other, http.StatusTemporaryRedirect) },
			Result{Problem: "HTTP 307: redirects are not followed, so set the url to where it leads"}},
		"429": {func(w http.ResponseWriter, _ *http.Request) { w.Header().Set("Retry-After", "90"); w.WriteHeader(429) },
			Result{Problem: "HTTP 429", After: 90 * time.Second}},
		"503 for ages": {func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Retry-After", "18446744073709551615")
			w.WriteHeader(503)
		}, Result{Problem: "HTTP 503", After: mostAsked}},
		"503, nonsense": {func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Retry-After", "soon")
			w.WriteHeader(503)
		}, Result{Problem: "HTTP 503"}},
		"500, Retry-After": {func(w http.ResponseWriter, _ *http.Request) { w.Header().Set("Retry-After", "90"); w.WriteHeader(500) },
			Result{Problem: "HTTP 500"}},
		"long headers": {func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("X", strings.Repeat("literal-canary", 4000))
		},
			Result{Problem: "the connection failed"}},
		"no HTTP": {func(w http.ResponseWriter, _ *http.Request) {
			conn, _, err := http.NewResponseController(w).Hijack()
			if err == nil {
				_, _ = io.WriteString(conn, "literal-canary\r\n\r\n")
				_ = conn.Close()
			}
		}, Result{Problem: "the connection failed"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			url := serving(t, tt.answer)
			tt.want.Status, _ = strconv.Atoi(name[:3]) // 0 if there is no answer
			if got := senderTo(t, url+"/literal-canary?literal-canary", nil).send(t.Context(), message{"msg_1", []byte("{}")}); got != tt.want {
				t.Errorf("%+v, want %+v", got, tt.want)
			}
		})
	}
	t.Cleanup(func() {
		if elsewhere.Load() > 0 {
			t.Error("the redirect was followed")
		}
	})
}

func TestPauseUntilADate(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 30, 12, 0, 0, 0, time.UTC)
	for header, want := range map[string]time.Duration{"Mon, 30 Nov 2026 12:02:00 GMT": 2 * time.Minute, "Mon, 30 Nov 2026 11:00:00 GMT": 0, "-5": 0} {
		if got := judge(503, header, now); got.After != want {
			t.Errorf("%s: %v", header, got.After)
		}
	}
}

// An answer without an end costs a few kilobytes, and one without a beginning no more than the timeout.
func TestEndlessAnswers(t *testing.T) {
	t.Parallel()
	var written atomic.Int64
	ended := make(chan struct{})
	url := serving(t, func(w http.ResponseWriter, _ *http.Request) {
		defer close(ended)
		part := []byte(strings.Repeat("x", 64<<10))
		for {
			n, err := w.Write(part)
			written.Add(int64(n))
			if err != nil {
				return
			}
		}
	})
	if got := senderTo(t, url, nil).send(t.Context(), message{"msg_1", []byte("{}")}); got.Problem != "" {
		t.Errorf("%+v", got)
	}
	<-ended // the connection was closed
	if written.Load() > 64<<20 {
		t.Errorf("%d bytes were taken", written.Load())
	}
	hung := make(chan struct{})
	url = serving(t, func(http.ResponseWriter, *http.Request) { <-hung })
	if got := senderTo(t, url, func(h *Hook) { h.Timeout = 20 * time.Millisecond }).send(t.Context(), message{"msg_1", []byte("{}")}); got.Problem != "no answer in time" {
		t.Errorf("%+v", got)
	}
	close(hung)
}

// The receiver needs a certificate that an authority has signed for its name.
func TestCertificates(t *testing.T) {
	t.Parallel()
	var calls atomic.Int64
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { calls.Add(1) }))
	server.Config.ErrorLog = nil
	server.StartTLS()
	t.Cleanup(server.Close)
	if got := senderTo(t, server.URL, nil).send(t.Context(), message{"msg_1", []byte("{}")}); got.Problem != "the TLS certificate is not valid" || calls.Load() > 0 {
		t.Errorf("%+v, %d calls", got, calls.Load())
	}
}

func TestProblemsWithoutAnAnswer(t *testing.T) {
	t.Parallel()
	names := serveNames(t) // it has no address until a test sets one
	for url, want := range map[string]string{
		"http://127.0.0.1:0/literal-canary": "no connection", // nothing can listen there
		"http://name.test/literal-canary":   "the host has no address",
	} {
		s := senderTo(t, url, func(h *Hook) { h.Networks = here })
		transport := newTransport(&Hook{})
		d := dialer(here, time.Minute)
		d.Resolver = names.resolver()
		transport.DialContext = d.DialContext
		s.client.Transport = transport
		if got := s.send(t.Context(), message{"msg_1", []byte("{}")}); got.Problem != want {
			t.Errorf("%s: %+v", url, got)
		}
	}
}

// A proxy would connect to any address, so none is used.
func TestNoProxy(t *testing.T) {
	t.Parallel()
	if newTransport(&Hook{}).Proxy != nil {
		t.Error("there is a proxy")
	}
}

// A receiver may close a connection that is idle just when the next message is sent. That is no failed attempt: the message is sent again at once.
func TestAClosedConnectionIsNoFailure(t *testing.T) {
	t.Parallel()
	var requests, connections atomic.Int64
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if _, sent := r.Header["Idempotency-Key"]; sent {
			t.Error("the header is sent")
		}
		if requests.Add(1) == 2 { // on the connection of the first one
			conn, _, err := w.(http.Hijacker).Hijack() //nolint:forcetypeassert // of HTTP/1
			if err != nil {
				t.Error(err)
				return
			}
			conn.Close() //nolint:errcheck // that is what is tested
		}
	}))
	server.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		if state == http.StateNew {
			connections.Add(1)
		}
	}
	server.Start()
	t.Cleanup(server.Close)
	s := senderTo(t, server.URL, nil)
	for i := range 2 {
		if r := s.send(t.Context(), message{newID(), []byte("{}")}); r.Problem != "" {
			t.Errorf("message %d: %s", i, r.Problem)
		}
	}
	if requests.Load() != 3 || connections.Load() != 2 {
		t.Errorf("%d requests on %d connections", requests.Load(), connections.Load())
	}
}

// A receiver that speaks HTTP/2 cannot make the program keep megabytes of an answer that nobody reads. How much it can send is what fits into the windows.
func TestAnswersThatAreNotReadOverHTTP2(t *testing.T) {
	t.Parallel()
	sent := make(chan int, 1)
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		n, control := 0, http.NewResponseController(w)
		if r.ProtoMajor != 2 {
			t.Errorf("%s", r.Proto)
		}
		// It stops when one write waits for a second, not after a second in all: a slow machine would then not fill the windows.
		for part := make([]byte, 1<<10); n <= 2*mostBuffer; n += len(part) {
			if err := control.SetWriteDeadline(time.Now().Add(time.Second)); err != nil {
				t.Error(err)
				break
			}
			if _, err := w.Write(part); err != nil || control.Flush() != nil {
				break
			}
		}
		sent <- n
	}))
	server.EnableHTTP2 = true
	server.StartTLS()
	defer server.Close()
	transport := newTransport(&Hook{Networks: here, Timeout: time.Minute})
	defer transport.CloseIdleConnections()
	transport.TLSClientConfig.RootCAs = x509.NewCertPool()
	transport.TLSClientConfig.RootCAs.AddCert(server.Certificate())
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, server.URL, strings.NewReader("{}"))
	if err != nil {
		t.Fatal(err)
	}
	resp, err := transport.RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if n := <-sent; n < mostBuffer/2 || n > 2*mostBuffer {
		t.Errorf("it could send %d bytes that nobody reads, want about %d", n, mostBuffer)
	}
}
