package decode

import (
	"strings"
	"unicode/utf8"
)

// The bounds of a row. They are far above what people write. A value beyond them is an attack or a fault, and must not cost memory.
const (
	maxText  = 4096     // bytes of a text; a longer one is cut
	maxID    = 1000     // bytes of an ID; a longer one is invalid
	maxItems = 1000     // items of a list, or members of an object; further ones are left out
	maxJSON  = 64 << 10 // bytes of an object that is passed on as JSON
	maxDepth = 32       // nesting levels of such an object
)

// Examples of anomalies whose JSON type is right.
const (
	exampleLongText = "long string"
	exampleEncoding = "invalid UTF-8"
)

// bounded returns the decoded text, and the example of its anomaly, or "". Invalid UTF-8 is replaced, and a text that is too long is cut.
func bounded(quoted string) (text, anomaly string) {
	text = unquote(quoted)
	if !utf8.ValidString(quoted) || halfCharacter(quoted) {
		anomaly = exampleEncoding
	}
	if len(text) > maxText {
		text, anomaly = Cut(text), exampleLongText
	}
	return strings.Clone(text), anomaly
}

// Cut returns the beginning of a text that is too long, as Text does.
func Cut(text string) string {
	if len(text) <= maxText {
		return text
	}
	end := maxText
	for !utf8.RuneStart(text[end]) {
		end--
	}
	return text[:end]
}
