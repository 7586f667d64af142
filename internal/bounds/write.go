package bounds

import (
	"io"

	"github.com/99designs/gqlgen/graphql"
)

// bounded is a part of the data that writes nothing more when the data becomes too long.
type bounded struct {
	graphql.Marshaler
	bounds *Answer
}

// MarshalGQL writes the part.
func (m bounded) MarshalGQL(w io.Writer) { m.Marshaler.MarshalGQL(&writer{w, m.bounds}) }

// writer writes as long as there is room, and discards the rest, because a marshaler cannot be stopped.
type writer struct {
	to     io.Writer
	bounds *Answer
}

// Write implements io.Writer.
func (w *writer) Write(p []byte) (int, error) {
	if !w.hasRoom(len(p)) {
		return len(p), nil
	}
	return w.to.Write(p)
}

// WriteString writes a string without copying it.
func (w *writer) WriteString(s string) (int, error) {
	if !w.hasRoom(len(s)) {
		return len(s), nil
	}
	return io.WriteString(w.to, s)
}

func (w *writer) hasRoom(n int) bool {
	b := w.bounds
	if b.noRoom || b.written > b.maxBytes {
		return false
	}
	if !b.counted && b.written+n > countFrom {
		b.counted = true
		left := b.count() - b.written
		if b.written+left > b.maxBytes {
			b.written += left
			return false
		}
		if !b.reserve(left) {
			return false
		}
		if buffer, ok := w.to.(interface{ Grow(bytes int) }); ok {
			buffer.Grow(min(left+reserveStep, b.maxBytes-b.written))
		}
	}
	b.written += n
	return b.written <= b.maxBytes && (b.written <= b.reserved || b.reserve(0))
}

// count returns the length of all parts of the data, but at most one byte more than is allowed.
func (b *Answer) count() int {
	n := &counter{most: b.maxBytes}
	for _, part := range b.parts {
		part.MarshalGQL(n)
	}
	return n.bytes
}

// counter counts bytes, up to the first one that is too many.
type counter struct{ bytes, most int }

// Write implements io.Writer.
func (c *counter) Write(p []byte) (int, error) {
	c.add(len(p))
	return len(p), nil
}

// WriteString implements io.StringWriter.
func (c *counter) WriteString(s string) (int, error) {
	c.add(len(s))
	return len(s), nil
}

func (c *counter) add(n int) { c.bytes = min(c.bytes+n, c.most+1) }

// reserve reserves room for the bytes that are written, those that are left, and reserveStep more.
func (b *Answer) reserve(left int) bool {
	if b.in == nil {
		return true
	}
	bytes := min(b.written+left+reserveStep, b.maxBytes)
	if b.noRoom = !b.in.Resize(bytes); !b.noRoom {
		b.reserved = bytes
	}
	return !b.noRoom
}

// Reserve reserves room for data that has that many bytes so far and is written in one piece, without Data. It returns the length up to which no more need be
// reserved. If there is no room, it returns false, and the answer gets no data.
func (b *Answer) Reserve(bytes int) (until int, ok bool) {
	if b.in == nil {
		return b.maxBytes, true
	}
	if bytes <= b.reserved {
		return b.reserved, !b.noRoom
	}
	bytes = min(bytes+reserveStep, b.maxBytes)
	if b.noRoom = !b.in.Resize(bytes); !b.noRoom {
		b.reserved = bytes
	}
	return b.reserved, !b.noRoom
}
