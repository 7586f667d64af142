//go:build linux

package attack_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

// aloneLines are attacks on programs of their own.
func aloneLines() []line {
	busy := bounds{30 * time.Second, 400, 1}
	return []line{
		{"an access log that cannot be written", bounds{6 * time.Second, 400, 200}, []specimen{
			{"on a full disk", unwritten("continue", fullDisk), 0, "roster_access_log_failing 1\n"},
			{"on a full disk, by an operator who cares", unwritten("refuse", fullDisk), 0, "roster_access_log_failing 1\n"},
			{"in a pipe that nobody reads", unwritten("continue", stalledPipe), 0, "roster_access_log_failing 1\n"},
			{"in standard error that nobody reads", unreadLog("continue"), 0, "roster_access_log_failing 1\n"},
			{"in standard error that nobody reads, by an operator who cares", unreadLog("refuse"), 0, "roster_access_log_failing 1\n"},
		}},
		{"SIGTERM beside 24 busy connections", busy, []specimen{
			{"of HTTP/1.1", terminated(false, document(plainly)), 0, ""},
			{"of HTTP/2", terminated(true, document(plainly)), 0, ""},
			{"of HTTP/1.1, with long answers", terminated(false, document(`{ users(first: 500) { nodes { id name emails { address } accounts { id } } } }`)), 0, ""},
		}},
		{"SIGTERM under attack", bounds{40 * time.Second, 700, 1}, []specimen{
			{"dear operations on connections that read nothing", terminatedUnder(foesHold(overConnections(dearest()...))), 0, ""},
			{"dear operations on WebSockets that read nothing", terminatedUnder(foesHold(overOneSocket(dearest()...))), 0, ""},
			{"uploads that stall", terminatedUnder(foesHold(stalled(""))), 0, ""},
			{"a source whose answer has no end", terminatedUnder(endlessSource), 0, ""},
		}},
		{"an idempotency key whose source is another account", bounds{6 * time.Second, 400, 20}, []specimen{
			{"after a restart", otherAccount((*target).restart, "createTeam"), 200, "IDEMPOTENCY_MISMATCH"},
			{"after a reload", otherAccount((*target).reload, "createTeam"), 200, "IDEMPOTENCY_MISMATCH"},
			{"for a contact folder", otherAccount((*target).reload, "createContactFolder"), 200, "IDEMPOTENCY_MISMATCH"},
		}},
	}
}

// fullDisk and stalledPipe make a place for a log.
func fullDisk(_ *testing.T, path string) error { return os.Symlink("/dev/full", path) }

func stalledPipe(t *testing.T, path string) error {
	if err := syscall.Mkfifo(path, 0o600); err != nil {
		return err
	}
	reader, err := os.OpenFile(path, os.O_RDWR, 0)
	if err == nil {
		t.Cleanup(func() { _ = reader.Close() })
	}
	return err
}

// unwritten has people read beside an access log that cannot be written: that is told, and they are answered or not, as the operator chose.
func unwritten(failure string, place func(*testing.T, string) error) func(*testing.T, *ground, string) (answer, used) {
	return func(t *testing.T, g *ground, says string) (answer, used) {
		t.Helper()
		settings, path := g.vendors.settings(), filepath.Join(t.TempDir(), "access.log")
		if err := place(t, path); err != nil {
			t.Fatal(err)
		}
		settings["access"] = map[string]any{"log": path, "log_failure": failure}
		p := serve(t, settings)
		return p.measured(t, func() (metrics answer) {
			metrics = p.readUnlogged(t, failure, says)
			if n := strings.Count(p.log.String(), "the access log cannot be written"); n == 0 || n > 5 { // a pipe may take the shorter lines of a few
				t.Errorf("the program's log tells it %d times", n)
			}
			return answer{body: metrics.body}
		})
	}
}

// readUnlogged has people read until the access log is known to fail, and some more. It gives the metrics.
func (p *target) readUnlogged(t *testing.T, failure, says string) (metrics answer) {
	t.Helper()
	client := from("127.0.0.1")
	defer client.CloseIdleConnections()
	refused := false
	for range 1000 { // which fill a pipe
		a := p.send(client, http.MethodPost, "", strings.NewReader(document(plainly)))
		refused = failure == "refuse" && a.status == http.StatusServiceUnavailable && strings.Contains(a.body, "ACCESS_LOG_UNAVAILABLE")
		if a.status != http.StatusOK && !refused {
			t.Errorf("whoever asks gets HTTP %d %.300s", a.status, a.body)
			break
		}
	}
	if refused != (failure == "refuse") {
		t.Errorf("whoever cannot be logged is refused: %v", refused)
	}
	slowly(func() bool {
		metrics = sendTo(t.Context(), client, http.MethodGet, "http://"+p.address+"/metrics", nil)
		return strings.Contains(metrics.body, says)
	})
	return metrics
}

// unreadLog has people read beside an access log in the program's own log, which is a pipe that nobody reads.
func unreadLog(failure string) func(*testing.T, *ground, string) (answer, used) {
	return func(t *testing.T, g *ground, says string) (answer, used) {
		t.Helper()
		settings := g.vendors.settings()
		settings["access"] = map[string]any{"log": "stderr", "log_failure": failure}
		reader, log, err := os.Pipe()
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			_ = log.Close()
			_ = reader.Close()
		})
		p := serveWith(t, log, settings)
		return p.measured(t, func() answer { return answer{body: p.readUnlogged(t, failure, says).body} })
	}
}

// terminated ends a program beside 24 clients who go on asking until it is not ready: each is answered.
func terminated(http2 bool, body string) func(*testing.T, *ground, string) (answer, used) {
	return func(t *testing.T, g *ground, _ string) (answer, used) {
		t.Helper()
		settings, secure := g.vendors.settings(), secured(t)
		settings["tls"], settings["drain_delay"] = secure.files, "5s"
		p := serve(t, settings)
		return p.measured(t, func() answer {
			var clients sync.WaitGroup
			var answers atomic.Int64
			var elsewhere atomic.Bool
			for range 24 {
				client := secure.client(http2)
				clients.Go(func() {
					defer client.CloseIdleConnections()
					for !elsewhere.Load() {
						if a := sendTo(context.Background(), client, http.MethodPost, "https://"+p.address+"/graphql", onlyOnce(body)); a.status != http.StatusOK {
							t.Errorf("a request is lost: HTTP %d %.300s", a.status, a.body)
							return
						}
						answers.Add(1)
					}
				})
			}
			until(func() bool { return t.Failed() || answers.Load() > 240 })
			p.cmd.Process.Signal(syscall.SIGTERM) //nolint:errcheck // it is there
			balancer := secure.client(false)
			defer balancer.CloseIdleConnections()
			until(func() bool {
				a := sendTo(t.Context(), balancer, http.MethodGet, "https://"+p.address+"/readyz", nil)
				return t.Failed() || a.status == http.StatusServiceUnavailable
			})
			elsewhere.Store(true)
			clients.Wait()
			return answer{}
		})
	}
}

// onlyOnce is a body with which no client repeats a request by itself.
func onlyOnce(body string) io.Reader { return io.MultiReader(strings.NewReader(body)) }

// otherAccount makes something in a source, has the program take another account under the source's name, and asks for the same again.
func otherAccount(changed func(*target, *testing.T, map[string]any) *target, field string) func(*testing.T, *ground, string) (answer, used) {
	return func(t *testing.T, _ *ground, says string) (got answer, u used) {
		t.Helper()
		first, second, writes := newVendors(t), newVendors(t), map[string]any{"dir": t.TempDir()}
		settings := first.settings()
		settings["writes"] = writes
		p := serve(t, settings)
		client := from("127.0.0.1")
		defer client.CloseIdleConnections()
		ask := func(key string) answer {
			return p.send(client, http.MethodPost, "", strings.NewReader(document(fmt.Sprintf(
				`mutation { %s(input: {source: "worksection", name: "Made once", idempotencyKey: %q}) { outcome userErrors { code } } }`, field, key))))
		}
		if a := ask("key"); !strings.Contains(a.body, `"DONE"`) || first.Held("Made once") != 1 {
			t.Errorf("at first: %s, and it is there %d times", a.body, first.Held("Made once"))
		}
		settings = second.settings()
		settings["writes"] = writes
		p = changed(p, t, settings)
		got, u = p.measured(t, func() (a answer) {
			slowly(func() bool { a = ask("key"); return strings.Contains(a.body, says) })
			return a
		})
		if n := second.Held("Made once"); n != 0 {
			t.Errorf("it is there %d times, and that was refused", n)
		}
		if a := ask("another key"); !strings.Contains(a.body, `"DONE"`) || second.Held("Made once") != 1 {
			t.Errorf("with another key: %s, and it is there %d times", a.body, second.Held("Made once"))
		}
		return got, u
	}
}

// restart ends the program, and starts it with other settings.
func (p *target) restart(t *testing.T, settings map[string]any) *target {
	t.Helper()
	p.cmd.Process.Signal(syscall.SIGTERM) //nolint:errcheck // it is there
	until(p.over)
	return serve(t, settings)
}

// reload has the program take other settings, at the same address.
func (p *target) reload(t *testing.T, settings map[string]any) *target {
	t.Helper()
	settings["listen"] = p.address
	write(t, p.config, settings)
	p.cmd.Process.Signal(syscall.SIGHUP) //nolint:errcheck // it is there
	return p
}

// certificate is what a program serves HTTPS with, and what its clients trust.
type certificate struct {
	files map[string]any
	pool  *x509.CertPool
}

// secured borrows a certificate for loopback addresses.
func secured(t *testing.T) certificate {
	t.Helper()
	server := httptest.NewTLSServer(nil)
	defer server.Close()
	pair := server.TLS.Certificates[0]
	key, err := x509.MarshalPKCS8PrivateKey(pair.PrivateKey)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	c := certificate{map[string]any{"cert_file": filepath.Join(dir, "cert.pem"), "key_file": filepath.Join(dir, "key.pem")}, x509.NewCertPool()}
	c.pool.AddCert(server.Certificate())
	for name, block := range map[string]*pem.Block{"cert.pem": {Type: "CERTIFICATE", Bytes: pair.Certificate[0]}, "key.pem": {Type: "PRIVATE KEY", Bytes: key}} {
		if err := os.WriteFile(filepath.Join(dir, name), pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return c
}

// client gives one that speaks HTTP/2, or does not.
func (c certificate) client(http2 bool) *http.Client {
	return &http.Client{Timeout: patience, Transport: &http.Transport{
		TLSClientConfig: &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: c.pool}, ForceAttemptHTTP2: http2, DialContext: (&net.Dialer{}).DialContext,
	}}
}
