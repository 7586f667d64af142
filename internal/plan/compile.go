package plan

import (
	"errors"
	"fmt"
	"reflect"
	"strconv"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
)

// Compiler compiles the queries of one schema.
type Compiler struct {
	Schema *ast.Schema
	Types  Types
	// Guarded reports whether some callers may not see a field.
	Guarded func(object, field string) bool
	// Late reports whether a field's value is known only later: see Run.Later.
	Late func(object, field string) bool
	// Typename returns the key and the value that the answer has for __typename: for its response name, and for the type's name.
	Typename func(alias, object string) (key, name string)
	// Facts finds out something else about an operation that depends on nothing but its document and the variables in @skip and @include, and returns about
	// how many bytes it takes. It is kept with the plan; nil for nothing.
	Facts func(*graphql.OperationContext) (facts any, bytes int)
}

var (
	errNotQuery  = errors.New("it is not a query")
	errTooLarge  = fmt.Errorf("its plan would take more than %d bytes", maxBytes)
	errDuplicate = errors.New("two fields have one response name")
)

// unsupported is the reason why a plan cannot run a field.
type unsupported struct{ object, field string }

// Error implements error.
func (e unsupported) Error() string { return e.object + "." + e.field + " is left to gqlgen" }

// compile compiles an operation of a validated document, and returns about how many bytes the plan takes. Variables need only have the values of those that
// @skip and @include use. It returns an error that says why if only gqlgen runs the operation exactly.
func (c *Compiler) compile(doc *ast.QueryDocument, op *ast.OperationDefinition, variables map[string]any) (_ *Selection, bytes int, _ error) {
	if op.Operation != ast.Query {
		return nil, 0, errNotQuery
	}
	run := &compilation{Compiler: c, known: make(map[string]*Selection),
		collected: &graphql.OperationContext{Doc: doc, Operation: op, Variables: variables}}
	s, err := run.selection(c.Types.named(c.Schema.Query.Name), op.SelectionSet)
	if err == nil && run.bytes > maxBytes {
		err = errTooLarge
	}
	if err != nil {
		return nil, 0, err
	}
	return s, run.bytes, nil
}

// compilation is the state of compiling one operation.
type compilation struct {
	*Compiler
	collected *graphql.OperationContext // for gqlgen's own rules for fragments and for merging fields
	known     map[string]*Selection     // by type and selections, because types can use each other again and again
	bytes     int
}

// selection compiles the selections of an object of one type.
func (c *compilation) selection(t *Type, set ast.SelectionSet) (*Selection, error) {
	key := identity(t, set)
	if s, ok := c.known[key]; ok {
		return s, nil
	}
	fields := graphql.CollectFields(c.collected, set, t.Satisfies)
	s := &Selection{Fields: make([]Field, len(fields))}
	if c.bytes += s.bytes(); c.bytes > maxBytes {
		return nil, errTooLarge
	}
	c.known[key] = s
	names := make(map[string]bool, len(fields))
	for i, f := range fields {
		if names[f.Alias] {
			return nil, errDuplicate
		}
		names[f.Alias] = true
		if err := c.field(&s.Fields[i], t, f); err != nil {
			return nil, err
		}
		c.bytes += s.Fields[i].bytes()
	}
	return s, nil
}

func (c *compilation) field(out *Field, t *Type, f graphql.CollectedField) error {
	if f.Name == "__typename" {
		key, name := c.Typename(f.Alias, t.Name)
		*out = Field{Key: keyOf(key), Number: Typename, Text: string(AppendString(nil, name)), Object: t.Name, Collected: f, NonNull: true}
		return nil
	}
	number, ok := t.Fields[f.Name]
	if !ok {
		return unsupported{t.Name, f.Name}
	}
	def := c.Schema.Types[t.Name].Fields.ForName(f.Name)
	*out = Field{
		Key: keyOf(f.Alias), Number: number, NonNull: def.Type.NonNull, Guarded: c.Guarded(t.Name, f.Name),
		Late: t.Late[f.Name] && !def.Type.NonNull && c.Late(t.Name, f.Name), Object: t.Name, Collected: f,
	}
	for _, arg := range def.Arguments {
		a, err := argument(arg, f.Arguments)
		if err != nil {
			return unsupported{t.Name, f.Name}
		}
		out.Args = append(out.Args, a)
	}
	return c.below(out, c.Schema.Types[def.Type.Name()], f)
}

// below compiles the selections of a field's objects.
func (c *compilation) below(out *Field, def *ast.Definition, f graphql.CollectedField) (err error) {
	switch {
	case !def.IsCompositeType():
	case def.Kind == ast.Object:
		t := c.Types.named(def.Name)
		if t == nil {
			return unsupported{out.Object, f.Name}
		}
		out.Sub, err = c.selection(t, f.Selections)
	default:
		out.Of = make([]*Selection, len(c.Types))
		for _, possible := range c.Schema.GetPossibleTypes(def) {
			if possible.Kind != ast.Object { // gqlparser counts an interface that implements another one
				continue
			}
			t := c.Types.named(possible.Name)
			if t == nil {
				return unsupported{out.Object, f.Name}
			}
			if out.Of[t.Number], err = c.selection(t, f.Selections); err != nil {
				return err
			}
		}
	}
	return err
}

func keyOf(alias string) string { return `,"` + alias + `":` }

// identity returns a key that is the same for the same selections of one type. A fragment is the same wherever it is used.
func identity(t *Type, set ast.SelectionSet) string {
	b := strconv.AppendInt(nil, int64(t.Number), 10)
	for _, s := range set {
		at := reflect.ValueOf(s)
		if spread, ok := s.(*ast.FragmentSpread); ok && len(spread.Directives) == 0 && spread.Definition != nil {
			at = reflect.ValueOf(spread.Definition)
		}
		b = strconv.AppendUint(append(b, ' '), uint64(at.Pointer()), 16)
	}
	return string(b)
}
