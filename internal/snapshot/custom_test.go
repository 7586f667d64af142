package snapshot_test

import (
	"context"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"roster/connectors"
	"roster/internal/snapshot"
	"roster/internal/snapshot/localstore"
)

// asking is the source of a book with custom fields of its contacts.
func (b *book) asking(paths ...string) *connectors.Source {
	var cfg connectors.Config
	for _, path := range paths {
		cfg.CustomFields = append(cfg.CustomFields, connectors.CustomField{Path: path, Name: "x"})
	}
	s := &connectors.Source{Name: "a", Fingerprint: "f", Contacts: b}
	s.WithCustomFields(cfg, &connectors.Kind{ContactFields: true})
	return s
}

// When other custom fields are asked for, everything is fetched again at once, although the source reports changes: contacts that have not changed lack them.
// Until then, the contacts are served as they were.
func TestOtherCustomFieldsAreFetched(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBook("1", "2")
		options := b.options()
		options.Sources = []*connectors.Source{b.asking("old")}
		old := snapshot.New(options)
		defer start(t, old)()
		pass(6 * time.Minute)
		full, changes := b.reads()
		if len(full) != 1 || len(changes) != 1 {
			t.Fatalf("%d full fetches and %d incremental ones before", len(full), len(changes))
		}
		b.do(func() { b.takes = 20 * time.Second })
		options.Sources, options.Before = []*connectors.Source{b.asking("new")}, old
		k := snapshot.New(options)
		defer start(t, k)()
		pass(15 * time.Second)
		if got := k.Current()[0].Snapshot; got == nil || len(got.Records.Contacts) != 2 {
			t.Error("the contacts are not served during the fetch")
		}
		pass(45 * time.Second)
		if full, changes = b.reads(); len(full) != 2 || len(changes) != 1 {
			t.Errorf("%d full fetches and %d incremental ones, want 2 and 1", len(full), len(changes))
		}
		options.Sources, options.Before = []*connectors.Source{b.asking("new")}, k
		next := snapshot.New(options)
		defer start(t, next)()
		pass(time.Minute)
		if full, _ = b.reads(); len(full) != 2 {
			t.Errorf("%d full fetches after a reload with the same fields, want 2", len(full))
		}
	})
}

// people is a source of one account, which has the custom fields that the source is asked for.
type people struct {
	paths []string
	takes time.Duration

	mu    sync.Mutex
	reads int
}

func (f *people) source() *connectors.Source {
	var cfg connectors.Config
	for _, path := range f.paths {
		cfg.CustomFields = append(cfg.CustomFields, connectors.CustomField{Path: path, Name: "x"})
	}
	s := &connectors.Source{Name: "a", Kind: named, Fingerprint: "f", Accounts: connectors.ListFunc[connectors.Account](
		func(ctx context.Context, _ connectors.Progress[connectors.Account]) (connectors.Listing[connectors.Account], error) {
			f.mu.Lock()
			f.reads++
			f.mu.Unlock()
			var d connectors.Attributes
			for _, path := range f.paths {
				d = append(d, connectors.Attribute{Name: path, Value: "v"})
			}
			err := pause(ctx, f.takes)
			return connectors.Listing[connectors.Account]{Records: []connectors.Account{{ID: "1", Details: &d}}, Complete: err == nil}, err
		})}
	s.WithCustomFields(cfg, connectors.KindNamed(named))
	return s
}

func (f *people) count() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.reads
}

// named is a kind of source whose accounts have fields by name.
const named connectors.KindName = "namedfields"

func init() {
	connectors.Register(&connectors.Kind{Name: named, Title: "Named", Details: connectors.NewAttributes,
		Collections: []connectors.KindCollection{{Collection: connectors.Accounts}},
		Open:        func(connectors.Config) (*connectors.Source, error) { return nil, errAway }})
}

// customOf returns values of custom fields.
func customOf(paths []string) *connectors.CustomValues {
	var custom connectors.CustomValues
	for _, path := range paths {
		custom = append(custom, connectors.CustomValue{Path: path, Value: "v", Form: connectors.CustomInstant, Field: "f"})
	}
	return &custom
}

// shown returns the names of the custom fields that a keeper serves, or that it serves nobody.
func shown(k *snapshot.Keeper) string {
	snap := k.Current()[0].Snapshot
	if snap == nil {
		return "nobody"
	}
	var names []string
	for _, a := range snap.Records.Accounts {
		for _, x := range *a.Details.(*connectors.Attributes) {
			names = append(names, x.Name)
		}
	}
	for _, c := range snap.Records.Contacts {
		if c.Custom == nil {
			continue
		}
		for _, x := range *c.Custom {
			names = append(names, x.Path)
			if x != (connectors.CustomValue{Path: x.Path, Value: "v", Form: connectors.CustomInstant, Field: "f"}) {
				names = append(names, "changed")
			}
		}
	}
	return strings.Join(names, " ")
}

// After a restart with other custom fields, what is stored is served at once, and fetched again as soon as it may be. With the same ones, or with none, it is
// not fetched before it is due.
func TestStoredRecordsKnowTheirCustomFields(t *testing.T) {
	t.Parallel()
	type opened interface {
		Join() snapshot.SharedStore
		Close() error
	}
	inMemory := func(*testing.T) func() opened {
		store := localstore.New()
		return func() opened { return kept{store} }
	}
	inDirectory := func(t *testing.T) func() opened {
		t.Helper()
		dir := t.TempDir()
		return func() opened {
			store, err := localstore.Open(dir, nil)
			if err != nil {
				t.Fatal(err)
			}
			return store
		}
	}
	accounts := func(paths ...string) (*connectors.Source, func() int) {
		f := &people{paths: paths, takes: 5 * time.Second}
		return f.source(), f.count
	}
	contacts := func(paths ...string) (*connectors.Source, func() int) {
		b := newBook("1")
		b.takes = 5 * time.Second
		b.contacts["1"] = connectors.Contact{ID: "1", UpdatedAt: time.Now(), Custom: customOf(paths)}
		return b.asking(paths...), func() int {
			full, _ := b.reads()
			return len(full)
		}
	}
	for name, tc := range map[string]struct {
		store func(*testing.T) func() opened
		open  func(paths ...string) (*connectors.Source, func() int)
	}{
		"accounts in memory": {inMemory, accounts}, "accounts in a directory": {inDirectory, accounts},
		"contacts in memory": {inMemory, contacts}, "contacts in a directory": {inDirectory, contacts},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			open := tc.store(t)
			synctest.Test(t, func(t *testing.T) {
				run := func(wait time.Duration, paths ...string) (first, last string, fetches int) {
					source, count := tc.open(paths...)
					store := open()
					defer store.Close() //nolint:errcheck // the next opening reports it
					k := snapshot.New(snapshot.Options{Sources: []*connectors.Source{source}, SharedStore: store.Join()})
					defer start(t, k)()
					pass(time.Second)
					first = shown(k)
					pass(wait)
					return first, shown(k), count()
				}
				for _, step := range []struct {
					paths       []string
					first, last string
					fetches     int
				}{
					{[]string{"old"}, "nobody", "old", 1},
					{[]string{"old"}, "old", "old", 0},
					{[]string{"old", "new"}, "old", "old new", 1},
					{[]string{"old", "new"}, "old new", "old new", 0},
				} {
					if first, last, fetches := run(15*time.Second, step.paths...); first != step.first || last != step.last || fetches != step.fetches {
						t.Errorf("with %v: %q, then %q after %d fetches; want %q, %q, %d", step.paths, first, last, fetches, step.first, step.last, step.fetches)
					}
				}
			})
		})
	}
}

// kept is a store that survives a restart although it is in memory.
type kept struct{ *localstore.Store }

func (kept) Close() error { return nil }

// Replicas with different settings, as during a rolling deployment, share a store. Each goes on to show the custom fields of its own settings, and their source
// is fetched for each setting about once a minute, as for one replica.
func TestReplicasWithDifferentCustomFields(t *testing.T) {
	t.Parallel()
	for name, old := range map[string][]string{"from none": nil, "from another": {"old"}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				store := localstore.New()
				before, after := &people{paths: old, takes: time.Second}, &people{paths: []string{"old", "new"}, takes: time.Second}
				keep := func(f *people) *snapshot.Keeper {
					k := snapshot.New(snapshot.Options{Sources: []*connectors.Source{f.source()}, SharedStore: store.Join()})
					t.Cleanup(start(t, k))
					return k
				}
				older := keep(before)
				pass(2 * time.Minute)
				newer := keep(after)
				pass(30 * time.Second)
				for range 60 * 6 {
					for _, k := range []*snapshot.Keeper{older, newer} {
						k.Load(t.Context(), []snapshot.Key{accounts})
					}
					if got := shown(newer); got != "old new" {
						t.Fatalf("the new replica shows %q", got)
					}
					if got := shown(older); old != nil && got != "old" {
						t.Fatalf("the old replica shows %q", got)
					}
					pass(10 * time.Second)
				}
				if a, b := before.count(), after.count(); a > 64 || b > 62 {
					t.Errorf("in an hour, %d fetches with the old settings and %d with the new ones", a, b)
				}
			})
		})
	}
}
