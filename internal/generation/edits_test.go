package generation_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"roster/connectors"
	"roster/internal/directory"
	"roster/internal/generation"
	"roster/internal/snapshot"
)

// edits are edits that a test changes.
type edits struct {
	mu      sync.Mutex
	list    []directory.Edit
	number  uint64
	changed chan struct{}
}

func newEdits() *edits { return &edits{changed: make(chan struct{}, 1)} }

func (e *edits) link(refs ...connectors.Ref) uint64 {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.list = append(e.list, directory.Edit{ID: "e", Links: [][]connectors.Ref{refs}})
	e.number++
	e.changed <- struct{}{}
	return e.number
}

func (e *edits) Rules(r directory.Rules) (directory.Rules, uint64) {
	e.mu.Lock()
	defer e.mu.Unlock()
	r.Edits = e.list
	return r, e.number
}

func (e *edits) Follow() (<-chan struct{}, func()) { return e.changed, func() {} }

func runWithEdits(t *testing.T, build generation.Builder, log *slog.Logger, e *edits, sources ...*connectors.Source) *generation.Publisher {
	t.Helper()
	keeper := snapshot.New(snapshot.Options{Sources: sources})
	var trusted []generation.Source
	for _, s := range sources {
		trusted = append(trusted, generation.Source{Source: s})
	}
	p := generation.New(generation.Options{Keeper: keeper, Sources: trusted, Edits: e, Logger: log})
	p.BuildBy(build)
	ctx, stop := context.WithCancel(t.Context())
	var parts sync.WaitGroup
	parts.Go(func() { _ = keeper.Run(ctx) })
	parts.Go(func() { _ = p.Run(ctx) })
	t.Cleanup(func() {
		stop()
		parts.Wait()
	})
	if !p.AwaitFirst(t.Context()) {
		t.Fatal("the first fetch has not ended")
	}
	return p
}

func ref(id string) connectors.Ref { return connectors.Ref{Source: "a", ID: id} }

// A new edit is in the next directory, without a fetch.
func TestEditsArePublished(t *testing.T) {
	bubble(t, func(t *testing.T) {
		e := newEdits()
		p := runWithEdits(t, directory.BuildUntil, nil, e, source("a", &listing{pages: [][]connectors.Account{people("1", "2", "3")}}))
		before := p.Current().Version()
		number := e.link(ref("1"), ref("2"))
		if !p.AwaitEdits(t.Context(), number) {
			t.Fatal("the edit is not published")
		}
		if diff := cmp.Diff([]string{"Person 1", "Person 3"}, names(t, p.Directory())); diff != "" {
			t.Errorf("people (-want +got):\n%s", diff)
		}
		if p.Current().Version().Content == before.Content {
			t.Error("the version of the generation is the same, so that cached answers stay")
		}
		soon, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if p.AwaitEdits(soon, number+1) {
			t.Error("an edit is published that nobody has made")
		}
	})
}

// A source whose data breaks the build does not delay an edit.
func TestEditIsPublishedBesideBrokenData(t *testing.T) {
	bubble(t, func(t *testing.T) {
		e, a, b := newEdits(), &listing{pages: [][]connectors.Account{people("1", "2")}}, &listing{pages: [][]connectors.Account{people("7")}}
		p := runWithEdits(t, failingWith("bad", panics), nil, e, source("a", a), source("b", b))
		b.set(func(l *listing) { l.pages = [][]connectors.Account{people("7", "bad")} })
		time.Sleep(10 * time.Minute)
		synctest.Wait()
		if !p.AwaitEdits(t.Context(), e.link(ref("1"), ref("2"))) {
			t.Fatal("the edit is not published")
		}
		if diff := cmp.Diff([]string{"Person 1", "Person 7"}, names(t, p.Directory())); diff != "" {
			t.Errorf("people (-want +got):\n%s", diff)
		}
	})
}

// If the directory cannot be built with an edit, the earlier rules stay in use, and new data is still published.
func TestEditThatBreaksTheBuild(t *testing.T) {
	bubble(t, func(t *testing.T) {
		var log bytes.Buffer
		e, a := newEdits(), &listing{pages: [][]connectors.Account{people("1", "2")}}
		build := func(stop func() bool, rules directory.Rules, data []directory.SourceData) (*directory.Directory, error) {
			if len(rules.Edits) > 0 {
				return nil, errors.New("no")
			}
			return directory.BuildUntil(stop, rules, data)
		}
		p := runWithEdits(t, build, slog.New(slog.NewTextHandler(&log, nil)), e, source("a", a))
		number := e.link(ref("1"), ref("2"))
		soon, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if p.AwaitEdits(soon, number) {
			t.Error("the edit counts as published")
		}
		a.set(func(l *listing) { l.pages = [][]connectors.Account{people("1", "2", "3")} })
		time.Sleep(10 * time.Minute)
		synctest.Wait()
		if diff := cmp.Diff([]string{"Person 1", "Person 2", "Person 3"}, names(t, p.Directory())); diff != "" {
			t.Errorf("people (-want +got):\n%s", diff)
		}
		if !bytes.Contains(log.Bytes(), []byte("the earlier ones stay in use")) {
			t.Errorf("the log does not say so: %s", log.String())
		}
	})
}
