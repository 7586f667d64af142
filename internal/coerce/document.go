package coerce

import (
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"
)

// Document is a validated document that can run with any variables. Several requests may use it at the same time.
type Document struct {
	// TypeName returns the name by which clients know a type, for messages. If it is nil, clients know the schema's own names.
	TypeName func(own string) string

	schema *ast.Schema
	// uncertain are the operations in which a variable that may be null is used where null is not allowed. Validation permits that for variables and
	// arguments with defaults. In all other operations, no variable can make an argument wrong.
	uncertain map[*ast.OperationDefinition]bool
}

// NewDocument prepares a document that has been validated against the schema. It changes the document, which must not be in use yet.
func NewDocument(schema *ast.Schema, doc *ast.QueryDocument) *Document {
	d := &Document{schema: schema}
	for _, op := range doc.Operations {
		c := arguments{named: d.named, op: op, uncertain: true}
		c.walk(op.SelectionSet)
		if len(c.errs) > 0 {
			if d.uncertain == nil {
				d.uncertain = make(map[*ast.OperationDefinition]bool)
			}
			d.uncertain[op] = true
		}
	}
	for _, op := range doc.Operations {
		forgetDefinitions(op.SelectionSet)
	}
	for _, f := range doc.Fragments {
		forgetDefinitions(f.SelectionSet)
	}
	return d
}

// Values returns the coerced values of an operation's variables, defaults included, and checks all arguments that use them. It checks only what will
// run, not selections that @skip or @include excludes. Numbers in given must be json.Number. Given, with its lists and objects, is changed in place, and may be the result. To coerce a
// result again changes nothing.
//
// Values have these types: int64 for Int, float64 for Float, string for String, ID and enums, bool for Boolean, []any for a list, map[string]any for an
// input object with the defaults of its fields, and the unchanged value for other scalars. A variable without value and default is absent. If anything
// is wrong, Values returns only errors, at most maxErrors. They have no path, because nothing has run.
func (d *Document) Values(op *ast.OperationDefinition, given map[string]any) (map[string]any, gqlerror.List) {
	values, errs := d.variables(op, given)
	if len(errs) == 0 && d.uncertain[op] {
		c := arguments{named: d.named, op: op, values: values}
		c.walk(op.SelectionSet)
		errs = c.errs
	}
	if len(errs) > 0 {
		return nil, errs
	}
	return values, nil
}

// named returns a type with the name by which clients know it.
func (d *Document) named(t *ast.Type) string {
	if d.TypeName == nil {
		return t.String()
	}
	var rename func(t *ast.Type) *ast.Type
	rename = func(t *ast.Type) *ast.Type {
		out := *t
		if t.Elem != nil {
			out.Elem = rename(t.Elem)
		} else {
			out.NamedType = d.TypeName(t.NamedType)
		}
		return &out
	}
	return rename(t).String()
}

// forgetDefinitions removes the definitions of variables from the values that use them. In a fragment that several operations share, they are those of
// one operation, and gqlparser would use its defaults for all operations. Values has already applied the right defaults.
func forgetDefinitions(set ast.SelectionSet) {
	for _, s := range set {
		switch s := s.(type) {
		case *ast.Field:
			forgetIn(s.Directives)
			for _, a := range s.Arguments {
				forget(a.Value)
			}
			forgetDefinitions(s.SelectionSet)
		case *ast.InlineFragment:
			forgetIn(s.Directives)
			forgetDefinitions(s.SelectionSet)
		case *ast.FragmentSpread:
			forgetIn(s.Directives)
		}
	}
}

func forgetIn(directives ast.DirectiveList) {
	for _, d := range directives {
		for _, a := range d.Arguments {
			forget(a.Value)
		}
	}
}

func forget(v *ast.Value) {
	v.VariableDefinition = nil
	for _, child := range v.Children {
		forget(child.Value)
	}
}
