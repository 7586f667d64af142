package memnet_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"roster/internal/e2e/memnet"
)

// A server that hangs is given up after a time that passes at once.
func TestClockOfItsOwn(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var n memnet.Network
		l, err := n.Listen("chat.example:80")
		if err != nil {
			t.Fatal(err)
		}
		server := &http.Server{ReadHeaderTimeout: time.Minute, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/hang" {
				<-r.Context().Done()
				return
			}
			_, _ = io.WriteString(w, "well")
		})}
		served := make(chan error, 1)
		go func() { served <- server.Serve(l) }()
		transport := &http.Transport{DialContext: n.Dial}
		get := func(url string, within time.Duration) (string, error) {
			ctx, cancel := context.WithTimeout(t.Context(), within)
			defer cancel()
			r, err := http.NewRequestWithContext(ctx, http.MethodGet, url, http.NoBody)
			if err != nil {
				t.Fatal(err)
			}
			resp, err := transport.RoundTrip(r)
			if err != nil {
				return "", err
			}
			defer resp.Body.Close()
			body, err := io.ReadAll(resp.Body)
			return string(body), err
		}
		if body, err := get("http://chat.example/", time.Minute); body != "well" || err != nil {
			t.Errorf("got %q, %v", body, err)
		}
		began := time.Now()
		if _, err := get("http://chat.example/hang", time.Hour); !errors.Is(err, context.DeadlineExceeded) || time.Since(began) != time.Hour {
			t.Errorf("%v after %v, want it given up after an hour", err, time.Since(began))
		}
		if _, err := n.Listen("chat.example:80"); !errors.Is(err, syscall.EADDRINUSE) {
			t.Errorf("listening twice: %v", err)
		}
		_ = server.Close()
		<-served
		transport.CloseIdleConnections()
		if _, err := get("http://chat.example/", time.Minute); !errors.Is(err, syscall.ECONNREFUSED) {
			t.Errorf("where nobody listens: %v", err)
		}
		again, err := n.Listen("chat.example:80")
		if err != nil {
			t.Fatalf("an address that was given up: %v", err)
		}
		_ = again.Close()
	})
}
