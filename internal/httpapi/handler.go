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
	// HealthElsewhere says that /healthz and /readyz are served by NewAdmin.
	HealthElsewhere bool
	// Metrics are served at /metrics; nil for nowhere, or elsewhere.
	Metrics http.Handler
	// Observer is told of each operation; nil for nobody.
	Observer Observer
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
	mux.Handle("/graphql", deadline(door(graphQL(opt), opt.Access), opt.OperationTimeout))
	if !opt.HealthElsewhere {
		health(mux, opt.Ready)
	}
	if opt.Metrics != nil {
		mux.Handle("GET /metrics", opt.Metrics)
	}
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
