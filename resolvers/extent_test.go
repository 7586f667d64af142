package resolvers

import (
	"context"
	"errors"
	"testing"

	"github.com/vektah/gqlparser/v2/gqlerror"
)

func TestExtent(t *testing.T) {
	t.Parallel()
	over, cancel := context.WithCancel(t.Context())
	cancel()
	for name, c := range map[string]struct {
		ctx   context.Context
		pages []int
		want  []bool
		code  string
	}{
		"enough":        {t.Context(), []int{500, 99_500}, []bool{true, true}, ""},
		"too much":      {t.Context(), []int{99_999, 2, 500, 500}, []bool{true, false, false, false}, codeBadInput},
		"time is over":  {over, []int{0, 0}, []bool{false, false}, codeTimeout},
		"counting only": {t.Context(), []int{100_000, 0}, []bool{true, true}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var e extent
			var errs []error
			for i, n := range c.pages {
				ok, err := e.admit(c.ctx, n)
				if ok != c.want[i] {
					t.Errorf("page %d: admitted %v", i, ok)
				}
				if err != nil {
					errs = append(errs, err)
				}
			}
			if c.code == "" {
				if len(errs) > 0 {
					t.Errorf("errors %v, want none", errs)
				}
				return
			}
			e1, ok := errors.AsType[*gqlerror.Error](errors.Join(errs...))
			if len(errs) != 1 || !ok || e1.Extensions["code"] != c.code {
				t.Errorf("errors %v, want one, with code %s", errs, c.code)
			}
		})
	}
}
