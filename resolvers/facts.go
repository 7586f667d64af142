package resolvers

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"slices"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"

	"roster/graph/generated"
	"roster/internal/generation"
	"roster/internal/plan"
)

// facts is what an operation's document says of it, with the variables of @skip and @include. It is kept beside the operation's plan, so that the document is
// not searched again each time.
type facts struct {
	schemaOnly bool // requests no data
	service    bool // requests the subgraph's schema
	entities   bool // has representations
	// required is what the operation needs, without what the fields in variable add, whose arguments have variables.
	required required
	variable []*ast.Field
	// provenances have an argument with names of fields.
	provenances []*ast.Field
	// scoped are the fields whose arguments may give an input that needs scopes.
	scoped []*ast.Field
	// hash and fields are for the access log.
	hash   string
	fields []string
}

// compiler returns the compiler of plans, which also finds the facts. Validation of the extension reports a schema whose scopes cannot be enforced.
func (r *Resolver) compiler() *plan.Compiler {
	r.compileOnce.Do(func() {
		_, schema := r.config()
		guarded := func(string, string) bool { return true }
		if p, err := newPolicy(schema); err == nil {
			guarded = func(object, field string) bool { return p.needs[coordinate{object, field}] != nil }
		}
		r.compiles = &plan.Compiler{
			Schema: schema, Types: generated.PlanTypes, Guarded: guarded, Typename: r.servedGraph().TypenameKey,
			Late:  func(_, field string) bool { return presenceFields[field] },
			Facts: func(op *graphql.OperationContext) (any, int) { f := factsOf(op); return f, f.bytes() },
		}
	})
	return r.compiles
}

// variantOf returns the plan of the context's operation and what is known of it.
func (r *Resolver) variantOf(ctx context.Context, op *graphql.OperationContext) *plan.Variant {
	return plan.OperationOf(ctx, op.Doc, op.Operation).Variant(r.compiler(), op)
}

// factsFor returns the facts of the context's operation.
func (r *Resolver) factsFor(ctx context.Context, op *graphql.OperationContext) *facts {
	if f, ok := r.variantOf(ctx, op).Facts.(*facts); ok {
		return f
	}
	return factsOf(op)
}

func factsOf(op *graphql.OperationContext) *facts {
	f := &facts{schemaOnly: true, fields: []string{}}
	walk(op, op.Operation.SelectionSet, func(root *ast.Field) bool {
		f.service = f.service || root.Name == "_service"
		f.entities = f.entities || root.Name == entitiesField
		f.schemaOnly = f.schemaOnly && !needsData(root.Name)
		if name := root.Definition.Name; !slices.Contains(f.fields, name) { // the name in the document would keep the document in memory
			f.fields = append(f.fields, name)
		}
		return false
	}, nil)
	in := schemaInputs()
	f.scoped = in.scoped(op)
	n := &f.required
	walk(op, op.Operation.SelectionSet, func(field *ast.Field) bool {
		if plan.HasVariables(field.Arguments) {
			n.collections |= requiredByFieldsType(field)
			f.variable = append(f.variable, field)
		} else {
			n.collections |= requiredByField(field, nil)
		}
		if isPresence(field) {
			n.presence = 1
		}
		n.private = n.private || isPrivate(field)
		if field.Name == "asOf" || field.Name == "observedAt" {
			n.shows = generation.ShowsTimes
		}
		if field.Name == "provenance" && len(field.Arguments) > 0 {
			f.provenances = append(f.provenances, field)
		}
		n.observed = n.observed || field.Name == "observedAt"
		return true
	}, func(typeName string) { n.collections |= requiredByType[typeName] })
	if n.presence > 0 {
		n.presence = rootsWithPresence(op)
	}
	hash := sha256.Sum256([]byte(op.RawQuery))
	f.hash = hex.EncodeToString(hash[:])
	return f
}

// bytes returns about how much memory the facts take. All texts but the hash are those of the schema.
func (f *facts) bytes() int {
	return 256 + len(f.hash) + 8*(cap(f.variable)+cap(f.provenances)+cap(f.scoped)) + 16*cap(f.fields)
}

// needs returns what the operation needs with these variables.
func (f *facts) needs(variables map[string]any) required {
	n := f.required
	for _, field := range f.variable {
		n.collections |= requiredByField(field, variables)
	}
	return n
}
