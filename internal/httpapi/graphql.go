package httpapi

import (
	"net/http"

	"github.com/99designs/gqlgen/graphql/handler"
	"github.com/99designs/gqlgen/graphql/handler/extension"
	"github.com/99designs/gqlgen/graphql/handler/lru"
	"github.com/99designs/gqlgen/graphql/handler/transport"
	"github.com/vektah/gqlparser/v2/ast"
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
	srv.SetErrorPresenter(api.ErrorPresenter)
	srv.SetRecoverFunc(api.Recover)
	srv.Use(extension.Introspection{})
	srv.Use(api.Extension())
	return srv
}
