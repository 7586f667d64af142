package randdoc

import (
	"fmt"
	"slices"
	"strings"

	"github.com/vektah/gqlparser/v2/ast"
)

// Document is a query. Its text is valid; the values of its variables are coercible, with few exceptions.
type Document struct {
	Text          string
	OperationName string // empty if it needs none
	Variables     string // a JSON object
}

const (
	mostFields = 70 // that are written in a document
	mostLevels = 7
)

// New writes a query.
func New(schema *ast.Schema, dice Dice, world *World) Document {
	m := &maker{schema: schema, dice: dice, world: world, left: 1 + dice.IntN(mostFields)}
	names := newResponseNames()
	selections := m.selections(schema.Query, names, mostLevels)
	d := Document{Variables: m.given()}
	head := ""
	if len(m.variables) > 0 {
		definitions := make([]string, len(m.variables))
		for i, v := range m.variables {
			definitions[i] = v.definition
		}
		head = "(" + strings.Join(definitions, ", ") + ") "
	}
	switch {
	case m.chance(4):
		d.Text = "query " + m.one("Q", "Named", "query") + head + selections
	case head != "":
		d.Text = "query " + head + selections
	default:
		d.Text = selections
	}
	if m.chance(12) {
		d.Text = "query First " + head + selections + " query Other { __typename } "
		d.OperationName = m.one("First", "First", "First", "Other", "Missing")
	}
	for _, f := range m.fragments {
		d.Text += " fragment " + f.name + " on " + f.on.Name + " " + f.text
	}
	return d
}

// maker is the state of writing one document.
type maker struct {
	schema    *ast.Schema
	dice      Dice
	world     *World
	left      int // how many fields may still be written
	variables []variable
	fragments []*fragment
	names     int // that have been made up
}

// fragment is a fragment definition. It is complete before it is spread anywhere.
type fragment struct {
	name, text string
	on         *ast.Definition
	names      *responseNames
}

// chance is true once in n times.
func (m *maker) chance(n int) bool { return m.dice.IntN(n) == n-1 }

func (m *maker) one(of ...string) string { return of[m.dice.IntN(len(of))] }

func (m *maker) name(prefix string) string {
	m.names++
	return fmt.Sprintf("%s%d", prefix, m.names)
}

// selections writes a selection set of a type, in which fields may have as many levels.
func (m *maker) selections(def *ast.Definition, names *responseNames, levels int) string {
	parts := make([]string, 0, 6)
	for range 1 + m.dice.IntN(5) {
		parts = append(parts, m.selection(def, names, levels))
		if m.left < 0 {
			break
		}
	}
	return "{ " + strings.Join(parts, " ") + " }"
}

func (m *maker) selection(def *ast.Definition, names *responseNames, levels int) string {
	m.left--
	switch n := m.dice.IntN(20); {
	case n == 19:
		return m.typename(def, names)
	case n >= 17 && m.left > 0:
		if spread, ok := m.spread(def, names, levels); ok {
			return spread
		}
	case (n >= 14 || def.IsAbstractType() && n >= 5) && m.left > 0:
		return m.inline(def, names, levels)
	case n == 13:
		if again, ok := m.again(def, names, levels); ok {
			return again
		}
	}
	return m.field(def, names, levels)
}

func (m *maker) typename(def *ast.Definition, names *responseNames) string {
	u := use{parent: def, field: &ast.FieldDefinition{Name: "__typename", Type: ast.NonNullNamedType("String", nil)}, head: "__typename"}
	text := m.responseName(names, &u, "__typename", "is", "type")
	names.add(nameOf(text), u)
	return text + m.directives()
}

// responseName gives a field one of the names, or a new one if it cannot have that name.
func (m *maker) responseName(names *responseNames, u *use, usual ...string) string {
	name := m.one(usual...)
	if !names.takes(name, *u) {
		name = m.name("f")
	}
	if name != u.field.Name {
		u.alias = name + ": "
	}
	return u.alias + u.head
}

// field writes a field of a type.
func (m *maker) field(def *ast.Definition, names *responseNames, levels int) string {
	var fields, composite ast.FieldList
	for _, f := range def.Fields {
		switch {
		case strings.HasPrefix(f.Name, "__") || f.Name == "_service" && !m.chance(30):
		case !m.schema.Types[f.Type.Name()].IsCompositeType():
			fields = append(fields, f)
		case levels > 0 && (m.left > 0 || levels == mostLevels):
			composite = append(composite, f)
		}
	}
	if len(fields) == 0 || len(composite) > 0 && m.chance(2) {
		fields = composite
	}
	if def == m.schema.Query && m.chance(150) {
		return m.introspection()
	}
	if len(fields) == 0 {
		return m.typename(def, names)
	}
	f := fields[m.dice.IntN(len(fields))]
	u := use{parent: def, field: f, head: f.Name + m.arguments(def.Name, f)}
	text := m.responseName(names, &u, f.Name, f.Name, f.Name, "a", "b", "name")
	return text + m.directives() + m.below(names.add(nameOf(text), u), f, levels)
}

// nameOf returns the response name of a field that begins with its alias, or with its name and arguments.
func nameOf(text string) string {
	end := strings.IndexFunc(text, func(c rune) bool { return c == ':' || c == '(' || c == ' ' })
	if end < 0 {
		return text
	}
	return text[:end]
}

func (m *maker) below(names *responseNames, f *ast.FieldDefinition, levels int) string {
	if t := m.schema.Types[f.Type.Name()]; t.IsCompositeType() {
		return " " + m.selections(t, names, levels-1)
	}
	return ""
}

// again writes a field that is here already, so that both are merged.
func (m *maker) again(def *ast.Definition, names *responseNames, levels int) (string, bool) {
	var known []string
	for _, name := range names.order {
		if names.by[name].uses[0].parent == def {
			known = append(known, name)
		}
	}
	if len(known) == 0 {
		return "", false
	}
	name := m.one(known...)
	u := names.by[name].uses[0]
	return u.alias + u.head + m.directives() + m.below(names.add(name, u), u.field, levels), true
}

// introspection writes a query about the schema, which only gqlgen answers.
func (m *maker) introspection() string {
	return m.one(`__schema { queryType { name } }`, `__type(name: "User") { name kind fields { name } }`)
}

// inline writes an inline fragment on a type whose objects can be here.
func (m *maker) inline(def *ast.Definition, names *responseNames, levels int) string {
	on, condition := def, ""
	if !m.chance(8) {
		on = m.related(def)
		condition = "on " + on.Name
	}
	return "... " + condition + m.directives() + " " + m.selections(on, names, levels)
}

// related returns a type of which an object can be an object of this type too.
func (m *maker) related(def *ast.Definition) *ast.Definition {
	var types []string
	for _, possible := range m.schema.GetPossibleTypes(def) {
		types = append(types, possible.Name)
		if !m.chance(8) {
			continue
		}
		for _, above := range m.schema.GetImplements(possible) {
			types = append(types, above.Name)
		}
	}
	slices.Sort(types)
	types = slices.Compact(types)
	if len(types) == 0 {
		return def
	}
	return m.schema.Types[m.one(types...)]
}

// spread writes a fragment spread, of a new fragment or of one that fits here.
func (m *maker) spread(def *ast.Definition, names *responseNames, levels int) (string, bool) {
	var f *fragment
	if len(m.fragments) > 0 && m.chance(2) {
		f = m.fragments[m.dice.IntN(len(m.fragments))]
		if !m.overlap(def, f.on) {
			f = nil
		}
	}
	if f == nil {
		variables, fragments := len(m.variables), len(m.fragments)
		f = &fragment{name: m.name("F"), on: m.related(def), names: newResponseNames()}
		f.text = m.selections(f.on, f.names, min(levels, mostLevels-1))
		if !names.takesAll(f.names) { // what only it uses must not be defined either
			m.variables, m.fragments = m.variables[:variables], m.fragments[:fragments]
			return "", false
		}
		m.fragments = append(m.fragments, f)
	} else if !names.takesAll(f.names) {
		return "", false
	}
	names.addAll(f.names)
	return "..." + f.name + m.directives(), true
}

func (m *maker) overlap(a, b *ast.Definition) bool {
	return slices.ContainsFunc(m.schema.GetPossibleTypes(a), func(possible *ast.Definition) bool {
		return slices.Contains(m.schema.GetPossibleTypes(b), possible)
	})
}

func (m *maker) directives() string {
	text := ""
	for _, name := range []string{"include", "skip"} {
		if m.chance(14) {
			text += " @" + name + "(if: " + m.literal(ast.NonNullNamedType("Boolean", nil), "if") + ")"
		}
	}
	return text
}
