// Package bounds bounds one answer while it is made: how many errors it has and how long they are together, how long its data is, and whether there is
// room for it beside other answers. It knows nothing of what the answer says.
package bounds

import (
	"context"
	"sync"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"roster/internal/echo"
)

// BytesOfError is how many bytes an error may have on average, as JSON.
const BytesOfError = 640

// reserveStep is how much more room is reserved for the data than it has come to.
const reserveStep = 64 << 10

// countFrom is how long the data becomes before all of it is counted. A buffer that grows as it is filled may have twice as many bytes as are in it, and
// leaves as many behind: long data gets its buffer in one piece.
const countFrom = 256 << 10

// Room is where answers are kept until they have been written.
type Room interface {
	// Resize reserves that many bytes in all for the answer, and is false where there is no room for them.
	Resize(bytes int) bool
}

// Answer bounds the answers of one operation, one answer after the other. Nil bounds nothing. They are safe for concurrent use.
type Answer struct {
	maxErrors, maxBytes int

	mu                          sync.Mutex
	errors, errorBytes, omitted int
	parts                       []graphql.Marshaler // of the data

	// Of the one goroutine that writes the data:
	written         int // bytes
	in              Room
	first, reserved int // bytes of the room, at the beginning and at present
	noRoom, counted bool
}

// New gives bounds for answers with at most that many errors, and at most that many bytes of data, for which there has to be room. The first bytes of it
// are reserved already. A nil room has room for everything.
func New(maxErrors, maxBytes int, room Room, first int) *Answer {
	return &Answer{maxErrors: maxErrors, maxBytes: maxBytes, in: room, first: first, reserved: first}
}

type key struct{}

// NewContext gives a context that knows the bounds.
func NewContext(ctx context.Context, b *Answer) context.Context {
	return context.WithValue(ctx, key{}, b)
}

// FromContext gives the bounds of a context; nil where it has none.
func FromContext(ctx context.Context) *Answer {
	b, _ := ctx.Value(key{}).(*Answer)
	return b
}

// Admit counts an error that is about to become part of the answer, and says whether it may. It cuts the error's message.
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
	if !b.room() || b.errors > 0 && b.errorBytes+n > b.maxErrors*BytesOfError {
		b.omitted++
		return false
	}
	b.errors++
	b.errorBytes += n
	return true
}

// Add adds an error to a list where there is room for one. Only then is the error made.
func (b *Answer) Add(list gqlerror.List, of func() *gqlerror.Error) gqlerror.List {
	if b != nil {
		b.mu.Lock()
		room := b.room()
		b.mu.Unlock()
		if !room {
			b.Omit(1)
			return list
		}
	}
	if e := of(); b.Admit(e) {
		list = append(list, e)
	}
	return list
}

// AddAll adds those of some errors for which there is room.
func (b *Answer) AddAll(list, errs gqlerror.List) gqlerror.List {
	for _, e := range errs {
		list = b.Add(list, func() *gqlerror.Error { return e })
	}
	return list
}

func (b *Answer) room() bool {
	return b.errors < b.maxErrors && b.errorBytes < b.maxErrors*BytesOfError
}

// Omit counts errors that were left out.
func (b *Answer) Omit(n int) {
	if b == nil || n == 0 {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.omitted += n
}

// Omitted is how many errors were left out of the present answer.
func (b *Answer) Omitted() int {
	if b == nil {
		return 0
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.omitted
}

// Next begins the next answer.
func (b *Answer) Next() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.errors, b.errorBytes, b.omitted, b.written = 0, 0, 0, 0
	b.reserved, b.noRoom, b.counted, b.parts = b.first, false, false, nil
}

// Length is about how long errors are as JSON.
func Length(errs gqlerror.List) (n int) {
	for _, e := range errs {
		n += size(e)
	}
	return n
}

// size is about how long an error is as JSON.
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

// Data bounds what is written of a part of the data. All parts are made before the first is written, and a part can be written more than once.
func (b *Answer) Data(m graphql.Marshaler) graphql.Marshaler {
	if b == nil || m == graphql.Null { // which the executor looks for
		return m
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.parts = append(b.parts, m)
	return bounded{m, b}
}

// MaxBytes is how long the data of an answer may be.
func (b *Answer) MaxBytes() int { return b.maxBytes }

// TooLong says whether the data is longer than it may be. It is cut off then.
func (b *Answer) TooLong(data []byte) bool { return b != nil && max(b.written, len(data)) > b.maxBytes }
