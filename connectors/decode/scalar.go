package decode

import (
	"math"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"roster/connectors"
)

// Text reads a text, or a number as it is written. It returns "" if there is none.
func (v Value) Text(key string) string { return v.text(key, v.get(key)) }

// Itself returns the value if it is a text, such as an item of a list, or "".
func (v Value) Itself() string {
	if v.n == nil || v.n.kind != kindString {
		return ""
	}
	text, _ := bounded(v.n.raw)
	return text
}

// OptionalText is Text, but distinguishes an empty text: it returns nil if the key is absent or null, or if the value cannot be read.
func (v Value) OptionalText(key string) *string {
	n := v.get(key)
	if n == nil || n.kind == kindNull {
		return nil
	}
	if text := v.text(key, n); text != "" || n.blank() {
		return &text
	}
	return nil
}

func (v Value) text(key string, n *node) string {
	switch {
	case n == nil, n.blank():
		return ""
	case n.kind == kindString:
		text, anomaly := bounded(n.raw)
		if anomaly != "" {
			v.noteAs(key, anomaly)
		}
		return text
	case n.kind == kindNumber && len(n.raw) <= maxID:
		return strings.Clone(n.raw)
	}
	v.note(key, n)
	return ""
}

// Form converts an ID to its canonical form, or to "" if it is not valid. Nil is strings.TrimSpace.
type Form func(string) string

// ID reads a reference to a record: a text, or a whole number, whose digits are kept. It returns "" if there is none.
func (v Value) ID(key string, form Form) string {
	n := v.get(key)
	if n == nil || n.blank() {
		return ""
	}
	id := n.id(form)
	if id == "" {
		v.note(key, n)
	}
	return id
}

// RowID reads the ID of a row, which is required. An invalid ID, and a row that is not an object, is an anomaly of connectors.FieldID.
func (v Value) RowID(key string, form Form) string {
	n := v.n
	if v.IsObject() {
		n = v.get(key)
	}
	example := kindNull
	if n != nil {
		if id := n.id(form); id != "" && v.IsObject() {
			return id
		}
		example = n.kind
	}
	if v.notes != nil {
		v.notes.Note(v.path(connectors.FieldID), example.String())
	}
	return ""
}

func (n *node) id(form Form) string {
	text := ""
	switch n.kind {
	case kindString:
		text = unquote(n.raw)
	case kindNumber:
		if strings.Trim(n.raw, "0123456789") == "" { // no sign, no fraction, no exponent
			text = n.raw
		}
	}
	if form == nil {
		form = strings.TrimSpace
	}
	// A text that was replaced or cut would be the ID of another record.
	if text = form(text); len(text) > maxID || strings.ContainsRune(text, utf8.RuneError) {
		return ""
	}
	return strings.Clone(text)
}

// Flag is a boolean value of a source, which may be missing.
type Flag uint8

// The values of Flag. The zero value means that the source does not say.
const (
	Unsaid Flag = iota
	Unreadable
	No
	Yes
)

// Bool returns true or false, or nil if the value is missing or cannot be read.
func (f Flag) Bool() *bool {
	if f < No {
		return nil
	}
	return new(f == Yes)
}

// Flag reads true and false, 1 and 0, or a text of these.
func (v Value) Flag(key string) Flag {
	n := v.get(key)
	if n == nil || n.kind == kindNull {
		return Unsaid
	}
	text := n.raw
	if n.kind == kindString {
		text = strings.ToLower(strings.TrimSpace(unquote(n.raw)))
	}
	switch text {
	case "true", "1":
		return Yes
	case "false", "0":
		return No
	case "":
		return Unsaid
	}
	v.note(key, n)
	return Unreadable
}

// Float reads a number, or a text with a number. It returns nil if there is none.
func (v Value) Float(key string) *float64 {
	n := v.get(key)
	if n == nil || n.blank() {
		return nil
	}
	if f, err := strconv.ParseFloat(n.digits(), 64); err == nil && !math.IsInf(f, 0) {
		return &f
	}
	v.note(key, n)
	return nil
}

// Count reads a number of things: a whole number, or a text with one. It returns nil if there is none. For a value that cannot be read, which includes negative
// numbers and numbers beyond the range of a GraphQL Int, ok is false, and the value is an anomaly.
func (v Value) Count(key string) (count *int, ok bool) {
	n := v.get(key)
	if n == nil || n.blank() {
		return nil, true
	}
	c, err := strconv.Atoi(n.digits())
	if err != nil || c < 0 || c > math.MaxInt32 {
		v.note(key, n)
		return nil, false
	}
	return &c, true
}

// Unix reads a time in seconds, as a number or a text. It returns the zero time if there is none, or if the number is 0.
func (v Value) Unix(key string) time.Time {
	const end = 253402300800 // the year 10000
	n := v.get(key)
	if n == nil || n.blank() {
		return time.Time{}
	}
	seconds, err := strconv.ParseInt(n.digits(), 10, 64)
	if err != nil || seconds < 0 || seconds >= end {
		v.note(key, n)
		return time.Time{}
	}
	if seconds == 0 {
		return time.Time{}
	}
	return time.Unix(seconds, 0).UTC()
}

// Seconds reads a duration as a whole number of seconds. It returns 0 if there is none.
func (v Value) Seconds(key string) time.Duration {
	n, _ := v.Count(key)
	if n == nil {
		return 0
	}
	return time.Duration(*n) * time.Second
}

// Time reads a text in that layout, by default in that time zone. It returns the zero time if there is none, or if all digits of the date are zero.
func (v Value) Time(key, layout string, zone *time.Location) time.Time {
	n := v.get(key)
	if n == nil || n.blank() {
		return time.Time{}
	}
	if n.kind == kindString {
		text := strings.TrimSpace(unquote(n.raw))
		if t, err := time.ParseInLocation(layout, text, zone); err == nil {
			return t.UTC()
		}
		if strings.Trim(text, "0-: ") == "" {
			return time.Time{}
		}
	}
	v.note(key, n)
	return time.Time{}
}

// digits returns a number, or a text with a number, as it is written, or "".
func (n *node) digits() string {
	text := ""
	switch n.kind {
	case kindNumber:
		text = n.raw
	case kindString:
		text = strings.TrimSpace(unquote(n.raw))
	}
	if strings.Trim(text, "0123456789+-.eE") != "" { // strconv also accepts forms such as Inf and 0x1
		return ""
	}
	return text
}
