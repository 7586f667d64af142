package export

import "strings"

// The variables of a document.
const (
	VarFilter  = "filter"
	VarOrderBy = "orderBy"
	VarFirst   = "first"
	VarAfter   = "after"
)

// document returns the query for one page of a table. The name of its operation is Export and the name of the list, such as ExportContactFolders.
func (l *Lists) document(t *Table, of list) string {
	var b strings.Builder
	b.WriteString("query Export")
	for word := range strings.SplitSeq(of.name, "-") {
		b.WriteString(strings.ToUpper(word[:1]) + word[1:])
	}
	var variables, arguments []string
	for _, name := range []string{VarFilter, VarOrderBy, VarFirst, VarAfter} {
		if a := t.root.Arguments.ForName(name); a != nil {
			typ := *a.Type
			typ.NamedType = l.TypeName(typ.NamedType)
			variables, arguments = append(variables, "$"+name+": "+typ.String()), append(arguments, name+": $"+name)
		}
	}
	b.WriteString("(" + strings.Join(variables, ", ") + ") { " + l.RootField(of.root) + "(" + strings.Join(arguments, ", ") + ") { nodes {")
	var tree selection
	for _, c := range t.columns {
		tree.add(c.path)
	}
	tree.write(&b)
	b.WriteString(" } pageInfo { hasNextPage endCursor } } }")
	return b.String()
}

// selection is a selection set: the fields of all columns, each once.
type selection struct {
	fields []string
	below  map[string]*selection
}

func (s *selection) add(path []step) {
	if len(path) == 0 {
		return
	}
	if s.below == nil {
		s.below = make(map[string]*selection)
	}
	field := path[0].field
	if s.below[field] == nil {
		s.fields = append(s.fields, field)
		s.below[field] = new(selection)
	}
	if path[0].source != "" {
		s.below[field].add([]step{{field: "source"}, {field: "name"}})
	}
	s.below[field].add(path[1:])
}

func (s *selection) write(b *strings.Builder) {
	for _, field := range s.fields {
		b.WriteString(" " + field)
		if below := s.below[field]; len(below.fields) > 0 {
			b.WriteString(" {")
			below.write(b)
			b.WriteString(" }")
		}
	}
}

// Accepts reports whether the list has an argument of this name.
func (t *Table) Accepts(argument string) bool { return t.root.Arguments.ForName(argument) != nil }
