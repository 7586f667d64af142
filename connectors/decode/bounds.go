package decode

import (
	"strings"
	"unicode/utf8"
)

// The bounds of what is read of a row. They are far above what people write; what is beyond them is an attack or a fault, and would cost everybody.
const (
	maxText  = 4096     // bytes of a text, which is cut there
	maxID    = 1000     // bytes of an ID, which names nothing beyond
	maxItems = 1000     // items of a list, or members of an object: those behind are left out
	maxJSON  = 64 << 10 // bytes of an object that is taken as it is
	maxDepth = 32       // levels of such an object
)

// What anomalies say in the place of a JSON type where the type was right.
const (
	exampleLongText = "long string"
	exampleEncoding = "invalid UTF-8"
)

// bounded gives a text as it is meant, and what is wrong with it: "" for nothing. What is no UTF-8 is replaced, and what is too long is cut.
func bounded(quoted string) (text, odd string) {
	text = unquote(quoted)
	if !utf8.ValidString(quoted) || halfCharacter(quoted) {
		odd = exampleEncoding
	}
	if len(text) > maxText {
		end := maxText
		for !utf8.RuneStart(text[end]) {
			end--
		}
		text, odd = text[:end], exampleLongText
	}
	return strings.Clone(text), odd
}
