package changes

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"roster/connectors"
	"roster/internal/generation"
	"roster/internal/snapshot"
)

// listed returns a source whose accounts list lists.
func listed(list connectors.ListFunc[connectors.Account]) *connectors.Source {
	return &connectors.Source{Name: "a", Kind: "other", Accounts: list}
}

// serving starts a publisher for a source, until stop is called. Then the log can follow the next one.
func serving(t *testing.T, l *Log, source *connectors.Source, opt snapshot.Options) (keeper *snapshot.Keeper, follow, stop func()) {
	t.Helper()
	opt.Sources = []*connectors.Source{source}
	keeper = snapshot.New(opt)
	publisher := generation.New(generation.Options{Keeper: keeper, Sources: []generation.Source{{Source: source}}})
	ctx, cancel := context.WithCancel(t.Context())
	go keeper.Run(ctx)    //nolint:errcheck // it ends with ctx
	go publisher.Run(ctx) //nolint:errcheck // it ends with ctx
	follow = func() { go l.Follow(ctx, publisher, slog.New(slog.DiscardHandler)) }
	return keeper, follow, func() {
		cancel()
		synctest.Wait()
	}
}

// A change of the configuration interrupts a first fetch, which goes on later. It is one change of the source all the same.
func TestAFirstFetchThatPauses(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		people := []connectors.Account{{ID: "1", Name: "Ann"}, {ID: "2", Name: "Ben"}, {ID: "3", Name: "Cem"}}
		source := listed(func(ctx context.Context, progress connectors.Progress[connectors.Account]) (connectors.Listing[connectors.Account], error) {
			for n := range people {
				progress(connectors.Listing[connectors.Account]{Records: slices.Clone(people[:n+1])})
				select {
				case <-time.After(3 * time.Second):
				case <-ctx.Done():
					return connectors.Listing[connectors.Account]{}, ctx.Err()
				}
			}
			return connectors.Listing[connectors.Account]{Records: slices.Clone(people), Complete: true}, nil
		})
		settings := func(freshFor time.Duration) snapshot.Options {
			return snapshot.Options{IdleAfter: 24 * time.Hour, Settings: map[snapshot.Key]snapshot.Settings{
				{Source: "a", Collection: connectors.Accounts}: {FreshFor: freshFor, MinInterval: time.Minute, KeepFor: time.Hour}}}
		}
		l := NewLog(Options{100, time.Hour})
		r, err := l.Reader("")
		if err != nil {
			t.Fatal(err)
		}
		defer r.Close()
		old, follow, stop := serving(t, l, source, settings(10*time.Minute))
		follow()
		time.Sleep(5 * time.Second) // the second of three pages
		opt := settings(20 * time.Minute)
		opt.Before = old
		_, follow, stopNext := serving(t, l, source, opt)
		defer stopNext()
		synctest.Wait()
		stop()
		follow()
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
		defer cancel()
		var told []string
		for {
			e, err := r.Next(ctx, func(e *Event) bool { return e.Kind != Source || e.Reset })
			if err != nil {
				break
			}
			told = append(told, fmt.Sprint(e.Kind, " ", e.Label, " ", e.Action))
			if state := l.state; len(state.Directory.Everything().Users) != len(people) {
				t.Errorf("%s is told with %d of %d people", e.Label, len(state.Directory.Everything().Users), len(people))
			}
		}
		if diff := cmp.Diff([]string{fmt.Sprint("Source a ", Added)}, told); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	})
}

// Whoever reads the log does not ask for data, and wants to hear of changes all the same.
func TestReadersKeepSourcesFetched(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var fetches atomic.Int64
		source := listed(func(context.Context, connectors.Progress[connectors.Account]) (connectors.Listing[connectors.Account], error) {
			fetches.Add(1)
			return connectors.Listing[connectors.Account]{Records: []connectors.Account{{ID: "1", Name: "Ann"}}, Complete: true}, nil
		})
		l := NewLog(Options{100, time.Hour})
		_, follow, stop := serving(t, l, source, snapshot.Options{IdleAfter: 5 * time.Minute, Settings: map[snapshot.Key]snapshot.Settings{
			{Source: "a", Collection: connectors.Accounts}: {FreshFor: time.Minute, KeepFor: 48 * time.Hour}}})
		defer stop()
		follow()
		in := func(within time.Duration) int64 {
			from := fetches.Load()
			time.Sleep(within)
			return fetches.Load() - from
		}
		r, err := l.Reader("")
		if err != nil {
			t.Fatal(err)
		}
		in(time.Hour)
		if n := in(time.Hour); n < 30 {
			t.Errorf("%d fetches in an hour while somebody reads", n)
		}
		r.Close()
		in(time.Hour)
		if n := in(time.Hour); n > 10 {
			t.Errorf("%d fetches in an hour when nobody reads any more", n)
		}
	})
}

// While a source is fetched for the first time, changes of people who are joined with its people are not told. They are read anew with it, even if it goes.
func TestAFirstFetchThatEndsWithoutData(t *testing.T) {
	t.Parallel()
	d := stateWith("x").Directory
	held := []Holding{{Collection: connectors.Accounts, Complete: true}}
	before := &State{Directory: d, Sources: []SourceState{{ID: "A", Name: "a", Collections: held}, {ID: "B", Name: "b", Arriving: true}}}
	for name, after := range map[string][]SourceState{
		"it is removed": {{ID: "A", Name: "a", Collections: held}},
		"it fails":      {{ID: "A", Name: "a", Collections: held}, {ID: "B", Name: "b"}},
	} {
		told := Compare(before, &State{Directory: d, Sources: after})
		if len(told) != 1 || told[0].ID != "B" || !told[0].Reset {
			t.Errorf("%s: %+v, want a reset of source b", name, told)
		}
	}
	if told := Compare(before, before); len(told) > 0 {
		t.Errorf("nothing has changed, and %+v is told", told)
	}
}

func TestDiffering(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ a, b, x, y string }{
		{"", "", "", ""}, {"abc", "abc", "", ""}, {"abc", "", "abc", ""}, {"", "abc", "", "abc"}, {"abc", "axc", "b", "x"}, {"abc", "ac", "b", ""}, {"ac", "abc", "", "b"},
		{"aa", "a", "a", ""}, {"abcd", "bacd", "ab", "ba"},
	} {
		x, y := differing([]byte(tt.a), []byte(tt.b))
		if string(x) != tt.x || string(y) != tt.y {
			t.Errorf("%s and %s differ by %s and %s", tt.a, tt.b, x, y)
		}
	}
}
