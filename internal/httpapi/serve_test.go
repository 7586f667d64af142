package httpapi_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"roster/internal/httpapi"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// A request that is running at the signal is answered. Later connections are refused.
func TestServeDrains(t *testing.T) {
	t.Parallel()
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	under, goOn := make(chan struct{}), make(chan struct{})
	handler := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		close(under)
		<-goOn
		fmt.Fprint(w, "the answer")
	})
	ctx, stop := context.WithCancel(t.Context())
	served := make(chan error, 1)
	var logged bytes.Buffer
	go func() {
		server := httpapi.Server{Handler: handler, Limits: httpapi.DefaultLimits(), Logger: slog.New(slog.NewTextHandler(&logged, nil))}
		served <- server.Serve(ctx, l)
	}()
	address := "http://" + l.Addr().String()
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	fetch := func() (string, error) {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address, nil)
		if err != nil {
			return "", err
		}
		resp, err := client.Do(req)
		if err != nil {
			return "", err
		}
		defer resp.Body.Close()
		body, err := io.ReadAll(resp.Body)
		return string(body), err
	}
	answered := make(chan string, 1)
	go func() {
		body, err := fetch()
		answered <- fmt.Sprint(body, err)
	}()
	<-under
	stop()
	for { // until the listener is closed
		c, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", l.Addr().String())
		if err != nil {
			break
		}
		c.Close() //nolint:errcheck // it has only been opened to see whether it can be
	}
	close(goOn)
	if got := <-answered; got != "the answer<nil>" {
		t.Errorf("who was being answered got %s", got)
	}
	if err := <-served; err != nil {
		t.Errorf("the server ended with %v", err)
	}
	if got := logged.String(); strings.Count(got, "stopping") != 1 || !strings.Contains(got, l.Addr().String()) {
		t.Errorf("the log does not tell that the server stops: %q", got)
	}
	if _, err := fetch(); err == nil {
		t.Error("the server still answers")
	}
}

func TestServeReturnsListenerError(t *testing.T) {
	t.Parallel()
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l.Close() //nolint:errcheck // it is to be closed
	server := httpapi.Server{Handler: http.NotFoundHandler(), Limits: httpapi.DefaultLimits(), Logger: slog.New(slog.DiscardHandler)}
	if err := server.Serve(t.Context(), l); err == nil {
		t.Error("it serves on a closed listener")
	}
}
