package history

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"time"

	"roster/connectors/wire"
)

// format is the version of the encoding. A release that reads another one knows nothing of the times.
const format = 1

// versionLength is the number of hexadecimal digits of the hash that make a version: 128 bits.
const versionLength = 32

// sealed sets the version, which is a hash of the content.
func (h *History) sealed() *History {
	if len(h.records) == 0 {
		h.records = nil
	}
	if len(h.removed) == 0 {
		h.removed = nil
	}
	sum := sha256.Sum256(h.Encode())
	h.version = hex.EncodeToString(sum[:])[:versionLength]
	return h
}

// Encode returns the history as bytes; the same history always gives the same.
func (h *History) Encode() []byte {
	w := wire.NewEncoder(nil)
	h.fields(w)
	return w.Output()
}

// Decode returns the history that was encoded. It returns wire.ErrMalformed if this release cannot have encoded it.
func Decode(data []byte) (*History, error) {
	w := wire.NewDecoder(slices.Clone(data)) // the strings of the history refer to it
	h := &History{}
	h.fields(w)
	if w.Err() == nil && w.Len() > 0 || !slices.IsSortedFunc(h.records, func(a, b record) int { return byID(a, b.id) }) {
		w.Fail()
	}
	if err := w.Err(); err != nil {
		return nil, err
	}
	return h.sealed(), nil
}

func (h *History) fields(w *wire.Codec) {
	version := uint64(format)
	if w.Uint(&version); version != format {
		w.Fail()
		return
	}
	micros(w, &h.base)
	t := &fieldNames{}
	for i := range h.records {
		t.collect(&h.records[i])
	}
	wire.List(w, &t.names, (*wire.Codec).String)
	wire.List(w, &h.records, func(w *wire.Codec, r *record) {
		w.String(&r.id)
		micros(w, &r.first)
		wire.List(w, &r.fields, func(w *wire.Codec, f *fieldTime) {
			t.name(w, &f.field)
			micros(w, &f.at)
		})
	})
	wire.List(w, &h.removed, removalFields)
	if w.Decoding() && w.Len() > 0 || !w.Decoding() && len(h.tracked) > 0 { // a history that tracks no fields is as it was before there were any
		wire.List(w, &h.tracked, func(w *wire.Codec, f *fieldTime) {
			w.String(&f.field)
			micros(w, &f.at)
		})
	}
}

func removalFields(w *wire.Codec, r *Removal) {
	w.String(&r.ID)
	at := r.At.UnixMicro()
	micros(w, &at)
	if w.Decoding() {
		r.At = time.UnixMicro(at).UTC()
	}
	wire.List(w, &r.Addresses, func(w *wire.Codec, a *Address) {
		hash := string(a.Hash[:])
		if w.String(&hash); w.Decoding() && copy(a.Hash[:], hash) != len(hash) {
			w.Fail()
			return
		}
		w.Bool(&a.Verified)
	})
}

// micros processes a time in microseconds.
func micros(w *wire.Codec, v *int64) {
	n := uint64(*v + 1) //nolint:gosec // the least time is unknown, which is -1
	w.Uint(&n)
	if w.Decoding() { // others may be reading the history at the same time
		*v = int64(n) - 1 //nolint:gosec // as above
	}
}

// fieldNames are the names of the fields that occur, so that the encoding has each of them once.
type fieldNames struct{ names []string }

func (t *fieldNames) collect(r *record) {
	for _, f := range r.fields {
		if !slices.Contains(t.names, f.field) {
			t.names = append(t.names, f.field)
		}
	}
}

// name processes the name of a field by its place.
func (t *fieldNames) name(w *wire.Codec, name *string) {
	n := uint64(max(0, slices.Index(t.names, *name)))
	w.Uint(&n)
	if !w.Decoding() {
		return
	}
	if n >= uint64(len(t.names)) {
		w.Fail()
		return
	}
	*name = t.names[n]
}
