package httpapi

import (
	"context"
	"net/http"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"
	"github.com/vektah/gqlparser/v2/validator/rules"

	"roster/internal/admission"
	"roster/internal/changes"
	"roster/internal/cost"
	"roster/internal/export"
	"roster/internal/persisted"
	"roster/internal/responsecache"
)

// API is the graph, as the server needs it.
type API interface {
	Schema() graphql.ExecutableSchema
	// Prepare validates a document against the schema that clients know, by these rules, and converts it to Schema's.
	Prepare(doc *ast.QueryDocument, by *rules.Rules) gqlerror.List
	// TypeName returns the name by which clients know a type of Schema.
	TypeName(own string) string
	// FieldName returns the name by which clients know a field of Schema.
	FieldName(object, own string) string
	// Reusable reports whether answers of an operation of Schema can be for other operations too; see freshness.Exchange.
	Reusable(op *ast.OperationDefinition) bool
	// Lists returns the lengths of lists in the current data.
	Lists() cost.Lists
	// CheckSource returns an error for the client if no source has the name.
	CheckSource(argument, name string) error
	// Exports returns the lists that can be exported; nil for none.
	Exports() *export.Lists
	// Extension prepares operations. It calls checkCost with the data of the operation, and answers with its errors if there are any.
	Extension(affords func(context.Context, cost.Lists) gqlerror.List) graphql.HandlerExtension
	ErrorPresenter(ctx context.Context, err error) *gqlerror.Error
	Recover(ctx context.Context, p any) error
}

// Options are the options of New.
type Options struct {
	API API
	// Pages serves the dashboard and the playground, for all other paths.
	Pages http.Handler
	// Readiness returns an error while queries cannot be answered. If it is nil, they always can.
	Readiness func() error
	// Access authenticates callers. If it is nil, everyone has all scopes.
	Access Authenticator
	// Hosts are the allowed host names of requests, in lower case and without a port; nil allows all.
	Hosts []string
	// Metrics is served at /metrics unless it is nil.
	Metrics http.Handler
	// Observer observes operations; may be nil.
	Observer Observer
	// LocalOnly rejects requests whose host is not localhost or a loopback address.
	LocalOnly bool
	// Limits are the limits of requests; zero means DefaultLimits.
	Limits Limits
	// Retired is closed when another handler replaces this one. Long-lived connections then end, so that their clients connect to the new one. Nil means
	// never.
	Retired <-chan struct{}
	// Introspection allows introspection, and the schema, to all clients. Without it, only callers with the scope may read the schema.
	Introspection bool
	// ClientSchema is served at /schema.graphql unless it is empty.
	ClientSchema string
	// Limiter counts callers; nil means a new one.
	Limiter *admission.Limiter
	// Documents decides which documents may run, and knows some by their hash. If it is nil, all may run, and none is known.
	Documents *persisted.Documents
	// Responses keeps answers; nil for none.
	Responses *responsecache.Cache
	// Changes is the log of the API's changes, which is served at /changes unless it is nil.
	Changes *changes.Log
	// PublicAnswers allows shared caches to store answers that do not depend on who asks.
	PublicAnswers bool
	// Origins are the origins, besides the server's own, whose pages may use the graph.
	Origins []string
	// Hooks receive the webhooks of sources, by their names. Hooked is called with the result of each webhook, and with the name of its source, or "" if there is
	// no such source; it may be nil.
	Hooks  map[string]Hook
	Hooked func(source string, result HookResult)
}

// graphPath is the path of the graph.
const graphPath = "/graphql"

// router passes requests to the graph and webhooks, and all others to the mux. The mux would take as long as everything else that precedes a cached answer, and
// its redirects would repeat the secrets of webhooks.
type router struct {
	graph, hooks http.Handler
	*http.ServeMux
}

// ServeHTTP implements http.Handler.
func (r *router) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	switch path := req.URL.Path; {
	case path == graphPath:
		req.Pattern = graphPath
		r.graph.ServeHTTP(w, req)
	case isHook(path):
		req.Pattern = hooksPath
		r.hooks.ServeHTTP(w, req)
	default:
		r.ServeMux.ServeHTTP(w, req)
	}
}

// New returns the handler for everything that is served.
func New(opt Options) http.Handler {
	if opt.Limits == (Limits{}) {
		opt.Limits = DefaultLimits()
	}
	if opt.Limiter == nil {
		opt.Limiter = NewLimiter(opt.Limits, nil)
	}
	h := newHandler(opt)
	mux := &router{h, &hooks{h, opt.Hooks, opt.Hooked}, http.NewServeMux()}
	if opt.ClientSchema != "" {
		mux.Handle("GET /schema.graphql", newSchemaFile(h, opt.ClientSchema))
	}
	if lists := opt.API.Exports(); lists != nil {
		mux.Handle("/export/{file}", &exports{h, lists})
	}
	health(mux.ServeMux, opt.Readiness)
	if opt.Changes != nil {
		mux.HandleFunc(changesPath, h.changes)
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

// NewLimiter returns the limiter of callers. Own returns the Requests of single callers; it may be nil.
func NewLimiter(l Limits, own func(admission.Caller) int) *admission.Limiter {
	return admission.New(l.OfCallers(own))
}

// OfCallers returns the limits of the limiter of callers.
func (l *Limits) OfCallers(own func(admission.Caller) int) admission.Limits {
	return admission.Limits{Own: own, Sizes: l.sizes(), Anonymous: l.anonymous(), Requests: l.Requests, Per: l.RequestsPer}
}

func plain(w http.ResponseWriter, status int, text string) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	w.Write([]byte(text)) //nolint:errcheck // the client is gone
}
