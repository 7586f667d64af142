package connectors

import (
	"context"
	"sync"

	"golang.org/x/sync/semaphore"
)

// Memory bounds how many bytes of answers are held at a time, by all sources together. Safe for concurrent use.
type Memory struct {
	size int64
	free *semaphore.Weighted
}

// NewMemory returns a bound of so many bytes.
func NewMemory(bytes int) *Memory {
	return &Memory{size: int64(bytes), free: semaphore.NewWeighted(int64(bytes))}
}

// Reserve waits until so many bytes are free, in the order of those who wait; what is more than there are waits until all are. The error is the
// context's. Release gives them back, once however often it is called. A nil Memory bounds nothing.
func (m *Memory) Reserve(ctx context.Context, bytes int) (release func(), err error) {
	if m == nil {
		return func() {}, nil
	}
	n := min(int64(bytes), m.size)
	if err := m.free.Acquire(ctx, n); err != nil {
		return nil, err
	}
	return sync.OnceFunc(func() { m.free.Release(n) }), nil
}

type fetchKey struct{}

// fetch is one fetch of a collection, which has one answer at a time.
type fetch struct {
	mu      sync.Mutex
	release func()
}

// WithFetch returns a context for one fetch of a collection. What its latest answer has reserved is kept until the next call, or until end: the rows are
// read from it.
func WithFetch(ctx context.Context) (fetching context.Context, end func()) {
	f := new(fetch)
	return context.WithValue(ctx, fetchKey{}, f), func() { f.hold(nil) }
}

// KeepReserved keeps what an answer has reserved for as long as the context's fetch needs the answer; where there is no fetch, it is given back at once.
// Nil gives back what was kept before.
func KeepReserved(ctx context.Context, release func()) {
	if f, ok := ctx.Value(fetchKey{}).(*fetch); ok {
		f.hold(release)
	} else if release != nil {
		release()
	}
}

func (f *fetch) hold(release func()) {
	f.mu.Lock()
	before := f.release
	f.release = release
	f.mu.Unlock()
	if before != nil {
		before()
	}
}
