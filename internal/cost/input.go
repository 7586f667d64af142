package cost

import "github.com/vektah/gqlparser/v2/ast"

// input is how much a value has that a client gave: the items of a list itself, and what all lists and fields within cost.
type input struct{ items, within int }

// inputs works out what the arguments of fields cost: 1 for each item of a list, unless @cost gives the argument or the input field with that list
// another weight. A field pays for them each time that it is resolved, since it reads them each time.
type inputs struct {
	schema    *Schema
	variables map[string]any
	known     map[string]input // of the variables: one may be used by many fields
}

func newInputs(c *Schema, op *ast.OperationDefinition, variables map[string]any) *inputs {
	in := &inputs{schema: c, variables: variables, known: make(map[string]input, len(op.VariableDefinitions))}
	for _, v := range op.VariableDefinitions {
		in.known[v.Variable] = in.value(variables[v.Variable], v.Type)
	}
	return in
}

// of gives what the arguments of a field cost. The items of keys are counted as what is asked for by them.
func (in *inputs) of(f *ast.Field, keys *ast.ArgumentDefinition) int {
	if f.Definition == nil {
		return 0
	}
	total := 0
	for _, a := range f.Arguments {
		def := f.Definition.Arguments.ForName(a.Name)
		if def == nil {
			continue
		}
		got := in.literal(a.Value, def.Type)
		if def != keys {
			total = add(total, times(got.items, weight(def.Directives, 1)))
		}
		total = add(total, got.within)
	}
	return total
}

// literal is a value as it stands in the document. T is nil where the schema does not say what it is.
func (in *inputs) literal(v *ast.Value, t *ast.Type) (got input) {
	switch {
	case v == nil:
	case v.Kind == ast.Variable:
		return in.known[v.Raw]
	case v.Kind == ast.ListValue:
		for _, child := range v.Children {
			got.item(in.literal(child.Value, elem(t)))
		}
	case v.Kind == ast.ObjectValue:
		for _, child := range v.Children {
			f := in.field(t, child.Name)
			got.field(in.literal(child.Value, typeOf(f)), f)
		}
	}
	return got
}

// value is a value of a variable.
func (in *inputs) value(v any, t *ast.Type) (got input) {
	switch v := v.(type) {
	case []any:
		for _, item := range v {
			got.item(in.value(item, elem(t)))
		}
	case map[string]any:
		for name, value := range v {
			f := in.field(t, name)
			got.field(in.value(value, typeOf(f)), f)
		}
	}
	return got
}

// item counts in an item of a list. What is a list itself counts as one item, and each of its own.
func (i *input) item(of input) {
	i.items = add(i.items, 1)
	i.within = add(i.within, add(of.items, of.within))
}

// field counts in a field of an object.
func (i *input) field(of input, f *ast.FieldDefinition) {
	each := 1
	if f != nil {
		each = weight(f.Directives, 1)
	}
	i.within = add(i.within, add(times(of.items, each), of.within))
}

// field gives a field of an input object; nil where there is none.
func (in *inputs) field(t *ast.Type, name string) *ast.FieldDefinition {
	if t == nil || t.Elem != nil {
		return nil
	}
	if def := in.schema.types[t.Name()]; def != nil {
		return def.Fields.ForName(name)
	}
	return nil
}

func elem(t *ast.Type) *ast.Type {
	if t == nil {
		return nil
	}
	return t.Elem
}

func typeOf(f *ast.FieldDefinition) *ast.Type {
	if f == nil {
		return nil
	}
	return f.Type
}
