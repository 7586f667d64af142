package generation_test

import (
	"log/slog"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"roster/connectors"
	"roster/internal/directory"
)

// An incomplete fetch of the source that decides who works here takes nobody from the leavers, and adds nobody until a complete one confirms it. Without
// anything new, it does not build a directory.
func TestLeaversOfAnIncompleteAuthority(t *testing.T) {
	bubble(t, func(t *testing.T) {
		working, left := staff("1", true), staff("1", false)
		hr := &listing{pages: [][]connectors.Account{{working, staff("2", true)}}}
		chat := &listing{pages: [][]connectors.Account{{staff("1", true), staff("2", true)}}}
		r := runBy(t, directory.Rules{Authority: "hr"}, directory.BuildUntil, slog.New(slog.DiscardHandler), source("hr", hr), source("chat", chat))
		if !r.AwaitFirst(t.Context()) {
			t.Fatal("the first fetch has not ended")
		}
		fetch := func(short bool, had ...connectors.Account) *directory.Directory {
			t.Helper()
			hr.set(func(l *listing) { l.pages, l.short = [][]connectors.Account{had}, short })
			time.Sleep(30 * time.Second)
			if _, ok := r.keeper.Refresh(r.Keys(accounts)[0]); !ok {
				t.Fatal("the source is not fetched")
			}
			time.Sleep(time.Second)
			synctest.Wait()
			return r.now().Directory
		}
		complete := fetch(false, left, staff("2", true))
		for i, step := range []struct {
			short    bool
			accounts []connectors.Account
			want     []string
			same     bool
		}{
			{true, []connectors.Account{left}, []string{"Person 1"}, true},
			{true, []connectors.Account{left, staff("2", false)}, []string{"Person 1"}, false},
			{false, []connectors.Account{left, staff("2", false)}, []string{"Person 1", "Person 2"}, false},
			{true, []connectors.Account{left}, []string{"Person 1", "Person 2"}, true},
		} {
			d := fetch(step.short, step.accounts...)
			if got := leavers(t, d); !slices.Equal(got, step.want) {
				t.Errorf("fetch %d: leavers are %v, want %v", i, got, step.want)
			}
			if (d == complete) != step.same {
				t.Errorf("fetch %d: the directory is the same: %t", i, d == complete)
			}
			complete = d
		}
	})
}

func staff(id string, active bool) connectors.Account {
	a := people(id)[0]
	a.Active, a.Emails = active, []connectors.Email{{Address: id + "@x.example"}}
	return a
}

func leavers(t *testing.T, d *directory.Directory) []string {
	t.Helper()
	page, err := d.Users(&directory.UserFilter{Leaver: new(true)}, directory.UserOrder{}, directory.PageArgs{})
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, u := range page.Nodes() {
		names = append(names, u.Name)
	}
	return names
}
