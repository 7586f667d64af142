package address

import (
	"net/mail"
	"net/url"
	"slices"
	"strings"
	"unicode"
)

// The limits of a field.
const (
	maxFieldBytes     = 8192
	maxFieldAddresses = 32
)

// Parse returns the addresses in a field of a source, each once, in their order. It reads one address, a list (separated by commas, semicolons, spaces,
// slashes, bars or line breaks), names with addresses in angle brackets, and mailto links. It ignores everything else. If a comma may be part of the
// address after it, as in "john,doe@example.com", that address is ignored too, because doe@example.com is somebody else.
func Parse(field string) []Address {
	if !strings.ContainsAny(field, "<>,;:()\"\r\n") {
		return divided(field)
	}
	if len(field) > maxFieldBytes {
		return nil
	}
	field = strings.TrimSpace(field)
	var out []Address
	if link, ok := cutMailto(field); ok {
		out = linked(link)
	} else {
		out = listed(field)
	}
	if len(out) == 0 {
		if a, ok := Of(field); ok { // unusual, but an address as it is
			out = append(out, a)
		}
	}
	return out
}

// listed parses a list of addresses.
func listed(field string) []Address {
	var out []Address
	afterWords := false // the text before has no at sign: it is part of a name, or of this address
	for _, part := range split(field) {
		part = strings.TrimSpace(part)
		if !strings.Contains(part, "@") {
			afterWords = afterWords || part != ""
			continue
		}
		if !afterWords || strings.Contains(part, "<") {
			out = appendNew(out, one(part)...)
		}
		afterWords = false
	}
	return out
}

// one parses one item of a list: an address, possibly with a name or a comment.
func one(part string) []Address {
	if open := strings.LastIndexByte(part, '<'); open >= 0 {
		part, _, _ = strings.Cut(part[open+1:], ">")
	} else if strings.Contains(part, "(") {
		if a, err := mail.ParseAddress(part); err == nil {
			part = a.Address
		}
	}
	if link, ok := cutMailto(part); ok {
		return linked(link)
	}
	return divided(part)
}

// divided parses one address, or several that are separated by spaces, slashes or bars. It divides a text only if each part is an address.
func divided(part string) []Address {
	if a, ok := Of(part); ok {
		return []Address{a}
	}
	if len(part) > maxFieldBytes || strings.Count(part, "@") < 2 {
		return nil
	}
	var out []Address
	for one := range strings.FieldsFuncSeq(part, func(r rune) bool { return r == '/' || r == '|' || unicode.IsSpace(r) }) {
		a, ok := Of(one)
		if !ok {
			return nil
		}
		out = appendNew(out, a)
	}
	return out
}

// cutMailto removes the scheme of a mailto link.
func cutMailto(s string) (string, bool) {
	const scheme = "mailto:"
	s = strings.TrimSpace(s)
	if len(s) < len(scheme) || !strings.EqualFold(s[:len(scheme)], scheme) {
		return "", false
	}
	return s[len(scheme):], true
}

// linked parses what follows the scheme of a mailto link (RFC 6068): a list of addresses with commas, and the header field "to". A comma inside an
// address is percent-encoded.
func linked(link string) []Address {
	path, query, _ := strings.Cut(link, "?")
	lists := []string{path}
	for field := range strings.SplitSeq(query, "&") {
		if name, value, _ := strings.Cut(field, "="); strings.EqualFold(name, "to") {
			lists = append(lists, value)
		}
	}
	var out []Address
	for _, list := range lists {
		for part := range strings.FieldsFuncSeq(list, func(r rune) bool { return r == ',' || r == ';' }) {
			if decoded, err := url.PathUnescape(part); err == nil {
				part = decoded
			}
			if a, ok := Of(part); ok {
				out = appendNew(out, a)
			}
		}
	}
	return out
}

func appendNew(to []Address, more ...Address) []Address {
	for _, a := range more {
		if len(to) < maxFieldAddresses && !slices.ContainsFunc(to, func(b Address) bool { return b.Key == a.Key }) {
			to = append(to, a)
		}
	}
	return to
}

// split splits a field at commas, semicolons and line breaks outside quotes, comments and angle brackets. An opening character without its closing one is
// treated as text.
func split(field string) []string {
	var (
		parts  []string
		start  int
		closer byte // of the open quotes or brackets
	)
	for i := 0; i < len(field); i++ {
		c := field[i]
		switch {
		case closer == '"' && c == '\\':
			i++
		case closer != 0:
			if c == closer {
				closer = 0
			}
		case closers[c] != 0 && strings.IndexByte(field[i+1:], closers[c]) >= 0:
			closer = closers[c]
		case c == ',', c == ';', c == '\r', c == '\n':
			parts = append(parts, field[start:i])
			start = i + 1
		}
	}
	return append(parts, field[min(start, len(field)):])
}

var closers = [256]byte{'"': '"', '(': ')', '<': '>'}
