package cost

import (
	"math"

	"github.com/vektah/gqlparser/v2/ast"
)

// Most is as far as anything is counted. What has more is as good as endless.
const Most = math.MaxInt32

// Size is how much there is in a document, with each fragment put in wherever it is used. Fields, Aliases and Directives are those of all its
// operations together, since all of them are checked; Depth and Roots are those of the operation that has most.
type Size struct {
	// Depth is how deep fields lie in each other. What asks for the schema does not count: the specification's rules bound it.
	Depth      int
	Fields     int
	Aliases    int // fields under another name
	Directives int
	Roots      int // fields of an operation itself
	// Cycle is a fragment that holds itself, if there is one. Nothing further can be counted then.
	Cycle string
}

// Measure gives the size of a document that has been parsed and nothing more. Fragments in it may be missing, unused, of one
// name, or hold each other. Each is gone through once, however often it is used; one that is missing counts as a field.
func Measure(doc *ast.QueryDocument) Size {
	m := measure{doc: doc, fragments: make(map[string]*part, len(doc.Fragments))}
	var all Size
	for _, op := range doc.Operations {
		p := m.set(op.SelectionSet)
		all.Depth, all.Roots = max(all.Depth, p.depth), max(all.Roots, p.roots)
		all.Fields, all.Aliases = add(all.Fields, p.fields), add(all.Aliases, p.aliases)
		all.Directives = add(all.Directives, add(p.directives, len(op.Directives)))
		for _, v := range op.VariableDefinitions {
			all.Directives = add(all.Directives, len(v.Directives))
		}
	}
	for _, f := range doc.Fragments { // those that nobody uses are checked as well, and so are others of the same name
		var p part
		switch {
		case f != doc.Fragments.ForName(f.Name):
			p = m.set(f.SelectionSet)
			p.directives = add(p.directives, len(f.Directives))
		case m.fragments[f.Name] == nil:
			p = m.fragment(f.Name)
		}
		all.Fields, all.Aliases, all.Directives = add(all.Fields, p.fields), add(all.Aliases, p.aliases), add(all.Directives, p.directives)
	}
	all.Cycle = m.cycle
	return all
}

// part is the size of a selection.
type part struct{ depth, fields, aliases, directives, roots int }

type measure struct {
	doc       *ast.QueryDocument
	fragments map[string]*part // nil while it is being measured
	cycle     string
}

func (m *measure) set(set ast.SelectionSet) part {
	var sum part
	for _, s := range set {
		var p part
		switch s := s.(type) {
		case *ast.Field:
			p = m.set(s.SelectionSet)
			p.depth++
			if s.Name == "__schema" || s.Name == "__type" {
				p.depth = 1
			}
			p.fields, p.directives, p.roots = add(p.fields, 1), add(p.directives, len(s.Directives)), 1
			if s.Alias != "" && s.Alias != s.Name {
				p.aliases = add(p.aliases, 1)
			}
		case *ast.InlineFragment:
			p = m.set(s.SelectionSet)
			p.directives = add(p.directives, len(s.Directives))
		case *ast.FragmentSpread:
			p = m.fragment(s.Name)
			p.directives = add(p.directives, len(s.Directives))
		}
		sum.depth = max(sum.depth, p.depth)
		sum.fields, sum.aliases = add(sum.fields, p.fields), add(sum.aliases, p.aliases)
		sum.directives, sum.roots = add(sum.directives, p.directives), add(sum.roots, p.roots)
	}
	return sum
}

func (m *measure) fragment(name string) part {
	if known, met := m.fragments[name]; met {
		if known == nil {
			m.cycle = name
			return part{}
		}
		return *known
	}
	m.fragments[name] = nil
	p := part{fields: 1} // of one that is missing: whoever puts it in wherever it is used goes as many ways as for a field
	if f := m.doc.Fragments.ForName(name); f != nil {
		p = m.set(f.SelectionSet)
		p.directives = add(p.directives, len(f.Directives))
	}
	m.fragments[name] = &p
	return p
}

// add adds, and stays at Most.
func add(a, b int) int { return min(Most, a+b) }

// times multiplies, and stays at Most. Neither is below zero.
func times(a, b int) int {
	if a > 0 && b > Most/a {
		return Most
	}
	return a * b
}
