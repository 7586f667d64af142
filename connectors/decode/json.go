package decode

import (
	"bytes"
	"encoding/json"
	"math"
	"strings"
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

// longRaw is the length of a value from which on its items are counted before they are read.
const longRaw = 16 << 10

// String gives the name of the type, as anomalies have it.
func (k kind) String() string {
	return [...]string{"null", "boolean", "number", "string", "array", "object"}[k]
}

// node is one value of a document. What is in an array or an object is read when somebody asks for it: most is never asked for.
type node struct {
	kind kind
	// passing says that what is in it is not kept here: a row lasts as long as its page, and what is in it only until its record is made.
	passing bool
	read    bool // items are there
	longer  bool // it has more items than are read
	// raw is the value as it stands in the document, of which it is a part: whoever keeps it must copy it.
	raw   string
	key   string // of an object's member
	items []node // of an array, or the members of an object
}

var byteOrderMark = []byte("\ufeff")

// SkipMarks gives the document without the byte order marks that it begins with. Files of PHP that were saved with one put it before the
// answer, several files put several.
func SkipMarks(document []byte) []byte {
	for bytes.HasPrefix(document, byteOrderMark) {
		document = document[len(byteOrderMark):]
	}
	return document
}

// JSON reads a document. The error is encoding/json's, about the document without its byte order marks. What it takes is a copy of the document: values
// take memory when they are read.
func JSON(document []byte) (Value, error) {
	document = SkipMarks(document)
	if !json.Valid(document) {
		var none json.RawMessage
		return Value{}, json.Unmarshal(document, &none) // says where the fault lies
	}
	s := scanner{text: string(document)}
	root := s.value()
	return Value{n: &root}, nil
}

// scanner takes a valid document apart, one level at a time. Texts and numbers are left as they stand until somebody reads them.
type scanner struct {
	text string
	at   int
}

// value passes over a value and gives it unread.
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
		s.word()
	case 'n':
		s.word()
	default:
		n.kind = kindNumber
		s.word()
	}
	n.raw = s.text[start:s.at]
	return n
}

// word passes over a number, true, false or null.
func (s *scanner) word() {
	for s.at < len(s.text) && strings.IndexByte(" \t\r\n,]}", s.text[s.at]) < 0 {
		s.at++
	}
}

// container passes over an array or an object with all that is in it.
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

// next passes over the next item of an array, or the next member of an object, and gives it. It is false at the end.
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

// string passes over a text and gives it with its quotes.
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

// open reads what is in an array or an object: the first so many items.
func (n *node) open(most int) {
	if n.read || n.kind < kindArray {
		return
	}
	n.read = true
	if len(n.raw) > longRaw { // counted first, so that the items take no more memory than they need
		n.items = make([]node, 0, n.count(most))
		n.longer = n.each(most, func(item node) { n.items = append(n.items, item) })
		return
	}
	var few [16]node
	var more []node
	count := 0
	n.longer = n.each(most, func(item node) {
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

// each calls take with the first so many items, and says whether there are more.
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

// count gives how many items there are, up to most.
func (n *node) count(most int) (count int) {
	n.each(most, func(node) { count++ })
	return count
}

// depth gives how many levels of arrays and objects the value has.
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

// empty says whether an array or an object has nothing in it.
func (n *node) empty() bool {
	return n.kind >= kindArray && strings.Trim(n.raw[1:len(n.raw)-1], " \t\r\n") == ""
}

// member gives what an object that is not kept open has under a key: the last, where there are several.
func (n *node) member(key string) (found node, ok bool) {
	n.each(math.MaxInt, func(m node) {
		if m.key == key {
			found, ok = m, true
		}
	})
	return found, ok
}
