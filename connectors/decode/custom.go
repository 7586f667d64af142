package decode

import (
	"strings"

	"roster/connectors"
)

// Custom returns the values under a key that is a custom field: a text, a number, a flag, or a list of these, as text; nil for none. Numbers have the given
// form. A value that does not fit the type of the field, or is no text, number or flag, is an anomaly of the field's name in the graph, because the operator
// has chosen that one. One that does not fit is returned too, because the type may change.
func (v Value) Custom(key string, field connectors.CustomField, number connectors.CustomForm) []connectors.CustomValue {
	n := v.get(key)
	if n == nil || n.kind == kindNull {
		return nil
	}
	items := []*node{n}
	if n.kind == kindArray {
		n.open(connectors.MaxFieldValues)
		items = items[:0]
		for i := range n.items {
			items = append(items, &n.items[i])
		}
		if n.truncated {
			v.noteAs(field.Name, "long array")
		}
	}
	var values []connectors.CustomValue
	for _, item := range items {
		text, ok := v.scalar(field.Name, item)
		switch {
		case !ok:
			v.note(field.Name, item)
		case strings.TrimSpace(text) == "":
		default:
			value := connectors.CustomValue{Path: field.Path, Value: text}
			if item.kind == kindNumber {
				value.Form = number
			}
			if _, fits := field.Type.CanonicalOf(value); !fits {
				v.note(field.Name, item)
			}
			values = append(values, value)
		}
	}
	return values
}

// NoteCustom counts an anomaly of a custom field, by the field's name in the graph.
func (v Value) NoteCustom(field connectors.CustomField, example string) {
	v.noteAs(field.Name, example)
}

// scalar returns a text, a number or a flag as text; it reports false for other values. Null is an empty text.
func (v Value) scalar(name string, n *node) (text string, ok bool) {
	switch n.kind {
	case kindNull:
		return "", true
	case kindString:
		text, anomaly := bounded(n.raw)
		if anomaly != "" {
			v.noteAs(name, anomaly)
		}
		return text, true
	case kindNumber:
		return strings.Clone(n.raw), len(n.raw) <= maxID
	case kindBoolean:
		return strings.Clone(n.raw), true
	default:
		return "", false
	}
}
