package httpapi

import (
	"context"
	"encoding/json"
	"log/slog"
	"net"
	"net/http"
	"net/http/pprof"
	"sync"
	"time"

	"roster/internal/webhook"
)

// AdminOptions are the options of NewAdmin.
type AdminOptions struct {
	// Metrics are served at /metrics.
	Metrics http.Handler
	// Readiness is that of Options.
	Readiness func() error
	// Pprof adds Go's profiles below /debug/pprof/.
	Pprof bool
	// Webhooks returns where each webhook is, for /webhooks; nil for none.
	Webhooks func(context.Context) ([]webhook.Status, error)
}

// NewAdmin returns the handler for operators, which has its own listener.
func NewAdmin(opt AdminOptions) http.Handler {
	mux := http.NewServeMux()
	health(mux, opt.Readiness)
	mux.Handle("GET /metrics", opt.Metrics)
	if opt.Webhooks != nil {
		mux.HandleFunc("GET /webhooks", func(w http.ResponseWriter, r *http.Request) { webhooks(w, r, opt.Webhooks) })
	}
	if opt.Pprof {
		mux.HandleFunc("GET /debug/pprof/", pprof.Index)
		mux.HandleFunc("GET /debug/pprof/cmdline", pprof.Cmdline)
		mux.HandleFunc("GET /debug/pprof/profile", pprof.Profile)
		mux.HandleFunc("GET /debug/pprof/symbol", pprof.Symbol)
		mux.HandleFunc("GET /debug/pprof/trace", pprof.Trace)
	}
	return mux
}

// webhooks answers with where each webhook is.
func webhooks(w http.ResponseWriter, r *http.Request, read func(context.Context) ([]webhook.Status, error)) {
	all, err := read(r.Context())
	if err != nil {
		plain(w, http.StatusServiceUnavailable, err.Error()+"\n")
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	json.NewEncoder(w).Encode(map[string]any{"webhooks": all}) //nolint:errcheck // the client has gone
}

const healthPath = "/healthz"

func alive(w http.ResponseWriter, _ *http.Request) { plain(w, http.StatusOK, "ok\n") }

// health registers /healthz, whether the process is alive, and /readyz, whether it can answer queries.
func health(mux *http.ServeMux, readiness func() error) {
	mux.HandleFunc("GET "+healthPath, alive)
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, _ *http.Request) {
		if readiness != nil {
			if err := readiness(); err != nil {
				plain(w, http.StatusServiceUnavailable, "not ready: "+err.Error()+"\n")
				return
			}
		}
		plain(w, http.StatusOK, "ready\n")
	})
}

// adminDrainFor limits how long operators' requests may still take after the server of the API has stopped.
const adminDrainFor = 2 * time.Second

// AdminListener is the listener for operators. Nil serves nothing.
type AdminListener struct{ listener net.Listener }

// ListenAdmin listens on an address.
func ListenAdmin(ctx context.Context, address string) (*AdminListener, error) {
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", address)
	if err != nil {
		return nil, err
	}
	return &AdminListener{l}, nil
}

// Close closes a listener that is not being served.
func (a *AdminListener) Close() error {
	if a == nil {
		return nil
	}
	return a.listener.Close()
}

// Serve serves operators until stop is called.
func (a *AdminListener) Serve(ctx context.Context, handler http.Handler, log *slog.Logger) (stop func()) {
	if a == nil {
		return func() {}
	}
	if isLoopback(a.listener.Addr().String()) { // a web page must not read it by DNS rebinding
		handler = local(handler)
	}
	serving, cancel := context.WithCancel(context.WithoutCancel(ctx))
	var served sync.WaitGroup
	served.Go(func() {
		server := Server{Handler: handler, Limits: DefaultLimits(), Logger: log, drainFor: adminDrainFor}
		err := server.Serve(serving, a.listener)
		if err != nil && serving.Err() == nil {
			log.LogAttrs(ctx, slog.LevelError, "admin.listen is not served any more", slog.Any("error", err))
		}
	})
	return func() {
		cancel()
		served.Wait()
	}
}
