package cost

import (
	"encoding/json"
	"slices"
	"strconv"

	"github.com/vektah/gqlparser/v2/ast"
)

// anyLength is the assumed number of items in a list whose length is unknown.
const anyLength = 5

// Schema has the cost of each field of a schema. Each value of an answer costs 1, lists and nulls included, unless @cost gives its type another weight.
// The items of a list cost as much as one item times their number, which comes from @listSize, from the number of keys in an argument, or from Lists.
// @cost of a field is added to the cost of its values. Each item of a list in an argument costs 1, or the @cost of that argument or input field.
type Schema struct {
	fields map[*ast.FieldDefinition]*price
	types  map[string]*ast.Definition
	own    introspection
}

// Lists knows the greatest lengths of lists for which the schema declares no size.
type Lists interface {
	// Longest returns the greatest number of items that the lists of a field, such as User.teams, have together over that many different objects. If
	// disjoint is true, no item is in the lists of two objects. If ok is false, nothing is known of the field.
	Longest(field string, objects int) (items int, disjoint, ok bool)
	// Repeats returns how many of the keys at most name the same object. It is for fields that return one object for each key.
	Repeats(keys []any) int
	// Version returns the same text only for the same lengths.
	Version() string
}

// price is what one field costs.
type price struct {
	name   string // with its type, such as User.teams
	weight int    // of the field itself
	item   int    // of each of its values
	list   bool
	// length is the number of items if no argument gives one; negative if the schema does not give one either.
	length int
	slices []*ast.ArgumentDefinition // the arguments that give the number of items
	keys   *ast.ArgumentDefinition   // a list; the field returns one item for each of its keys
	// picks is a list argument that can be absent; the field returns at most one item for each of its values, and length items without it.
	picks *ast.ArgumentDefinition
	// whole is false if the length is that of some fields below this one, its sizedFields.
	whole bool
	// sized is true if the length is given at the field above.
	sized bool
	// node is true if the value is the one that an item of a page holds, such as node of an edge. Two edges of a page have different nodes.
	node bool
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
	for _, t := range s.Types { // fields whose length is given at the field above them
		for _, f := range t.Fields {
			c.pages(s, s.Types[f.Type.Name()], sizedFields(f))
		}
	}
	return c
}

// pages marks the fields of a type that hold the items of a page, and the fields of an item that return what another such field returns directly.
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
				c.fields[f].node = true
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
	for _, a := range f.Arguments {
		if p.list && p.length >= 0 && !a.Type.NonNull && a.Type.Elem != nil {
			p.picks = a
		}
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

// nameOf returns a field's name with its type, or with the interface that also has the field.
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

// Unsized lists the list fields for which neither the schema nor lists gives a length. Estimate assumes a length for them.
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

// group is the objects for which a selection is evaluated: their number, and how often the same object occurs among them at most.
type group struct{ objects, times int }

// Estimate returns the highest cost that an operation can have: each value of the largest possible answer, times its weight. If lists is nil, lists of
// unknown length count as 5 items. The document must be valid and must have few fields. Variables are coerced. Fields under @skip and @include with
// a variable are always counted.
func (c *Schema) Estimate(op *ast.OperationDefinition, variables map[string]any, lists Lists) int {
	e := &estimate{Schema: c, variables: variables, lists: lists, inputs: newInputs(c, op, variables), repeats: make(map[string]int)}
	return e.set(op.SelectionSet, group{1, 1}, anyLength)
}

type estimate struct {
	*Schema
	variables map[string]any
	lists     Lists
	inputs    *inputs
	repeats   map[string]int // Lists.Repeats of the variables that were counted already, since many fields can use one
}

// set returns the cost of a selection for a group. Page is the length of those lists below whose size is given at the field above.
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

// values returns the group of a field's values.
func (e *estimate) values(p *price, f *ast.Field, g group, page int) group {
	each := func(n int) group { // n different values for each object, which other objects may have too
		return group{times(g.objects, n), g.objects}
	}
	switch {
	case p.node:
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
	items, disjoint, ok := e.longest(p, g, e.lists)
	switch {
	case !ok:
		return each(anyLength)
	case disjoint:
		return group{items, g.times}
	}
	return group{items, min(items, g.objects)}
}

// longest returns the greatest number of items in all lists of a group: that of its different objects, times the occurrences of one object.
func (c *Schema) longest(p *price, g group, lists Lists) (items int, disjoint, ok bool) {
	if g.objects == 0 {
		return 0, true, true
	}
	different := (g.objects + g.times - 1) / g.times
	if l, found := c.own[p.name]; found {
		return times(g.times, min(l.Of(different), Most)), l.disjoint, true
	}
	if lists == nil {
		return 0, false, false
	}
	items, disjoint, ok = lists.Longest(p.name, different)
	return times(g.times, min(items, Most)), disjoint, ok
}

// count returns the greatest length of a field's list.
func (p *price) count(f *ast.Field, variables map[string]any) int {
	length, found := 0, false
	for _, a := range p.slices {
		value := a.DefaultValue
		if given := f.Arguments.ForName(a.Name); given != nil {
			value = given.Value
		}
		if n := number(value, variables, -1); n >= 0 {
			length, found = max(length, n), true
		}
	}
	switch {
	case found:
		return length
	case p.length < 0:
		return anyLength
	case p.picks != nil:
		return p.picked(f.Arguments.ForName(p.picks.Name), variables)
	}
	return p.length
}

// picked returns how many items an argument picks.
func (p *price) picked(a *ast.Argument, variables map[string]any) int {
	if a == nil || a.Value == nil {
		return p.length
	}
	value, err := a.Value.Value(variables)
	switch list, isList := value.([]any); {
	case err != nil || value == nil:
		return p.length
	case isList:
		return min(len(list), p.length)
	}
	return 1
}

// number reads a number. It returns otherwise if v is not a number or is negative.
func number(v *ast.Value, variables map[string]any, otherwise int) int {
	if v == nil {
		return otherwise
	}
	switch v.Kind {
	case ast.IntValue, ast.StringValue: // a weight may be a string
		return read(v.Raw, otherwise)
	case ast.Variable:
		return numberIn(variables[v.Raw], otherwise)
	}
	return otherwise
}

// numberIn reads a number in a variable.
func numberIn(v any, otherwise int) int {
	switch n := v.(type) {
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

// keys returns the number of keys in an argument, and how many of them may name the same object.
func (e *estimate) keys(a *ast.Argument) (n, same int) {
	if a == nil || a.Value == nil {
		return 0, 0
	}
	value, err := a.Value.Value(e.variables)
	all, isList := value.([]any)
	switch {
	case err != nil: // rejected later
		return len(a.Value.Children), len(a.Value.Children)
	case !isList:
		return 1, 1
	case e.lists == nil:
		return len(all), len(all)
	case a.Value.Kind != ast.Variable:
		return len(all), e.lists.Repeats(all)
	}
	same, counted := e.repeats[a.Value.Raw]
	if !counted {
		same = e.lists.Repeats(all)
		e.repeats[a.Value.Raw] = same
	}
	return len(all), same
}
