package generation_test

import (
	"bytes"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"roster/connectors"
	"roster/internal/directory"
	"roster/internal/generation"
	"roster/internal/snapshot"
)

// failingWith builds directories, and fails in the given way with an account of that ID.
func failingWith(id string, fail generation.Builder) generation.Builder {
	return func(stop func() bool, rules directory.Rules, data []directory.SourceData) (*directory.Directory, error) {
		for _, d := range data {
			if slices.ContainsFunc(d.Accounts, func(a connectors.Account) bool { return a.ID == id }) {
				return fail(stop, rules, data)
			}
		}
		return directory.BuildUntil(stop, rules, data)
	}
}

func panics(func() bool, directory.Rules, []directory.SourceData) (*directory.Directory, error) {
	panic("secret of a source")
}

// goesOn takes as long as it may.
func goesOn(stop func() bool, _ directory.Rules, _ []directory.SourceData) (*directory.Directory, error) {
	for !stop() {
		time.Sleep(time.Second)
	}
	return nil, directory.ErrStopped
}

// statuses gives of each source's accounts the state, how many are served, and what is wrong.
func (r running) statuses() map[string]string {
	out := make(map[string]string)
	for _, st := range r.Statuses() {
		out[st.Source] = fmt.Sprintf("%s %d", st.State, st.Count)
		if st.Err != nil {
			out[st.Source] += " " + st.Err.Detail
		}
	}
	return out
}

const (
	broken  = "the directory cannot be built with its data: what was read before is served"
	tooLong = "the directory takes too long to build with its data: what was read before is served"
)

// With the data of one source the directory cannot be built: that source goes on with its data before, and is blamed, and the others are not held up.
func TestSourceThatBreaksTheBuild(t *testing.T) {
	for name, tc := range map[string]struct {
		fail   generation.Builder
		detail string
	}{"a panic": {panics, broken}, "a build that does not end": {goesOn, tooLong}} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				var log bytes.Buffer
				a, b := &listing{pages: [][]connectors.Account{people("1")}}, &listing{pages: [][]connectors.Account{people("2")}}
				r := runBuilding(t, failingWith("bad", tc.fail), slog.New(slog.NewTextHandler(&log, nil)), source("a", a), source("b", b))
				if !r.AwaitFirst(t.Context()) {
					t.Fatal("the first reading has not ended")
				}
				a.set(func(l *listing) { l.pages = [][]connectors.Account{people("1", "bad")} })
				b.set(func(l *listing) { l.pages = [][]connectors.Account{people("2", "3")} })
				r.sees("a's data before, and b's", "Person 1", "Person 2", "Person 3")
				b.set(func(l *listing) { l.pages = [][]connectors.Account{people("2", "4")} })
				r.sees("what b has later", "Person 1", "Person 2", "Person 4")
				want := map[string]string{"a": "stale 1 " + tc.detail, "b": "fresh 2"}
				if diff := cmp.Diff(want, r.statuses()); diff != "" {
					t.Errorf("(-want +got):\n%s", diff)
				}
				if missing := r.now().Missing(all); len(missing) != 0 {
					t.Errorf("an answer lacks %v", missing)
				}
				a.set(func(l *listing) { l.pages = [][]connectors.Account{people("1", "5")} })
				r.sees("a's data again", "Person 1", "Person 2", "Person 4", "Person 5")
				if diff := cmp.Diff(map[string]string{"a": "fresh 2", "b": "fresh 2"}, r.statuses()); diff != "" {
					t.Errorf("(-want +got):\n%s", diff)
				}
				r.end()
				if told := log.String(); !strings.Contains(told, "source=a") || strings.Contains(told, "source=b") || strings.Contains(told, "secret") {
					t.Errorf("the log tells:\n%s", told)
				}
			})
		})
	}
}

// sees waits until the directory holds these people.
func (r running) sees(what string, want ...string) {
	r.t.Helper()
	for range 60 * 60 {
		r.keeper.Take(r.Keys(accounts)) // somebody asks
		if slices.Equal(want, names(r.t, r.now().Directory)) {
			return
		}
		time.Sleep(time.Second)
		synctest.Wait()
	}
	r.t.Fatalf("in vain waited for %s: the directory holds %q", what, names(r.t, r.now().Directory))
}

// A source whose first data breaks the build is missing, and holds nobody up.
func TestSourceThatBreaksTheFirstBuild(t *testing.T) {
	bubble(t, func(t *testing.T) {
		a, b := &listing{pages: [][]connectors.Account{people("bad")}}, &listing{pages: [][]connectors.Account{people("2")}}
		r := runBuilding(t, failingWith("bad", panics), slog.New(slog.DiscardHandler), source("a", a), source("b", b))
		if !r.AwaitFirst(t.Context()) {
			t.Fatal("the program never becomes ready")
		}
		asked := time.Now()
		view := r.now()
		if took := time.Since(asked); took != 0 {
			t.Errorf("a query waits %s for what does not come", took)
		}
		if diff := cmp.Diff([]string{"Person 2"}, names(t, view.Directory)); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
		missing := view.Missing(all)
		if len(missing) != 1 || missing[0].Source != "a" || missing[0].State != snapshot.Missing || missing[0].Err == nil || missing[0].Err.Detail != broken {
			t.Errorf("the answer lacks %v", missing)
		}
	})
}

// A build under way holds up neither the end of the program nor what has been published.
func TestBuildEndsWithTheProgram(t *testing.T) {
	bubble(t, func(t *testing.T) {
		a := &listing{pages: [][]connectors.Account{people("1")}}
		began := make(chan struct{})
		r := runBuilding(t, failingWith("bad", func(stop func() bool, rules directory.Rules, data []directory.SourceData) (*directory.Directory, error) {
			close(began)
			return goesOn(stop, rules, data)
		}), slog.New(slog.DiscardHandler), source("a", a))
		if !r.AwaitFirst(t.Context()) {
			t.Fatal("the first reading has not ended")
		}
		a.set(func(l *listing) { l.pages = [][]connectors.Account{people("bad")} })
		<-began
		start := time.Now()
		r.end()
		if took := time.Since(start); took > time.Second {
			t.Errorf("it ends after %s", took)
		}
	})
}
