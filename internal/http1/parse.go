package http1

import (
	"bytes"
	"net/http"
	"net/url"
	"strings"
)

// maxFields is the greatest number of header fields of a plain request.
const maxFields = 48

// parsed is the head of a plain request.
type parsed struct {
	method, target string
	url            url.URL
	host           string
	header         http.Header
	head, body     int // the length of each in bytes
}

// whole is the number of bytes of the request.
func (p *parsed) whole() int { return p.head + p.body }

var endOfHead = []byte("\r\n\r\n")

// parse parses the request at the beginning of b. It returns false unless that is a plain request for the path, and all of it is there. It accepts only what
// net/http reads in the same way.
func parse(b []byte, path string) (p parsed, ok bool) {
	end := bytes.Index(b, endOfHead)
	if end < 0 {
		return p, false
	}
	p.head = end + len(endOfHead)
	lines := string(b[:end+2]) // the one copy of the head, which the handler may keep
	line, lines, _ := strings.Cut(lines, "\r\n")
	if !p.requestLine(line, path) {
		return p, false
	}
	fields := strings.Count(lines, "\n")
	if fields > maxFields {
		return p, false
	}
	p.header = make(http.Header, fields)
	values := make([]string, fields)
	length := -1
	for lines != "" {
		line, lines, _ = strings.Cut(lines, "\r\n")
		name, value, valid := field(line)
		if !valid {
			return p, false
		}
		switch name {
		case "Host":
			if p.host != "" || !plainHost(value) {
				return p, false
			}
			p.host = value
			continue
		case "Content-Length":
			if length >= 0 {
				return p, false
			}
			if length, valid = plainLength(value); !valid {
				return p, false
			}
		case "Connection":
			if !strings.EqualFold(value, "keep-alive") {
				return p, false
			}
		case "Transfer-Encoding", "Upgrade", "Expect", "Trailer", "Te", "Http2-Settings", "Proxy-Connection", "Keep-Alive",
			"Pragma": // from which net/http makes a Cache-Control
			return p, false
		}
		if before := p.header[name]; before != nil {
			p.header[name] = append(before, value)
			continue
		}
		values[0] = value
		p.header[name], values = values[:1:1], values[1:]
	}
	if p.host == "" || p.method == http.MethodPost && length < 0 || p.method == http.MethodGet && length >= 0 {
		return p, false
	}
	p.body = max(0, length)
	return p, len(b) >= p.whole()
}

// requestLine parses the first line.
func (p *parsed) requestLine(line, path string) bool {
	switch {
	case strings.HasPrefix(line, "POST "):
		p.method = http.MethodPost
	case strings.HasPrefix(line, "GET "):
		p.method = http.MethodGet
	default:
		return false
	}
	target, ok := strings.CutSuffix(line[len(p.method)+1:], " HTTP/1.1")
	if !ok || !strings.HasPrefix(target, path) {
		return false
	}
	p.target = target
	switch rest := target[len(path):]; {
	case rest == "":
		p.url.Path = target
		return true
	case rest[0] != '?' || !visible(rest):
		return false
	}
	u, err := url.ParseRequestURI(target)
	if err != nil || u.Path != path {
		return false
	}
	p.url = *u
	return true
}

// visible reports whether a text consists of visible ASCII characters.
func visible(s string) bool {
	for i := range len(s) {
		if s[i] <= ' ' || s[i] >= 0x7f {
			return false
		}
	}
	return true
}

// field parses the line of a header field. A value has visible ASCII characters, spaces and tabs; net/http also accepts bytes from 0x80.
func field(line string) (name, value string, ok bool) {
	name, value, ok = strings.Cut(line, ":")
	if !ok || name == "" {
		return "", "", false
	}
	for i := range len(name) {
		if !nameByte[name[i]] {
			return "", "", false
		}
	}
	value = trim(value)
	for i := range len(value) {
		if c := value[i]; (c < ' ' && c != '\t') || c >= 0x7f {
			return "", "", false
		}
	}
	return http.CanonicalHeaderKey(name), value, true
}

// trim removes spaces and tabs at both ends.
func trim(s string) string {
	for s != "" && (s[0] == ' ' || s[0] == '\t') {
		s = s[1:]
	}
	for s != "" && (s[len(s)-1] == ' ' || s[len(s)-1] == '\t') {
		s = s[:len(s)-1]
	}
	return s
}

// nameByte has the characters of the names that clients send. RFC 9110 (5.6.2) allows more.
var nameByte = func() (of [256]bool) {
	for c := range of {
		of[c] = 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || c == '-'
	}
	return of
}()

// plainHost reports whether a Host has only characters of names, addresses and ports.
func plainHost(s string) bool {
	for i := range len(s) {
		if c := s[i]; !nameByte[c] && c != '.' && c != ':' && c != '[' && c != ']' && c != '_' {
			return false
		}
	}
	return s != ""
}

// plainLength parses a Content-Length of at most five digits without leading zeros.
func plainLength(s string) (n int, ok bool) {
	if s == "" || len(s) > 5 || s[0] == '0' && s != "0" {
		return 0, false
	}
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return 0, false
		}
		n = 10*n + int(s[i]-'0')
	}
	return n, true
}
