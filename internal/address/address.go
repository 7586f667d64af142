// Package address owns what an e-mail address is: how a source's field is read into addresses, and the one form in which addresses are compared.
// It is pure, and knows no source and no person.
//
// Two spellings have one key if a mail system takes them for one mailbox: letter case, unseen characters, Unicode's equivalent spellings, and the
// two forms of an internationalised domain do not count. What a mail system may keep apart has two keys: İ is not i, ß is not ss, and two domains
// that IDNA keeps apart stay apart.
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
	// Shown is the address as it was written, without what cannot be seen.
	Shown string
	// Key is the form in which addresses are compared. It is an address too, and its own key.
	Key string
}

// longest bounds an address, in bytes. RFC 5321 allows 320; an internationalised domain is longer in letters than in DNS.
const longest = 1024

// Of reads one address. It is false for what cannot be anybody's: something must stand on both sides of an at sign, and no space outside of quotes.
func Of(s string) (Address, bool) {
	if plain(s) {
		return Address{s, s}, true
	}
	if len(s) > longest {
		return Address{}, false
	}
	s = strings.ToValidUTF8(s, "\uFFFD") // norm may pass over what follows a byte that is not UTF-8
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

// Key gives the form in which an address is compared; empty for what cannot be anybody's.
func Key(s string) string {
	a, _ := Of(s)
	return a.Key
}

// Local gives the form in which local parts are compared; empty for what cannot be one.
func Local(s string) string {
	return canonicalLocal(strings.TrimSpace(without(names.Ignorable, strings.ToValidUTF8(s, "\uFFFD"))))
}

// plain says quickly whether s is its own key: lower-case ASCII without quotes, and without a label that IDNA reads. It is false for some that are.
func plain(s string) bool {
	if len(s) > longest {
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

// canonicalLocal gives the form in which local parts are compared; empty for what cannot be one. Quotes that say nothing are taken away.
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

// unquoted gives what a quoted string of RFC 5322 holds.
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

// isAtom says whether a local part needs no quotes.
func isAtom(s string) bool {
	return !strings.HasPrefix(s, ".") && !strings.HasSuffix(s, ".") && !strings.Contains(s, "..") &&
		!strings.ContainsFunc(s, func(r rune) bool { return unicode.IsSpace(r) || strings.ContainsRune(`()<>[]:;@\,"`, r) })
}

// foldLocal takes letter case away by Unicode's simple case folding, in normal form C.
func foldLocal(s string) string {
	return norm.NFC.String(strings.Map(foldRune, norm.NFC.String(s)))
}

// foldRune gives what stands for all characters that differ in case only. None outside ASCII becomes one of ASCII, as the long s and the dotted İ
// would: to a mail system they are others.
func foldRune(r rune) rune {
	folded := unicode.ToLower(unicode.ToUpper(r))
	if folded < utf8.RuneSelf && r >= utf8.RuneSelf {
		return r
	}
	return folded
}

// without takes the characters away for which unwanted says so.
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
