package decode

import (
	"cmp"
	"slices"
	"strings"
)

// Rows returns the rows of a page, or that there are more than most. If a wrong answer were read as an empty list, all records would be lost. So ok
// is false unless the value is an array or one of the other forms of a list: an object with the rows under numeric or other keys, or a single row. Rows may
// be values of any type. They record no anomalies before Noting.
func (v Value) Rows(key string, most int) (rows []Value, more, ok bool) {
	n := v.get(key)
	if n == nil || n.kind < kindArray || n.kind == kindObject && n.empty() {
		return nil, false, false
	}
	if len(n.raw) > most && n.count(most+1) > most { // counted first: each row that is parsed takes 100 bytes
		return nil, true, true
	}
	list := &node{kind: n.kind, raw: n.raw} // a copy, so that the document does not keep the parsed rows
	list.open(most)
	for i := range list.items {
		list.items[i].transient = true
	}
	if list.kind == kindArray {
		rows = make([]Value, len(list.items))
		for i := range list.items {
			rows[i].n = &list.items[i]
		}
		return rows, false, true
	}
	items := list.listed(kindObject)
	rows = make([]Value, len(items))
	for i := range items {
		rows[i].n = items[i]
	}
	return rows, false, true
}

// Items returns the items of a list, of any type, without nulls. An object may have the items under numeric or other keys, or be the only item. If there is
// no list, ok is false.
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

// Objects returns the objects of a list. An item of another type is an anomaly of the list.
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

// Strings returns the texts of a list. A single text is a list with one item. An object may have the items under numeric keys. An item of another type is an
// anomaly of the list.
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

// list returns the items of a list whose items should be of that kind. If the value is absent, null or not a list, ok is false.
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
	if n.truncated {
		v.noteAs(key, "long "+n.kind.String())
	}
	return slices.DeleteFunc(items, func(n *node) bool { return n.kind == kindNull }), true
}

// listed returns the parsed items of a value that is a list in one of its forms, or nil.
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

// numbered reports whether all keys are numbers. PHP encodes a list with gaps in this way.
func (n *node) numbered() bool {
	return !slices.ContainsFunc(n.items, func(m node) bool { return m.key == "" || strings.Trim(m.key, "0123456789") != "" })
}
