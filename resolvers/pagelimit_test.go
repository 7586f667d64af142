package resolvers

import (
	"context"
	"errors"
	"strconv"
	"testing"

	"github.com/vektah/gqlparser/v2/gqlerror"

	"roster/connectors"
	"roster/internal/directory"
	"roster/internal/generation"
)

func TestPageLimit(t *testing.T) {
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
			var e pageLimit
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

// A page that takes long stops when its operation ends, and its error says why.
func TestPageEndsWithTheOperation(t *testing.T) {
	t.Parallel()
	people := make([]connectors.Account, 10_000)
	for i := range people {
		people[i].ID = strconv.Itoa(i)
	}
	built := directory.Build(directory.Rules{}, []directory.SourceData{{Name: "a", Accounts: people}})
	ctx, cancel := context.WithCancel(t.Context())
	op := new(operation)
	op.setView(ctx, &generation.View{Directory: built})
	ask := func() (*directory.UserConnection, error) {
		return new(Resolver).userPage(context.WithValue(ctx, operationKey{}, op), func(d *directory.Directory) (*directory.UserConnection, error) {
			cancel() // the client disconnects while the page is being built
			page, err := d.Users(&directory.UserFilter{MinAccounts: new(1)}, directory.UserOrder{}, directory.PageArgs{})
			if !errors.Is(err, directory.ErrStopped) {
				t.Errorf("the query looked at everyone: %v", err)
			}
			return page, err
		})
	}
	page, err := ask()
	if e, ok := errors.AsType[*gqlerror.Error](err); page != nil || !ok || e.Extensions["code"] != codeTimeout {
		t.Errorf("%v, %v", page, err)
	}
	if page, err := ask(); page != nil || err != nil {
		t.Errorf("the next page: %v, %v; want no further error", page, err)
	}
	if e := new(Resolver).ErrorPresenter(t.Context(), directory.ErrStopped); e.Extensions["code"] != codeTimeout {
		t.Errorf("the error of another field is %v", e)
	}
}
