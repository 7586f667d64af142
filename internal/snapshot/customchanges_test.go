package snapshot_test

import (
	"context"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"roster/connectors"
	"roster/internal/snapshot"
	"roster/internal/snapshot/localstore"
)

// asked is a book whose contacts have the custom fields that its source is asked for, also those that an incremental fetch brings.
type asked struct {
	*book
	paths []string
}

func (a asked) source() *connectors.Source {
	s := a.asking(a.paths...)
	s.Contacts = a
	return s
}

func (a asked) with(l connectors.Listing[connectors.Contact]) connectors.Listing[connectors.Contact] {
	l.Records = slices.Clone(l.Records)
	for i := range l.Records {
		if len(a.paths) > 0 {
			l.Records[i].Custom = customOf(a.paths)
		}
	}
	return l
}

func (a asked) List(ctx context.Context, progress connectors.Progress[connectors.Contact]) (connectors.Listing[connectors.Contact], error) {
	l, err := a.book.List(ctx, func(l connectors.Listing[connectors.Contact]) { progress(a.with(l)) })
	return a.with(l), err
}

func (a asked) Changes(
	ctx context.Context, state connectors.State, progress connectors.Progress[connectors.Contact],
) (connectors.Listing[connectors.Contact], error) {
	l, err := a.book.Changes(ctx, state, progress)
	return a.with(l), err
}

// keeperOf returns a running keeper of the book, with a store or after another keeper.
func (a asked) keeperOf(t *testing.T, store snapshot.SharedStore, before *snapshot.Keeper) *snapshot.Keeper {
	t.Helper()
	options := a.options()
	options.Sources, options.SharedStore, options.Before = []*connectors.Source{a.source()}, store, before
	k := snapshot.New(options)
	t.Cleanup(start(t, k))
	synctest.Wait()
	return k
}

// An incremental fetch for other custom fields brings contacts that lack the old ones. When the settings are changed back, everything is fetched again, because
// not all contacts have the old fields.
func TestChangesForOtherCustomFieldsLoseNone(t *testing.T) {
	t.Parallel()
	for name, other := range map[string][]string{"others": {"new"}, "none": nil} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				b := newBook("1", "2")
				b.takes = 4 * time.Minute // so that a full fetch is not made again at once
				first := asked{b, []string{"old"}}.keeperOf(t, nil, nil)
				pass(5 * time.Minute)
				want(t, "before", "old old", shown(first))
				b.rename("1", "N3")
				second := asked{b, other}.keeperOf(t, nil, first)
				pass(6 * time.Minute)
				if full, changes := b.reads(); len(full) != 1 || len(changes) == 0 {
					t.Fatalf("%d full fetches and %d incremental ones, want changes only", len(full), len(changes))
				}
				third := asked{b, []string{"old"}}.keeperOf(t, nil, second)
				pass(25 * time.Minute)
				want(t, "after the settings were changed back", "old old", shown(third))
			})
		})
	}
}

// During a rolling deployment, a new replica takes the old one's contacts, and fetches what has changed since, for its own custom fields. The old replica does
// not take that.
func TestOldReplicasKeepTheirCustomFields(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBook("1", "2")
		b.takes = 4 * time.Minute
		store := localstore.New()
		older := asked{b, []string{"old"}}.keeperOf(t, store.Join(), nil)
		pass(5 * time.Minute)
		want(t, "before", "old old", shown(older))
		newer := asked{b, []string{"new"}}.keeperOf(t, store.Join(), nil)
		for range 60 {
			for i, k := range []*snapshot.Keeper{newer, older} {
				k.Load(t.Context(), []snapshot.Key{contacts})
				if got := shown(k); i == 1 && got != "old old" {
					t.Fatalf("the old replica shows %q", got)
				}
			}
			b.rename("1", time.Now().String())
			pass(time.Minute)
		}
		want(t, "the new replica", "new new", shown(newer))
	})
}
