package snapshot

import (
	"encoding/binary"
	"errors"
	"math"
	"reflect"
	"time"
	"unsafe"
)

// errWire reports that the encoder cannot have written these bytes.
var errWire = errors.New("not an encoded snapshot")

// wire processes a value's fields in a fixed order. It either appends them to buf or decodes them from it; before a decoding all fields
// are zero. One description of a record serves both directions, so that the two cannot differ. After the first error of a decoding all
// further values are zero, and err is set.
type wire struct {
	decoding bool
	sizing   bool   // nothing is written: wire only measures what the value refers to
	size     int    // sizing: the bytes so far
	buf      []byte // encoding: the output so far; decoding: the rest of the input
	text     string // decoding: the input as a string, of which every decoded string is a part
	err      error
}

// newDecoder returns a wire that decodes data. The data must never change again, because the decoded strings refer to it.
func newDecoder(data []byte) *wire {
	// One string for all fields avoids an allocation for each field of each record.
	return &wire{decoding: true, buf: data, text: unsafe.String(unsafe.SliceData(data), len(data))} //nolint:gosec // nobody writes to data
}

func (w *wire) fail() {
	w.err, w.buf = errWire, nil
}

func (w *wire) uint(v *uint64) {
	if w.sizing {
		return
	}
	if !w.decoding {
		w.buf = binary.AppendUvarint(w.buf, *v)
		return
	}
	n, size := binary.Uvarint(w.buf)
	if size <= 0 {
		w.fail()
		*v = 0
		return
	}
	w.buf, *v = w.buf[size:], n
}

// count processes a length plus added. The length cannot exceed the rest of the input, because each element takes at least one byte.
func (w *wire) count(n, added int) int {
	v := uint64(n + added) //nolint:gosec // a length is not negative
	w.uint(&v)
	if w.decoding && v > uint64(len(w.buf)+added) { //nolint:gosec // as above
		w.fail()
		return -added
	}
	return int(v) - added //nolint:gosec // within the input's length
}

func (w *wire) string(s *string) {
	n := w.count(len(*s), 0)
	if w.sizing {
		w.size += n
		return
	}
	if !w.decoding {
		w.buf = append(w.buf, *s...)
		return
	}
	at := len(w.text) - len(w.buf)
	if w.err != nil {
		at = 0
	}
	*s = w.text[at : at+n]
	if n > 0 {
		w.buf = w.buf[n:]
	}
}

func (w *wire) bool(b *bool) {
	var v uint64
	if *b {
		v = 1
	}
	w.uint(&v)
	if !w.decoding { // others may be reading the record at the same time
		return
	}
	if v > 1 {
		w.fail()
	}
	*b = v == 1
}

// enum processes a value of a closed set whose greatest value is last. A greater value is an error.
func enum[E ~uint8](w *wire, e *E, last E) {
	v := uint64(*e)
	w.uint(&v)
	if !w.decoding {
		return
	}
	if v > uint64(last) {
		w.fail()
		v = 0
	}
	*e = E(v)
}

// time processes an instant to the nanosecond. Zones are not kept, because all records have UTC.
func (w *wire) time(t *time.Time) {
	given := !t.IsZero()
	if w.bool(&given); !given {
		return
	}
	sec, ns := zigzag(t.Unix()), uint64(t.Nanosecond()) //nolint:gosec // not negative
	w.uint(&sec)
	w.uint(&ns)
	if !w.decoding {
		return
	}
	if ns >= uint64(time.Second) {
		w.fail()
		ns = 0
	}
	*t = time.Unix(unzigzag(sec), int64(ns)).UTC()
}

func zigzag(v int64) uint64   { return uint64(v<<1) ^ uint64(v>>63) } //nolint:gosec // the conversion keeps the bits
func unzigzag(v uint64) int64 { return int64(v>>1) ^ -int64(v&1) }

func (w *wire) float(f *float64) {
	if w.sizing {
		return
	}
	if !w.decoding {
		w.buf = binary.LittleEndian.AppendUint64(w.buf, math.Float64bits(*f))
		return
	}
	if len(w.buf) < 8 {
		w.fail()
		*f = 0
		return
	}
	*f, w.buf = math.Float64frombits(binary.LittleEndian.Uint64(w.buf)), w.buf[8:]
}

// bytes processes a byte slice, and distinguishes nil and empty.
func (w *wire) bytes(b *[]byte) {
	present := *b != nil
	if w.bool(&present); !present {
		return
	}
	s := unsafe.String(unsafe.SliceData(*b), len(*b)) //nolint:gosec // the slice is only read
	w.string(&s)
	if w.decoding {
		*b = append([]byte{}, s...)
	}
}

// optional processes a pointer that may be nil.
func optional[T any](w *wire, p **T, each func(*wire, *T)) {
	present := *p != nil
	if w.bool(&present); !present {
		return
	}
	switch {
	case w.decoding:
		*p = new(T)
	case w.sizing:
		w.size += sizeOf[T]()
	}
	each(w, *p)
}

// list processes a slice, and distinguishes nil and empty.
func list[T any](w *wire, s *[]T, each func(*wire, *T)) {
	n := len(*s)
	if *s == nil {
		n = -1
	}
	n = w.count(n, 1)
	if w.decoding {
		if n < 0 {
			return
		}
		// A wrong length may ask for much more memory than the input needs, so that list allocates in small steps.
		*s = make([]T, 0, min(n, 1024))
		for range n {
			*s = append(*s, *new(T))
			if each(w, &(*s)[len(*s)-1]); w.err != nil {
				return
			}
		}
		return
	}
	if w.sizing {
		w.size += cap(*s) * sizeOf[T]()
	}
	for i := range *s {
		each(w, &(*s)[i])
	}
}

// sizeOf returns the size of a value in bytes, without what it refers to.
func sizeOf[T any]() int { return int(reflect.TypeFor[T]().Size()) }
