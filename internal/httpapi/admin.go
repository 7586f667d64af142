package httpapi

import (
	"context"
	"log/slog"
	"net"
	"net/http"
	"net/http/pprof"
	"sync"
	"time"
)

// AdminOptions say what the operator may ask.
type AdminOptions struct {
	// Metrics are served at /metrics.
	Metrics http.Handler
	// Readiness is as in Options.
	Readiness func() error
	// Pprof adds Go's profiles below /debug/pprof/.
	Pprof bool
}

// NewAdmin assembles what is served to the operator on a listener of its own.
func NewAdmin(opt AdminOptions) http.Handler {
	mux := http.NewServeMux()
	health(mux, opt.Readiness)
	mux.Handle("GET /metrics", opt.Metrics)
	if opt.Pprof {
		mux.HandleFunc("GET /debug/pprof/", pprof.Index)
		mux.HandleFunc("GET /debug/pprof/cmdline", pprof.Cmdline)
		mux.HandleFunc("GET /debug/pprof/profile", pprof.Profile)
		mux.HandleFunc("GET /debug/pprof/symbol", pprof.Symbol)
		mux.HandleFunc("GET /debug/pprof/trace", pprof.Trace)
	}
	return mux
}

// health answers whether the process lives, and whether it can answer.
func health(mux *http.ServeMux, readiness func() error) {
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { plain(w, http.StatusOK, "ok\n") })
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

// adminDrainFor is how long the operator's answers may still take after the users' are out: a profile is not worth waiting for.
const adminDrainFor = 2 * time.Second

// AdminListener is where the operator looks in. A nil one is nowhere, and serves nobody.
type AdminListener struct{ listener net.Listener }

// ListenAdmin takes an address for the operator.
func ListenAdmin(ctx context.Context, address string) (*AdminListener, error) {
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", address)
	if err != nil {
		return nil, err
	}
	return &AdminListener{l}, nil
}

// Close gives the address up again, where it is not being served.
func (a *AdminListener) Close() error {
	if a == nil {
		return nil
	}
	return a.listener.Close()
}

// Serve serves the operator until what it gives is called, with less patience at the end than users get.
func (a *AdminListener) Serve(ctx context.Context, handler http.Handler, log *slog.Logger) (stop func()) {
	if a == nil {
		return func() {}
	}
	if isLoopback(a.listener.Addr().String()) { // a page in a browser here must not read it under a name of its own
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
