package resolvers_test

import (
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"

	"roster/internal/cost"
)

// Of every list in an answer it is known how long it may be: else limits.cost would bound nothing.
func TestEveryListHasASize(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		if diff := cmp.Diff([]string(nil), cost.NewSchema(w.api.Schema().Schema()).Unsized(w.api.Lists())); diff != "" {
			t.Errorf("say in the schema by @listSize, or in unsized, how long these are (-want +got):\n%s", diff)
		}
	})
}
