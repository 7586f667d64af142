// Package wire encodes records for the stores that replicas share: the fields in their order, lengths as varints, and nothing that names them. One
// description of a record serves all directions, so that they cannot differ: encoding, decoding, measuring the memory that a record takes, and
// telling encodings apart. It knows no record.
package wire

import (
	"encoding/binary"
	"errors"
	"math"
	"reflect"
	"strconv"
	"time"
	"unsafe"
)

// ErrMalformed reports that the encoder cannot have written these bytes.
var ErrMalformed = errors.New("not an encoded record")

type mode uint8

const (
	encoding mode = iota
	decoding
	sizing     // nothing is written: the codec only measures what a value refers to
	describing // the types of the fields are written, in place of their values
)

// Codec processes a value's fields in a fixed order. It either appends them to its output or decodes them from its input; before a decoding all fields
// are zero. After the first error of a decoding all further values are zero, and Err is set. The zero value encodes.
type Codec struct {
	mode mode
	size int    // sizing: the bytes so far
	buf  []byte // the output so far; decoding: the rest of the input
	text string // decoding: the input as a string, of which every decoded string is a part
	err  error
}

// NewEncoder returns a codec that appends to buf.
func NewEncoder(buf []byte) *Codec { return &Codec{buf: buf} }

// NewDecoder returns a codec that decodes data. The data must never change again, because the decoded strings refer to it.
func NewDecoder(data []byte) *Codec {
	// One string for all fields avoids an allocation for each field of each record.
	return &Codec{mode: decoding, buf: data, text: unsafe.String(unsafe.SliceData(data), len(data))} //nolint:gosec // nobody writes to data
}

// NewSizer returns a codec that measures values, beginning with size bytes.
func NewSizer(size int) *Codec { return &Codec{mode: sizing, size: size} }

// Describe returns a text that is another one if the types of the fields differ, or their order.
func Describe(fields func(*Codec)) string {
	c := &Codec{mode: describing}
	fields(c)
	return string(c.buf)
}

// Decoding reports whether the codec sets the fields.
func (c *Codec) Decoding() bool { return c.mode == decoding }

// Output returns what has been encoded so far.
func (c *Codec) Output() []byte { return c.buf }

// Reset makes the output empty, and keeps its memory.
func (c *Codec) Reset() { c.buf = c.buf[:0] }

// Len is the length of the output, or of the rest of the input.
func (c *Codec) Len() int { return len(c.buf) }

// Size is what has been measured so far, in bytes.
func (c *Codec) Size() int { return c.size }

// Err returns ErrMalformed if the input could not be decoded.
func (c *Codec) Err() error { return c.err }

// Fail says that a decoded value cannot be right.
func (c *Codec) Fail() {
	c.err, c.buf = ErrMalformed, nil
}

func (c *Codec) describe(kind string) { c.buf = append(c.buf, kind...) }

// Uint processes a number.
func (c *Codec) Uint(v *uint64) {
	switch c.mode {
	case decoding:
		n, size := binary.Uvarint(c.buf)
		if size <= 0 {
			c.Fail()
			*v = 0
			return
		}
		c.buf, *v = c.buf[size:], n
	case encoding:
		c.buf = binary.AppendUvarint(c.buf, *v)
	case describing:
		c.describe("u")
	case sizing:
	}
}

// count processes a length plus added. The length cannot exceed the rest of the input, because each element takes at least one byte.
func (c *Codec) count(n, added int) int {
	v := uint64(n + added) //nolint:gosec // a length is not negative
	c.Uint(&v)
	if c.mode == decoding && v > uint64(len(c.buf)+added) { //nolint:gosec // as above
		c.Fail()
		return -added
	}
	return int(v) - added //nolint:gosec // within the input's length
}

// String processes a text.
func (c *Codec) String(s *string) {
	switch c.mode {
	case decoding:
		n := c.count(0, 0)
		at := len(c.text) - len(c.buf)
		if c.err != nil {
			at = 0
		}
		*s = c.text[at : at+n]
		if n > 0 {
			c.buf = c.buf[n:]
		}
	case encoding:
		c.count(len(*s), 0)
		c.buf = append(c.buf, *s...)
	case sizing:
		c.size += len(*s)
	case describing:
		c.describe("s")
	}
}

// Bool processes a truth value.
func (c *Codec) Bool(b *bool) {
	if c.mode == describing {
		c.describe("b")
		return
	}
	var v uint64
	if *b {
		v = 1
	}
	c.Uint(&v)
	if c.mode != decoding { // others may be reading the record at the same time
		return
	}
	if v > 1 {
		c.Fail()
	}
	*b = v == 1
}

// Enum processes a value of a closed set whose greatest value is last. A greater value is an error.
func Enum[E ~uint8](c *Codec, e *E, last E) {
	if c.mode == describing {
		c.describe("e" + strconv.Itoa(int(last)) + ";")
		return
	}
	v := uint64(*e)
	c.Uint(&v)
	if c.mode != decoding {
		return
	}
	if v > uint64(last) {
		c.Fail()
		v = 0
	}
	*e = E(v)
}

// Time processes an instant to the nanosecond. Zones are not kept, because all records have UTC.
func (c *Codec) Time(t *time.Time) {
	if c.mode == describing {
		c.describe("t")
		return
	}
	given := !t.IsZero()
	if c.Bool(&given); !given {
		return
	}
	sec, ns := zigzag(t.Unix()), uint64(t.Nanosecond()) //nolint:gosec // not negative
	c.Uint(&sec)
	c.Uint(&ns)
	if c.mode != decoding {
		return
	}
	if ns >= uint64(time.Second) {
		c.Fail()
		ns = 0
	}
	*t = time.Unix(unzigzag(sec), int64(ns)).UTC()
}

func zigzag(v int64) uint64   { return uint64(v<<1) ^ uint64(v>>63) } //nolint:gosec // the conversion keeps the bits
func unzigzag(v uint64) int64 { return int64(v>>1) ^ -int64(v&1) }

// Float processes a number with a fraction.
func (c *Codec) Float(f *float64) {
	switch c.mode {
	case decoding:
		if len(c.buf) < 8 {
			c.Fail()
			*f = 0
			return
		}
		*f, c.buf = math.Float64frombits(binary.LittleEndian.Uint64(c.buf)), c.buf[8:]
	case encoding:
		c.buf = binary.LittleEndian.AppendUint64(c.buf, math.Float64bits(*f))
	case describing:
		c.describe("f")
	case sizing:
	}
}

// Bytes processes a byte slice, and distinguishes nil and empty.
func (c *Codec) Bytes(b *[]byte) {
	if c.mode == describing {
		c.describe("y")
		return
	}
	present := *b != nil
	if c.Bool(&present); !present {
		return
	}
	s := unsafe.String(unsafe.SliceData(*b), len(*b)) //nolint:gosec // the slice is only read
	c.String(&s)
	if c.mode == decoding {
		*b = append([]byte{}, s...)
	}
}

// Optional processes a pointer that may be nil.
func Optional[T any](c *Codec, p **T, each func(*Codec, *T)) {
	if c.mode == describing {
		c.describe("?")
		each(c, new(T))
		return
	}
	present := *p != nil
	if c.Bool(&present); !present {
		return
	}
	switch c.mode {
	case decoding:
		*p = new(T)
	case sizing:
		c.size += SizeOf[T]()
	case encoding, describing:
	}
	each(c, *p)
}

// List processes a slice, and distinguishes nil and empty.
func List[T any](c *Codec, s *[]T, each func(*Codec, *T)) {
	if c.mode == describing {
		c.describe("[")
		each(c, new(T))
		c.describe("]")
		return
	}
	n := len(*s)
	if *s == nil {
		n = -1
	}
	n = c.count(n, 1)
	if c.mode == decoding {
		if n < 0 {
			return
		}
		// A wrong length may ask for much more memory than the input needs, so that List allocates in small steps.
		*s = make([]T, 0, min(n, 1024))
		for range n {
			*s = append(*s, *new(T))
			if each(c, &(*s)[len(*s)-1]); c.err != nil {
				return
			}
		}
		return
	}
	if c.mode == sizing {
		c.size += cap(*s) * SizeOf[T]()
	}
	for i := range *s {
		each(c, &(*s)[i])
	}
}

// Pointee adds the size of what a pointer leads to, where the codec measures.
func (c *Codec) Pointee(p any) {
	if c.mode == sizing {
		c.size += int(reflect.TypeOf(p).Elem().Size())
	}
}

// SizeOf returns the size of a value in bytes, without what it refers to.
func SizeOf[T any]() int { return int(reflect.TypeFor[T]().Size()) }
