package app

import (
	"errors"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"

	"roster/connectors"
	"roster/internal/config"
)

// brokenListener accepts no connection.
type brokenListener struct{ net.Listener }

var errBroken = errors.New("accept failed for good")

func (brokenListener) Accept() (net.Conn, error) { return nil, errBroken }

// A server whose listener fails ends, so that a supervisor starts it again. Nothing in it waits for a signal that does not come.
func TestServeEndsWhenTheListenerFails(t *testing.T) {
	t.Parallel()
	vendor := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusServiceUnavailable) }))
	defer vendor.Close()
	settings, err := connectors.KindNamed("kommo").SettingsFrom(map[string]any{"access_token": connectors.Secret("token")})
	if err != nil {
		t.Fatal(err)
	}
	cfg, err := config.Default("127.0.0.1:0", []connectors.Config{{Name: "kommo", Kind: "kommo", URL: vendor.URL, Settings: settings}})
	if err != nil {
		t.Fatal(err)
	}
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	err = Serve(t.Context(), cfg, Serving{Logger: slog.New(slog.DiscardHandler), Listener: brokenListener{l},
		Pages:     func(string) http.Handler { return http.NotFoundHandler() },
		Listening: func(string, FetchState) {}, Ready: func(string, FetchState) {}})
	if !errors.Is(err, errBroken) {
		t.Errorf("%v", err)
	}
}
