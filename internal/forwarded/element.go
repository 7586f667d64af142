package forwarded

import (
	"iter"
	"slices"
	"strings"
)

// backwardInElements returns the node of each element of a line of Forwarded: the value of its parameter for, or "" if it has none. If the line does not
// follow the grammar of RFC 7239, it has one node, "": an unfinished quotation of the client could hide what the proxy has added behind it.
func backwardInElements(line string) iter.Seq[string] {
	return func(yield func(string) bool) {
		var nodes []string
		for rest, more := line, true; more; {
			var node string
			var ok bool
			if node, rest, more, ok = cutElement(rest); !ok {
				yield("")
				return
			}
			nodes = append(nodes, node)
		}
		for _, node := range slices.Backward(nodes) {
			if !yield(node) {
				return
			}
		}
	}
}

// cutElement reads one element, and returns what follows its comma. More is false if there is no comma.
func cutElement(s string) (node, rest string, more, ok bool) {
	found := false
	for {
		s = strings.TrimLeft(s, " \t")
		name := s[:tokenLength(s)]
		if s = s[len(name):]; name != "" {
			var value string
			if s, ok = strings.CutPrefix(s, "="); !ok {
				return "", "", false, false
			}
			if value, s, ok = cutValue(s); !ok {
				return "", "", false, false
			}
			if strings.EqualFold(name, "for") {
				if found {
					return "", "", false, false
				}
				node, found = value, true
			}
		}
		s = strings.TrimLeft(s, " \t")
		switch {
		case s == "":
			return node, "", false, true
		case s[0] == ',':
			return node, s[1:], true, true
		case s[0] != ';':
			return "", "", false, false
		}
		s = s[1:]
	}
}

// cutValue reads a token or a quoted string. It accepts an address that should have been quoted, as some proxies write it.
func cutValue(s string) (value, rest string, ok bool) {
	if !strings.HasPrefix(s, `"`) {
		n := strings.IndexAny(s, " \t,;\"")
		if n < 0 {
			n = len(s)
		}
		return s[:n], s[n:], n > 0
	}
	var b strings.Builder
	for i := 1; i < len(s); i++ {
		switch s[i] {
		case '"':
			return b.String(), s[i+1:], true
		case '\\':
			if i++; i == len(s) {
				return "", "", false
			}
		}
		b.WriteByte(s[i])
	}
	return "", "", false
}

// tokenLength returns the length of the token at the beginning of a text.
func tokenLength(s string) int {
	for i := range len(s) {
		c := s[i]
		if c <= ' ' || c >= 0x7f || strings.IndexByte(`"(),/:;<=>?@[\]{}`, c) >= 0 {
			return i
		}
	}
	return len(s)
}
