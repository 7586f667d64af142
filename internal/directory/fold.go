package directory

import (
	"iter"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// respelled are small letters that people type in other ways, and that neither case nor decomposition brings together.
var respelled = strings.NewReplacer("ß", "ss", "ς", "σ",
	"ø", "o", "ł", "l", "đ", "d", "ð", "d", "ħ", "h", "ı", "i", "æ", "ae", "œ", "oe", "þ", "th", "ŧ", "t")

// fold takes case and accents away: й becomes и too, which is no harm as long as text and query lose the same.
func fold(s string) string {
	if isASCII(s) {
		return strings.ToLower(s)
	}
	return respelled.Replace(strings.Map(func(r rune) rune {
		if unicode.In(r, unicode.Mn, unicode.Cf) { // accents, and what is not seen, such as joiners and soft hyphens
			return -1
		}
		return unicode.ToLower(r)
	}, norm.NFKD.String(strings.ToValidUTF8(s, "\uFFFD")))) // norm may pass over what follows a byte that is not UTF-8
}

func isASCII(s string) bool {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// words gives the words of a folded text: runs of letters and digits, with the marks that belong to them.
func words(folded string) iter.Seq[string] { return strings.FieldsFuncSeq(folded, betweenWords) }

// symbols gives what else can be seen in a folded text, character by character: punctuation, emoji and other signs.
func symbols(folded string) iter.Seq[rune] {
	return func(yield func(rune) bool) {
		for _, r := range folded {
			if betweenWords(r) && !unicode.IsSpace(r) && !unicode.IsControl(r) && !yield(r) {
				return
			}
		}
	}
}

// pictograph says whether a symbol is a picture, such as an emoji: one that people put there for its own sake, and not between words.
func pictograph(r rune) bool { return unicode.Is(unicode.So, r) && r != utf8.RuneError }

// unspaced says whether a letter is of a script that leaves no space between words, so that each letter may begin one.
func unspaced(r rune) bool {
	return r >= utf8.RuneSelf && unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Thai, unicode.Lao, unicode.Khmer, unicode.Myanmar)
}

func betweenWords(r rune) bool {
	if r < utf8.RuneSelf {
		return (r < 'a' || r > 'z') && (r < '0' || r > '9') // folded: there are no capitals
	}
	return !unicode.In(r, unicode.L, unicode.M, unicode.Nd)
}
