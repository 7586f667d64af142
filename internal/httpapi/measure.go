package httpapi

import (
	"github.com/vektah/gqlparser/v2/ast"
)

// shape is the shape of a JSON object: the nesting depth of its content, the number of items in all lists, and the number of members of all objects.
type shape struct{ depth, items, members int }

// measure returns the shape of a text, which need not be valid JSON.
func measure(text []byte) shape {
	var (
		s      shape
		first  [64]byte
		open   = first[:0] // the open brackets
		quoted bool
		empty  bool // nothing follows the last opening bracket
	)
	item := func() { // counts the first item of a list
		if empty && len(open) > 0 && open[len(open)-1] == '[' {
			s.items++
		}
		empty = false
	}
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case quoted && c == '\\':
			i++
		case quoted:
			quoted = c != '"'
		case c == '{' || c == '[':
			item()
			open, empty = append(open, c), true
			s.depth = max(s.depth, len(open)-1)
		case c == '}' || c == ']':
			open, empty = open[:max(0, len(open)-1)], false
		case c == ',':
			if len(open) > 0 && open[len(open)-1] == '[' {
				s.items++
			}
		case c == ':':
			s.members++
		case c == ' ' || c == '\n' || c == '\t' || c == '\r':
		default:
			item()
			quoted = c == '"'
		}
	}
	return s
}

// itemsIn counts the items of all lists in a value, including nested lists.
func itemsIn(v any) (n int) {
	switch v := v.(type) {
	case []any:
		n = len(v)
		for _, item := range v {
			n += itemsIn(item)
		}
	case map[string]any:
		for _, value := range v {
			n += itemsIn(value)
		}
	}
	return n
}

// itemsOf counts the items of all literal lists in a document.
func itemsOf(doc *ast.QueryDocument) (n int) {
	for _, op := range doc.Operations {
		for _, v := range op.VariableDefinitions {
			n += itemsInLiteral(v.DefaultValue)
		}
		n += itemsInDirectives(op.Directives) + itemsInSet(op.SelectionSet)
	}
	for _, f := range doc.Fragments {
		n += itemsInDirectives(f.Directives) + itemsInSet(f.SelectionSet)
	}
	return n
}

func itemsInSet(set ast.SelectionSet) (n int) {
	for _, s := range set {
		switch s := s.(type) {
		case *ast.Field:
			for _, a := range s.Arguments {
				n += itemsInLiteral(a.Value)
			}
			n += itemsInDirectives(s.Directives) + itemsInSet(s.SelectionSet)
		case *ast.InlineFragment:
			n += itemsInDirectives(s.Directives) + itemsInSet(s.SelectionSet)
		case *ast.FragmentSpread:
			n += itemsInDirectives(s.Directives)
		}
	}
	return n
}

func itemsInDirectives(directives ast.DirectiveList) (n int) {
	for _, d := range directives {
		for _, a := range d.Arguments {
			n += itemsInLiteral(a.Value)
		}
	}
	return n
}

func itemsInLiteral(v *ast.Value) (n int) {
	if v == nil {
		return 0
	}
	if v.Kind == ast.ListValue {
		n = len(v.Children)
	}
	for _, child := range v.Children {
		n += itemsInLiteral(child.Value)
	}
	return n
}
