package httpapi

import (
	"context"
	"errors"
	"strings"

	"github.com/99designs/gqlgen/graphql"
	"github.com/99designs/gqlgen/graphql/errcode"
	"github.com/99designs/gqlgen/graphql/handler/lru"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"
	"github.com/vektah/gqlparser/v2/parser"
	"github.com/vektah/gqlparser/v2/validator/rules"

	"roster/internal/coerce"
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
	schema          *ast.Schema // of what is run
	api             API
	limits          Limits
	introspection   bool
	ordinary, large graphql.Cache[*document]
}

// document is one that fits the schema.
type document struct {
	ast    *ast.QueryDocument
	coerce *coerce.Document
	// forGqlgen has the same operations without their variables: gqlgen would coerce those anew, and by rules of its own.
	forGqlgen *ast.QueryDocument
	items     int // of the lists in it
	// service says that it asks for the schema of the subgraph.
	service bool
}

func newDocument(schema *ast.Schema, typeName func(own string) string, checked *ast.QueryDocument) *document {
	doc := &document{ast: checked, coerce: coerce.NewDocument(schema, checked), forGqlgen: &ast.QueryDocument{}, items: itemsOf(checked), service: asksFor(checked, serviceField)}
	doc.coerce.TypeName = typeName
	for _, op := range checked.Operations {
		without := *op
		without.VariableDefinitions = nil
		doc.forGqlgen.Operations = append(doc.forGqlgen.Operations, &without)
	}
	return doc
}

func newDocuments(schema *ast.Schema, api API, limits Limits, introspection bool) *documents {
	return &documents{
		schema: schema, api: api, limits: limits, introspection: introspection,
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
	if e := longName(text, d.limits.Tokens); e != nil {
		return nil, gqlerror.List{e}
	}
	parsed, err := parser.ParseQueryWithTokenLimit(&ast.Source{Input: text}, d.limits.Tokens)
	if err != nil {
		return nil, d.unparsed(err)
	}
	if len(parsed.Operations) == 0 {
		return nil, invalid("the document has no operation")
	}
	if e := d.limits.fit(parsed); e != nil {
		return nil, e.list()
	}
	if errs := d.check(ctx, parsed); len(errs) > 0 {
		for _, e := range errs {
			errcode.Set(e, errcode.ValidationFailed)
		}
		return nil, errs
	}
	if !d.introspection && asksFor(parsed, schemaFields) {
		return nil, introspectionOff.list()
	}
	doc := newDocument(d.schema, d.api.TypeName, parsed)
	cache.Add(ctx, text, doc)
	return doc, nil
}

// unparsed says why a document could not be parsed. That it has too many tokens the parser says in words only.
func (d *documents) unparsed(err error) gqlerror.List {
	e, ok := errors.AsType[*gqlerror.Error](err)
	switch {
	case !ok:
		return invalid("the document cannot be read")
	case strings.HasPrefix(e.Message, "exceeded token limit"):
		return exceeded("tokens", d.limits.Tokens, -1, "the document has more than %d tokens, which is the limit", d.limits.Tokens).list()
	case strings.HasPrefix(e.Message, "exceeded maximum nesting"):
		return exceeded("depth", d.limits.Depth, -1, "the document is deeper than anything that is read; the limit is %d levels", d.limits.Depth).list()
	}
	errcode.Set(e, errcode.ParseFailed)
	return gqlerror.List{e}
}

// invalid is what is wrong with a document as a whole.
func invalid(message string) gqlerror.List {
	return gqlerror.List{{Message: message, Extensions: map[string]any{"code": errcode.ValidationFailed}}}
}

// quietRules are those of the specification, without the suggestions that would tell the schema to whoever guesses.
func quietRules() *rules.Rules {
	r := rules.NewDefaultRules()
	r.ReplaceRule(rules.FieldsOnCorrectTypeRule.Name, rules.FieldsOnCorrectTypeRuleWithoutSuggestions.RuleFunc)
	r.ReplaceRule(rules.ScalarLeafsRule.Name, rules.ScalarLeafsRuleWithoutSuggestions.RuleFunc)
	r.ReplaceRule(rules.KnownArgumentNamesRule.Name, rules.KnownArgumentNamesRuleWithoutSuggestions.RuleFunc)
	r.ReplaceRule(rules.KnownTypeNamesRule.Name, rules.KnownTypeNamesRuleWithoutSuggestions.RuleFunc)
	r.ReplaceRule(rules.ValuesOfCorrectTypeRule.Name, rules.ValuesOfCorrectTypeRuleWithoutSuggestions.RuleFunc)
	r.AddRule(coerce.Literals.Name, coerce.Literals.RuleFunc)
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
	return doc.forGqlgen, true
}

// Add has nothing to keep.
func (readDocument) Add(context.Context, string, *ast.QueryDocument) {}
