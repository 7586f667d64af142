package httpapi

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync/atomic"

	"github.com/99designs/gqlgen/graphql/errcode"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"
	"github.com/vektah/gqlparser/v2/parser"
	"github.com/vektah/gqlparser/v2/validator/rules"

	"roster/internal/coerce"
	"roster/internal/cost"
	"roster/internal/plan"
)

// documents parses, validates and caches documents. gqlgen does the same, but without a step between parsing and validation, in which documents that are
// expensive to validate must be rejected.
type documents struct {
	schema        *ast.Schema // of the executor
	costs         *cost.Schema
	api           API
	limits        Limits
	introspection bool
	cache         documentCache
}

// document is a valid document.
type document struct {
	ast    *ast.QueryDocument
	coerce *coerce.Document
	plans  *plan.Document
	items  int // in literal lists
	// service is true if the document requests the subgraph's schema.
	service bool
	id      uint64 // 0 if it is not kept: read again, it has another one, so nobody would find its answers
	// operations are those of the document, in its order.
	operations []preparedOperation
}

// preparedOperation is an operation of a document, with what is known of it whatever its variables are.
type preparedOperation struct {
	*ast.OperationDefinition
	number   int  // in the document
	reusable bool // its answers can be for other operations too
	cost     *cost.Operation
}

// operation returns the operation with a name, or the only one for an empty name; nil if there is none.
func (d *document) operation(name string) *preparedOperation {
	if chosen := d.ast.Operations.ForName(name); chosen != nil {
		return &d.operations[slices.Index(d.ast.Operations, chosen)]
	}
	return nil
}

// documentIDs is the ID of the last document.
var documentIDs atomic.Uint64

func (d *documents) prepare(checked *ast.QueryDocument) *document {
	doc := &document{ast: checked, coerce: coerce.NewDocument(d.schema, checked), plans: plan.NewDocument(checked),
		items: itemsOf(checked), service: asksFor(checked, serviceField), id: documentIDs.Add(1), operations: make([]preparedOperation, len(checked.Operations))}
	doc.coerce.TypeName = d.api.TypeName
	for i, op := range checked.Operations {
		op.Name = strings.Clone(op.Name) // answers and entries of the access log have it, and would keep the whole text in memory
		doc.operations[i] = preparedOperation{op, i, d.api.Reusable(op), d.costs.Operation(op)}
	}
	return doc
}

func newDocuments(schema *ast.Schema, costs *cost.Schema, api API, limits Limits, introspection bool) *documents {
	return &documents{schema: schema, costs: costs, api: api, limits: limits, introspection: introspection, cache: newDocumentCache(documentBytes)}
}

// read returns the document of a text.
func (d *documents) read(ctx context.Context, text string) (*document, gqlerror.List) {
	if known, ok := d.cache.get(text); ok {
		return known, nil
	}
	if e := checkNames(text, d.limits.Tokens); e != nil {
		return nil, gqlerror.List{e}
	}
	parsed, err := parser.ParseQueryWithTokenLimit(&ast.Source{Input: text}, d.limits.Tokens)
	if err != nil {
		return nil, d.unparsed(err)
	}
	if len(parsed.Operations) == 0 {
		return nil, invalid("the document has no operation")
	}
	if e := d.limits.checkDocument(parsed); e != nil {
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
	return d.cache.add(text, d.prepare(parsed)), nil
}

// unparsed returns the errors for a document that cannot be parsed. Whether it has too many tokens is only in the text of the parser's error.
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

// invalid returns an error about a document as a whole.
func invalid(message string) gqlerror.List {
	return gqlerror.List{{Message: message, Extensions: map[string]any{"code": errcode.ValidationFailed}}}
}

// quietRules returns the specification's rules, without suggestions, which would show parts of the schema to clients that guess.
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
