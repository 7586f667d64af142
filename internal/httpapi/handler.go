package httpapi

import (
	"context"
	"net/http"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/gqlerror"
)

// API is the graph as the server needs it.
type API interface {
	Schema() graphql.ExecutableSchema
	Extension() graphql.HandlerExtension
	ErrorPresenter(ctx context.Context, err error) *gqlerror.Error
	Recover(ctx context.Context, p any) error
}

// Options say what to serve.
type Options struct {
	API API
	// Pages serves the playground, for every path that is nothing else.
	Pages http.Handler
	// Ready says whether queries can be answered; nil means always.
	Ready func() bool
	// Access says who is asking; nil lets everyone do everything.
	Access Authenticator
	// Hosts are the names, in lower case and without a port, by which the graph and the pages may be asked for; nil for any.
	Hosts []string
	// LocalOnly answers only requests that name this machine as localhost or by a loopback address.
	LocalOnly bool
	// OperationTimeout bounds one operation; 0 means 15 s.
	OperationTimeout time.Duration
}

const defaultOperationTimeout = 15 * time.Second

// New assembles everything that is served.
func New(opt Options) http.Handler {
	if opt.OperationTimeout <= 0 {
		opt.OperationTimeout = defaultOperationTimeout
	}
	mux := http.NewServeMux()
	mux.Handle("/graphql", deadline(door(graphQL(opt.API), opt.Access), opt.OperationTimeout))
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { plain(w, http.StatusOK, "ok\n") })
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, _ *http.Request) {
		if opt.Ready != nil && !opt.Ready() {
			plain(w, http.StatusServiceUnavailable, "not ready: stopping, or the sources are still being read for the first time\n")
			return
		}
		plain(w, http.StatusOK, "ready\n")
	})
	if opt.Pages != nil {
		mux.Handle("/", opt.Pages)
	}
	switch {
	case opt.Hosts != nil:
		return named(mux, opt.Hosts)
	case opt.LocalOnly:
		return local(mux)
	}
	return mux
}

func plain(w http.ResponseWriter, status int, text string) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	w.Write([]byte(text)) //nolint:errcheck // the client has gone; nobody is left to tell
}

// deadline bounds the time that a request may take.
func deadline(next http.Handler, d time.Duration) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ctx, cancel := context.WithTimeout(r.Context(), d)
		defer cancel()
		next.ServeHTTP(w, r.WithContext(ctx))
	})
}
