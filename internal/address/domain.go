package address

import (
	"strings"
	"unicode"

	"golang.org/x/net/idna"
	"golang.org/x/text/unicode/norm"

	"roster/internal/names"
)

// lookup is UTS 46 as a resolver applies it, not transitional: ß and ς stay letters of their own. Underscores and hyphens are let through wherever
// they stand, since names within companies have them.
var lookup = idna.New(idna.MapForLookup(), idna.Transitional(false), idna.BidiRule(), idna.StrictDomainName(false), idna.CheckHyphens(false))

// respelled are the characters that IDNA takes for the dot between labels, and the capital ẞ, which Unicode 15.1 has made a ß to IDNA.
var respelled = strings.NewReplacer("\u3002", ".", "\uFF0E", ".", "\uFF61", ".", "ẞ", "ß")

// plainDomain says quickly whether a domain is its own canonical form. It is false for some that are.
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

// cleanDomain takes away what cannot be seen, and is no part of the name. Joiners are part of it where IDNA allows them: in some scripts they
// tell one word from another.
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

// canonicalDomain gives the form in which domains are compared: that of DNS, in lower case and without the dot of the root. What is no name to
// IDNA, such as an address in brackets, is compared as it stands but for the case of ASCII letters. Such a form is no name either, so that it is
// never the form of a name.
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

// sameLabels says whether IDNA has made one name of DNS of each label. It maps some characters to dots and others to punctuation, and older texts
// of it let a label of ASCII letters be written in Punycode.
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

// Readable gives an address with its domain in letters, where it is one of IDNA's.
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
