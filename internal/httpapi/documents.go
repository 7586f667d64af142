package httpapi

import (
	"context"

	"github.com/99designs/gqlgen/graphql"
	"github.com/99designs/gqlgen/graphql/errcode"
	"github.com/99designs/gqlgen/graphql/handler/lru"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"
	"github.com/vektah/gqlparser/v2/parser"
	"github.com/vektah/gqlparser/v2/validator"
	"github.com/vektah/gqlparser/v2/validator/rules"
)

// A parsed document takes up to eighty times the memory of its text, and anybody can send one that nobody has sent before. So the ordinary ones are
// kept in some number, the large ones in a small number, and the largest not at all: 3 MiB of text in all.
const (
	ordinaryDocument, ordinaryDocuments = 2 << 10, 1000
	largeDocument, largeDocuments       = 32 << 10, 32
)

// documents reads and checks documents, and keeps them by their text. gqlgen would do the same, but leaves no room between reading and checking,
// where what would be dear to check has to be refused.
type documents struct {
	schema          *ast.Schema
	tokens          int
	introspection   bool
	ordinary, large graphql.Cache[*document]
}

// document is one that fits the schema.
type document struct {
	ast *ast.QueryDocument
}

func newDocuments(schema *ast.Schema, tokens int, introspection bool) *documents {
	return &documents{
		schema: schema, tokens: tokens, introspection: introspection,
		ordinary: lru.New[*document](ordinaryDocuments), large: lru.New[*document](largeDocuments),
	}
}

func (d *documents) forSize(n int) graphql.Cache[*document] {
	switch {
	case n <= ordinaryDocument:
		return d.ordinary
	case n <= largeDocument:
		return d.large
	}
	return graphql.NoCache[*document]{}
}

// read gives the document of a text.
func (d *documents) read(ctx context.Context, text string) (*document, gqlerror.List) {
	cache := d.forSize(len(text))
	if known, ok := cache.Get(ctx, text); ok {
		return known, nil
	}
	parsed, err := parser.ParseQueryWithTokenLimit(&ast.Source{Input: text}, d.tokens)
	if err != nil {
		return nil, gqlerror.List{coded(err, errcode.ParseFailed)}
	}
	if len(parsed.Operations) == 0 {
		return nil, gqlerror.List{coded(gqlerror.Errorf("the document has no operation"), errcode.ValidationFailed)}
	}
	if errs := validator.ValidateWithRules(d.schema, parsed, quietRules()); len(errs) > 0 {
		for _, e := range errs {
			errcode.Set(e, errcode.ValidationFailed)
		}
		return nil, errs
	}
	if field := introspects(parsed); field != "" && !d.introspection {
		return nil, introspectionOff(field)
	}
	doc := &document{ast: parsed}
	cache.Add(ctx, text, doc)
	return doc, nil
}

func coded(err error, code string) *gqlerror.Error {
	e := gqlerror.Wrap(err)
	errcode.Set(e, code)
	return e
}

// quietRules are those of the specification, without the suggestions that would tell the schema to whoever guesses.
func quietRules() *rules.Rules {
	r := rules.NewDefaultRules()
	r.ReplaceRule(rules.FieldsOnCorrectTypeRule.Name, rules.FieldsOnCorrectTypeRuleWithoutSuggestions.RuleFunc)
	r.ReplaceRule(rules.ScalarLeafsRule.Name, rules.ScalarLeafsRuleWithoutSuggestions.RuleFunc)
	r.ReplaceRule(rules.KnownArgumentNamesRule.Name, rules.KnownArgumentNamesRuleWithoutSuggestions.RuleFunc)
	r.ReplaceRule(rules.KnownTypeNamesRule.Name, rules.KnownTypeNamesRuleWithoutSuggestions.RuleFunc)
	r.ReplaceRule(rules.ValuesOfCorrectTypeRule.Name, rules.ValuesOfCorrectTypeRuleWithoutSuggestions.RuleFunc)
	return r
}

type documentKey struct{}

// readDocument is what gqlgen takes for a cache of documents: it finds the one that has been read for this operation.
type readDocument struct{}

// Get finds the document.
func (readDocument) Get(ctx context.Context, _ string) (*ast.QueryDocument, bool) {
	doc, ok := ctx.Value(documentKey{}).(*document)
	if !ok {
		return nil, false
	}
	return doc.ast, true
}

// Add has nothing to keep.
func (readDocument) Add(context.Context, string, *ast.QueryDocument) {}
