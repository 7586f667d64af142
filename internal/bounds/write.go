package bounds

import (
	"io"

	"github.com/99designs/gqlgen/graphql"
)

// bounded is a part of the data that stops to be written when the data is too long.
type bounded struct {
	graphql.Marshaler
	bounds *Answer
}

// MarshalGQL writes the part.
func (m bounded) MarshalGQL(w io.Writer) { m.Marshaler.MarshalGQL(&writer{w, m.bounds}) }

// writer passes on what there is room for, and swallows the rest: a marshaler cannot be stopped.
type writer struct {
	to     io.Writer
	bounds *Answer
}

// Write writes bytes.
func (w *writer) Write(p []byte) (int, error) {
	if !w.room(len(p)) {
		return len(p), nil
	}
	return w.to.Write(p)
}

// WriteString writes a text, without a copy of it.
func (w *writer) WriteString(s string) (int, error) {
	if !w.room(len(s)) {
		return len(s), nil
	}
	return io.WriteString(w.to, s)
}

func (w *writer) room(n int) bool {
	b := w.bounds
	if b.noRoom || b.written > b.maxBytes {
		return false
	}
	b.written += n
	return b.written <= b.maxBytes && (b.written <= b.reserved || b.reserve())
}

// reserve finds room for what has been written, and for a little more.
func (b *Answer) reserve() bool {
	if b.in == nil {
		return true
	}
	bytes := min(b.written+reserveStep, b.maxBytes)
	if b.noRoom = !b.in.Resize(bytes); !b.noRoom {
		b.reserved = bytes
	}
	return !b.noRoom
}
