// Package names defines how names from sources are cleaned and compared, and which names are blank. It knows no records: a name is a text.
package names

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// Ignorable reports whether a character is invisible to a reader: one with Unicode's property Default_Ignorable_Code_Point (zero-width characters, the
// byte order mark, the soft hyphen, all bidirectional controls, variation selectors), or a control that is not white space.
func Ignorable(r rune) bool {
	switch {
	case r < utf8.RuneSelf:
		return unicode.IsControl(r) && !unicode.IsSpace(r)
	case unicode.In(r, unicode.White_Space, unicode.Prepended_Concatenation_Mark):
		return false
	case r >= 0xFFF9 && r <= 0xFFFB, r >= 0x13430 && r <= 0x13440: // format characters that Unicode excludes by name
		return false
	}
	return unicode.In(r, unicode.Cc, unicode.Cf, unicode.Other_Default_Ignorable_Code_Point, unicode.Variation_Selector)
}

// Visible reports whether a text has a visible character. Spaces, controls, format characters and combining marks alone are invisible.
func Visible(s string) bool { return strings.ContainsFunc(s, visible) }

// brailleBlank is a symbol to Unicode, but looks blank.
const brailleBlank = '\u2800'

func visible(r rune) bool {
	if r < utf8.RuneSelf {
		return r > ' ' && r != 0x7F
	}
	return r != brailleBlank && !unicode.IsSpace(r) && !unicode.IsMark(r) && !Ignorable(r) &&
		(!unicode.Is(unicode.Cf, r) || unicode.Is(unicode.Prepended_Concatenation_Mark, r))
}

// Clean returns a name as it is shown: without invisible characters at its start and end. It returns "" if the name has no visible character. Characters
// inside stay, because joiners are part of emoji and of some scripts.
func Clean(s string) string {
	if s == "" || plain(s[0]) && plain(s[len(s)-1]) {
		return s
	}
	if !Visible(s) {
		return ""
	}
	s = strings.TrimLeftFunc(s, func(r rune) bool { return unicode.IsSpace(r) || Ignorable(r) })
	return strings.TrimRightFunc(s, func(r rune) bool { return unicode.IsSpace(r) || Ignorable(r) && !selector(r) })
}

// plain reports whether a byte is a visible ASCII character.
func plain(b byte) bool { return b > ' ' && b < 0x7F }

// selector reports whether a character changes the appearance of the one before it. Without its last selector, an emoji is a different picture.
func selector(r rune) bool {
	return unicode.Is(unicode.Variation_Selector, r) || r >= 0xE0020 && r <= 0xE007F
}

// Key returns the form in which names are compared: Unicode's normal form C, without ignorable characters, with single spaces. It keeps letter case.
// The key of a name without visible characters is "".
func Key(s string) string {
	if isKey(s) {
		return s
	}
	if !Visible(s) {
		return ""
	}
	s = strings.Map(func(r rune) rune {
		if Ignorable(r) {
			return -1
		}
		return r
	}, strings.ToValidUTF8(s, "\uFFFD")) // norm may skip what follows an invalid byte
	return norm.NFC.String(strings.Join(strings.Fields(s), " "))
}

// isKey reports cheaply whether a text is its own key. It may return false for such a text, but never true for another.
func isKey(s string) bool {
	space := true // a space must not come first, last, or after another
	for i := range len(s) {
		switch {
		case plain(s[i]):
			space = false
		case s[i] == ' ' && !space:
			space = true
		default:
			return false
		}
	}
	return !space || s == ""
}
