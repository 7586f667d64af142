package httpapi

import (
	"context"
	"net/http"
	"strings"

	"github.com/99designs/gqlgen/graphql/handler"
	"github.com/99designs/gqlgen/graphql/handler/extension"
	"github.com/99designs/gqlgen/graphql/handler/lru"
	"github.com/99designs/gqlgen/graphql/handler/transport"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"
)

const (
	// maxTokens bounds a document before it is parsed: the parser goes as deep as the document does.
	maxTokens = 15_000
	// cachedDocuments is how many parsed and validated documents are kept.
	cachedDocuments = 1000
)

// graphQL serves the graph by POST and GET.
func graphQL(api API) http.Handler {
	srv := handler.New(api.Schema())
	srv.AddTransport(transport.Options{AllowedMethods: []string{http.MethodOptions, http.MethodGet, http.MethodPost}})
	srv.AddTransport(transport.GET{})
	srv.AddTransport(transport.POST{})
	srv.SetQueryCache(lru.New[*ast.QueryDocument](cachedDocuments))
	srv.SetParserTokenLimit(maxTokens)
	srv.SetDisableSuggestion(true)
	srv.SetErrorPresenter(func(ctx context.Context, err error) *gqlerror.Error { return clearer(api.ErrorPresenter(ctx, err)) })
	srv.SetRecoverFunc(api.Recover)
	srv.Use(extension.Introspection{})
	srv.Use(api.Extension())
	return srv
}

// clearer puts two of gqlgen's errors into words for whoever wrote the request. One repeats the whole body, the other has a hole where the name
// of the operation is not given.
func clearer(e *gqlerror.Error) *gqlerror.Error {
	switch {
	case strings.HasPrefix(e.Message, "json request body could not be decoded"):
		e.Message = "the body must be a JSON object with a query, and may have variables and an operationName"
		e.Extensions = map[string]any{"code": codeBadRequest}
	case e.Message == "operation  not found":
		e.Message = "the document has several operations: name one in operationName"
	}
	return e
}
