package e2e_test

import (
	"bufio"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"roster/connectors/faults"
	"roster/internal/sandbox"
)

// A query that is being answered when the program is told to stop gets its answer, though its data is still being read; nobody else is let in,
// and the program ends as soon as all is done.
func TestDrain(t *testing.T) {
	t.Parallel()
	slow := system(t, sandbox.Kommo, 25)
	slow.Fault(sandbox.Kommo).Set(faults.Fault{Effect: faults.Slow(1, patience)})
	source := sourceSettings(slow.Sources()[0])
	source["timeout"] = "1m"
	settings := waiting(settingsOf(source))
	p := serve(t, settings)

	flying, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", hostOf(p))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = flying.Close() })
	const query = `{"query":"{ users(first: 500) { totalCount completeness { complete } } }"}`
	fmt.Fprintf(flying, "POST /graphql HTTP/1.1\r\nHost: %s\r\nContent-Type: application/json\r\nContent-Length: %d\r\nExpect: 100-continue\r\n\r\n",
		hostOf(p), len(query))
	fromFlying := bufio.NewReader(flying)
	// The server asks for the body when it is at work on the query.
	if line, err := fromFlying.ReadString('\n'); err != nil || !strings.Contains(line, "100 Continue") {
		t.Fatalf("the server says %q, %v", line, err)
	}
	if _, err := fromFlying.ReadString('\n'); err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(flying, query); err != nil {
		t.Fatal(err)
	}

	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	eventually(t, "nobody is let in any more", func() bool {
		c, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", hostOf(p))
		if err == nil {
			_ = c.Close()
		}
		return err != nil
	})
	if p.over() {
		t.Fatalf("the program ended before the answer was out; its log:\n%s", p.log.String())
	}

	slow.Fault(sandbox.Kommo).Clear() // and so quick
	var data struct {
		Users struct {
			TotalCount   int
			Completeness struct{ Complete bool }
		}
	}
	readAnswer(t, readResponse(t, fromFlying)).into(t, &data)
	if data.Users.TotalCount == 0 || !data.Users.Completeness.Complete {
		t.Errorf("the answer has %+v, want all people", data.Users)
	}
	if err := p.awaitEnd(); err != nil {
		t.Error(err)
	}
}

// Whoever asks without a pause on connections that are kept loses no request when the program is told to stop: a load balancer learns by /readyz to send
// them elsewhere, and until then they are taken.
func TestDrainLosesNothing(t *testing.T) {
	t.Parallel()
	for name, http2 := range map[string]bool{"HTTP/1.1": false, "HTTP/2": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			settings := settingsOf(sourceSettings(system(t, sandbox.Kommo, 25).Sources()[0]))
			settings["drain_delay"] = "5s"
			client := new(tls.Config)
			if http2 {
				settings["tls"], client = secured(t)
			}
			p := serve(t, settings)
			p.awaitFirstReading(t)
			var clients sync.WaitGroup
			var answers, elsewhere atomic.Int64
			for range 50 {
				transport := &http.Transport{TLSClientConfig: client.Clone(), ForceAttemptHTTP2: http2}
				t.Cleanup(transport.CloseIdleConnections)
				clients.Go(func() {
					for elsewhere.Load() == 0 {
						if _, err := p.askOver(t, transport, http.MethodPost, "/graphql"); err != nil {
							t.Errorf("a request is lost: %v", err)
							return
						}
						answers.Add(1)
					}
				})
			}
			eventually(t, "all clients are busy", func() bool { return answers.Load() > 500 })
			if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
				t.Fatal(err)
			}
			balancer := &http.Transport{TLSClientConfig: client.Clone(), DisableKeepAlives: true}
			eventually(t, "the program is not ready", func() bool {
				status, err := p.askOver(t, balancer, http.MethodGet, "/readyz")
				return err == nil && status == http.StatusServiceUnavailable
			})
			if status, err := p.askOver(t, balancer, http.MethodPost, "/graphql"); err != nil || status != http.StatusOK {
				t.Errorf("a client that still uses the server gets %d, %v", status, err)
			}
			elsewhere.Add(1)
			clients.Wait()
			if err := p.awaitEnd(); err != nil {
				t.Error(err)
			}
		})
	}
}

// askOver sends a request that no client may repeat by itself, unless the server says that it has not begun with it.
func (p *program) askOver(t *testing.T, transport *http.Transport, method, path string) (status int, err error) {
	ctx := context.WithoutCancel(t.Context())
	r, err := http.NewRequestWithContext(ctx, method, p.url+path, strings.NewReader(`{"query":"{ users { totalCount } }"}`))
	if err != nil {
		return 0, err
	}
	r.Header.Set("Content-Type", "application/json")
	resp, err := transport.RoundTrip(r)
	if err != nil {
		return 0, err
	}
	defer resp.Body.Close()
	_, err = io.Copy(io.Discard, resp.Body)
	return resp.StatusCode, err
}

// secured gives the setting of a certificate for the program, and what its clients go by.
func secured(t *testing.T) (map[string]any, *tls.Config) {
	t.Helper()
	cert, authority := certified(t, time.Now().Add(time.Hour))
	key, err := x509.MarshalPKCS8PrivateKey(cert.PrivateKey)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	certFile, keyFile := filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	for name, content := range map[string][]byte{certFile: authority, keyFile: pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: key})} {
		if err := os.WriteFile(name, content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(authority)
	return map[string]any{"cert_file": certFile, "key_file": keyFile}, &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: roots}
}

func hostOf(p *program) string { return strings.TrimPrefix(p.url, "http://") }

func readResponse(t *testing.T, r *bufio.Reader) *http.Response {
	t.Helper()
	resp, err := http.ReadResponse(r, nil)
	if err != nil {
		t.Fatal(err)
	}
	return resp
}
