package changes

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"roster/connectors"
	"roster/internal/directory"
	"roster/internal/generation"
	"roster/internal/snapshot"
)

// stateWith returns a state in which one source has accounts of these names.
func stateWith(names ...string) *State {
	data := directory.SourceData{Name: "a", Kind: "other", Versions: []string{fmt.Sprint(names)}}
	for _, name := range names {
		data.Accounts = append(data.Accounts, connectors.Account{ID: name, Name: name, Active: true})
	}
	d := directory.Build(directory.Rules{}, []directory.SourceData{data})
	return &State{Directory: d, Sources: []SourceState{{ID: d.Sources()[0].ID, Name: "a", Collections: []Holding{{Collection: connectors.Accounts, Complete: true}}}}}
}

func advance(l *Log, state *State, now time.Time) { l.advance(state, Compare(l.state, state), now) }

func anything(*Event) bool { return true }

// labels reads all that the log has after a cursor.
func labels(t *testing.T, l *Log, after string) (out []string) {
	t.Helper()
	r, err := l.Reader(after)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for {
		e, err := r.Next(ctx, anything)
		if err != nil {
			return out
		}
		out = append(out, e.Label)
	}
}

func TestTheFirstDataIsOneChangeOfItsSource(t *testing.T) {
	t.Parallel()
	l := NewLog(Options{10, time.Hour})
	from := l.Cursor()
	advance(l, stateWith("x", "y", "z"), time.Now())
	r, err := l.Reader(from)
	if err != nil {
		t.Fatal(err)
	}
	got, err := r.Next(t.Context(), anything)
	if err != nil || got.Kind != Source || got.Action != Added || !got.Reset || len(labels(t, l, from)) != 1 {
		t.Errorf("%+v, %v", got, err)
	}
}

// A reader gets all changes in their order, or is told that some are missing.
func TestReadersMissNothingUnnoticed(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		l := NewLog(Options{rapid.IntRange(1, 4).Draw(t, "length"), time.Hour})
		advance(l, stateWith(), time.Now())
		var told []string
		cursors := []string{l.Cursor()} // after that many changes
		read := 0
		r, err := l.Reader("")
		if err != nil {
			t.Fatal(err)
		}
		ended, cancel := context.WithCancel(context.Background())
		cancel()
		var names []string
		for i := range rapid.IntRange(1, 20).Draw(t, "steps") {
			if rapid.Bool().Draw(t, "grows") {
				names = append(names, fmt.Sprintf("n%02d", i))
				told = append(told, names[len(names)-1])
				advance(l, stateWith(names...), time.Now())
				cursors = append(cursors, l.Cursor())
				continue
			}
			kept := len(told) - len(l.events)
			e, err := r.Next(ended, anything)
			switch {
			case read < kept:
				if !errors.Is(err, ErrExpired) {
					t.Fatalf("%v, %v: the reader is at %d and the log at %d", e, err, read, kept)
				}
				return
			case read == len(told):
				if !errors.Is(err, context.Canceled) {
					t.Fatalf("%v, %v: the reader is at the end", e, err)
				}
			case err != nil || e.Label != told[read] || e.Cursor != cursors[read+1]:
				t.Fatalf("%v, %v: want %s with %s", e, err, told[read], cursors[read+1])
			default:
				read++
			}
		}
		for n, cursor := range cursors {
			if l.Has(cursor) != (n >= len(told)-len(l.events)) {
				t.Errorf("the log has what follows %s: %v", cursor, l.Has(cursor))
			}
		}
	})
}

// An operation reads the cursor with the directory that it shows. What it does not show comes after it.
func TestTheCursorOfADirectory(t *testing.T) {
	t.Parallel()
	l := NewLog(Options{10, time.Hour})
	first, second, third := stateWith("x"), stateWith("x", "y"), stateWith("x", "y", "z")
	advance(l, first, time.Now())
	before := l.Cursor()
	advance(l, second, time.Now())
	for name, tt := range map[string]struct {
		shown *State
		want  []string
	}{
		"an earlier one": {first, []string{"y"}},
		"the current":    {second, nil},
		"a newer one, which was not compared yet": {third, []string{"y"}},
	} {
		if diff := cmp.Diff(tt.want, labels(t, l, l.CursorOf(tt.shown.Directory, before))); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

func TestOldChangesAreDropped(t *testing.T) {
	t.Parallel()
	l := NewLog(Options{10, time.Minute})
	start := time.Now()
	advance(l, stateWith(), start.Add(-3*time.Minute))
	from := l.Cursor()
	advance(l, stateWith("x"), start.Add(-2*time.Minute))
	later := l.Cursor()
	advance(l, stateWith("x", "y"), start)
	if l.Has(from) || !slices.Equal(labels(t, l, later), []string{"y"}) {
		t.Errorf("after the first cursor: %v; after the second: %v", l.Has(from), labels(t, l, later))
	}
	l.Bound(Options{})
	if !l.Has(l.CursorOf(stateWith("x", "y").Directory, "")) {
		t.Error("the cursor of the current directory has expired")
	}
	if l.Has(l.CursorOf(stateWith("x").Directory, from)) {
		t.Error("the cursor of an earlier directory misses a change")
	}
}

// Only a source that was read to its end removes, its first fetch is one change, and what is no longer kept is a change of the source.
func TestFollow(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		people := []connectors.Account{{ID: "1", Name: "Ann"}, {ID: "2", Name: "Ben"}}
		var failure *connectors.Error
		first, short := true, false
		var mu sync.Mutex // for these
		set := func(change func()) {
			mu.Lock()
			defer mu.Unlock()
			change()
		}
		source := &connectors.Source{Name: "a", Kind: "other", Accounts: connectors.ListFunc[connectors.Account](
			func(ctx context.Context, progress connectors.Progress[connectors.Account]) (connectors.Listing[connectors.Account], error) {
				mu.Lock()
				defer mu.Unlock()
				if first { // page by page, and longer than the log waits
					first = false
					for n := range people {
						progress(connectors.Listing[connectors.Account]{Records: slices.Clone(people[:n+1])})
						select {
						case <-time.After(3 * time.Second):
						case <-ctx.Done():
						}
					}
				}
				if failure != nil {
					return connectors.Listing[connectors.Account]{}, failure
				}
				return connectors.Listing[connectors.Account]{Records: slices.Clone(people), Complete: !short}, nil
			})}
		key := snapshot.Key{Source: "a", Collection: connectors.Accounts}
		keeper := snapshot.New(snapshot.Options{Sources: []*connectors.Source{source}, IdleAfter: 24 * time.Hour,
			Settings: map[snapshot.Key]snapshot.Settings{key: {FreshFor: time.Minute, KeepFor: time.Hour}}})
		publisher := generation.New(generation.Options{Keeper: keeper, Sources: []generation.Source{{Source: source}}})
		l := NewLog(Options{100, 24 * time.Hour})
		ctx, cancel := context.WithCancel(t.Context())
		defer synctest.Wait()
		defer cancel()
		go keeper.Run(ctx)    //nolint:errcheck // it ends with ctx
		go publisher.Run(ctx) //nolint:errcheck // it ends with ctx
		go l.Follow(ctx, publisher, slog.New(slog.DiscardHandler))
		r, err := l.Reader("")
		if err != nil {
			t.Fatal(err)
		}
		// told returns what is told within a time.
		told := func(within time.Duration) (out []string) {
			ctx, cancel := context.WithTimeout(t.Context(), within)
			defer cancel()
			for {
				e, err := r.Next(ctx, anything)
				if err != nil {
					return out
				}
				out = append(out, fmt.Sprint(e.Kind, " ", e.Label, " ", e.Action, e.Fields, e.Reset))
			}
		}
		expect := func(what string, within time.Duration, want ...string) {
			t.Helper()
			if diff := cmp.Diff(want, told(within)); diff != "" {
				t.Errorf("%s (-want +got):\n%s", what, diff)
			}
		}
		expect("the first fetch", 10*time.Second, fmt.Sprint("Source a ", Updated, []string{"state"}, false), fmt.Sprint("Source a ", Added, []string(nil), true))
		set(func() { people, short = []connectors.Account{{ID: "1", Name: "Ann", Title: "Head"}}, true })
		expect("a short fetch", 3*time.Minute, fmt.Sprint("Source a ", Updated, []string{"state"}, false),
			fmt.Sprint("User Ann ", Updated, []string{"title", "accounts"}, false))
		set(func() { short = false })
		expect("a complete fetch", 20*time.Minute, fmt.Sprint("Source a ", Updated, []string{"state"}, false), fmt.Sprint("User Ben ", Removed, []string(nil), false))
		set(func() { failure = &connectors.Error{Source: "a", Kind: connectors.KindUnavailable} })
		expect("failures", 30*time.Minute, fmt.Sprint("Source a ", Updated, []string{"state"}, false))
		expect("data that is no longer kept", 2*time.Hour, fmt.Sprint("Source a ", Removed, []string(nil), true))
		set(func() { failure = nil })
		expect("the source is back", 2*time.Hour, fmt.Sprint("Source a ", Added, []string(nil), true))
	})
}

// One step that is longer than the log does not take more memory than the log may, and is told as missing.
func TestALongStep(t *testing.T) {
	t.Parallel()
	l := NewLog(Options{2, time.Hour})
	advance(l, stateWith(), time.Now())
	from := l.Cursor()
	advance(l, stateWith("a", "b", "c", "d"), time.Now())
	if n := len(l.events); n != 2 || cap(l.events) > 4 || l.Has(from) || l.head != l.from+2 {
		t.Errorf("%d changes with room for %d, after %d up to %d; has all: %t", n, cap(l.events), l.from, l.head, l.Has(from))
	}
}

// An operation can take so long that its directory is not known any more. It still gets a cursor after which nothing is missing.
func TestTheCursorOfAForgottenDirectory(t *testing.T) {
	t.Parallel()
	l := NewLog(Options{100, time.Hour})
	advance(l, stateWith(), time.Now())
	before := l.Cursor()
	shown := stateWith("00")
	advance(l, shown, time.Now())
	names := []string{"00"}
	for i := range 2 * mostMarks {
		names = append(names, fmt.Sprintf("%02d", i+1))
		advance(l, stateWith(names...), time.Now())
	}
	if diff := cmp.Diff(names, labels(t, l, l.CursorOf(shown.Directory, before))); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
