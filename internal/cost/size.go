package cost

import (
	"math"

	"github.com/vektah/gqlparser/v2/ast"
)

// Most is the highest value of each counter. A document that reaches it is treated as unlimited.
const Most = math.MaxInt32

// Size is the size of a document with each use of a fragment expanded. Fields, Aliases and Directives are the sums over all operations, because all of
// them are validated. Depth and Roots are those of the largest operation.
type Size struct {
	// Depth is the nesting depth of fields. Introspection fields count as one level: the specification's rules bound them.
	Depth      int
	Fields     int
	Aliases    int // fields with an alias that differs from their name
	Directives int
	Roots      int // fields at the top level of an operation
	// Cycle names a fragment that contains itself, if there is one. The other counts are incomplete then.
	Cycle string
}

// Measure returns the size of a document that is parsed but not validated. Its fragments may be missing, unused, duplicate or circular. Each fragment is
// measured once, however often it is used. A missing fragment counts as one field.
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
	for _, f := range doc.Fragments { // validation also checks unused fragments, and further fragments with a name that is taken
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
	fragments map[string]*part // nil while the fragment is being measured
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
	if known, seen := m.fragments[name]; seen {
		if known == nil {
			m.cycle = name
			return part{}
		}
		return *known
	}
	m.fragments[name] = nil
	p := part{fields: 1} // for a missing fragment: a validator that expands fragments still follows each use of it
	if f := m.doc.Fragments.ForName(name); f != nil {
		p = m.set(f.SelectionSet)
		p.directives = add(p.directives, len(f.Directives))
	}
	m.fragments[name] = &p
	return p
}

// add returns the sum, at most Most.
func add(a, b int) int { return min(Most, a+b) }

// times returns the product, at most Most. Neither factor is negative.
func times(a, b int) int {
	if a > 0 && b > Most/a {
		return Most
	}
	return a * b
}
