package decode

import (
	"bytes"
	"cmp"
	"encoding/json"
	"strings"
	"unicode/utf8"

	"roster/connectors"
)

// Value is a value of an answer. Its methods read an object's value for a key. For any other value, including the zero Value, every key is absent. A value
// that is absent or null is treated as missing, and so are false and "" where they are not valid values, because PHP outputs them for missing values. A
// value that cannot be read is treated as missing too, and is recorded as an anomaly.
type Value struct {
	n     *node
	field string                // its path in the row
	notes *connectors.Anomalies // where anomalies are recorded; may be nil
}

// Noting returns the value with a place to record anomalies. Paths of fields begin at this value. What is parsed of a row is freed with the Value that Noting
// returns, so that a page does not keep the content of rows whose records are built.
func (v Value) Noting(a *connectors.Anomalies) Value {
	n := v.n
	if n != nil && n.transient {
		own := *n
		own.transient = false
		n = &own
	}
	return Value{n: n, notes: a}
}

// In returns the value with a prefix for the paths of fields. It is for rows that are only a part of a record.
func (v Value) In(place string) Value {
	v.field = place
	return v
}

// IsObject reports whether the value is an object, possibly empty.
func (v Value) IsObject() bool { return v.n != nil && v.n.kind == kindObject }

// Has reports whether the key is present, with any value.
func (v Value) Has(key string) bool { return v.get(key) != nil }

// Null reports whether the key is absent or null.
func (v Value) Null(key string) bool {
	n := v.get(key)
	return n == nil || n.kind == kindNull
}

// Empty reports whether the key has an empty object or an empty list.
func (v Value) Empty(key string) bool {
	n := v.get(key)
	return n != nil && n.empty()
}

// Blank reports whether the key is present with a value that means missing: null, false or "".
func (v Value) Blank(key string) bool {
	n := v.get(key)
	return n != nil && n.blank()
}

// Object returns the object under a key. PHP outputs an empty object as an empty array, so an empty array is an empty object. If there is no object, the
// result is the zero Value.
func (v Value) Object(key string) Value {
	n := v.get(key)
	switch {
	case n == nil, n.blank():
		return Value{}
	case n.kind == kindObject:
		return Value{n, v.path(key), v.notes}
	case n.kind == kindArray && n.empty():
		return Value{&node{kind: kindObject, raw: "{}"}, v.path(key), v.notes}
	}
	v.note(key, n)
	return Value{}
}

// One is Object, but also accepts an array whose only item is an object.
func (v Value) One(key string) Value {
	if n := v.get(key); n != nil && n.kind == kindArray {
		if n.open(maxItems); len(n.items) == 1 && n.items[0].kind == kindObject {
			return Value{&n.items[0], v.path(key), v.notes}
		}
	}
	return v.Object(key)
}

// JSON returns the object under a key as JSON. The object is encoded again, so that it is valid UTF-8 and has each key once. JSON returns nil if there is no
// object, or if it is beyond the bounds.
func (v Value) JSON(key string) []byte {
	o := v.Object(key)
	switch {
	case o.n == nil:
		return nil
	case len(o.n.raw) > maxJSON:
		v.noteAs(key, "long object")
		return nil
	case o.n.depth() > maxDepth:
		v.noteAs(key, "deep object")
		return nil
	}
	if !utf8.ValidString(o.n.raw) {
		v.noteAs(key, exampleEncoding)
	}
	d := json.NewDecoder(strings.NewReader(o.n.raw))
	d.UseNumber()
	var plain map[string]any
	if err := d.Decode(&plain); err != nil {
		v.note(key, o.n)
		return nil
	}
	var written bytes.Buffer
	e := json.NewEncoder(&written)
	e.SetEscapeHTML(false)
	if err := e.Encode(plain); err != nil {
		v.note(key, o.n)
		return nil
	}
	return bytes.TrimSpace(written.Bytes())
}

// Raw returns the raw JSON under a key, or "". It shares the document's memory.
func (v Value) Raw(key string) string {
	n := v.get(key)
	if n == nil {
		return ""
	}
	return n.raw
}

// Texts returns the texts of an object with arbitrary keys. A text that cannot be read is "". It returns nil if there is no object. Anomalies do not name
// the key.
func (v Value) Texts(key string) map[string]string {
	o := v.Object(key)
	if o.n == nil {
		return nil
	}
	o.open()
	all := make(map[string]string, len(o.n.items))
	for i := range o.n.items {
		n := &o.n.items[i]
		if len(n.key) > maxID {
			v.noteAs(key, exampleLongText)
			continue
		}
		all[strings.Clone(n.key)] = v.text(key, n)
	}
	return all
}

// get returns the value of a key. If the key occurs several times, it returns the last one.
func (v Value) get(key string) *node {
	if v.n == nil || v.n.kind != kindObject {
		return nil
	}
	if v.n.transient {
		if m, ok := v.n.member(key); ok {
			return &m
		}
		return nil
	}
	v.open()
	for i := len(v.n.items) - 1; i >= 0; i-- {
		if v.n.items[i].key == key {
			return &v.n.items[i]
		}
	}
	return nil
}

// open parses the members of an object. If some are left out because of the bound, that is an anomaly.
func (v Value) open() {
	if v.n.read {
		return
	}
	if v.n.open(maxItems); v.n.truncated && v.notes != nil {
		v.notes.Note(cmp.Or(v.field, connectors.FieldRow), "long object")
	}
}

func (v Value) path(key string) string {
	if v.field == "" {
		return key
	}
	return v.field + "." + key
}

func (v Value) note(key string, n *node) { v.noteAs(key, n.kind.String()) }

func (v Value) noteAs(key, example string) {
	if v.notes != nil {
		v.notes.Note(v.path(key), example)
	}
}

// blank reports whether a value means missing.
func (n *node) blank() bool {
	return n.kind == kindNull || n.kind == kindBoolean && n.raw == "false" || n.kind == kindString && n.raw == `""`
}

// unquote decodes a quoted text. Invalid UTF-8 is replaced.
func unquote(quoted string) string {
	inner := quoted[1 : len(quoted)-1]
	if strings.IndexByte(inner, '\\') < 0 && utf8.ValidString(inner) {
		return inner
	}
	var text string
	_ = json.Unmarshal([]byte(quoted), &text) // quoted is valid JSON
	return text
}
