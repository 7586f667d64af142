package plan

import (
	"context"

	"github.com/99designs/gqlgen/graphql"

	"roster/internal/contextkey"
)

// step is a step of the path to the value that is being written: a field, or the index of an item.
type step struct {
	field *Field
	index int
	// ctx is the context that gqlgen would have here; nil until something needs it.
	ctx context.Context
	// read is true when the arguments of the field have been read.
	read bool
}

// Enter enters a field.
func (r *Run) Enter(f *Field) { r.path = append(r.path, step{field: f}) }

// EnterList enters a list. At must be called before each item.
func (r *Run) EnterList() { r.path = append(r.path, step{}) }

// At goes to an item of the list.
func (r *Run) At(index int) {
	s := &r.path[len(r.path)-1]
	s.index, s.ctx = index, nil
}

// Leave leaves a field or a list.
func (r *Run) Leave() { r.path = r.path[:len(r.path)-1] }

// Context returns the context that gqlgen would have at the current path, with a graphql.FieldContext for each step.
func (r *Run) Context() context.Context {
	known := len(r.path)
	for known > 0 && r.path[known-1].ctx == nil {
		known--
	}
	var ctx context.Context
	if known > 0 {
		ctx = r.path[known-1].ctx
	} else {
		ctx = graphql.WithFieldContext(r.Ctx, &graphql.FieldContext{Object: "Query"})
	}
	for i := known; i < len(r.path); i++ {
		s := &r.path[i]
		fc := &graphql.FieldContext{}
		if s.field != nil {
			fc.Object, fc.Field = s.field.Object, s.field.Collected
			if s.read {
				fc.Args = noArguments
			}
		} else {
			index := s.index
			fc.Index = &index
		}
		ctx = graphql.WithFieldContext(ctx, fc)
		s.ctx = ctx
	}
	return ctx
}

// noArguments is the value of FieldContext.Args after they have been read. Resolvers get them as parameters.
var noArguments = map[string]any{}

// ArgumentsRead records that the arguments of the current field could be read.
func (r *Run) ArgumentsRead() {
	s := &r.path[len(r.path)-1]
	s.read, s.ctx = true, nil
}

// Resolve returns the context for the resolver of the current field, whose arguments have been read. It makes the field's context only if it is asked for.
func (r *Run) Resolve() context.Context {
	r.ArgumentsRead()
	c := &r.resolving
	if c.run != nil { // of another field; its context may still be used
		c = new(resolving)
	}
	*c = resolving{Context: r.Ctx, run: r}
	return c
}

// resolving is the context of a resolver. The resolver's own goroutine must be the first that asks for the field.
type resolving struct {
	context.Context
	run   *Run
	field context.Context
}

// Value implements context.Context.
func (c *resolving) Value(key any) any {
	if key != gqlgenField {
		return c.Context.Value(key)
	}
	if c.field == nil {
		c.field = c.run.Context()
	}
	return c.field.Value(key)
}

// gqlgenField is the key of a graphql.FieldContext in a context, which gqlgen does not export.
var gqlgenField = contextkey.Of(func(ctx context.Context) { graphql.GetFieldContext(ctx) })
