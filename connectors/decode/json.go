package decode

import (
	"bytes"
	"encoding/json"
	"slices"
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

// String gives the name of the type, as anomalies have it.
func (k kind) String() string {
	return [...]string{"null", "boolean", "number", "string", "array", "object"}[k]
}

// node is one value of a document.
type node struct {
	kind kind
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

// JSON reads a document. The error is encoding/json's, about the document without its byte order marks.
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

// scanner takes a valid document apart. Texts and numbers are left as they stand until somebody reads them: most are never read.
type scanner struct {
	text  string
	at    int
	stack []node // the items so far of all containers that are open
}

func (s *scanner) value() node {
	s.space()
	start := s.at
	n := node{}
	switch c := s.text[s.at]; c {
	case '{', '[':
		n.kind, n.items = s.container(c)
	case '"':
		n.kind = kindString
		s.string()
	case 't', 'f', 'n':
		if c != 'n' {
			n.kind = kindBoolean
		}
		for s.at < len(s.text) && s.text[s.at] >= 'a' && s.text[s.at] <= 'z' {
			s.at++
		}
	default:
		n.kind = kindNumber
		for s.at < len(s.text) && strings.IndexByte("0123456789+-.eE", s.text[s.at]) >= 0 {
			s.at++
		}
	}
	n.raw = s.text[start:s.at]
	return n
}

func (s *scanner) container(open byte) (kind, []node) {
	k, end := kindArray, byte(']')
	if open == '{' {
		k, end = kindObject, '}'
	}
	s.at++
	base := len(s.stack)
	for {
		s.space()
		switch s.text[s.at] {
		case end:
			s.at++
			items := slices.Clone(s.stack[base:])
			s.stack = s.stack[:base]
			return k, items
		case ',':
			s.at++
			continue
		}
		key := ""
		if k == kindObject {
			key = unquote(s.string())
			s.space()
			s.at++ // the colon
		}
		n := s.value()
		n.key = key
		s.stack = append(s.stack, n)
	}
}

func (s *scanner) space() {
	for s.at < len(s.text) && strings.IndexByte(" \t\r\n", s.text[s.at]) >= 0 {
		s.at++
	}
}

// string passes over a text and gives it with its quotes.
func (s *scanner) string() string {
	start := s.at
	for s.at++; s.text[s.at] != '"'; s.at++ {
		if s.text[s.at] == '\\' {
			s.at++
		}
	}
	s.at++
	return s.text[start:s.at]
}
