// Package bounds limits one answer while it is made: the number and total length of its errors, the length of its data, and the memory that it takes from
// what all answers share. It does not know what the answer means.
package bounds

import (
	"context"
	"sync"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"roster/internal/echo"
)

// BytesOfError is the average length that an error may have, in bytes of JSON.
const BytesOfError = 640

// reserveStep is the number of bytes that are reserved beyond the present length of the data.
const reserveStep = 64 << 10

// countFrom is the length from which on the whole data is counted before more of it is written. A growing buffer can be twice as large as its content, and
// leaves as much garbage behind, so the buffer of long data is allocated at once.
const countFrom = 256 << 10

// Room is the memory for answers that are not yet sent.
type Room interface {
	// Resize changes the answer's reservation to that many bytes in total. It returns false if there is not enough room.
	Resize(bytes int) bool
}

// Answer limits the answers of one operation, one answer after another. Nil limits nothing. An Answer is safe for concurrent use.
type Answer struct {
	maxErrors, maxBytes int

	mu                          sync.Mutex
	errors, errorBytes, omitted int
	full                        bool                // no other error is admitted
	parts                       []graphql.Marshaler // of the data

	// Used only by the goroutine that writes the data:
	written         int // bytes
	in              Room
	first, reserved int // bytes reserved in the room, at the beginning and now
	noRoom, counted bool
}

// Init sets the limits of an answer: at most maxErrors errors and maxBytes bytes of data. The data needs room; its first bytes are reserved already. If room
// is nil, only maxBytes limits the data.
func (b *Answer) Init(maxErrors, maxBytes int, room Room, first int) {
	*b = Answer{maxErrors: maxErrors, maxBytes: maxBytes, in: room, first: first, reserved: first}
}

type key struct{}

// ContextKey is the key of the limits in a context, for contexts that have several values.
var ContextKey any = key{}

// FromContext returns the limits of a context, or nil.
func FromContext(ctx context.Context) *Answer {
	b, _ := ctx.Value(key{}).(*Answer)
	return b
}

// Admit shortens an error's message, counts the error, and reports whether it may be part of the answer.
func (b *Answer) Admit(e *gqlerror.Error) bool {
	if message := echo.Message(e.Message); message != e.Message {
		e.Message = message
	}
	if b == nil {
		return true
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	n := size(e)
	b.full = b.full || b.errors == b.maxErrors || b.errors > 0 && b.errorBytes+n > b.maxErrors*BytesOfError
	if b.full {
		b.omitted++
		return false
	}
	b.errors++
	b.errorBytes += n
	return true
}

// Add calls of and adds its error to the list, if there is room for it. After the first error without room, Add calls of no more.
func (b *Answer) Add(list gqlerror.List, of func() *gqlerror.Error) gqlerror.List {
	if b != nil {
		b.mu.Lock()
		full := b.full
		b.mu.Unlock()
		if full {
			b.Omit(1)
			return list
		}
	}
	if e := of(); b.Admit(e) {
		list = append(list, e)
	}
	return list
}

// AddAll adds the errors for which there is room.
func (b *Answer) AddAll(list, errs gqlerror.List) gqlerror.List {
	for _, e := range errs {
		list = b.Add(list, func() *gqlerror.Error { return e })
	}
	return list
}

// Omit counts errors that were omitted.
func (b *Answer) Omit(n int) {
	if b == nil || n == 0 {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.omitted += n
}

// Omitted returns how many errors of the present answer were omitted.
func (b *Answer) Omitted() int {
	if b == nil {
		return 0
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.omitted
}

// Next starts the next answer.
func (b *Answer) Next() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.errors, b.errorBytes, b.omitted, b.full, b.written = 0, 0, 0, false, 0
	b.reserved, b.noRoom, b.counted, b.parts = b.first, false, false, nil
}

// Length returns the approximate length of errors as JSON, in bytes.
func Length(errs gqlerror.List) (n int) {
	for _, e := range errs {
		n += size(e)
	}
	return n
}

// size returns the approximate length of an error as JSON.
func size(e *gqlerror.Error) int {
	return 64 + len(e.Message) + 32*len(e.Locations) + sizeOf(e.Path) + sizeOf(e.Extensions)
}

func sizeOf(v any) (n int) {
	switch v := v.(type) {
	case string:
		n = len(v) + 3
	case ast.PathName:
		n = len(v) + 3
	case ast.Path:
		for _, step := range v {
			n += sizeOf(step)
		}
	case []any:
		for _, item := range v {
			n += sizeOf(item)
		}
	case map[string]any:
		for name, value := range v {
			n += len(name) + 4 + sizeOf(value)
		}
	default:
		n = 8
	}
	return n
}

// Data limits what is written of one part of the data. All parts are made before the first one is written. A part can be written several times.
func (b *Answer) Data(m graphql.Marshaler) graphql.Marshaler {
	if b == nil || m == graphql.Null { // the executor compares with graphql.Null
		return m
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.parts = append(b.parts, m)
	return bounded{m, b}
}

// MaxBytes returns the greatest length of the data of an answer.
func (b *Answer) MaxBytes() int { return b.maxBytes }

// TooLong reports whether the data is longer than allowed. It is truncated then.
func (b *Answer) TooLong(data []byte) bool { return b != nil && max(b.written, len(data)) > b.maxBytes }
