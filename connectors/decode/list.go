package decode

import (
	"cmp"
	"slices"
	"strings"
)

// Rows gives the rows of a page, as many as are allowed, and whether there are more. Whoever reads a wrong answer as an empty list loses everybody: so it
// is not ok unless an array stands there, or one of the other ways to write rows: an object that holds them by numbers or other keys, or a single row.
// Rows are whatever they are, and note nothing until they are given Noting.
func (v Value) Rows(key string, most int) (rows []Value, more, ok bool) {
	n := v.get(key)
	if n == nil || n.kind < kindArray || n.kind == kindObject && n.empty() {
		return nil, false, false
	}
	list := &node{kind: n.kind, raw: n.raw} // of its own: the answer does not keep what is read of its rows
	list.open(most)
	for i := range list.items {
		list.items[i].passing = true
	}
	if list.kind == kindArray {
		rows = make([]Value, len(list.items))
		for i := range list.items {
			rows[i].n = &list.items[i]
		}
		return rows, list.longer, true
	}
	items := list.listed(kindObject)
	rows = make([]Value, len(items))
	for i := range items {
		rows[i].n = items[i]
	}
	return rows, list.longer, true
}

// Items gives the items of a list, whatever they are. An object may hold them by numbers or other keys, or be the only item. It is not ok where
// there is no list; null items are left out.
func (v Value) Items(key string) (items []Value, ok bool) {
	nodes, ok := v.list(key, kindObject)
	if !ok {
		return nil, false
	}
	path := v.path(key)
	items = make([]Value, len(nodes))
	for i, n := range nodes {
		items[i] = Value{n, path, v.notes}
	}
	return items, true
}

// Objects gives the objects in a list. Other items are noted as the list's.
func (v Value) Objects(key string) (objects []Value, ok bool) {
	nodes, ok := v.list(key, kindObject)
	if !ok {
		return nil, false
	}
	path := v.path(key)
	objects = make([]Value, 0, len(nodes))
	for _, n := range nodes {
		if n.kind == kindObject {
			objects = append(objects, Value{n, path, v.notes})
		} else {
			v.note(key, n)
		}
	}
	return objects, true
}

// Strings gives the texts in a list of texts. A single text is a list of one; an object holds them by numbers. Other items are noted as the
// list's.
func (v Value) Strings(key string) (texts []string, ok bool) {
	nodes, ok := v.list(key, kindString)
	if !ok {
		return nil, false
	}
	texts = make([]string, 0, len(nodes))
	for _, n := range nodes {
		if text := v.text(key, n); text != "" {
			texts = append(texts, text)
		}
	}
	return texts, true
}

// list gives the items of a list in which those of that kind are expected. Absent, null and what is no list are not ok.
func (v Value) list(key string, of kind) ([]*node, bool) {
	n := v.get(key)
	if n == nil || n.kind == kindNull {
		return nil, false
	}
	if n.blank() {
		return nil, true
	}
	n.open(maxItems)
	items := n.listed(of)
	if items == nil {
		v.note(key, n)
		return nil, false
	}
	if n.longer {
		v.noteAs(key, "long "+n.kind.String())
	}
	return slices.DeleteFunc(items, func(n *node) bool { return n.kind == kindNull }), true
}

// listed gives a value, whose items have been read, as a list; nil where it is none.
func (n *node) listed(of kind) []*node {
	items := make([]*node, 0, len(n.items))
	for i := range n.items {
		items = append(items, &n.items[i])
	}
	switch {
	case n.kind == kindArray:
		return items
	case n.kind == kindObject && n.numbered():
		slices.SortStableFunc(items, func(a, b *node) int {
			return cmp.Or(cmp.Compare(len(a.key), len(b.key)), strings.Compare(a.key, b.key))
		})
		return items
	case n.kind == kindObject && of == kindObject && !slices.ContainsFunc(items, func(n *node) bool { return n.kind != kindObject }):
		slices.SortStableFunc(items, func(a, b *node) int { return strings.Compare(a.key, b.key) })
		return items
	case n.kind == of:
		return []*node{n}
	}
	return nil
}

// numbered says whether all keys are numbers, as PHP numbers the items of a list that has gaps.
func (n *node) numbered() bool {
	return !slices.ContainsFunc(n.items, func(m node) bool { return m.key == "" || strings.Trim(m.key, "0123456789") != "" })
}
