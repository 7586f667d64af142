package resolvers_test

import (
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"

	"roster/internal/cost"
)

// The length of every list in an answer is known. Otherwise limits.cost would not limit anything.
func TestEveryListHasASize(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newTestServer(t)
		if diff := cmp.Diff([]string(nil), cost.NewSchema(w.api.Schema().Schema()).Unsized(w.api.Lists())); diff != "" {
			t.Errorf("declare with @listSize in the schema, or in unsized, how long these lists are (-want +got):\n%s", diff)
		}
	})
}
