package altcraft

import (
	"bytes"
	"regexp"
	"strconv"
	"unicode/utf8"
)

// unreadable takes the place of what is no character in XML. It is allowed in XML, and Unicode never gives it a meaning.
const unreadable = '\ufdd0'

// unreadableInJSON is half of a character. Whoever reads the JSON counts it as text that is not UTF-8.
const unreadableInJSON = `\ud800`

// numberReference is a character that is written by its number.
var numberReference = regexp.MustCompile(`&#(x[0-9A-Fa-f]+|[0-9]+);`)

// readable replaces what is no character in XML, be it bytes that are not UTF-8, a control character, or the number of one. The decoder refuses an
// answer as a whole for any of these, so that one bad value would cost all others.
func readable(body []byte) []byte {
	if bytes.ContainsFunc(body, func(r rune) bool { return r == utf8.RuneError || !isCharacter(r) }) {
		body = bytes.ToValidUTF8(body, []byte(string(unreadable)))
		body = bytes.Map(func(r rune) rune {
			if isCharacter(r) {
				return r
			}
			return unreadable
		}, body)
	}
	if !bytes.Contains(body, []byte("&#")) {
		return body
	}
	return numberReference.ReplaceAllFunc(body, func(reference []byte) []byte {
		digits, base := string(reference[2:len(reference)-1]), 10
		if digits[0] == 'x' {
			digits, base = digits[1:], 16
		}
		if n, err := strconv.ParseInt(digits, base, 32); err != nil || !isCharacter(rune(n)) {
			return []byte(string(unreadable))
		}
		return reference
	})
}

// isCharacter reports whether XML 1.0 allows a character: https://www.w3.org/TR/xml/#charsets.
func isCharacter(r rune) bool {
	if r < 0x20 {
		return r == '\t' || r == '\n' || r == '\r'
	}
	return r <= 0xd7ff || r >= 0xe000 && r <= 0xfffd || r >= 0x10000 && r <= utf8.MaxRune
}
