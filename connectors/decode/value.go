package decode

import (
	"bytes"
	"cmp"
	"encoding/json"
	"strings"
	"unicode/utf8"

	"roster/connectors"
)

// Value is a value of an answer. Its methods read what an object has under a key; of anything else, the zero Value included, every key is absent.
// What is absent or null is nothing, and so are false and "" where they cannot be meant: PHP writes them for nothing. What cannot be read is
// nothing too, and noted.
type Value struct {
	n     *node
	field string                // where it stands in its row
	notes *connectors.Anomalies // nil to note nothing
}

// Noting gives the value with what becomes of anomalies: field names begin at it. What is read of a row in this way is forgotten with the Value that this
// gives, so that a page takes no memory for rows whose records have been made.
func (v Value) Noting(a *connectors.Anomalies) Value {
	n := v.n
	if n != nil && n.passing {
		own := *n
		own.passing = false
		n = &own
	}
	return Value{n: n, notes: a}
}

// In gives the value with names of fields that begin with place: for rows that are only part of a record.
func (v Value) In(place string) Value {
	v.field = place
	return v
}

// IsObject says whether it is an object, with whatever in it.
func (v Value) IsObject() bool { return v.n != nil && v.n.kind == kindObject }

// Has says whether the key is there, whatever its value.
func (v Value) Has(key string) bool { return v.get(key) != nil }

// Null says whether the key is absent or null.
func (v Value) Null(key string) bool {
	n := v.get(key)
	return n == nil || n.kind == kindNull
}

// Empty says whether the key holds an object or a list with nothing in it.
func (v Value) Empty(key string) bool {
	n := v.get(key)
	return n != nil && n.empty()
}

// Blank says whether the key is there with nothing in it: null, or false or "" in the place of null.
func (v Value) Blank(key string) bool {
	n := v.get(key)
	return n != nil && n.blank()
}

// Object gives the object under a key. An empty array is an empty object, as PHP writes it. The result is no object where there is none.
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

// One is Object for a key that may hold an array with the object alone in it.
func (v Value) One(key string) Value {
	if n := v.get(key); n != nil && n.kind == kindArray {
		if n.open(maxItems); len(n.items) == 1 && n.items[0].kind == kindObject {
			return Value{&n.items[0], v.path(key), v.notes}
		}
	}
	return v.Object(key)
}

// JSON gives the object under a key as JSON, written anew: it is valid UTF-8, and has each key once. Nil where there is none, or one that is beyond the
// bounds.
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

// Raw gives what is under a key as it stands in the document, of which it is a part; "" where there is nothing.
func (v Value) Raw(key string) string {
	n := v.get(key)
	if n == nil {
		return ""
	}
	return n.raw
}

// Texts gives the texts under the keys of an object whose keys are not known: a text is "" where it cannot be read. Nil where there is no
// object. Anomalies do not tell which key it was.
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

// get gives what is under a key: the last, where there are several.
func (v Value) get(key string) *node {
	if v.n == nil || v.n.kind != kindObject {
		return nil
	}
	if v.n.passing {
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

// open reads the members of an object. Those beyond the bound are left out, which is noted.
func (v Value) open() {
	if v.n.read {
		return
	}
	if v.n.open(maxItems); v.n.longer && v.notes != nil {
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

// blank says whether a value stands for nothing.
func (n *node) blank() bool {
	return n.kind == kindNull || n.kind == kindBoolean && n.raw == "false" || n.kind == kindString && n.raw == `""`
}

// unquote gives a text as it is meant. What is no UTF-8 is replaced.
func unquote(quoted string) string {
	inner := quoted[1 : len(quoted)-1]
	if strings.IndexByte(inner, '\\') < 0 && utf8.ValidString(inner) {
		return inner
	}
	var text string
	_ = json.Unmarshal([]byte(quoted), &text) // it is valid
	return text
}
