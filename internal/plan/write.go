package plan

import (
	"math"
	"strconv"
	"time"

	"github.com/99designs/gqlgen/graphql"
)

const hexDigits = "0123456789ABCDEF"

// Masks for the eight bytes of a word.
const (
	ones  = 0x0101010101010101
	highs = 0x8080808080808080
)

// AppendString appends a string as gqlgen writes it.
func AppendString(b []byte, s string) []byte {
	i := clean(s)
	if i < len(s) {
		return appendEscaped(append(b, '"'), s, i)
	}
	n := len(b)
	if cap(b)-n < len(s)+2 {
		return append(append(append(b, '"'), s...), '"')
	}
	b = b[:n+len(s)+2] // one check of the capacity instead of three
	b[n], b[len(b)-1] = '"', '"'
	copy(b[n+1:], s)
	return b
}

// clean returns the length of the beginning of a string that needs no escapes. It looks at eight bytes at a time, and at some of the last ones twice.
func clean(s string) int {
	i := 0
	for ; i+8 <= len(s); i += 8 {
		if special(s[i : i+8]) {
			break
		}
	}
	if i+8 > len(s) && len(s) >= 8 && !special(s[len(s)-8:]) {
		return len(s)
	}
	for ; i < len(s); i++ {
		if c := s[i]; c < 0x20 || c == '"' || c == '\\' {
			break
		}
	}
	return i
}

// special reports whether one of eight bytes is below 0x20, a quotation mark or a backslash.
func special(s string) bool {
	_ = s[7]
	w := uint64(s[0]) | uint64(s[1])<<8 | uint64(s[2])<<16 | uint64(s[3])<<24 | uint64(s[4])<<32 | uint64(s[5])<<40 | uint64(s[6])<<48 | uint64(s[7])<<56
	quote, backslash := w^(ones*'"'), w^(ones*'\\')
	// This has the high bit of each such byte. Bytes after the first one may be wrong.
	return ((w-ones*0x20)&^w|(quote-ones)&^quote|(backslash-ones)&^backslash)&highs != 0
}

// appendEscaped appends the rest of a string, whose first special byte is at i.
func appendEscaped(b []byte, s string, i int) []byte {
	start := 0
	for ; i < len(s); i++ {
		c := s[i]
		if c >= 0x20 && c != '"' && c != '\\' {
			continue
		}
		b = append(b, s[start:i]...)
		switch c {
		case '\t':
			b = append(b, '\\', 't')
		case '\r':
			b = append(b, '\\', 'r')
		case '\n':
			b = append(b, '\\', 'n')
		case '\\', '"':
			b = append(b, '\\', c)
		default:
			b = append(b, '\\', 'u', '0', '0', hexDigits[c>>4], hexDigits[c&0xf])
		}
		start = i + 1
	}
	b = append(b, s[start:]...)
	return append(b, '"')
}

// AppendID appends an ID.
func AppendID(b []byte, id string) []byte { return AppendString(b, id) }

// AppendInt appends an Int.
func AppendInt(b []byte, n int) []byte { return strconv.AppendInt(b, int64(n), 10) }

// AppendBoolean appends a Boolean.
func AppendBoolean(b []byte, v bool) []byte { return strconv.AppendBool(b, v) }

// AppendFloat appends a Float, and reports whether it can be written in JSON.
func AppendFloat(b []byte, f float64) ([]byte, bool) {
	if math.IsInf(f, 0) || math.IsNaN(f) {
		return b, false
	}
	return strconv.AppendFloat(b, f, 'g', -1, 64), true
}

// AppendTime appends an instant, and reports whether it is one: the zero time is null.
func AppendTime(b []byte, t time.Time) ([]byte, bool) {
	if t.IsZero() {
		return b, false
	}
	b = append(b, '"')
	b = t.AppendFormat(b, time.RFC3339)
	return append(b, '"'), true
}

// AppendMarshaler appends what a marshaler writes, and reports whether it is not null. It is for values that are rarely written: the other functions
// are faster.
func AppendMarshaler(b []byte, m graphql.Marshaler) ([]byte, bool) {
	if m == graphql.Null {
		return b, false
	}
	w := writer(b)
	m.MarshalGQL(&w)
	return w, true
}

type writer []byte

// Write implements io.Writer.
func (w *writer) Write(p []byte) (int, error) {
	*w = append(*w, p...)
	return len(p), nil
}

// WriteString implements io.StringWriter.
func (w *writer) WriteString(s string) (int, error) {
	*w = append(*w, s...)
	return len(s), nil
}
