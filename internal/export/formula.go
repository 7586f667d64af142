package export

import "strings"

// Neutral returns a value so that a spreadsheet program takes it for text. Such a program evaluates a cell that begins with one of =, +, -, @, a tab or a line break,
// or with a full-width form of these. An apostrophe before it prevents that.
//
// Programs in many countries separate cells by semicolons, and some by tabs, whatever the file means. So each part behind such a separator is treated as a cell, and
// quotes at its beginning as those of a cell.
//
// A phone number stays as it is, because digits and punctuation compute at worst a number: they name no function, cell or program.
func Neutral(value string) string {
	if !strings.ContainsAny(value, triggers) {
		return value
	}
	var b strings.Builder
	begins := true // a cell
	for i, r := range value {
		if begins && strings.ContainsRune(triggers, r) && !isPhone(value[i:]) {
			b.WriteByte('\'')
		}
		b.WriteRune(r)
		begins = strings.ContainsRune(separators, r) || begins && (r == ' ' || r == '"')
	}
	return b.String()
}

const (
	separators = ";\t\r\n"
	triggers   = "=+-@\t\r\n＝＋－＠"
)

// isPhone reports whether a cell that begins a text has nothing but a plus sign, digits and the punctuation of phone numbers.
func isPhone(text string) bool {
	if i := strings.IndexAny(text, separators); i >= 0 {
		text = text[:i]
	}
	return len(text) > 1 && text[0] == '+' && strings.Trim(text[1:], "0123456789 ().-/") == ""
}
