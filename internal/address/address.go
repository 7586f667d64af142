// Package address defines what an e-mail address is: how the addresses in a source's field are parsed, and the form in which addresses are compared.
// It is pure, and knows no sources and no people.
//
// Two spellings have the same key if mail systems treat them as one mailbox: letter case, invisible characters, Unicode's equivalent spellings, and the
// two forms of an internationalised domain make no difference. What a mail system may distinguish has different keys: İ and i, ß and ss, and two
// domains that differ under IDNA.
package address

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"roster/internal/names"
)

// Address is one mailbox.
type Address struct {
	// Shown is the address as it was written, without invisible characters.
	Shown string
	// Key is the form in which addresses are compared. It is itself an address, whose key is the same.
	Key string
}

// maxLength is the greatest length of an address, in bytes. RFC 5321 allows 320, but an internationalised domain is longer in letters than in DNS.
const maxLength = 1024

// Of parses one address. It returns false if a side of the at sign is empty, or if there is a space outside quotes.
func Of(s string) (Address, bool) {
	if plain(s) {
		return Address{s, s}, true
	}
	if len(s) > maxLength {
		return Address{}, false
	}
	s = strings.ToValidUTF8(s, "\uFFFD") // norm may skip what follows an invalid byte
	at := strings.LastIndexByte(s, '@')
	if at < 0 {
		return Address{}, false
	}
	local := strings.TrimLeftFunc(without(names.Ignorable, s[:at]), unicode.IsSpace)
	localKey := canonicalLocal(local)
	domain := cleanDomain(s[at+1:])
	if localKey == "" || domain == "" || strings.ContainsFunc(domain, unicode.IsSpace) {
		return Address{}, false
	}
	return Address{Shown: local + "@" + domain, Key: localKey + "@" + canonicalDomain(domain)}, true
}

// Key returns the form in which an address is compared, or "" if s is not an address.
func Key(s string) string {
	a, _ := Of(s)
	return a.Key
}

// Local returns the form in which local parts are compared, or "" if s is not a local part.
func Local(s string) string {
	return canonicalLocal(strings.TrimSpace(without(names.Ignorable, strings.ToValidUTF8(s, "\uFFFD"))))
}

// plain reports cheaply whether s is its own key: lower-case ASCII without quotes and without Punycode. It may return false for such an address.
func plain(s string) bool {
	if len(s) > maxLength {
		return false
	}
	at := 0
	for i := range len(s) {
		switch c := s[i]; {
		case c >= 'a' && c <= 'z', c >= '0' && c <= '9', c == '-', c == '_', c == '.':
		case c == '@' && at == 0 && i > 0:
			at = i
		case at == 0 && c > ' ' && c < 0x7F && (c < 'A' || c > 'Z') && c != '"' && c != '@':
		default:
			return false
		}
	}
	return at > 0 && plainDomain(s[at+1:])
}

// canonicalLocal returns the form in which local parts are compared, or "". It removes unnecessary quotes.
func canonicalLocal(s string) string {
	inside, quoted := unquoted(s)
	if !quoted {
		if strings.ContainsFunc(s, func(r rune) bool { return r == '@' || unicode.IsSpace(r) }) {
			return ""
		}
		return foldLocal(s)
	}
	inside = foldLocal(inside)
	switch {
	case inside == "" || strings.ContainsFunc(inside, func(r rune) bool { return r != ' ' && r != '\t' && unicode.IsSpace(r) }):
		return ""
	case isAtom(inside):
		return inside
	}
	return `"` + escaper.Replace(inside) + `"`
}

var escaper = strings.NewReplacer(`\`, `\\`, `"`, `\"`)

// unquoted returns the content of a quoted string (RFC 5322).
func unquoted(s string) (string, bool) {
	if len(s) < 2 || s[0] != '"' || s[len(s)-1] != '"' {
		return "", false
	}
	var out strings.Builder
	for i := 1; i < len(s)-1; i++ {
		switch {
		case s[i] == '"', s[i] == '\\' && i+1 == len(s)-1:
			return "", false
		case s[i] == '\\':
			i++
		}
		out.WriteByte(s[i])
	}
	return out.String(), true
}

// isAtom reports whether a local part is valid without quotes.
func isAtom(s string) bool {
	return !strings.HasPrefix(s, ".") && !strings.HasSuffix(s, ".") && !strings.Contains(s, "..") &&
		!strings.ContainsFunc(s, func(r rune) bool { return unicode.IsSpace(r) || strings.ContainsRune(`()<>[]:;@\,"`, r) })
}

// foldLocal applies Unicode's simple case folding, and normal form C.
func foldLocal(s string) string {
	return norm.NFC.String(strings.Map(foldRune, norm.NFC.String(s)))
}

// foldRune returns the same character for all characters that differ only in case. It never maps a character outside ASCII to ASCII, as it would the
// long s and the dotted İ, because mail systems distinguish those.
func foldRune(r rune) rune {
	folded := unicode.ToLower(unicode.ToUpper(r))
	if folded < utf8.RuneSelf && r >= utf8.RuneSelf {
		return r
	}
	return folded
}

// without removes the unwanted characters.
func without(unwanted func(rune) bool, s string) string {
	if !strings.ContainsFunc(s, unwanted) {
		return s
	}
	return strings.Map(func(r rune) rune {
		if unwanted(r) {
			return -1
		}
		return r
	}, s)
}
