// Package names owns how the names that sources write are cleaned, compared and told from blank ones. It knows no record: a name is a text.
package names

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// Ignorable says whether a character is not part of what a person reads: the Default_Ignorable_Code_Point of Unicode, which holds the
// zero-width characters, the byte order mark, the soft hyphen, all bidirectional controls and the variation selectors, and the controls that are
// not space.
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

// Visible says whether anything of a text can be seen. Spaces, controls, format characters and combining marks cannot be seen by themselves.
func Visible(s string) bool { return strings.ContainsFunc(s, visible) }

// brailleBlank is a symbol to Unicode, and a blank to whoever looks at it.
const brailleBlank = '\u2800'

func visible(r rune) bool {
	if r < utf8.RuneSelf {
		return r > ' ' && r != 0x7F
	}
	return r != brailleBlank && !unicode.IsSpace(r) && !unicode.IsMark(r) && !Ignorable(r) &&
		(!unicode.Is(unicode.Cf, r) || unicode.Is(unicode.Prepended_Concatenation_Mark, r))
}

// Clean gives a name as it is shown: without what cannot be seen at its edges, and empty where nothing of it can be seen. What is inside stays:
// joiners there are part of emoji and of some scripts.
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

// plain says whether a byte is an ASCII character that can be seen.
func plain(b byte) bool { return b > ' ' && b < 0x7F }

// selector says whether a character changes the look of the one before it: without its last one, an emoji is another picture.
func selector(r rune) bool {
	return unicode.Is(unicode.Variation_Selector, r) || r >= 0xE0020 && r <= 0xE007F
}

// Key gives the form in which names are compared: Unicode's normal form C, without ignorable characters, and with single spaces. Upper and lower
// case stay different. A name of which nothing can be seen has the empty key.
func Key(s string) string {
	if settled(s) {
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
	}, strings.ToValidUTF8(s, "\uFFFD")) // norm may pass over what follows a byte that is not UTF-8
	return norm.NFC.String(strings.Join(strings.Fields(s), " "))
}

// settled says quickly whether a text is its own key; it is false for some that are.
func settled(s string) bool {
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
