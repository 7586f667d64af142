package decode

import (
	"math"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"roster/connectors"
)

// Text reads a text, or a number as it is written. Empty for nothing.
func (v Value) Text(key string) string { return v.text(key, v.get(key)) }

// Itself is the value where it is a text, as an item of a list may be; "" otherwise.
func (v Value) Itself() string {
	if v.n == nil || v.n.kind != kindString {
		return ""
	}
	text, _ := bounded(v.n.raw)
	return text
}

// OptionalText is Text that tells an empty text from nothing: nil where the key is absent, null or cannot be read.
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
		text, odd := bounded(n.raw)
		if odd != "" {
			v.noteAs(key, odd)
		}
		return text
	case n.kind == kindNumber && len(n.raw) <= maxID:
		return strings.Clone(n.raw)
	}
	v.note(key, n)
	return ""
}

// Form gives an ID as it is to be known, given what stands there; "" for what cannot be one. Nil is strings.TrimSpace.
type Form func(string) string

// ID reads what names another record: a text, or a whole number, whose digits are kept. Empty for nothing.
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

// RowID reads the ID of a row, which it must have: what cannot be used is noted as connectors.FieldID, and so is a row that is no object.
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
	// What is replaced or cut would be another ID.
	if text = form(text); len(text) > maxID || strings.ContainsRune(text, utf8.RuneError) {
		return ""
	}
	return strings.Clone(text)
}

// Flag is what a source says of something that is so or not.
type Flag uint8

// The zero value is that it does not say.
const (
	Unsaid Flag = iota
	Unreadable
	No
	Yes
)

// Bool gives true, false, or nil where the source does not say or cannot be understood.
func (f Flag) Bool() *bool {
	if f < No {
		return nil
	}
	return new(f == Yes)
}

// Flag reads true and false, 1 and 0, and texts of these.
func (v Value) Flag(key string) Flag {
	n := v.get(key)
	if n == nil || n.kind == kindNull {
		return Unsaid
	}
	word := n.raw
	if n.kind == kindString {
		word = strings.ToLower(strings.TrimSpace(unquote(n.raw)))
	}
	switch word {
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

// Float reads a number, or a text of one. Nil for nothing.
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

// Count reads how many there are of something: a whole number, or a text of one. It is nil for nothing, and not ok for what cannot be read, which is
// noted: a negative number, and one that is beyond the Int of GraphQL.
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

// Unix reads a time in seconds, as a number or as a text. Zero for nothing, which 0 is too.
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

// Seconds reads for how long something is good, as a whole number of seconds. Zero where it does not say.
func (v Value) Seconds(key string) time.Duration {
	n, _ := v.Count(key)
	if n == nil {
		return 0
	}
	return time.Duration(*n) * time.Second
}

// Time reads a text of that layout, in a zone where it names none. Zero for nothing, which a date of zeros is too.
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

// digits gives a number as it is written, also where it stands in a text; "" for anything else.
func (n *node) digits() string {
	text := ""
	switch n.kind {
	case kindNumber:
		text = n.raw
	case kindString:
		text = strings.TrimSpace(unquote(n.raw))
	}
	if strings.Trim(text, "0123456789+-.eE") != "" { // strconv takes more, such as Inf and 0x1
		return ""
	}
	return text
}
