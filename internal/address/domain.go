package address

import (
	"strings"
	"unicode"

	"golang.org/x/net/idna"
	"golang.org/x/text/unicode/norm"

	"roster/internal/names"
)

// lookup is UTS 46 for lookups, not transitional: ß and ς are kept. Underscores and hyphens are allowed anywhere, because internal host names have them.
var lookup = idna.New(idna.MapForLookup(), idna.Transitional(false), idna.BidiRule(), idna.StrictDomainName(false), idna.CheckHyphens(false))

// respelled replaces the characters that IDNA treats as the dot between labels, and the capital ẞ, which IDNA maps to ß since Unicode 15.1.
var respelled = strings.NewReplacer("\u3002", ".", "\uFF0E", ".", "\uFF61", ".", "ẞ", "ß")

// plainDomain reports cheaply whether a domain is its own canonical form. It may return false for such a domain.
func plainDomain(s string) bool {
	start := 0
	for i := 0; i <= len(s); i++ {
		if i < len(s) && s[i] != '.' {
			if c := s[i]; (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '-' && c != '_' {
				return false
			}
			continue
		}
		if i == start || strings.HasPrefix(s[start:i], "xn--") {
			return false
		}
		start = i + 1
	}
	return true
}

// cleanDomain removes invisible characters that are not part of the name. Joiners are kept where IDNA allows them, because they distinguish words in
// some scripts.
func cleanDomain(s string) string {
	s = strings.TrimSpace(without(func(r rune) bool { return names.Ignorable(r) && !isJoiner(r) }, s))
	if !strings.ContainsFunc(s, isJoiner) {
		return s
	}
	if strings.ContainsFunc(s, unicode.IsSpace) {
		return strings.TrimSpace(without(isJoiner, s))
	}
	labels := strings.Split(respelled.Replace(s), ".")
	for i, label := range labels {
		if !strings.ContainsFunc(label, isJoiner) {
			continue
		}
		if _, err := lookup.ToASCII(label); err != nil {
			labels[i] = without(isJoiner, label)
		}
	}
	return strings.Join(labels, ".")
}

func isJoiner(r rune) bool { return r == '\u200C' || r == '\u200D' }

// canonicalDomain returns the form in which domains are compared: the name in DNS, in lower case, without the root's dot. If IDNA rejects the domain,
// such as an address in brackets, only its ASCII letters are lowered. IDNA rejects that result too, so it cannot equal the form of a valid name.
func canonicalDomain(s string) string {
	s = respelled.Replace(s)
	name := strings.TrimSuffix(s, ".")
	if plainDomain(name) {
		return name
	}
	if ascii, err := lookup.ToASCII(name); err == nil && sameLabels(name, ascii) {
		return ascii
	}
	return strings.Map(asciiLower, norm.NFC.String(s))
}

// sameLabels reports whether IDNA has mapped each label to one DNS label. IDNA maps some characters to dots or other punctuation, and its older versions
// accept Punycode for labels of ASCII letters.
func sameLabels(name, ascii string) bool {
	was, is := strings.Split(name, "."), strings.Split(ascii, ".")
	if len(was) != len(is) {
		return false
	}
	for i, label := range is {
		encoded := strings.HasPrefix(label, "xn--")
		if !plainDomain(label) && !encoded || strings.ContainsFunc(label, notOfDNS) ||
			!encoded && len(was[i]) >= 4 && strings.EqualFold(was[i][:4], "xn--") {
			return false
		}
	}
	return true
}

func notOfDNS(r rune) bool {
	return (r < 'a' || r > 'z') && (r < '0' || r > '9') && r != '-' && r != '_'
}

func asciiLower(r rune) rune {
	if r >= 'A' && r <= 'Z' {
		return r + ('a' - 'A')
	}
	return r
}

// Readable returns an address with its internationalised domain in letters.
func Readable(s string) string {
	at := strings.LastIndexByte(s, '@')
	if at < 0 || !strings.Contains(s[at:], "xn--") {
		return s
	}
	domain, err := lookup.ToUnicode(s[at+1:])
	if err != nil {
		return s
	}
	return s[:at+1] + domain
}
