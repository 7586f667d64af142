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
	"testing/synctest"

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

// A plain request to the graph is served without net/http, and all others on the connection after one that is not plain by it.
func TestPlainRequests(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := serveServer(t, httpapi.Server{
			Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				for {
					inner, ok := w.(interface{ Unwrap() http.ResponseWriter })
					if !ok {
						break
					}
					w = inner.Unwrap()
				}
				fmt.Fprintf(w, "%T", w)
			}),
			Limits: httpapi.DefaultLimits(),
		}, &http.Transport{})
		for _, tt := range []struct{ method, path, by string }{
			{http.MethodGet, "/graphql?query=%7Ba%7D", "*http1.response"}, {http.MethodPost, "/graphql", "*http1.response"}, {http.MethodHead, "/graphql", ""},
			{http.MethodGet, "/healthz", "*http.response"}, {http.MethodPost, "/graphql", "*http.response"},
		} {
			r, err := http.NewRequestWithContext(t.Context(), tt.method, "http://roster"+tt.path, nil)
			if err != nil {
				t.Fatal(err)
			}
			resp, err := s.client.Do(r)
			if err != nil {
				t.Fatal(err)
			}
			body, err := io.ReadAll(resp.Body)
			resp.Body.Close()
			if string(body) != tt.by || err != nil {
				t.Errorf("%s %s is served by %q, %v; want %q", tt.method, tt.path, body, err, tt.by)
			}
		}
		if n := s.dialled(); n != 1 {
			t.Errorf("there were %d connections", n)
		}
		s.end(t)
	})
}

// Serve waits for plain requests that are running at the signal.
func TestServeAwaitsPlainRequests(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		goOn := make(chan struct{})
		s := serveServer(t, httpapi.Server{
			Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				<-goOn
				fmt.Fprint(w, "the answer")
			}),
			Limits: httpapi.DefaultLimits(),
		}, &http.Transport{})
		answered := make(chan string, 1)
		go func() {
			resp, err := s.client.Get("http://roster/graphql") //nolint:noctx // the test ends it
			if err != nil {
				answered <- err.Error()
				return
			}
			defer resp.Body.Close()
			body, err := io.ReadAll(resp.Body)
			answered <- fmt.Sprint(string(body), err, resp.Close)
		}()
		synctest.Wait()
		s.stop()
		synctest.Wait()
		if len(s.over) > 0 {
			t.Error("the server has ended before the request")
		}
		close(goOn)
		if got := <-answered; got != "the answer<nil> true" {
			t.Error(got)
		}
		s.end(t)
	})
}
