package freshness

import (
	"context"
	"time"
)

// Exchange holds the freshness requirement of one operation and the freshness of its answer. Only the operation's own goroutine may use
// it.
type Exchange struct {
	// Began is when the operation arrived; zero if it has not come from a client.
	Began       time.Time
	Requirement Requirement
	// Place is where the answer reports what sources lack.
	Place Place
	// Answer is nil if the operation needed no data of a source.
	Answer *Answer
	// Lacking is true if sources lack data, or have only data older than required, whether or not the answer reports this as an error.
	Lacking bool
	// Reusable is the origin of the answer, if other operations may get it too; otherwise nil.
	Reusable Reusable
	// Series is the export to which the operation belongs; nil for none.
	Series *Series

	answer Answer
}

// Series is a sequence of operations that use the same data: the pages of an export.
type Series struct {
	// Data is the data of the first operation, which sets it. The others use it.
	Data any
	// Columns are the columns of the export, for the access log.
	Columns []string
	// Missing and Stale are the sources that lack data of the export, in whole or in part, and those of which it has older data. The first operation sets them.
	Missing, Stale []string
}

// SetAnswer sets Answer.
func (e *Exchange) SetAnswer(a Answer) {
	e.answer = a
	e.Answer = &e.answer
}

// Answer states how old the data of an answer is, and how long it stays fresh.
type Answer struct {
	// OldestAt is when the oldest data was fetched; zero if there is no data.
	OldestAt time.Time
	// FreshUntil is the time until which all of the data counts as fresh.
	FreshUntil time.Time
}

// Age returns the age of the answer at the time now, in whole seconds. ok is false if there is no data.
func (a *Answer) Age(now time.Time) (seconds int, ok bool) {
	if a.OldestAt.IsZero() {
		return 0, false
	}
	return max(0, int(now.Sub(a.OldestAt)/time.Second)), true
}

// Lifetime returns for how many seconds after its fetch the answer is fresh. A cache subtracts the Age from it, and keeps the answer for
// the rest.
func (a *Answer) Lifetime(now time.Time) int {
	age, _ := a.Age(now)
	return age + max(0, int(a.FreshUntil.Sub(now)/time.Second))
}

type exchangeKey struct{}

// ContextKey is the key of an operation's exchange in a context, for contexts that have several values.
var ContextKey any = exchangeKey{}

// FromContext returns the operation's exchange. It returns an empty exchange if the context carries none, as when no request exists.
func FromContext(ctx context.Context) *Exchange {
	if e, ok := ctx.Value(exchangeKey{}).(*Exchange); ok {
		return e
	}
	return &Exchange{}
}
