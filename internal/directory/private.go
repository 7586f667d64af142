package directory

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"roster/connectors"
)

// private has the phone numbers and postal addresses of a person, which not every caller may see. But everyone sees, sorts and searches by names, and some
// vendors name unknown people by their number. So a name that is one of these is not used as a name, and a number inside a name is removed.
type private struct {
	phones    []connectors.Phone
	addresses []string
}

// names returns a source's name, whole and in parts, without what is private.
func (p private) names(name, first, last string) (shownName, shownFirst, shownLast string) {
	if p.matches(first + " " + last) { // a number may be divided between them
		first, last = "", ""
	}
	return p.cleaned(name), p.cleaned(first), p.cleaned(last)
}

func (p private) cleaned(s string) string {
	if p.matches(s) {
		return ""
	}
	return p.withoutNumbers(s)
}

// withoutNumbers removes phone numbers from a name that also has other text, such as "Olha +380 44 123 45 67".
func (p private) withoutNumbers(name string) string {
	for from := 0; ; {
		begin, end := numberIn(name[from:])
		if begin < 0 {
			return name
		}
		begin, end = from+begin, from+end
		if number, ok := phoneNumber(name[begin:end]); !ok || len(digitsOf(number)) < minDigits || !p.hasPhone(number) {
			from = end
			continue
		}
		before, after := strings.TrimRightFunc(name[:begin], isSeparator), strings.TrimLeftFunc(name[end:], isSeparator)
		name, from = strings.TrimSpace(before+" "+after), len(before)
	}
}

// numberIn finds the first run of digits in a text, with a leading plus and separators between digits. If there is none, begin is negative.
func numberIn(s string) (begin, end int) {
	begin = -1
	for i, r := range s {
		switch digit, plus := digitOrPlus(r); {
		case digit, plus && begin < 0:
			if begin < 0 {
				begin = i
			}
			end = i + utf8.RuneLen(r)
		case begin >= 0 && (plus || !isSeparator(r)):
			return begin, end
		}
	}
	return begin, end
}

// digitOrPlus reports whether a character is a digit or a plus in any of their Unicode forms.
func digitOrPlus(r rune) (digit, plus bool) {
	switch {
	case r >= '0' && r <= '9':
		return true, false
	case r < utf8.RuneSelf:
		return false, r == '+'
	case !unicode.IsNumber(r) && !unicode.IsSymbol(r): // avoids the expensive folding for most letters
		return false, false
	}
	f := fold(string(r))
	return len(f) == 1 && f[0] >= '0' && f[0] <= '9', f == "+"
}

// isSeparator reports whether a character may separate the digits of a phone number.
func isSeparator(r rune) bool {
	return unicode.IsSpace(r) || unicode.Is(unicode.Pd, r) || strings.ContainsRune("().,/", r)
}

func (p private) matches(name string) bool {
	if strings.TrimSpace(name) == "" {
		return false
	}
	if !isWords(name) {
		if number, ok := phoneNumber(name); ok {
			return p.hasPhone(number)
		}
	}
	folded := ""
	for _, a := range p.addresses {
		if hasDigit(a) && !mayHaveDigit(name) {
			continue
		}
		if folded == "" {
			folded = normalized(name)
		}
		if normalized(a) == folded {
			return true
		}
	}
	return false
}

// isWords reports whether a text has a letter that no phone number has, also not in its prefix. It knows the letters of most names: folding is expensive.
func isWords(s string) bool {
	return strings.ContainsFunc(s, func(r rune) bool {
		if r >= utf8.RuneSelf {
			return unicode.Is(unicode.Cyrillic, r) && unicode.IsLetter(r)
		}
		return r >= 'a' && r <= 'z' && !strings.ContainsRune("tel", r) || r >= 'A' && r <= 'Z' && !strings.ContainsRune("TEL", r)
	})
}

// hasDigit reports whether a text has a digit, which its folded form has too.
func hasDigit(s string) bool { return strings.ContainsAny(s, "0123456789") }

// mayHaveDigit reports whether the folded form of a text can have a digit.
func mayHaveDigit(s string) bool {
	return strings.ContainsFunc(s, func(r rune) bool {
		return r >= '0' && r <= '9' || r >= utf8.RuneSelf && (unicode.IsNumber(r) || unicode.IsSymbol(r))
	})
}

// minInternationalDigits is the number of digits from which on a number with a plus counts as a phone number, even if it is nobody's known one.
const minInternationalDigits = 8

func (p private) hasPhone(number string) bool {
	digits, international := strings.CutPrefix(number, "+")
	if international && len(digits) >= minInternationalDigits {
		return true
	}
	for _, phone := range p.phones {
		if sameNumber(digits, digitsOf(phone.Raw)) || sameNumber(digits, digitsOf(phone.E164)) {
			return true
		}
	}
	return false
}

// Two phone numbers are the same if their last suffixDigits digits agree, because the codes before them (country, area, trunk) are often omitted. Shorter
// numbers must agree in all digits of the shorter one, and numbers with fewer than minDigits in all digits.
const (
	suffixDigits = 9
	minDigits    = 7
)

func sameNumber(a, b string) bool {
	n := min(len(a), len(b), suffixDigits)
	if n < minDigits {
		return a == b && a != ""
	}
	return a[len(a)-n:] == b[len(b)-n:]
}

// phoneNumber returns the digits of a text that is only a phone number, with a leading plus if it has one.
func phoneNumber(s string) (number string, ok bool) {
	s = strings.TrimSpace(strings.TrimPrefix(strings.TrimSpace(fold(s)), "tel:"))
	var b strings.Builder
	for i, r := range s {
		switch {
		case r >= '0' && r <= '9', r == '+' && i == 0:
			b.WriteRune(r)
		case isSeparator(r):
		default:
			return "", false
		}
	}
	number = b.String()
	return number, number != "" && number != "+"
}

func digitsOf(s string) string {
	return strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' {
			return r
		}
		return -1
	}, fold(s))
}

// normalized returns a text in the form in which postal addresses are compared: without case, accents and differences of white space.
func normalized(s string) string { return strings.Join(strings.Fields(fold(s)), " ") }
