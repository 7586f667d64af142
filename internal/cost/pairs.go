package cost

import "github.com/vektah/gqlparser/v2/ast"

// Pairs counts the pairs of fields with the same name in the same place, in each operation and each fragment. Validation compares each pair, so a field
// that is repeated n times costs about n²/2 comparisons. Pairs expands each use of a fragment. Call it only after Measure has shown that the document
// has few fields and that no fragment contains itself. It stops counting beyond maximum.
func Pairs(doc *ast.QueryDocument, maximum int) int {
	p := pairs{doc: doc, maximum: maximum}
	for _, op := range doc.Operations {
		p.merge([]ast.SelectionSet{op.SelectionSet})
	}
	for _, f := range doc.Fragments {
		p.merge([]ast.SelectionSet{f.SelectionSet})
	}
	return p.found
}

type pairs struct {
	doc            *ast.QueryDocument
	found, maximum int
}

// merge counts the pairs of one place, whose fields are in these selections, and then those below each name.
func (p *pairs) merge(sets []ast.SelectionSet) {
	names := make(map[string][]ast.SelectionSet)
	for _, set := range sets {
		p.collect(set, names)
	}
	for _, same := range names {
		n := len(same)
		if p.found = add(p.found, times(n, n-1)/2); p.found > p.maximum {
			return
		}
		below := same[:0:0]
		for _, set := range same {
			if len(set) > 0 {
				below = append(below, set)
			}
		}
		if len(below) > 0 {
			p.merge(below)
		}
	}
}

// collect adds the selections below each name of one place to names.
func (p *pairs) collect(set ast.SelectionSet, names map[string][]ast.SelectionSet) {
	for _, s := range set {
		switch s := s.(type) {
		case *ast.Field:
			name := s.Alias
			if name == "" {
				name = s.Name
			}
			names[name] = append(names[name], s.SelectionSet)
		case *ast.InlineFragment:
			p.collect(s.SelectionSet, names)
		case *ast.FragmentSpread:
			if f := p.doc.Fragments.ForName(s.Name); f != nil {
				p.collect(f.SelectionSet, names)
			}
		}
	}
}
