package resolvers

import (
	"context"
	"fmt"
	"sync/atomic"

	"github.com/vektah/gqlparser/v2/gqlerror"
)

// maxItems is the number of items that all pages of one operation may have together. Nested pages multiply, so a short document could otherwise need more
// memory than there is.
const maxItems = 100_000

// codeTimeout is the code of an operation that has run out of time.
const codeTimeout = "TIMEOUT"

func tookTooLong() *gqlerror.Error {
	return &gqlerror.Error{Message: "the operation took too long; what was left is null", Extensions: map[string]any{"code": codeTimeout}}
}

// pageLimit limits the items of one operation.
type pageLimit struct {
	items atomic.Int64
	full  atomic.Bool
}

// admit adds a page's items. Beyond the limit, or after the operation's time, further pages are null, with one error for all of them.
func (l *pageLimit) admit(ctx context.Context, items int) (bool, error) {
	var refusal *gqlerror.Error
	switch {
	case ctx.Err() != nil:
		refusal = tookTooLong()
	case l.items.Add(int64(items)) <= maxItems:
		return true, nil
	default:
		refusal = tookTooLong()
		refusal.Message = fmt.Sprintf("its pages hold more than %d items in all; what was left is null: ask for less at a time", maxItems)
		refusal.Extensions["code"] = codeBadInput
	}
	if l.full.Swap(true) {
		return false, nil
	}
	return false, refusal
}
