package directory

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"roster/connectors"
)

// private is what not every caller may see of somebody: their phone numbers and postal addresses. Everybody sees, sorts and searches by names, so a
// name that is one of these is no name, and a number in a name is cut out. Some vendors name a caller by the number.
type private struct {
	phones    []connectors.Phone
	addresses []string
}

// names gives a name as a source gives it, whole and in parts, without what is private.
func (p private) names(name, first, last string) (shownName, shownFirst, shownLast string) {
	if p.has(first + " " + last) { // a number may be spread over both
		first, last = "", ""
	}
	return p.shown(name), p.shown(first), p.shown(last)
}

func (p private) shown(s string) string {
	if p.has(s) {
		return ""
	}
	return p.withoutNumbers(s)
}

// withoutNumbers cuts the phone numbers out of a name that holds something else, too, such as "Olha +380 44 123 45 67".
func (p private) withoutNumbers(name string) string {
	for from := 0; ; {
		begin, end := numberIn(name[from:])
		if begin < 0 {
			return name
		}
		begin, end = from+begin, from+end
		if number, ok := phoneNumber(name[begin:end]); !ok || len(digitsOf(number)) < fewestDigits || !p.hasPhone(number) {
			from = end
			continue
		}
		before, after := strings.TrimRightFunc(name[:begin], between), strings.TrimLeftFunc(name[end:], between)
		name, from = strings.TrimSpace(before+" "+after), len(before)
	}
}

// numberIn finds the first run of digits in a text, with a plus before them and signs between them; begin is below zero where there is none.
func numberIn(s string) (begin, end int) {
	begin = -1
	for i, r := range s {
		switch digit, plus := sign(r); {
		case digit, plus && begin < 0:
			if begin < 0 {
				begin = i
			}
			end = i + utf8.RuneLen(r)
		case begin >= 0 && (plus || !between(r)):
			return begin, end
		}
	}
	return begin, end
}

// sign says whether a character is a digit or a plus, in whatever form of these.
func sign(r rune) (digit, plus bool) {
	switch {
	case r >= '0' && r <= '9':
		return true, false
	case r < utf8.RuneSelf:
		return false, r == '+'
	case !unicode.IsNumber(r) && !unicode.IsSymbol(r): // most letters end here, since folding is dear
		return false, false
	}
	f := fold(string(r))
	return len(f) == 1 && f[0] >= '0' && f[0] <= '9', f == "+"
}

// between says whether a character may stand between the digits of a phone number.
func between(r rune) bool {
	return unicode.IsSpace(r) || unicode.Is(unicode.Pd, r) || strings.ContainsRune("().,/", r)
}

func (p private) has(name string) bool {
	if strings.TrimSpace(name) == "" {
		return false
	}
	if number, ok := phoneNumber(name); ok {
		return p.hasPhone(number)
	}
	if len(p.addresses) == 0 {
		return false
	}
	folded := oneLine(name)
	for _, a := range p.addresses {
		if oneLine(a) == folded {
			return true
		}
	}
	return false
}

// ownDigits is how many digits a number has, with a plus before it, that is a phone number whoever it belongs to.
const ownDigits = 8

func (p private) hasPhone(number string) bool {
	digits, international := strings.CutPrefix(number, "+")
	if international && len(digits) >= ownDigits {
		return true
	}
	for _, phone := range p.phones {
		if sameNumber(digits, digitsOf(phone.Raw)) || sameNumber(digits, digitsOf(phone.E164)) {
			return true
		}
	}
	return false
}

// The last digits of a number that tell it from others, whatever stands before them: the code of a country or area, or what is dialled for a long
// distance. Of a shorter one all digits do that, unless they are fewer than fewestDigits.
const (
	tellingDigits = 9
	fewestDigits  = 7
)

func sameNumber(a, b string) bool {
	n := min(len(a), len(b), tellingDigits)
	if n < fewestDigits {
		return a == b && a != ""
	}
	return a[len(a)-n:] == b[len(b)-n:]
}

// phoneNumber gives the digits of a text that holds nothing but a phone number, with a plus before them where there is one.
func phoneNumber(s string) (number string, ok bool) {
	s = strings.TrimSpace(strings.TrimPrefix(strings.TrimSpace(fold(s)), "tel:"))
	var b strings.Builder
	for i, r := range s {
		switch {
		case r >= '0' && r <= '9', r == '+' && i == 0:
			b.WriteRune(r)
		case between(r):
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

// oneLine is a text in the form in which addresses of places are compared: without case, accents and differences of space.
func oneLine(s string) string { return strings.Join(strings.Fields(fold(s)), " ") }
