package decode

import (
	"bytes"
	"encoding/json"
	"math"
	"strings"
	"unsafe"
)

// kind is a JSON type.
type kind uint8

const (
	kindNull kind = iota
	kindBoolean
	kindNumber
	kindString
	kindArray
	kindObject
)

// longRaw is the length, in bytes, from which on a value's items are counted before they are parsed.
const longRaw = 16 << 10

// String returns the name of the type, as in anomalies.
func (k kind) String() string {
	return [...]string{"null", "boolean", "number", "string", "array", "object"}[k]
}

// node is one value of a document. The items of an array or an object are parsed only when they are needed, because most never are.
type node struct {
	kind kind
	// transient nodes do not keep their items. A row's node lives as long as its page, but its items are needed only until its record is built.
	transient bool
	read      bool // items are parsed
	truncated bool // there are more items than were parsed
	// raw is the value's text in the document. It shares the document's memory, so code that keeps it must copy it.
	raw   string
	key   string // of an object's member
	items []node // of an array, or the members of an object
}

var byteOrderMark = []byte("\ufeff")

// SkipMarks returns the document without leading byte order marks. PHP outputs the byte order mark of each of its source files that has one.
func SkipMarks(document []byte) []byte {
	for bytes.HasPrefix(document, byteOrderMark) {
		document = document[len(byteOrderMark):]
	}
	return document
}

// JSON parses a document, which must not be changed afterwards: values share its memory, and take no further memory until they are read. The error is that of
// encoding/json, for the document without byte order marks.
func JSON(document []byte) (Value, error) {
	document = SkipMarks(document)
	if !json.Valid(document) {
		var none json.RawMessage
		return Value{}, json.Unmarshal(document, &none) // an error with the position of the fault
	}
	s := scanner{text: unsafe.String(unsafe.SliceData(document), len(document))} //nolint:gosec // nobody writes to document; a copy would take another max_bytes
	root := s.value()
	return Value{n: &root}, nil
}

// scanner scans a valid document, one level at a time. It does not decode texts and numbers.
type scanner struct {
	text string
	at   int
}

// value skips a value and returns it undecoded.
func (s *scanner) value() node {
	s.space()
	start := s.at
	n := node{}
	switch s.text[s.at] {
	case '{':
		n.kind = kindObject
		s.container()
	case '[':
		n.kind = kindArray
		s.container()
	case '"':
		n.kind = kindString
		s.string()
	case 't', 'f':
		n.kind = kindBoolean
		s.literal()
	case 'n':
		s.literal()
	default:
		n.kind = kindNumber
		s.literal()
	}
	n.raw = s.text[start:s.at]
	return n
}

// literal skips a number, true, false or null.
func (s *scanner) literal() {
	for s.at < len(s.text) && strings.IndexByte(" \t\r\n,]}", s.text[s.at]) < 0 {
		s.at++
	}
}

// container skips an array or an object with its content.
func (s *scanner) container() {
	for depth := 0; ; {
		switch s.text[s.at] {
		case '"':
			s.string()
			continue
		case '{', '[':
			depth++
		case '}', ']':
			depth--
		}
		s.at++
		if depth == 0 {
			return
		}
	}
}

// next skips the next item of an array, or the next member of an object, and returns it. It returns false at the end.
func (s *scanner) next(of kind) (node, bool) {
	s.space()
	if s.at < len(s.text) && s.text[s.at] == ',' {
		s.at++
		s.space()
	}
	if s.at == len(s.text) || s.text[s.at] == ']' || s.text[s.at] == '}' {
		return node{}, false
	}
	key := ""
	if of == kindObject {
		key = unquote(s.string())
		s.space()
		s.at++ // the colon
	}
	n := s.value()
	n.key = key
	return n, true
}

func (s *scanner) space() {
	for s.at < len(s.text) {
		switch s.text[s.at] {
		case ' ', '\t', '\r', '\n':
			s.at++
		default:
			return
		}
	}
}

// string skips a string and returns it with its quotes.
func (s *scanner) string() string {
	start := s.at
	for s.at++; ; {
		from := s.at
		s.at += strings.IndexByte(s.text[s.at:], '"') + 1
		escapes := 0
		for i := s.at - 2; i >= from && s.text[i] == '\\'; i-- {
			escapes++
		}
		if escapes%2 == 0 {
			return s.text[start:s.at]
		}
	}
}

// open parses the first items of an array or an object, at most that many.
func (n *node) open(most int) {
	if n.read || n.kind < kindArray {
		return
	}
	n.read = true
	if len(n.raw) > longRaw { // counted first, so that the slice has exactly the necessary size
		n.items = make([]node, 0, n.count(most))
		n.truncated = n.each(most, func(item node) { n.items = append(n.items, item) })
		return
	}
	var few [16]node
	var more []node
	count := 0
	n.truncated = n.each(most, func(item node) {
		if count < len(few) {
			few[count] = item
		} else {
			more = append(more, item)
		}
		count++
	})
	if count == 0 {
		return
	}
	n.items = make([]node, count)
	copy(n.items[copy(n.items, few[:min(count, len(few))]):], more)
}

// each calls take with the first items, at most that many, and reports whether there are more.
func (n *node) each(most int, take func(node)) (more bool) {
	s := scanner{text: n.raw, at: 1}
	for i := 0; ; i++ {
		item, ok := s.next(n.kind)
		if !ok || i == most {
			return ok
		}
		take(item)
	}
}

// count returns the number of items, up to most.
func (n *node) count(most int) (count int) {
	n.each(most, func(node) { count++ })
	return count
}

// depth returns the number of nested arrays and objects.
func (n *node) depth() (deepest int) {
	depth := 0
	for s := (scanner{text: n.raw}); s.at < len(s.text); {
		switch s.text[s.at] {
		case '"':
			s.string()
			continue
		case '{', '[':
			depth++
			deepest = max(deepest, depth)
		case '}', ']':
			depth--
		}
		s.at++
	}
	return deepest
}

// empty reports whether the value is an array or an object without content.
func (n *node) empty() bool {
	return n.kind >= kindArray && strings.Trim(n.raw[1:len(n.raw)-1], " \t\r\n") == ""
}

// member returns an object's value for a key without keeping the parsed members. If the key occurs several times, it returns the last one.
func (n *node) member(key string) (found node, ok bool) {
	n.each(math.MaxInt, func(m node) {
		if m.key == key {
			found, ok = m, true
		}
	})
	return found, ok
}
