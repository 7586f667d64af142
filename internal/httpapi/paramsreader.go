package httpapi

import (
	"encoding/json"

	"github.com/99designs/gqlgen/graphql"
)

// readParams reads the JSON of a request as encoding/json does, for the form that nearly all requests have. It returns false for everything else: then
// encoding/json decides. That is a request that is not well-formed, has other members, exceeds the shape, or has an escape of a surrogate. Room is an empty map
// for the variables, or nil.
func readParams(text []byte, most shape, room map[string]any, p *graphql.RawParams) bool {
	r := paramsReader{text: text, left: most}
	var out graphql.RawParams
	var query, operation, variables, extensions bool // already read
	first := func(seen *bool) bool {
		repeated := *seen
		*seen = true
		return !repeated
	}
	ok := r.members(func(name []byte) bool {
		switch string(name) {
		case "query":
			return first(&query) && r.at('"') && r.string(&out.Query)
		case "operationName":
			return first(&operation) && (r.null() || r.at('"') && r.string(&out.OperationName))
		case "variables":
			return first(&variables) && (r.null() || r.object(room, &out.Variables))
		case "extensions":
			return first(&extensions) && (r.null() || r.object(nil, &out.Extensions))
		}
		return false
	})
	r.space()
	if !ok || r.i < len(r.text) {
		clear(room)
		return false
	}
	p.Query, p.OperationName, p.Variables, p.Extensions = out.Query, out.OperationName, out.Variables, out.Extensions
	return true
}

// paramsReader reads JSON from i on.
type paramsReader struct {
	text    []byte
	i       int
	left    shape // how much more is allowed; depth is that of the next object or list
	scratch []byte
}

func (r *paramsReader) space() {
	for r.i < len(r.text) {
		switch r.text[r.i] {
		case ' ', '\n', '\t', '\r':
			r.i++
		default:
			return
		}
	}
}

// at reports whether a character comes next.
func (r *paramsReader) at(c byte) bool { return r.i < len(r.text) && r.text[r.i] == c }

// take skips a character, if it comes next.
func (r *paramsReader) take(c byte) bool {
	if !r.at(c) {
		return false
	}
	r.i++
	return true
}

func (r *paramsReader) word(w string) bool {
	if len(r.text)-r.i < len(w) || string(r.text[r.i:r.i+len(w)]) != w {
		return false
	}
	r.i += len(w)
	return true
}

func (r *paramsReader) null() bool { return r.word("null") }

// members reads an object. Member reads the value of a member, which begins at i. The name is valid until then.
func (r *paramsReader) members(member func(name []byte) bool) bool {
	r.space()
	if !r.take('{') {
		return false
	}
	r.left.depth--
	defer func() { r.left.depth++ }()
	r.space()
	if r.take('}') {
		return true
	}
	for {
		if r.left.members--; r.left.members < 0 || !r.at('"') {
			return false
		}
		name, ok := r.bytes()
		if !ok {
			return false
		}
		r.space()
		if !r.take(':') {
			return false
		}
		r.space()
		if !member(name) {
			return false
		}
		r.space()
		if r.take('}') {
			return true
		}
		if !r.take(',') {
			return false
		}
		r.space()
	}
}

func (r *paramsReader) object(m map[string]any, into *map[string]any) bool {
	if r.left.depth < 0 {
		return false
	}
	if m == nil {
		m = make(map[string]any)
	}
	*into = m
	return r.members(func(name []byte) bool {
		text := string(name)
		v, ok := r.value()
		m[text] = v
		return ok
	})
}

func (r *paramsReader) list() (_ any, ok bool) {
	if r.left.depth < 0 {
		return nil, false
	}
	r.left.depth--
	defer func() { r.left.depth++ }()
	r.i++
	out := []any{}
	r.space()
	if r.take(']') {
		return out, true
	}
	for {
		if r.left.items--; r.left.items < 0 {
			return nil, false
		}
		v, ok := r.value()
		if !ok {
			return nil, false
		}
		out = append(out, v)
		r.space()
		if r.take(']') {
			return out, true
		}
		if !r.take(',') {
			return nil, false
		}
		r.space()
	}
}

func (r *paramsReader) value() (v any, ok bool) {
	if r.i >= len(r.text) {
		return nil, false
	}
	switch c := r.text[r.i]; c {
	case '"':
		var s string
		ok = r.string(&s)
		return s, ok
	case '{':
		var m map[string]any
		ok = r.object(nil, &m)
		return m, ok
	case '[':
		return r.list()
	case 't':
		return true, r.word("true")
	case 'f':
		return false, r.word("false")
	case 'n':
		return nil, r.null()
	default:
		return r.number()
	}
}

// number reads a number, which is kept as it is written.
func (r *paramsReader) number() (any, bool) {
	start := r.i
	r.take('-')
	if !r.take('0') && !r.digits() {
		return nil, false
	}
	if r.take('.') && !r.digits() {
		return nil, false
	}
	if r.take('e') || r.take('E') {
		if !r.take('+') {
			r.take('-')
		}
		if !r.digits() {
			return nil, false
		}
	}
	return json.Number(r.text[start:r.i]), true
}

func (r *paramsReader) digits() bool {
	start := r.i
	for r.i < len(r.text) && r.text[r.i] >= '0' && r.text[r.i] <= '9' {
		r.i++
	}
	return r.i > start
}

// string reads a string, whose quotation mark comes next.
func (r *paramsReader) string(into *string) bool {
	b, ok := r.bytes()
	*into = string(b)
	return ok
}

// bytes reads a string like string does. The result is a part of the text, or of memory that the next string uses.
func (r *paramsReader) bytes() ([]byte, bool) {
	r.i++
	start := r.i
	for ; r.i < len(r.text); r.i++ {
		switch c := r.text[r.i]; {
		case c == '"':
			r.i++
			return r.text[start : r.i-1], true
		case c == '\\':
			return r.escaped(start)
		case c < ' ':
			return nil, false
		}
	}
	return nil, false
}

// escaped reads the rest of a string, from its first escape on.
func (r *paramsReader) escaped(start int) ([]byte, bool) {
	b := append(r.scratch[:0], r.text[start:r.i]...)
	for r.i < len(r.text) {
		c := r.text[r.i]
		r.i++
		switch {
		case c == '"':
			r.scratch = b
			return b, true
		case c < ' ':
			return nil, false
		case c != '\\':
			b = append(b, c)
			continue
		case r.i >= len(r.text):
			return nil, false
		}
		c = r.text[r.i]
		r.i++
		switch c {
		case '"', '\\', '/':
			b = append(b, c)
		case 'n':
			b = append(b, '\n')
		case 't':
			b = append(b, '\t')
		case 'r':
			b = append(b, '\r')
		case 'b':
			b = append(b, '\b')
		case 'f':
			b = append(b, '\f')
		default: // the digits of \u, or nothing that is known
			return nil, false
		}
	}
	return nil, false
}
