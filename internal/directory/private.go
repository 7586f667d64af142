package directory

import (
	"strings"
	"unicode"

	"roster/connectors"
)

// private is what not every caller may see of somebody: their phone numbers and postal addresses. Everybody sees, sorts and searches by names, so a
// name that is one of these is none. Some vendors name who has called by the number.
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
	return s
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
		case unicode.IsSpace(r), unicode.Is(unicode.Pd, r), strings.ContainsRune("().,/", r): // what stands between digits
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
