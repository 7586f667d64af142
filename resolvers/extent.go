package resolvers

import (
	"context"
	"fmt"
	"sync/atomic"

	"github.com/vektah/gqlparser/v2/gqlerror"
)

// maxItems is how many items all the pages of one operation may hold. Pages within pages multiply: a short document could else ask for more than
// there is memory for.
const maxItems = 100_000

// codeTimeout is for an operation whose time is over.
const codeTimeout = "TIMEOUT"

func tookTooLong() *gqlerror.Error {
	return &gqlerror.Error{Message: "the operation took too long; what was left is null", Extensions: map[string]any{"code": codeTimeout}}
}

// extent bounds what an operation gathers.
type extent struct {
	items atomic.Int64
	full  atomic.Bool
}

// admit counts a page's items in. Once there are too many, or the operation's time is over, further pages are null, with one error for them all.
func (e *extent) admit(ctx context.Context, items int) (bool, error) {
	refusal := tookTooLong()
	if ctx.Err() == nil {
		if e.items.Add(int64(items)) <= maxItems {
			return true, nil
		}
		refusal.Message = fmt.Sprintf("its pages hold more than %d items in all; what was left is null: ask for less at a time", maxItems)
		refusal.Extensions["code"] = codeBadInput
	}
	if e.full.Swap(true) {
		return false, nil
	}
	return false, refusal
}
