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

// failingWith builds directories, but fails in the given way if there is an account with that ID.
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

// neverEnds builds until it is stopped.
func neverEnds(stop func() bool, _ directory.Rules, _ []directory.SourceData) (*directory.Directory, error) {
	for !stop() {
		time.Sleep(time.Second)
	}
	return nil, directory.ErrStopped
}

// statuses returns for each source's accounts the state, the number that is served, and the error.
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

// If the directory cannot be built with the data of one source, that source's earlier data is served with an error, and other sources are not delayed.
func TestSourceThatBreaksTheBuild(t *testing.T) {
	for name, tc := range map[string]struct {
		fail   generation.Builder
		detail string
	}{"a panic": {panics, broken}, "a build that does not end": {neverEnds, tooLong}} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				var log bytes.Buffer
				a, b := &listing{pages: [][]connectors.Account{people("1")}}, &listing{pages: [][]connectors.Account{people("2")}}
				r := runBuilding(t, failingWith("bad", tc.fail), slog.New(slog.NewTextHandler(&log, nil)), source("a", a), source("b", b))
				if !r.AwaitFirst(t.Context()) {
					t.Fatal("the first fetch has not ended")
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
					t.Errorf("sources missing from an answer: %v", missing)
				}
				a.set(func(l *listing) { l.pages = [][]connectors.Account{people("1", "5")} })
				r.sees("a's data again", "Person 1", "Person 2", "Person 4", "Person 5")
				if diff := cmp.Diff(map[string]string{"a": "fresh 2", "b": "fresh 2"}, r.statuses()); diff != "" {
					t.Errorf("(-want +got):\n%s", diff)
				}
				r.end()
				if logged := log.String(); !strings.Contains(logged, "source=a") || strings.Contains(logged, "source=b") || strings.Contains(logged, "secret") {
					t.Errorf("the log:\n%s", logged)
				}
			})
		})
	}
}

// sees waits until the directory has these people.
func (r running) sees(what string, want ...string) {
	r.t.Helper()
	for range 60 * 60 {
		r.keeper.Take(r.Keys(accounts)) // a query
		if slices.Equal(want, names(r.t, r.now().Directory)) {
			return
		}
		time.Sleep(time.Second)
		synctest.Wait()
	}
	r.t.Fatalf("timed out waiting for %s: the directory has %q", what, names(r.t, r.now().Directory))
}

// A source whose first data breaks the build is missing, and delays nobody.
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
			t.Errorf("a query waits %s for data that cannot come", took)
		}
		if diff := cmp.Diff([]string{"Person 2"}, names(t, view.Directory)); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
		missing := view.Missing(all)
		if len(missing) != 1 || missing[0].Source != "a" || missing[0].State != snapshot.Missing || missing[0].Err == nil || missing[0].Err.Detail != broken {
			t.Errorf("sources missing from the answer: %v", missing)
		}
	})
}

// A running build delays neither the end of the program nor what has been published.
func TestBuildEndsWithTheProgram(t *testing.T) {
	bubble(t, func(t *testing.T) {
		a := &listing{pages: [][]connectors.Account{people("1")}}
		began := make(chan struct{})
		r := runBuilding(t, failingWith("bad", func(stop func() bool, rules directory.Rules, data []directory.SourceData) (*directory.Directory, error) {
			close(began)
			return neverEnds(stop, rules, data)
		}), slog.New(slog.DiscardHandler), source("a", a))
		if !r.AwaitFirst(t.Context()) {
			t.Fatal("the first fetch has not ended")
		}
		a.set(func(l *listing) { l.pages = [][]connectors.Account{people("bad")} })
		<-began
		start := time.Now()
		r.end()
		if took := time.Since(start); took > time.Second {
			t.Errorf("Run ends after %s", took)
		}
	})
}
