package httpapi_test

import (
	"bufio"
	"context"
	"encoding/json"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/coder/websocket"

	"roster/internal/httpapi"
)

// slowly delays the hijacking of a WebSocket's connection until goOn is closed.
type slowly struct {
	http.ResponseWriter
	given chan<- struct{}
	goOn  <-chan struct{}
}

func (s slowly) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	conn, rw, err := http.NewResponseController(s.ResponseWriter).Hijack()
	close(s.given)
	<-s.goOn
	return conn, rw, err
}

// net/http does not track a WebSocket that is being opened while the server stops. The server waits for it, and then closes it.
func TestDrainKnowsASocketThatIsBeingOpened(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		given, goOn := make(chan struct{}), make(chan struct{})
		graph := httpapi.New(httpapi.Options{API: api{}})
		handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			graph.ServeHTTP(slowly{w, given, goOn}, r)
		})
		p := newPipes()
		ctx, stop := context.WithCancel(t.Context())
		over := make(chan error, 1)
		go func() {
			server := httpapi.Server{Handler: handler, Limits: httpapi.DefaultLimits(), Logger: slog.New(slog.DiscardHandler)}
			over <- server.Serve(ctx, p)
		}()
		client := &http.Client{Transport: &http.Transport{DialContext: p.dial}}
		var opened *websocket.Conn
		var opening sync.WaitGroup
		opening.Go(func() {
			var err error
			opened, _, err = websocket.Dial(t.Context(), "ws://localhost/graphql", &websocket.DialOptions{HTTPClient: client, Subprotocols: []string{gqlws}})
			if err != nil {
				t.Error(err)
			}
		})
		<-given
		stop()
		synctest.Wait()
		select {
		case err := <-over:
			t.Errorf("the server has ended with %v, and a WebSocket is being opened", err)
		default:
		}
		close(goOn)
		opening.Wait()
		(&talk{t, opened}).closed(1001, "The server is stopping")
		if err := <-over; err != nil {
			t.Errorf("the server ended with %v", err)
		}
	})
}

// A WebSocket that is requested while the server is stopping is not opened.
func TestStoppingServerOpensNoSocket(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		come, goOn := make(chan struct{}), make(chan struct{})
		graph := httpapi.New(httpapi.Options{API: api{}})
		handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			close(come)
			<-goOn
			graph.ServeHTTP(w, r)
		})
		p := newPipes()
		ctx, stop := context.WithCancel(t.Context())
		over := make(chan error, 1)
		go func() {
			server := httpapi.Server{Handler: handler, Limits: httpapi.DefaultLimits(), Logger: slog.New(slog.DiscardHandler)}
			over <- server.Serve(ctx, p)
		}()
		client := &http.Client{Transport: &http.Transport{DialContext: p.dial, DisableKeepAlives: true}}
		var asking sync.WaitGroup
		asking.Go(func() {
			_, resp, err := websocket.Dial(t.Context(), "ws://localhost/graphql", &websocket.DialOptions{HTTPClient: client, Subprotocols: []string{gqlws}})
			if err == nil || resp == nil {
				t.Errorf("it is opened: %v", err)
				return
			}
			var body struct {
				Errors []struct{ Message string }
			}
			if err := json.NewDecoder(resp.Body).Decode(&body); err != nil || len(body.Errors) != 1 {
				t.Errorf("the answer is %v, %v", body, err)
			}
			if resp.StatusCode != http.StatusServiceUnavailable || resp.Header.Get("Retry-After") != "1" || resp.Header.Get("Content-Type") != "application/json" {
				t.Errorf("%d %v", resp.StatusCode, resp.Header)
			}
		})
		<-come
		stop()
		synctest.Wait()
		close(goOn)
		asking.Wait()
		if err := <-over; err != nil {
			t.Errorf("the server ended with %v", err)
		}
	})
}

// A request that only looks like a WebSocket handshake is refused like others.
func TestNoHandshake(t *testing.T) {
	t.Parallel()
	const key = "AAAAAAAAAAAAAAAAAAAAAA=="
	for name, r := range map[string]*http.Request{
		"no connection": get("", "Upgrade", "websocket", "Sec-WebSocket-Version", "13", "Sec-WebSocket-Key", key),
		"no key":        get("", "Upgrade", "websocket", "Connection", "Upgrade", "Sec-WebSocket-Version", "13"),
		"a bad key":     get("", "Upgrade", "websocket", "Connection", "Upgrade", "Sec-WebSocket-Version", "13", "Sec-WebSocket-Key", "canary"),
		"version 8":     get("", "Upgrade", "websocket", "Connection", "Upgrade", "Sec-WebSocket-Version", "8", "Sec-WebSocket-Key", key),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			resp := do(httpapi.New(httpapi.Options{API: api{}}), r)
			status := http.StatusBadRequest
			if name == "no connection" {
				status = http.StatusUpgradeRequired
			}
			want := `{"errors":[{"message":"the request is no handshake of a WebSocket as RFC 6455 has it","extensions":{"code":"BAD_REQUEST"}}]}`
			if resp.Code != status || resp.Body.String() != want || resp.Header().Get("Content-Type") != "application/json" ||
				resp.Header().Get("Cache-Control") != "no-store" {
				t.Errorf("%d %v %s", resp.Code, resp.Header(), resp.Body)
			}
		})
	}
}
