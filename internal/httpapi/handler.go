package httpapi

import (
	"context"
	"net/http"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"
	"github.com/vektah/gqlparser/v2/validator/rules"

	"roster/internal/admission"
	"roster/internal/cost"
	"roster/internal/persisted"
)

// API is the graph as the server needs it.
type API interface {
	Schema() graphql.ExecutableSchema
	// Prepare holds a document to the schema that clients know, by these rules, and makes it one of Schema's.
	Prepare(doc *ast.QueryDocument, by *rules.Rules) gqlerror.List
	// TypeName gives the name under which clients know a type of Schema's.
	TypeName(own string) string
	// Lists says how long lists are in the data that an operation would see now.
	Lists() cost.Lists
	// Extension prepares operations. It asks affords about the data that an operation does see, and answers with the errors if there are any.
	Extension(affords func(context.Context, cost.Lists) gqlerror.List) graphql.HandlerExtension
	ErrorPresenter(ctx context.Context, err error) *gqlerror.Error
	Recover(ctx context.Context, p any) error
}

// Options say what to serve.
type Options struct {
	API API
	// Pages serves the playground, for every path that is nothing else.
	Pages http.Handler
	// Readiness says why queries cannot be answered; its error is nil while they can. A nil one means that they always can.
	Readiness func() error
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
	// Limits bound what a request may ask; zero means DefaultLimits.
	Limits Limits
	// Retired is closed when another handler has taken the place of this one: long-lived connections then end, so that their clients come to that
	// one. Nil for never.
	Retired <-chan struct{}
	// Introspection lets all clients ask for the schema. Without it, those may read it who have the scope for that.
	Introspection bool
	// ClientSchema is what is served at /schema.graphql; empty for nothing.
	ClientSchema string
	// Gate counts callers; nil means one of its own.
	Gate *admission.Limiter
	// Documents says which documents may run, and knows some by their hash; nil lets all of them run and knows none.
	Documents *persisted.Documents
	// Origins are those whose pages may use the graph beside the server's own.
	Origins []string
}

// New assembles everything that is served.
func New(opt Options) http.Handler {
	if opt.Limits == (Limits{}) {
		opt.Limits = DefaultLimits()
	}
	if opt.Gate == nil {
		opt.Gate = NewGate(opt.Limits, nil)
	}
	mux := http.NewServeMux()
	d := newDoor(opt)
	mux.Handle("/graphql", d)
	if opt.ClientSchema != "" {
		mux.Handle("GET /schema.graphql", newSchemaFile(d, opt.ClientSchema))
	}
	if !opt.HealthElsewhere {
		health(mux, opt.Readiness)
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

// NewGate makes the gate for callers by these limits, and by the Requests that single callers have of their own; own may be nil.
func NewGate(l Limits, own func(admission.Caller) int) *admission.Limiter {
	return admission.New(l.OfGate(own))
}

// OfGate gives those of the limits that the gate for callers goes by.
func (l *Limits) OfGate(own func(admission.Caller) int) admission.Limits {
	return admission.Limits{Own: own, Sizes: l.sizes(), Unnamed: l.unnamed(), Requests: l.Requests, Per: l.RequestsPer}
}

func plain(w http.ResponseWriter, status int, text string) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	w.Write([]byte(text)) //nolint:errcheck // the client has gone; nobody is left to tell
}
