// Package echo gives back what a client wrote: cut to a length, and with what cannot be seen escaped. Every error, log line and span that shows a
// client's own text gets it from here. It knows nothing of GraphQL.
package echo

import (
	"strconv"
	"strings"
	"unicode/utf8"
)

const (
	// Most is how many bytes of a client's text are shown.
	Most = 100
	// MostOfMessage is how many bytes a message has, whatever it was made of.
	MostOfMessage = 1000
)

// Cut shortens a text to Most bytes, at the end of a character. What is no UTF-8 is replaced.
func Cut(s string) string { return CutTo(s, Most) }

// Quoted gives a text in quotes, cut, with what cannot be seen escaped.
func Quoted(s string) string { return strconv.Quote(Cut(s)) }

// Name gives a name as it is, cut, and in quotes what is no name.
func Name(s string) string {
	if s == "" {
		return Quoted(s)
	}
	for i := range len(s) {
		c := s[i]
		if letter := c == '_' || ('a' <= c && c <= 'z') || ('A' <= c && c <= 'Z'); !letter && (i == 0 || c < '0' || c > '9') {
			return Quoted(s)
		}
	}
	return Cut(s)
}

// Message shortens a message to MostOfMessage bytes. It is for messages that other libraries make of a client's text.
func Message(s string) string { return CutTo(s, MostOfMessage) }

// CutTo shortens a text like Cut to another length, which is 4 bytes or more.
func CutTo(s string, most int) string {
	end := ""
	if len(s) > most {
		n := most
		for n > most-utf8.UTFMax && !utf8.RuneStart(s[n]) {
			n--
		}
		s, end = s[:n], "…"
	}
	return strings.ToValidUTF8(s, "\ufffd") + end
}
