package httpapi

import (
	"context"

	"github.com/99designs/gqlgen/graphql"
	"github.com/99designs/gqlgen/graphql/handler/lru"
	"github.com/vektah/gqlparser/v2/ast"
)

// A parsed document takes up to eighty times the memory of its text, and anybody can send one that nobody has sent before. So the ordinary ones are
// kept in some number, the large ones in a small number, and the largest not at all: 3 MiB of text in all.
const (
	ordinaryDocument, ordinaryDocuments = 2 << 10, 1000
	largeDocument, largeDocuments       = 32 << 10, 32
)

// documents keeps parsed and checked documents by their text.
type documents struct {
	ordinary, large graphql.Cache[*ast.QueryDocument]
}

func newDocuments() documents {
	return documents{lru.New[*ast.QueryDocument](ordinaryDocuments), lru.New[*ast.QueryDocument](largeDocuments)}
}

func (d documents) forSize(n int) graphql.Cache[*ast.QueryDocument] {
	switch {
	case n <= ordinaryDocument:
		return d.ordinary
	case n <= largeDocument:
		return d.large
	}
	return graphql.NoCache[*ast.QueryDocument]{}
}

// Get finds a document.
func (d documents) Get(ctx context.Context, text string) (*ast.QueryDocument, bool) {
	return d.forSize(len(text)).Get(ctx, text)
}

// Add keeps a document.
func (d documents) Add(ctx context.Context, text string, doc *ast.QueryDocument) {
	d.forSize(len(text)).Add(ctx, text, doc)
}
