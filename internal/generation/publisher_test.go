package generation_test

import (
	"context"
	"log/slog"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"roster/connectors"
	"roster/internal/directory"
	"roster/internal/generation"
	"roster/internal/snapshot"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// listing is a collection of accounts that a test may change while it is being fetched.
type listing struct {
	mu    sync.Mutex
	pages [][]connectors.Account // all but the last are reported as progress
	pause time.Duration          // before each page
	err   *connectors.Error
	short bool
}

func (l *listing) set(f func(*listing)) {
	l.mu.Lock()
	defer l.mu.Unlock()
	f(l)
}

func (l *listing) List(ctx context.Context, progress connectors.Progress[connectors.Account]) (connectors.Listing[connectors.Account], error) {
	l.mu.Lock()
	pages, pause, failure, short := l.pages, l.pause, l.err, l.short
	l.mu.Unlock()
	var out connectors.Listing[connectors.Account]
	for i, page := range pages {
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			return out, ctx.Err()
		}
		out.Records = append(out.Records[:len(out.Records):len(out.Records)], page...)
		if i < len(pages)-1 && progress != nil {
			progress(out)
		}
	}
	if failure != nil {
		return out, failure
	}
	out.Complete = !short
	return out, nil
}

func people(ids ...string) []connectors.Account {
	out := make([]connectors.Account, len(ids))
	for i, id := range ids {
		out[i] = connectors.Account{ID: id, Name: "Person " + id, Active: true}
	}
	return out
}

func source(name string, accounts connectors.Lister[connectors.Account]) *connectors.Source {
	return &connectors.Source{Name: name, Kind: "kommo", Accounts: accounts}
}

// running is a publisher that runs until the test ends.
type running struct {
	*generation.Publisher
	t      *testing.T
	keeper *snapshot.Keeper
	end    func() // stops the publisher and waits for it
}

func run(t *testing.T, sources ...*connectors.Source) running {
	t.Helper()
	return runBuilding(t, directory.BuildUntil, slog.New(slog.DiscardHandler), sources...)
}

// runBuilding is run with another function that builds directories.
func runBuilding(t *testing.T, build generation.Builder, log *slog.Logger, sources ...*connectors.Source) running {
	t.Helper()
	return runBy(t, directory.Rules{}, build, log, sources...)
}

// runBy is runBuilding with rules.
func runBy(t *testing.T, rules directory.Rules, build generation.Builder, log *slog.Logger, sources ...*connectors.Source) running {
	t.Helper()
	keeper := snapshot.New(snapshot.Options{Sources: sources})
	var trusted []generation.Source
	for _, s := range sources {
		trusted = append(trusted, generation.Source{Source: s})
	}
	r := generation.New(generation.Options{Keeper: keeper, Sources: trusted, Rules: rules, Logger: log})
	r.BuildBy(build)
	ctx, stop := context.WithCancel(t.Context())
	var parts sync.WaitGroup
	parts.Go(func() { _ = keeper.Run(ctx) })
	parts.Go(func() { _ = r.Run(ctx) })
	end := func() {
		stop()
		parts.Wait()
	}
	t.Cleanup(end)
	return running{r, t, keeper, end}
}

var accounts = func() (n generation.Required) { n.Add(connectors.Accounts); return n }()

// all is the set of all collections.
const all = ^generation.Required(0)

// now returns the view of an operation that waits only for the directory.
func (r running) now() *generation.View {
	results, _ := r.keeper.Take(r.Keys(accounts))
	return r.View(r.t.Context(), results, false)
}

func names(t *testing.T, d *directory.Directory) []string {
	t.Helper()
	page, err := d.Users(nil, directory.UserOrder{}, directory.PageArgs{})
	if err != nil {
		t.Fatal(err)
	}
	out := []string{}
	for _, u := range page.Nodes() {
		out = append(out, u.Name)
	}
	return out
}

func bubble(t *testing.T, f func(*testing.T)) {
	t.Helper()
	t.Parallel()
	synctest.Test(t, f)
}

func TestDirectoryFollowsTheSnapshots(t *testing.T) {
	bubble(t, func(t *testing.T) {
		l := &listing{pages: [][]connectors.Account{people("1")}}
		r := run(t, source("a", l), source("b", &listing{pages: [][]connectors.Account{people("2")}}))
		if !r.AwaitFirst(t.Context()) {
			t.Fatal("the first fetch has not ended")
		}
		before := r.now().Directory
		if diff := cmp.Diff([]string{"Person 1", "Person 2"}, names(t, before)); diff != "" {
			t.Errorf("people (-want +got):\n%s", diff)
		}
		time.Sleep(time.Minute + time.Second)
		synctest.Wait()
		if r.now().Directory != before {
			t.Error("a fetch without changes caused a new directory")
		}
		l.set(func(l *listing) { l.pages = [][]connectors.Account{people("1", "3")} })
		time.Sleep(time.Minute)
		synctest.Wait()
		after := r.now().Directory
		if diff := cmp.Diff([]string{"Person 1", "Person 2", "Person 3"}, names(t, after)); diff != "" {
			t.Errorf("people (-want +got):\n%s", diff)
		}
		if before.Version() == after.Version() {
			t.Error("a new directory has the same version")
		}
		if diff := cmp.Diff([]string{"Person 1", "Person 2"}, names(t, before)); diff != "" {
			t.Errorf("the directory of a running operation changed (-want +got):\n%s", diff)
		}
	})
}

func TestFirstFetchIsPublishedPageByPage(t *testing.T) {
	bubble(t, func(t *testing.T) {
		l := &listing{pages: [][]connectors.Account{people("1"), people("2"), people("3")}, pause: 10 * time.Second}
		r := run(t, source("a", l))
		for i, want := range [][]string{{}, {"Person 1"}, {"Person 1", "Person 2"}, {"Person 1", "Person 2", "Person 3"}} {
			time.Sleep(time.Second) // until after the publication of the page
			synctest.Wait()
			v := r.now()
			if diff := cmp.Diff(want, names(t, v.Directory)); diff != "" {
				t.Errorf("after %d pages (-want +got):\n%s", i, diff)
			}
			if got := v.Completeness(accounts).Complete; got != (i == 3) {
				t.Errorf("after %d pages of 3 the list is complete: %v", i, got)
			}
			time.Sleep(9 * time.Second)
		}
	})
}

// The list becomes complete even if the last page has no new records.
func TestCompleteWithoutAnythingNew(t *testing.T) {
	bubble(t, func(t *testing.T) {
		l := &listing{pages: [][]connectors.Account{people("1"), nil}, pause: 10 * time.Second}
		r := run(t, source("a", l))
		time.Sleep(time.Minute)
		synctest.Wait()
		if v := r.now(); !v.Completeness(accounts).Complete || len(v.Missing(all)) > 0 {
			t.Errorf("complete %v, missing %v; want complete", v.Completeness(accounts).Complete, v.Missing(all))
		}
	})
}

func TestEmptyCollections(t *testing.T) {
	bubble(t, func(t *testing.T) {
		none := source("nil", &listing{pages: [][]connectors.Account{nil}})
		empty := source("empty", connectors.ListFunc[connectors.Account](
			func(context.Context, connectors.Progress[connectors.Account]) (connectors.Listing[connectors.Account], error) {
				return connectors.Listing[connectors.Account]{Records: []connectors.Account{}, Complete: true}, nil
			}))
		r := run(t, none, empty)
		if !r.AwaitFirst(t.Context()) {
			t.Fatal("the first fetch has not ended")
		}
		v := r.now()
		if c := v.Completeness(accounts); !c.Complete || c.AsOf.IsZero() || len(v.Missing(all)) > 0 {
			t.Errorf("completeness %+v, missing %v; want complete: empty collections are not missing", c, v.Missing(all))
		}
	})
}

// An operation that has waited for data gets the directory that has it.
func TestViewIncludesWhatWasWaitedFor(t *testing.T) {
	bubble(t, func(t *testing.T) {
		l := &listing{pages: [][]connectors.Account{people("1"), people("2")}, pause: 900 * time.Millisecond} // the first page is published after 1 s
		r := run(t, source("a", l))
		results := r.keeper.Load(t.Context(), r.Keys(accounts)) // waits for the whole first fetch
		v := r.View(t.Context(), results, true)
		if diff := cmp.Diff([]string{"Person 1", "Person 2"}, names(t, v.Directory)); diff != "" {
			t.Errorf("people (-want +got):\n%s", diff)
		}
		if !v.Completeness(accounts).Complete {
			t.Error("the list is not complete")
		}
	})
}

// An operation waits only for a limited time for a directory that is not built, and no longer than its context lasts.
func TestViewDoesNotWaitForEver(t *testing.T) {
	bubble(t, func(t *testing.T) {
		a := source("a", &listing{pages: [][]connectors.Account{people("1")}})
		keeper := snapshot.New(snapshot.Options{Sources: []*connectors.Source{a}})
		r := generation.New(generation.Options{Keeper: keeper, Sources: []generation.Source{{Source: a}}})
		ctx, stop := context.WithCancel(t.Context())
		var reading sync.WaitGroup
		reading.Go(func() { _ = keeper.Run(ctx) })
		defer reading.Wait()
		defer stop()
		results := keeper.Load(ctx, r.Keys(accounts))

		start := time.Now()
		v := r.View(ctx, results, true)
		if took := time.Since(start); took != 2*time.Second {
			t.Errorf("it waited %s, want 2 s", took)
		}
		if got := v.Missing(all); len(got) != 1 || got[0].State != snapshot.Missing {
			t.Errorf("missing %v, want what the directory lacks, although it has been fetched", got)
		}
		if c := v.Completeness(accounts); c.Complete || !c.AsOf.IsZero() {
			t.Errorf("completeness %+v, want nothing", c)
		}
		brief, cancel := context.WithTimeout(ctx, time.Second)
		defer cancel()
		start = time.Now()
		r.View(brief, results, true)
		if took := time.Since(start); took != time.Second {
			t.Errorf("it waited %s, although its context ended at 1 s", took)
		}
		soon, cancelSoon := context.WithTimeout(ctx, 100*time.Millisecond)
		defer cancelSoon()
		if r.AwaitFirst(soon) {
			t.Error("AwaitFirst returned without a directory")
		}
	})
}

// An operation with a freshness requirement gets a directory that meets it. If that takes too long, its view says how old its data is.
func TestViewWithFreshnessRequirement(t *testing.T) {
	bubble(t, func(t *testing.T) {
		l := &listing{pages: [][]connectors.Account{people("1")}}
		a := source("a", l)
		keeper := snapshot.New(snapshot.Options{Sources: []*connectors.Source{a}})
		r := generation.New(generation.Options{Keeper: keeper, Sources: []generation.Source{{Source: a}}})
		var reading, building sync.WaitGroup
		ctx, stop := context.WithCancel(t.Context())
		build, stall := context.WithCancel(t.Context())
		reading.Go(func() { _ = keeper.Run(ctx) })
		building.Go(func() { _ = r.Run(build) })
		defer reading.Wait()
		defer stop()
		if !r.AwaitFirst(t.Context()) {
			t.Fatal("the first fetch has not ended")
		}
		stall()
		building.Wait() // from here on no directory is built

		read := time.Now()
		time.Sleep(30 * time.Second)
		l.set(func(l *listing) { l.pages = [][]connectors.Account{people("1", "2")} })
		wish := snapshot.Requirement{NotBefore: time.Now()}
		results := keeper.LoadSince(ctx, r.Keys(accounts), wish)
		if results[0].Older() {
			t.Fatal("newly fetched data is older than required")
		}
		for name, tc := range map[string]struct {
			results []snapshot.Result
			took    time.Duration
			older   []string
		}{
			"with a wish": {results, 2 * time.Second, []string{"a"}},
			"without":     {keeper.Load(ctx, r.Keys(accounts)), 0, nil},
		} {
			start := time.Now()
			v := r.View(ctx, tc.results, false)
			if took := time.Since(start); took != tc.took {
				t.Errorf("%s: it waited %v, want %v", name, took, tc.took)
			}
			var older, stale []string
			for _, o := range v.Older(all) {
				older = append(older, o.Source)
			}
			for _, s := range v.Completeness(accounts).Stale {
				stale = append(stale, s.Name)
			}
			if diff := cmp.Diff([][]string{tc.older, tc.older}, [][]string{older, stale}); diff != "" {
				t.Errorf("%s: older, stale (-want +got):\n%s", name, diff)
			}
			if at, until, ok := v.Freshness(); !ok || at.After(read) || until.Sub(at) != time.Minute {
				t.Errorf("%s: read at %v and fresh until %v, want those of the directory's data", name, at, until)
			}
		}
	})
}

// Errors are reported once for each source, in the configured order, from the worst of its collections.
func TestMissing(t *testing.T) {
	bubble(t, func(t *testing.T) {
		down := &connectors.Error{Kind: connectors.KindTimeout}
		worst := source("worst", &listing{pages: [][]connectors.Account{people("1")}, short: true})
		worst.Teams = connectors.ListFunc[connectors.Team](
			func(context.Context, connectors.Progress[connectors.Team]) (connectors.Listing[connectors.Team], error) {
				return connectors.Listing[connectors.Team]{}, down
			})
		worst.Roles = connectors.ListFunc[connectors.Role](
			func(context.Context, connectors.Progress[connectors.Role]) (connectors.Listing[connectors.Role], error) {
				return connectors.Listing[connectors.Role]{Records: []connectors.Role{{ID: "1"}}}, down
			})
		r := run(t, source("well", &listing{pages: [][]connectors.Account{people("1")}}), worst,
			source("short", &listing{pages: [][]connectors.Account{people("1")}, short: true}),
			source("down", &listing{err: down}))
		if !r.AwaitFirst(t.Context()) {
			t.Fatal("the first fetch has not ended")
		}
		var n generation.Required
		n.Add(connectors.AllCollections[:]...)
		results, _ := r.keeper.Take(r.Keys(n))
		v := r.View(t.Context(), results, false)
		type line struct {
			Key    snapshot.Key
			State  snapshot.State
			Failed bool
		}
		var got []line
		for _, st := range v.Missing(all) {
			got = append(got, line{st.Key, st.State, st.Err != nil})
		}
		want := []line{
			{snapshot.Key{Source: "worst", Collection: connectors.Teams}, snapshot.Missing, true},
			{snapshot.Key{Source: "short"}, snapshot.Incomplete, false},
			{snapshot.Key{Source: "down"}, snapshot.Missing, true},
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("missing (-want +got):\n%s", diff)
		}
		var missing []string
		for _, s := range v.Completeness(accounts).Missing {
			missing = append(missing, s.Name)
		}
		if diff := cmp.Diff([]string{"worst", "short", "down"}, missing); diff != "" {
			t.Errorf("missing for accounts (-want +got):\n%s", diff)
		}
	})
}

func TestStale(t *testing.T) {
	bubble(t, func(t *testing.T) {
		start := time.Now()
		l := &listing{pages: [][]connectors.Account{people("1")}}
		r := run(t, source("a", l))
		r.AwaitFirst(t.Context())
		l.set(func(l *listing) { l.pages, l.err = nil, &connectors.Error{Kind: connectors.KindUnavailable} })
		time.Sleep(10 * time.Minute)
		synctest.Wait()
		v := r.now()
		c := v.Completeness(accounts)
		if !c.Complete || len(c.Stale) != 1 || !c.AsOf.Equal(start) || len(v.Missing(all)) > 0 {
			t.Errorf("completeness %+v, missing %v; want it complete, stale and as of %s", c, v.Missing(all), start)
		}
		if diff := cmp.Diff([]string{"Person 1"}, names(t, v.Directory)); diff != "" {
			t.Errorf("people (-want +got):\n%s", diff)
		}
	})
}

func TestKeys(t *testing.T) {
	t.Parallel()
	a := source("a", &listing{})
	b := source("b", &listing{})
	b.Teams = connectors.ListFunc[connectors.Team](nil)
	keeper := snapshot.New(snapshot.Options{Sources: []*connectors.Source{a, b}})
	r := generation.New(generation.Options{Keeper: keeper, Sources: []generation.Source{{Source: a}, {Source: b}}})
	var n generation.Required
	if got := r.Keys(n); len(got) != 0 {
		t.Errorf("no collections require %v", got)
	}
	n.Add(connectors.Teams, connectors.Accounts)
	want := []snapshot.Key{{Source: "a"}, {Source: "b"}, {Source: "b", Collection: connectors.Teams}}
	if diff := cmp.Diff(want, r.Keys(n)); diff != "" {
		t.Errorf("keys (-want +got):\n%s", diff)
	}
	if r.Source("b") != b || r.Source("c") != nil {
		t.Error("a source is not found by its name, or an unknown one is")
	}
}

// The completeness of a list is that of its directory, whatever has been fetched since.
func TestCompletenessIsTheDirectorys(t *testing.T) {
	bubble(t, func(t *testing.T) {
		a := source("a", &listing{pages: [][]connectors.Account{people("1"), people("2")}, pause: 10 * time.Second})
		keeper := snapshot.New(snapshot.Options{Sources: []*connectors.Source{a}})
		r := generation.New(generation.Options{Keeper: keeper, Sources: []generation.Source{{Source: a}}})
		reading, stopReading := context.WithCancel(t.Context())
		building, stopBuilding := context.WithCancel(t.Context())
		var parts sync.WaitGroup
		parts.Go(func() { _ = keeper.Run(reading) })
		parts.Go(func() { _ = r.Run(building) })
		time.Sleep(15 * time.Second)
		stopBuilding() // with only the first page in the directory
		time.Sleep(15 * time.Second)
		results, _ := keeper.Take(r.Keys(accounts))
		v := r.View(t.Context(), results, false)
		if diff := cmp.Diff([]string{"Person 1"}, names(t, v.Directory)); diff != "" {
			t.Errorf("people (-want +got):\n%s", diff)
		}
		if missing := v.Missing(all); v.Completeness(accounts).Complete || len(missing) != 1 || missing[0].State != snapshot.Incomplete {
			t.Errorf("complete %v, missing %v; want the list marked as incomplete", v.Completeness(accounts).Complete, missing)
		}
		stopReading()
		parts.Wait()
	})
}

func TestRestrictedCollectionsAreMissing(t *testing.T) {
	roles := connectors.ListFunc[connectors.Role](
		func(context.Context, connectors.Progress[connectors.Role]) (connectors.Listing[connectors.Role], error) {
			return connectors.Listing[connectors.Role]{Records: []connectors.Role{{ID: "admin"}}, Complete: true}, nil
		})
	teams := connectors.ListFunc[connectors.Team](
		func(context.Context, connectors.Progress[connectors.Team]) (connectors.Listing[connectors.Team], error) {
			return connectors.Listing[connectors.Team]{Records: []connectors.Team{{ID: "support"}}, Complete: true}, nil
		})
	for name, c := range map[string]struct {
		account connectors.Account
		want    []string
	}{
		"nothing is shown": {connectors.Account{ID: "1"}, []string{"teams", "roles"}},
		"roles are shown":  {connectors.Account{ID: "1", Roles: []connectors.RoleRef{}}, []string{"teams"}},
		"teams are shown":  {connectors.Account{ID: "1", Teams: []connectors.TeamRef{}}, []string{"roles"}},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				s := source("chat", &listing{pages: [][]connectors.Account{{c.account}}})
				s.Roles, s.Teams = roles, teams
				r := run(t, s)
				if !r.AwaitFirst(t.Context()) {
					t.Fatal("the first fetch has not ended")
				}
				var hidden []string
				for _, kind := range []connectors.Collection{connectors.Teams, connectors.Roles} {
					var n generation.Required
					n.Add(kind)
					results, _ := r.keeper.Take(r.Keys(n))
					v := r.View(t.Context(), results, false)
					if missing := v.Missing(all); len(missing) == 1 && missing[0].Err.Kind == connectors.KindForbidden && !v.Completeness(n).Complete {
						hidden = append(hidden, kind.String())
					}
				}
				if diff := cmp.Diff(c.want, hidden); diff != "" {
					t.Errorf("restricted (-want +got):\n%s", diff)
				}
			})
		})
	}
}
