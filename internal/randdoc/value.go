package randdoc

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/vektah/gqlparser/v2/ast"
)

// variable is a variable of the operation.
type variable struct {
	name, typeName, definition string
	given                      string // as a member of a JSON object; empty for none
}

// A value is written as a literal or as JSON. Strings, numbers, booleans, nil and lists are Go's own.
type (
	enumValue string
	object    []property
	property  struct {
		name  string
		value any
	}
	reference string // to a variable
)

// given returns the values of the variables.
func (m *maker) given() string {
	var members []string
	for _, v := range m.variables {
		if v.given != "" {
			members = append(members, v.given)
		}
	}
	return "{" + strings.Join(members, ",") + "}"
}

// arguments writes the arguments of a field.
func (m *maker) arguments(object string, f *ast.FieldDefinition) string {
	var parts []string
	for _, a := range f.Arguments {
		parent := f.Type.Name()
		if a.Name == fieldsOfProvenance {
			parent = object
		}
		required := a.Type.NonNull && a.DefaultValue == nil
		if required || m.chance(m.rarity(a.Name)) {
			parts = append(parts, a.Name+": "+m.inPlace(a.Type, a.DefaultValue != nil, parent, a.Name))
		}
	}
	if len(parts) == 0 {
		return ""
	}
	return "(" + strings.Join(parts, ", ") + ")"
}

// rarity says how seldom an optional argument or input field is given. Pages have few arguments, because few combinations are allowed.
func (m *maker) rarity(name string) int {
	switch name {
	case "last", "before":
		return 8
	case "after":
		return 4
	case "search", "accounts", "attributes":
		return 6
	case "first", "orderBy":
		return 2
	}
	return 3
}

// literal writes a value of a type as an argument: a literal, a variable, or a literal with variables.
func (m *maker) literal(t *ast.Type, of string) string { return m.inPlace(t, false, "", of) }

func (m *maker) inPlace(t *ast.Type, hasDefault bool, parent, of string) string {
	return asLiteral(m.value(t, place{of: of, parent: parent, variables: true, hasDefault: hasDefault, depth: 2}))
}

// place is where a value is.
type place struct {
	of         string // the name of the argument or input field
	parent     string // the name of the field's type, for cursors; for fieldsOfProvenance that of the object
	variables  bool   // variables may be used
	hasDefault bool   // a nullable variable may be used although the type is not nullable
	never      bool   // the value may not be null although the type is nullable: a field of a @oneOf input
	depth      int
}

func (p place) within(name string, hasDefault bool) place {
	p.of, p.hasDefault, p.never, p.depth = name, hasDefault, false, p.depth-1
	return p
}

func (m *maker) value(t *ast.Type, at place) any {
	if at.variables && m.chance(3) {
		return m.variable(t, at)
	}
	if !t.NonNull && !at.never && m.chance(15) {
		return nil
	}
	if t.Elem != nil {
		if m.chance(12) {
			alone := at.within(at.of, false)
			alone.variables = false
			if item := m.value(t.Elem, alone); item != nil {
				return item // one item without a list around it
			}
		}
		list := []any{}
		for range m.dice.IntN(4) {
			list = append(list, m.value(t.Elem, at.within(at.of, false)))
		}
		return list
	}
	def := m.schema.Types[t.NamedType]
	switch def.Kind {
	case ast.InputObject:
		return m.input(def, at)
	case ast.Enum:
		return enumValue(def.EnumValues[m.dice.IntN(len(def.EnumValues))].Name)
	}
	return m.scalar(def.Name, at)
}

func (m *maker) input(def *ast.Definition, at place) any {
	o := object{}
	if def.Directives.ForName("oneOf") != nil {
		f := def.Fields[m.dice.IntN(len(def.Fields))]
		must := *f.Type
		must.NonNull = true
		inner := at.within(f.Name, false)
		inner.never = true
		return append(o, property{f.Name, m.value(&must, inner)})
	}
	for _, f := range def.Fields {
		required := f.Type.NonNull && f.DefaultValue == nil
		if required || at.depth > 0 && m.chance(m.rarity(f.Name)+2) {
			o = append(o, property{f.Name, m.value(f.Type, at.within(f.Name, f.DefaultValue != nil))})
		}
	}
	return o
}

func (m *maker) scalar(name string, at place) any {
	switch name {
	case "Boolean":
		return m.chance(2)
	case "Float":
		return 1.5
	case "Int":
		switch at.of {
		case "first", "last":
			if m.chance(30) {
				return []int{100, 500, 501, -1, 2147483647}[m.dice.IntN(5)]
			}
			return m.dice.IntN(7)
		}
		return m.dice.IntN(5)
	case "ID":
		if m.chance(4) {
			return m.id(m.world.ids)
		}
		return m.id(m.world.idsFor(at.parent))
	case "_Any":
		return m.representation()
	case "DateTime":
		return m.from(m.world.times, "2026-01-02T03:04:05Z", "0000-01-01T00:00:00Z", "9999-12-31T23:59:59.9999999-12:00")
	}
	return m.text(at)
}

// from returns one of the texts, or another one.
func (m *maker) from(texts []string, others ...string) string {
	if len(texts) == 0 || m.chance(8) {
		return m.one(others...)
	}
	return m.one(texts...)
}

// id returns an ID: mostly one of these, otherwise malformed or of nothing.
func (m *maker) id(ids []string) any {
	if m.chance(30) {
		return m.dice.IntN(100)
	}
	return m.from(ids, "bm9uZQ", "", "dTpub25lOm5vbmU", "ü<&\"\\", "eA==", "VXNlcjox")
}

// fieldsOfProvenance is an argument with names of fields.
const fieldsOfProvenance = "fields"

// provenanceFields has some of the fields with a provenance of each type.
var provenanceFields = map[string][]string{
	"User": {"name", "title", "email", "emails", "phones", "teams", "roles", "active"},
	"Team": {"name", "kind", "members"}, "Role": {"name", "accessLevel", "permissions", "holders"},
	"Contact": {"name", "email", "phones", "folder", "owner", "user"},
}

func (m *maker) text(at place) string {
	switch at.of {
	case "after", "before":
		return m.from(m.world.cursorsOf(at.parent), "", "bm9uZQ", "no cursor", "AAAA")
	case "source", "sources", "allSources", "withoutSources", "in", "notIn":
		return m.from(m.world.sources, "none", "", "a\"b")
	case fieldsOfProvenance:
		names := provenanceFields[at.parent]
		if len(names) == 0 || m.chance(40) {
			names = []string{"titel"} // refused as a whole
		}
		return m.one(names...)
	case "name", "names": // of attributes
		if m.chance(10) {
			return m.one("", "no such", "a\"b")
		}
		return m.one("grade", "team", "started", "remote", "tags")
	case "email":
		return m.from(m.world.addresses, "nobody@example.com", "", "@", "ANN@EXAMPLE.COM")
	case "externalId":
		return m.from(m.world.own, "none", "")
	}
	word := m.from(m.world.words, "", " ", "a", "zoe", "😀", "no\nbody", `"\`, "<&>")
	if at.of == "search" && m.chance(2) {
		for i := range word { // the beginning of a word
			if i > 0 {
				return word[:i]
			}
		}
	}
	return word
}

// representation returns what a router sends for an entity: mostly of something that exists.
func (m *maker) representation() any {
	if m.chance(40) {
		return []any{7, "x", []any{}, object{}, object{{"__typename", "Nothing"}}}[m.dice.IntN(5)]
	}
	union := m.schema.Types["_Entity"]
	if union == nil {
		return object{}
	}
	name := m.one(union.Types...)
	o := object{{"__typename", name}}
	if strings.HasSuffix(name, "User") && m.chance(3) {
		return append(o, property{"email", m.from(m.world.addresses, "nobody@example.com", "")})
	}
	return append(o, property{"id", m.id(m.world.ids)})
}

// variable returns a variable for a place: an earlier one or a new one.
func (m *maker) variable(t *ast.Type, at place) any {
	typeName := t.String()
	if m.chance(3) {
		for _, v := range m.variables {
			if v.typeName == typeName {
				return reference(v.name)
			}
		}
	}
	at.variables, at.depth = false, 2
	v := variable{name: m.name("v")}
	nullable := *t
	switch {
	case t.NonNull && !at.never && m.chance(3): // a nullable variable with a default, or in a place with one
		nullable.NonNull = false
		v.typeName = nullable.String()
		v.definition = "$" + v.name + ": " + v.typeName
		if !at.hasDefault || m.chance(2) {
			v.definition += " = " + asLiteral(m.value(t, at))
		}
	case !m.chance(4):
		v.typeName, v.definition = typeName, "$"+v.name+": "+typeName
	default:
		v.typeName = typeName
		v.definition = "$" + v.name + ": " + typeName + " = " + asLiteral(m.value(t, at))
	}
	must := t.NonNull && !strings.Contains(v.definition, "=") && !at.hasDefault
	if must && !m.chance(80) || !must && !m.chance(4) {
		value := m.value(t, at)
		switch {
		case m.chance(150): // of another type
			value = []any{"x", 5, []any{}, true}[m.dice.IntN(4)]
		case !nullable.NonNull && m.chance(8):
			value = nil
		}
		v.given = fmt.Sprintf("%q:%s", v.name, asJSON(value))
	}
	m.variables = append(m.variables, v)
	return reference(v.name)
}

func asLiteral(v any) string {
	switch v := v.(type) {
	case reference:
		return "$" + string(v)
	case enumValue:
		return string(v)
	case []any:
		return "[" + joined(v, asLiteral) + "]"
	case object:
		parts := make([]string, len(v))
		for i, p := range v {
			parts[i] = p.name + ": " + asLiteral(p.value)
		}
		return "{" + strings.Join(parts, ", ") + "}"
	}
	return asJSON(v)
}

func asJSON(v any) string {
	switch v := v.(type) {
	case enumValue:
		return asJSON(string(v))
	case []any:
		return "[" + joined(v, asJSON) + "]"
	case object:
		parts := make([]string, len(v))
		for i, p := range v {
			parts[i] = asJSON(p.name) + ":" + asJSON(p.value)
		}
		return "{" + strings.Join(parts, ",") + "}"
	}
	text, err := json.Marshal(v)
	if err != nil {
		panic(err) // texts and numbers only
	}
	return string(text)
}

func joined(list []any, write func(any) string) string {
	parts := make([]string, len(list))
	for i, item := range list {
		parts[i] = write(item)
	}
	return strings.Join(parts, ", ")
}
