package cost

import (
	"encoding/json"
	"strconv"

	"github.com/vektah/gqlparser/v2/ast"
)

// anyLength is how many items a list is taken to have of which the schema says nothing.
const anyLength = 5

// Schema knows what the fields of a schema cost: 1 for each value of an answer, unless @cost gives its type another weight, and for a list as many
// times what an item costs as @listSize says, or as there are keys to ask by. @cost of a field is what it costs beside its values. Each item of a
// list among its arguments costs 1, or as much as @cost of that argument or input field says.
type Schema struct {
	fields map[*ast.FieldDefinition]*price
	types  map[string]*ast.Definition
}

// price is what one field costs.
type price struct {
	weight int // of the field itself
	item   int // of each of its values
	list   bool
	// length is how many items there are where no argument says.
	length int
	slices []*ast.ArgumentDefinition // numbers that say how many
	keys   *ast.ArgumentDefinition   // a list, one item for each of which is given
	// whole is false where the length is not the field's own, but that of some fields below it.
	whole bool
	// sized is true where the length is that of the field above.
	sized bool
}

// NewSchema reads the weights and sizes of a schema.
func NewSchema(s *ast.Schema) *Schema {
	c := &Schema{fields: make(map[*ast.FieldDefinition]*price), types: s.Types}
	for _, t := range s.Types {
		for _, f := range t.Fields {
			c.fields[f] = priceOf(s, f)
		}
	}
	for _, t := range s.Types { // the fields below, whose length is said above
		for _, f := range t.Fields {
			for _, name := range sizedFields(f) {
				if below := s.Types[f.Type.Name()].Fields.ForName(name); below != nil {
					c.fields[below].sized = true
				}
			}
		}
	}
	return c
}

func priceOf(s *ast.Schema, f *ast.FieldDefinition) *price {
	p := &price{weight: weight(f.Directives, 0), item: 1, list: f.Type.Elem != nil, length: anyLength, whole: true}
	if t := s.Types[f.Type.Name()]; t != nil {
		p.item = weight(t.Directives, p.item)
	}
	for _, a := range f.Arguments {
		if p.list && a.Type.NonNull && a.Type.Elem != nil {
			p.keys = a
		}
	}
	size := f.Directives.ForName("listSize")
	if size == nil {
		return p
	}
	p.whole = len(sizedFields(f)) == 0
	if v := size.Arguments.ForName("assumedSize"); v != nil {
		p.length = number(v.Value, nil, anyLength)
	}
	if v := size.Arguments.ForName("slicingArguments"); v != nil {
		for _, child := range v.Value.Children {
			if a := f.Arguments.ForName(child.Value.Raw); a != nil {
				p.slices = append(p.slices, a)
			}
		}
	}
	return p
}

func weight(directives ast.DirectiveList, otherwise int) int {
	if d := directives.ForName("cost"); d != nil {
		if a := d.Arguments.ForName("weight"); a != nil {
			return number(a.Value, nil, otherwise)
		}
	}
	return otherwise
}

func sizedFields(f *ast.FieldDefinition) []string {
	var names []string
	if d := f.Directives.ForName("listSize"); d != nil {
		if a := d.Arguments.ForName("sizedFields"); a != nil {
			for _, child := range a.Value.Children {
				names = append(names, child.Value.Raw)
			}
		}
	}
	return names
}

// Estimate gives the most that an operation may cost: each value of the largest answer that it asks for, by its weight. The document must have been
// checked, and be known to hold few fields; variables are as the operation gets them. What it skips or includes by variables is counted in.
func (c *Schema) Estimate(op *ast.OperationDefinition, variables map[string]any) int {
	e := &estimate{Schema: c, variables: variables, inputs: newInputs(c, op, variables)}
	total, _ := e.set(op.SelectionSet)
	return total
}

type estimate struct {
	*Schema
	variables map[string]any
	inputs    *inputs
}

// set gives what a selection costs: once, and for each item of the list of which the field above says how long it is.
func (e *estimate) set(set ast.SelectionSet) (once, each int) {
	for _, s := range set {
		switch s := s.(type) {
		case *ast.Field:
			if cost, sized := e.field(s); sized {
				each = add(each, cost)
			} else {
				once = add(once, cost)
			}
		case *ast.InlineFragment:
			o, i := e.set(s.SelectionSet)
			once, each = add(once, o), add(each, i)
		case *ast.FragmentSpread:
			if s.Definition != nil {
				o, i := e.set(s.Definition.SelectionSet)
				once, each = add(once, o), add(each, i)
			}
		}
	}
	return once, each
}

func (e *estimate) field(f *ast.Field) (cost int, sized bool) {
	p := e.fields[f.Definition]
	if p == nil { // __typename, and what tells the schema
		below, _ := e.set(f.SelectionSet)
		return add(1, below), false
	}
	own := add(p.weight, e.inputs.of(f, p.keys))
	once, each := e.set(f.SelectionSet)
	item := add(p.item, once)
	switch {
	case p.sized: // its length is taken times by the field above
		return add(own, add(item, times(anyLength, each))), true
	case !p.whole:
		return add(own, add(item, times(p.count(f, e.variables), each))), false
	}
	item = add(item, times(anyLength, each))
	if p.list {
		item = times(p.count(f, e.variables), item)
	}
	return add(own, item), false
}

// count gives how many items a field's list may have.
func (p *price) count(f *ast.Field, variables map[string]any) int {
	if p.keys != nil {
		return items(f.Arguments.ForName(p.keys.Name), variables)
	}
	length, said := 0, false
	for _, a := range p.slices {
		value := a.DefaultValue
		if given := f.Arguments.ForName(a.Name); given != nil {
			value = given.Value
		}
		if n := number(value, variables, -1); n >= 0 {
			length, said = max(length, n), true
		}
	}
	if !said {
		return p.length
	}
	return length
}

// number reads a number; what is none, or below zero, gives what is said otherwise.
func number(v *ast.Value, variables map[string]any, otherwise int) int {
	if v == nil {
		return otherwise
	}
	switch v.Kind {
	case ast.IntValue, ast.StringValue: // a weight may be written as text
		return read(v.Raw, otherwise)
	case ast.Variable:
		switch n := variables[v.Raw].(type) {
		case int64:
			return limited(n, otherwise)
		case int:
			return limited(int64(n), otherwise)
		case float64:
			if n >= Most {
				return Most
			}
			return limited(int64(n), otherwise)
		case json.Number:
			return read(n.String(), otherwise)
		}
	}
	return otherwise
}

func read(text string, otherwise int) int {
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return otherwise
	}
	return limited(n, otherwise)
}

func limited(n int64, otherwise int) int {
	if n < 0 {
		return otherwise
	}
	return int(min(n, Most))
}

// items gives how many keys an argument has.
func items(a *ast.Argument, variables map[string]any) int {
	if a == nil || a.Value == nil {
		return 0
	}
	switch a.Value.Kind {
	case ast.ListValue:
		return len(a.Value.Children)
	case ast.Variable:
		if list, ok := variables[a.Value.Raw].([]any); ok {
			return len(list)
		}
	}
	return 1
}
