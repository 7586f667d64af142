package names

import (
	"strings"
	"unicode"
)

// AnchorKey returns the form in which values of anchors are compared: without surrounding spaces, invisible characters and letter case. It is empty for a value
// without any letter or digit, such as a dash, which counts as none.
func AnchorKey(value string) string {
	value = Clean(value)
	if !strings.ContainsFunc(value, func(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) }) {
		return ""
	}
	return strings.ToLower(Key(value))
}
