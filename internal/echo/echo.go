// Package echo prepares text from a client for errors, log lines and spans: it shortens the text and escapes invisible characters. All code that shows a
// client's text uses it. It knows nothing of GraphQL.
package echo

import (
	"strconv"
	"strings"
	"unicode/utf8"
)

const (
	// Most is the number of bytes of a client's text that are shown.
	Most = 100
	// MostOfMessage is the greatest length of a message in bytes.
	MostOfMessage = 1000
)

// Cut shortens a text to Most bytes at a character boundary and adds an ellipsis. Invalid UTF-8 is replaced.
func Cut(s string) string { return CutTo(s, Most) }

// Quoted returns a text in quotes: shortened, with invisible characters escaped.
func Quoted(s string) string { return strconv.Quote(Cut(s)) }

// Line returns a text for a line on a terminal: unchanged but for its length if all of it can be printed, and quoted otherwise.
func Line(s string) string {
	for _, r := range s {
		if !strconv.IsPrint(r) {
			return Quoted(s)
		}
	}
	return Cut(s)
}

// Name returns a GraphQL name unchanged but for its length. Any other text is quoted.
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

// Message shortens a message to MostOfMessage bytes. It is for messages that libraries build from a client's text.
func Message(s string) string { return CutTo(s, MostOfMessage) }

// CutTo is Cut with another length, of at least 4 bytes.
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
