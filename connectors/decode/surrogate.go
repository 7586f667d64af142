package decode

import (
	"strconv"
	"strings"
	"unicode/utf16"
)

// halfCharacter reports whether a quoted text has an escape for an unpaired surrogate, \ud800 to \udfff, which encodes no character.
func halfCharacter(quoted string) bool {
	for {
		i := strings.IndexByte(quoted, '\\')
		if i < 0 || i+1 >= len(quoted) {
			return false
		}
		quoted = quoted[i:]
		first, ok := escaped(quoted)
		switch {
		case !ok:
			quoted = quoted[2:]
		case !utf16.IsSurrogate(first):
			quoted = quoted[escapeLength:]
		default:
			second, ok := escaped(quoted[escapeLength:])
			if !ok || utf16.DecodeRune(first, second) == '\ufffd' {
				return true
			}
			quoted = quoted[2*escapeLength:]
		}
	}
}

const escapeLength = len(`\u0000`)

// escaped decodes the \u escape at the beginning of the text.
func escaped(text string) (rune, bool) {
	if len(text) < escapeLength || text[0] != '\\' || text[1] != 'u' {
		return 0, false
	}
	code, err := strconv.ParseInt(text[2:escapeLength], 16, 32)
	return rune(code), err == nil
}
