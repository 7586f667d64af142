package freshness

import (
	"context"
	"time"
)

// Exchange is what is said about freshness in one operation: its requirement, and what its answer is. It belongs to the operation's own goroutine.
type Exchange struct {
	Requirement Requirement
	// Place is where its answer tells what sources lack.
	Place Place
	// Answer is nil where no data of a source was needed.
	Answer *Answer
	// Lacking says that sources lack something, or have it older than asked, whether or not the answer tells it as an error.
	Lacking bool
}

// Answer says how old the data of an answer is, and for how long it stays fresh.
type Answer struct {
	// OldestAt is when the oldest of it was read; zero where there is none.
	OldestAt time.Time
	// FreshUntil is until when all of it counts as fresh.
	FreshUntil time.Time
}

// Age is how old the answer is at that time, in whole seconds. There is none where there is no data.
func (a *Answer) Age(now time.Time) (seconds int, ok bool) {
	if a.OldestAt.IsZero() {
		return 0, false
	}
	return max(0, int(now.Sub(a.OldestAt)/time.Second)), true
}

// Lifetime is for how many seconds from its reading the answer is good. A cache takes the Age off it, and keeps the answer for the rest.
func (a *Answer) Lifetime(now time.Time) int {
	age, _ := a.Age(now)
	return age + max(0, int(a.FreshUntil.Sub(now)/time.Second))
}

type exchangeKey struct{}

// NewContext gives a context in which an operation finds its exchange.
func NewContext(ctx context.Context, e *Exchange) context.Context {
	return context.WithValue(ctx, exchangeKey{}, e)
}

// FromContext gives the operation's exchange; an empty one where it has none, as when no request is behind it.
func FromContext(ctx context.Context) *Exchange {
	if e, ok := ctx.Value(exchangeKey{}).(*Exchange); ok {
		return e
	}
	return &Exchange{}
}
