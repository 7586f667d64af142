package httpapi

import (
	"net/http"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/99designs/gqlgen/graphql/handler"
	"github.com/99designs/gqlgen/graphql/handler/extension"
	"github.com/vektah/gqlparser/v2/ast"

	"roster/internal/freshness"
)

// maxTokens bounds a document before it is parsed: the work of parsing and checking grows with it.
const maxTokens = 5_000

// graphQL serves the graph by POST and GET.
func graphQL(opt Options) http.Handler {
	api := opt.API
	srv := handler.New(api.Schema())
	srv.AddTransport(oneAnswer{})
	srv.SetQueryCache(newDocuments())
	srv.SetParserTokenLimit(maxTokens)
	srv.SetDisableSuggestion(true)
	srv.SetErrorPresenter(api.ErrorPresenter)
	srv.SetRecoverFunc(api.Recover)
	srv.Use(extension.Introspection{})
	srv.Use(depthLimit{})
	if opt.Observer != nil {
		srv.Use(observed{opt.Observer}) // before the one that loads
	}
	srv.Use(api.Extension())
	return srv
}

// oneAnswer is GraphQL over HTTP: one operation by POST or GET, and one answer. gqlgen's own transports repeat a body that they cannot read, refuse
// without a code or content type, and encode each answer twice.
type oneAnswer struct{}

// Supports takes every request: what is no GraphQL is refused in the form of a GraphQL answer.
func (oneAnswer) Supports(*http.Request) bool { return true }

// Do answers a request.
func (oneAnswer) Do(w http.ResponseWriter, r *http.Request, graph graphql.GraphExecutor) {
	wanted := mediaType(r.Header.Get("Accept"))
	header(w, wanted) // also for what gqlgen's server answers to a panic
	switch r.Method {
	case http.MethodGet, http.MethodPost:
	case http.MethodOptions:
		w.Header().Set("Allow", allowed)
		w.WriteHeader(http.StatusNoContent)
		return
	default:
		w.Header().Set("Allow", allowed)
		refuse(w, http.StatusMethodNotAllowed, codeBadRequest, "the method must be POST or GET")
		return
	}
	wish, err := freshness.Parse(r.Header.Values("Cache-Control"), time.Now())
	if err != nil {
		refuse(w, http.StatusBadRequest, codeBadRequest, err.Error())
		return
	}
	params, err := read(w, r)
	if err != nil {
		refuseBecause(w, err)
		return
	}
	if params.Query == "" {
		refuse(w, http.StatusBadRequest, codeBadRequest, "the request has no query")
		return
	}
	exchange := &freshness.Exchange{Wish: wish}
	ctx := freshness.NewContext(r.Context(), exchange)
	operation, errs := graph.CreateOperationContext(ctx, params)
	if len(errs) > 0 {
		if errs[0].Message == "operation  not found" { // gqlgen leaves a hole where the name is not given
			errs[0].Message = "the document has several operations: name one in operationName"
		}
		answer(w, wanted, graph.DispatchError(graphql.WithOperationContext(ctx, operation), errs))
		return
	}
	if r.Method == http.MethodGet && operation.Operation.Operation != ast.Query {
		w.Header().Set("Allow", http.MethodPost)
		refuse(w, http.StatusMethodNotAllowed, codeBadRequest, "GET is for queries: what changes something goes by POST")
		return
	}
	next, ctx := graph.DispatchOperation(ctx, operation)
	resp := next(ctx)
	if resp == nil { // its time was over before it began
		refuse(w, http.StatusServiceUnavailable, codeTimeout, "the operation took too long")
		return
	}
	headerOfAge(w, exchange.Answer, len(resp.Errors) == 0 && !exchange.Lacking)
	answer(w, wanted, resp)
}

const allowed = "GET, OPTIONS, POST"
