package directory

import (
	"iter"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// respelled replaces lower-case letters that people often type differently, and that neither case folding nor decomposition maps.
var respelled = strings.NewReplacer("ß", "ss", "ς", "σ",
	"ø", "o", "ł", "l", "đ", "d", "ð", "d", "ħ", "h", "ı", "i", "æ", "ae", "œ", "oe", "þ", "th", "ŧ", "t")

// fold removes case and accents. It also maps й to и, which is harmless because texts and queries are folded in the same way.
func fold(s string) string {
	if isASCII(s) {
		return strings.ToLower(s)
	}
	return respelled.Replace(strings.Map(func(r rune) rune {
		if unicode.In(r, unicode.Mn, unicode.Cf) { // accents, and invisible characters such as joiners and soft hyphens
			return -1
		}
		return unicode.ToLower(r)
	}, norm.NFKD.String(strings.ToValidUTF8(s, "\uFFFD")))) // norm may skip what follows an invalid byte
}

func isASCII(s string) bool {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// words returns the words of a folded text: runs of letters, digits and combining marks.
func words(folded string) iter.Seq[string] { return strings.FieldsFuncSeq(folded, betweenWords) }

// symbols returns the other visible characters of a folded text: punctuation, emoji and other signs.
func symbols(folded string) iter.Seq[rune] {
	return func(yield func(rune) bool) {
		for _, r := range folded {
			if betweenWords(r) && !unicode.IsSpace(r) && !unicode.IsControl(r) && !yield(r) {
				return
			}
		}
	}
}

// pictograph reports whether a symbol is a picture, such as an emoji, and not punctuation.
func pictograph(r rune) bool { return unicode.Is(unicode.So, r) && r != utf8.RuneError }

// unspaced reports whether a letter is of a script without spaces between words. In such a script each letter may begin a word.
func unspaced(r rune) bool {
	return r >= utf8.RuneSelf && unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Thai, unicode.Lao, unicode.Khmer, unicode.Myanmar)
}

func betweenWords(r rune) bool {
	if r < utf8.RuneSelf {
		return (r < 'a' || r > 'z') && (r < '0' || r > '9') // folded text has no capitals
	}
	return !unicode.In(r, unicode.L, unicode.M, unicode.Nd)
}
