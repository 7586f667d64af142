package freshness

import (
	"context"
	"time"
)

// Reusable is the origin of an answer that further operations may get too. It is safe for concurrent use.
type Reusable interface {
	// Reuse reports whether an operation that begins at the present time now would get the same answer, and how fresh its data is; zero if it needs no data
	// of a source. If so, the operation counts as one that has asked for that data.
	Reuse(now time.Time) (Answer, bool)
	// Record records who gets the answer of an operation that began at that time. It returns an error, for the caller, if the answer may not be given without
	// a record.
	Record(ctx context.Context, began time.Time) error
}
