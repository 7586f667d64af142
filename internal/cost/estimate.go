package cost

import (
	"encoding/json"
	"slices"
	"strconv"

	"github.com/vektah/gqlparser/v2/ast"
)

// anyLength is how many items a list is taken to have of which nobody says how long it is.
const anyLength = 5

// Schema knows what the fields of a schema cost: 1 for each value of an answer, lists and nulls included, unless @cost gives its type another weight,
// and for a list as many times what an item costs as @listSize says, as there are keys to ask by, or as Lists knows. @cost of a field is what it costs
// beside its values. Each item of a list among its arguments costs 1, or as much as @cost of that argument or input field says.
type Schema struct {
	fields map[*ast.FieldDefinition]*price
	types  map[string]*ast.Definition
	own    introspection
}

// Lists knows how long the lists of an answer are at most of which the schema does not say it.
type Lists interface {
	// Longest gives how many items the lists of a field, such as User.teams, have together at most, over that many different objects. Own says that no
	// item is in the lists of two objects. It is not ok where nothing is known of the field.
	Longest(field string, objects int) (items int, own, ok bool)
	// Repeats gives how many of the keys name the same object at most, where a field gives an object for each key.
	Repeats(keys []any) int
}

// price is what one field costs.
type price struct {
	name   string // of its type and itself, such as User.teams
	weight int    // of the field itself
	item   int    // of each of its values
	list   bool
	// length is how many items there are where no argument says; below zero where the schema does not say it either.
	length int
	slices []*ast.ArgumentDefinition // numbers that say how many
	keys   *ast.ArgumentDefinition   // a list, one item for each of which is given
	// whole is false where the length is not the field's own, but that of some fields below it.
	whole bool
	// sized is true where the length is that of the field above.
	sized bool
	// carries is true where the value is the one that an item of a page is there for: node of an edge. Two edges of a page have different ones.
	carries bool
}

// NewSchema reads the weights and sizes of a schema.
func NewSchema(s *ast.Schema) *Schema {
	c := &Schema{fields: make(map[*ast.FieldDefinition]*price), types: s.Types, own: introspected(s)}
	for _, t := range s.Types {
		for _, f := range t.Fields {
			if t.Kind != ast.InputObject {
				c.fields[f] = priceOf(s, t, f)
			}
		}
	}
	for _, t := range s.Types { // the fields below, whose length is said above
		for _, f := range t.Fields {
			c.pages(s, s.Types[f.Type.Name()], sizedFields(f))
		}
	}
	return c
}

// pages notes which fields of a type have a page's items, and which fields of these have what another of them gives by itself.
func (c *Schema) pages(s *ast.Schema, t *ast.Definition, sized []string) {
	items := make(map[string]bool)
	for _, name := range sized {
		if below := t.Fields.ForName(name); below != nil {
			c.fields[below].sized = true
			items[below.Type.Name()] = true
		}
	}
	for name := range items {
		for _, f := range s.Types[name].Fields {
			if f.Type.Elem == nil && items[f.Type.Name()] && f.Type.Name() != name {
				c.fields[f].carries = true
			}
		}
	}
}

func priceOf(s *ast.Schema, t *ast.Definition, f *ast.FieldDefinition) *price {
	p := &price{name: nameOf(s, t, f), weight: weight(f.Directives, 0), item: 1, list: f.Type.Elem != nil, length: -1, whole: true}
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

// nameOf gives a field's name, by the interface that has it too, if there is one.
func nameOf(s *ast.Schema, t *ast.Definition, f *ast.FieldDefinition) string {
	for _, i := range t.Interfaces {
		if s.Types[i] != nil && s.Types[i].Fields.ForName(f.Name) != nil {
			return i + "." + f.Name
		}
	}
	return t.Name + "." + f.Name
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

// Unsized lists the fields that are lists of which neither the schema nor lists say how long they are: those that Estimate guesses.
func (c *Schema) Unsized(lists Lists) []string {
	var names []string
	for _, p := range c.fields {
		if known := p.length >= 0 || p.keys != nil || len(p.slices) > 0 || p.sized; p.list && !known {
			if _, _, ok := c.longest(p, group{1, 1}, lists); !ok {
				names = append(names, p.name)
			}
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// group is the objects of which a selection is answered: how many there are in all, and how many times one of them is among them at most.
type group struct{ objects, times int }

// Estimate gives the most that an operation may cost: each value of the largest answer that it asks for, by its weight. Lists may be nil; a list of
// which nobody says how long it is counts as 5 items. The document must have been checked, and be known to hold few fields; variables are as the
// operation gets them. What it skips or includes by variables is counted in.
func (c *Schema) Estimate(op *ast.OperationDefinition, variables map[string]any, lists Lists) int {
	e := &estimate{Schema: c, variables: variables, lists: lists, inputs: newInputs(c, op, variables)}
	return e.set(op.SelectionSet, group{1, 1}, anyLength)
}

type estimate struct {
	*Schema
	variables map[string]any
	lists     Lists
	inputs    *inputs
}

// set gives what a selection costs for a group. Page is how many items the lists below have whose length the field above says.
func (e *estimate) set(set ast.SelectionSet, g group, page int) int {
	total := 0
	for _, s := range set {
		switch s := s.(type) {
		case *ast.Field:
			total = add(total, e.field(s, g, page))
		case *ast.InlineFragment:
			total = add(total, e.set(s.SelectionSet, g, page))
		case *ast.FragmentSpread:
			if s.Definition != nil {
				total = add(total, e.set(s.Definition.SelectionSet, g, page))
			}
		}
	}
	return total
}

func (e *estimate) field(f *ast.Field, g group, page int) int {
	p := e.fields[f.Definition]
	if p == nil { // __typename
		return add(g.objects, e.set(f.SelectionSet, group{g.objects, g.objects}, anyLength))
	}
	below := anyLength
	if !p.whole {
		below = p.count(f, e.variables)
	}
	values := e.values(p, f, g, page)
	cost := add(times(g.objects, add(p.weight, e.inputs.of(f, p.keys))), times(values.objects, p.item))
	if p.list {
		cost = add(cost, g.objects) // the lists themselves
	}
	return add(cost, e.set(f.SelectionSet, values, below))
}

// values gives the values that a field has for a group.
func (e *estimate) values(p *price, f *ast.Field, g group, page int) group {
	each := func(n int) group { // for each object n different values, which other objects may have too
		return group{times(g.objects, n), g.objects}
	}
	switch {
	case p.carries:
		return g
	case !p.list:
		return each(1)
	case p.sized:
		return each(page)
	case p.keys != nil:
		n, same := e.keys(f.Arguments.ForName(p.keys.Name))
		return group{times(g.objects, n), times(g.objects, same)}
	case p.whole && (len(p.slices) > 0 || p.length >= 0):
		return each(p.count(f, e.variables))
	}
	items, own, ok := e.longest(p, g, e.lists)
	switch {
	case !ok:
		return each(anyLength)
	case own:
		return group{items, g.times}
	}
	return group{items, min(items, g.objects)}
}

// longest gives how many items the lists of a group have together at most: as many times those of different objects as one object is among them.
func (c *Schema) longest(p *price, g group, lists Lists) (items int, own, ok bool) {
	if g.objects == 0 {
		return 0, true, true
	}
	different := (g.objects + g.times - 1) / g.times
	if l, found := c.own[p.name]; found {
		return times(g.times, min(l.Of(different), Most)), l.own, true
	}
	if lists == nil {
		return 0, false, false
	}
	items, own, ok = lists.Longest(p.name, different)
	return times(g.times, min(items, Most)), own, ok
}

// count gives how many items a field's list may have.
func (p *price) count(f *ast.Field, variables map[string]any) int {
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
	switch {
	case said:
		return length
	case p.length < 0:
		return anyLength
	}
	return p.length
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

// keys gives how many keys an argument has, and how many of them may name the same object.
func (e *estimate) keys(a *ast.Argument) (n, same int) {
	if a == nil || a.Value == nil {
		return 0, 0
	}
	value, err := a.Value.Value(e.variables)
	all, isList := value.([]any)
	switch {
	case err != nil: // it is refused later
		return len(a.Value.Children), len(a.Value.Children)
	case !isList:
		return 1, 1
	case e.lists == nil:
		return len(all), len(all)
	}
	return len(all), e.lists.Repeats(all)
}
