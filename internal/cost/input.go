package cost

import "github.com/vektah/gqlparser/v2/ast"

// input is the size of an input value: the number of items if it is a list, and the cost of all lists and fields inside it.
type input struct{ items, within int }

// inputs calculates the cost of arguments: 1 for each item of a list, unless @cost of the argument or input field gives another weight. A field pays for
// its arguments each time that it is resolved, because its resolver reads them each time.
type inputs struct {
	schema    *Schema
	variables map[string]any
	known     map[string]input // of the variables, because several fields may use one
}

func newInputs(c *Schema, op *ast.OperationDefinition, variables map[string]any) *inputs {
	in := &inputs{schema: c, variables: variables, known: make(map[string]input, len(op.VariableDefinitions))}
	for _, v := range op.VariableDefinitions {
		in.known[v.Variable] = in.value(variables[v.Variable], v.Type)
	}
	return in
}

// of returns the cost of a field's arguments. The items of keys are not counted here: the objects that they name are counted as the field's values.
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

// literal returns the size of a value in the document. T is nil if the schema does not know the value's type.
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

// value returns the size of a variable's value.
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

// item adds an item of a list. An item that is a list counts as one item plus its own items.
func (i *input) item(of input) {
	i.items = add(i.items, 1)
	i.within = add(i.within, add(of.items, of.within))
}

// field adds a field of an object.
func (i *input) field(of input, f *ast.FieldDefinition) {
	each := 1
	if f != nil {
		each = weight(f.Directives, 1)
	}
	i.within = add(i.within, add(times(of.items, each), of.within))
}

// field returns a field of an input object; nil if there is none.
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
