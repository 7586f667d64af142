package snapshot_test

import (
	"context"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"roster/connectors"
	"roster/internal/snapshot"
	"roster/internal/snapshot/localstore"
)

// book is an address book whose source can report changes.
type book struct {
	mu          sync.Mutex
	contacts    map[string]connectors.Contact
	gone        map[string]time.Time // when contacts were removed; nil for a source that does not report removals
	unsupported bool                 // Changes returns KindUnsupported
	err         error
	short       bool
	takes       time.Duration // the duration of a full fetch
	full        []time.Time   // the times of the full fetches and, in changes, of the incremental ones
	changes     []time.Time
}

func newBook(ids ...string) *book {
	b := &book{contacts: map[string]connectors.Contact{}}
	for _, id := range ids {
		b.contacts[id] = connectors.Contact{ID: id, Name: "N" + id, UpdatedAt: time.Now()}
	}
	return b
}

func (b *book) do(f func()) {
	b.mu.Lock()
	defer b.mu.Unlock()
	f()
}

func (b *book) rename(id, name string) {
	b.do(func() { b.contacts[id] = connectors.Contact{ID: id, Name: name, UpdatedAt: time.Now()} })
}

func (b *book) remove(ids ...string) {
	b.do(func() {
		for _, id := range ids {
			delete(b.contacts, id)
			if b.gone != nil {
				b.gone[id] = time.Now()
			}
		}
	})
}

func (b *book) listing(since time.Time) connectors.Listing[connectors.Contact] {
	l := connectors.Listing[connectors.Contact]{Complete: b.err == nil && !b.short, State: connectors.State(time.Now().Format(time.RFC3339Nano))}
	for _, c := range b.contacts {
		if b.err == nil && !c.UpdatedAt.Before(since) {
			l.Records = append(l.Records, c)
		}
	}
	slices.SortFunc(l.Records, func(a, b connectors.Contact) int { return strings.Compare(a.ID, b.ID) })
	return l
}

func (b *book) List(ctx context.Context, progress connectors.Progress[connectors.Contact]) (connectors.Listing[connectors.Contact], error) {
	b.mu.Lock()
	b.full = append(b.full, time.Now())
	l, err, takes := b.listing(time.Time{}), b.err, b.takes
	b.mu.Unlock()
	if takes > 0 {
		if err := pause(ctx, takes/2); err != nil {
			return connectors.Listing[connectors.Contact]{}, err
		}
		half := l
		half.Records, half.Complete = l.Records[:len(l.Records)/2], false
		progress(half)
		if err := pause(ctx, takes/2); err != nil {
			return connectors.Listing[connectors.Contact]{}, err
		}
	}
	return l, err
}

func (b *book) Changes(
	_ context.Context, state connectors.State, _ connectors.Progress[connectors.Contact],
) (connectors.Listing[connectors.Contact], error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.changes = append(b.changes, time.Now())
	since, err := time.Parse(time.RFC3339Nano, string(state))
	if err != nil || b.unsupported {
		return connectors.Listing[connectors.Contact]{}, &connectors.Error{Kind: connectors.KindUnsupported}
	}
	l := b.listing(since)
	for id, at := range b.gone {
		if !at.Before(since) {
			l.Gone = append(l.Gone, id)
		}
	}
	return l, b.err
}

var contacts = snapshot.Key{Source: "a", Collection: connectors.Contacts}

func (b *book) options() snapshot.Options {
	return snapshot.Options{Sources: []*connectors.Source{{Name: "a", Fingerprint: "f", Contacts: b}},
		Settings: map[snapshot.Key]snapshot.Settings{contacts: {FreshFor: 5 * time.Minute, FullEvery: time.Hour}}, IdleAfter: 1000 * time.Hour}
}

// reads returns the times of the full fetches, and of the incremental ones.
func (b *book) reads() (full, changes []time.Time) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Clone(b.full), slices.Clone(b.changes)
}

// names returns the contacts' names in the keeper, and the state.
func names(k *snapshot.Keeper) string {
	r := k.Load(context.Background(), []snapshot.Key{contacts})[0]
	if r.Snapshot == nil {
		return r.Status.State.String()
	}
	var names []string
	for _, c := range r.Snapshot.Records.Contacts {
		names = append(names, c.Name)
	}
	return r.Status.State.String() + " " + strings.Join(names, " ")
}

func want(t *testing.T, what, want, got string) {
	t.Helper()
	if want != got {
		t.Errorf("%s: got %q, want %q", what, got, want)
	}
}

func TestChangesBetweenFullReadings(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBook("1", "2", "3")
		k := snapshot.New(b.options())
		stop := start(t, k)
		defer stop()
		pass(time.Minute)
		version := k.Current()[0].Snapshot
		pass(5 * time.Minute)
		if now := k.Current()[0].Snapshot; now.Version != version.Version || &now.Records.Contacts[0] != &version.Records.Contacts[0] ||
			!now.FetchedAt.After(version.FetchedAt) || !now.FullAt.Equal(version.FullAt) {
			t.Error("nothing has changed, and yet it is not the same that is newer")
		}
		b.rename("2", "changed")
		b.rename("4", "added")
		b.remove("1")
		pass(5 * time.Minute)
		want(t, "after a reading of changes", "fresh N1 changed N3 added", names(k))
		if full, changes := b.reads(); len(full) != 1 || len(changes) != 2 {
			t.Errorf("%d readings of everything and %d of changes, want 1 and 2", len(full), len(changes))
		}
		if s := k.Statuses()[0]; time.Since(s.SyncedAt) > 5*time.Minute {
			t.Errorf("synced at %v: it is as new as the changes", s.SyncedAt)
		}
		pass(time.Hour - 11*time.Minute - time.Second)
		want(t, "before the hour is over", "fresh N1 changed N3 added", names(k))
		pass(6 * time.Minute)
		want(t, "after it", "fresh changed N3 added", names(k))
		if full, _ := b.reads(); len(full) != 2 {
			t.Errorf("%d readings of everything, want 2", len(full))
		}
	})
}

// TestChangesFailing checks that the present data stays complete, and ages.
func TestChangesFailing(t *testing.T) {
	t.Parallel()
	for name, breaks := range map[string]func(*book){
		"with an error": func(b *book) { b.err = &connectors.Error{Kind: connectors.KindUnavailable} },
		"short":         func(b *book) { b.short = true },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				b := newBook("1", "2")
				k := snapshot.New(b.options())
				stop := start(t, k)
				defer stop()
				pass(time.Minute)
				b.rename("2", "changed")
				b.do(func() { breaks(b) })
				pass(12 * time.Minute)
				want(t, "after failures", "stale N1 N2", names(k))
				b.do(func() { b.err, b.short = nil, false })
				pass(10 * time.Minute)
				want(t, "after it is well again", "fresh N1 changed", names(k))
				if full, _ := b.reads(); len(full) != 1 {
					t.Errorf("%d readings of everything, want 1", len(full))
				}
			})
		})
	}
}

// TestFullReadingsOverdue checks that data does not count as fresh if it may contain records deleted long ago, however new its changes
// are.
func TestFullReadingsOverdue(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBook("1", "2")
		k := snapshot.New(b.options())
		stop := start(t, k)
		defer stop()
		pass(59 * time.Minute)
		b.do(func() { b.err = &connectors.Error{Kind: connectors.KindUnavailable} })
		pass(10 * time.Minute)
		want(t, "an hour after", "stale N1 N2", names(k))
	})
}

func TestSourceThatCannotTellAfterAll(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBook("1", "2")
		b.unsupported = true
		k := snapshot.New(b.options())
		stop := start(t, k)
		defer stop()
		pass(time.Minute)
		b.remove("1")
		pass(5 * time.Minute)
		want(t, "the next reading", "fresh N2", names(k))
		if full, _ := b.reads(); len(full) != 2 {
			t.Errorf("%d readings of everything, want 2", len(full))
		}
	})
}

// TestFullReadingThatTakesLong checks that data stays fresh during a long full fetch, and that full fetches begin no more often than the
// source allows.
func TestFullReadingThatTakesLong(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBook("1", "2", "3", "4")
		b.takes = 20 * time.Minute
		k := snapshot.New(b.options())
		stop := start(t, k)
		defer stop()
		pass(15 * time.Minute)
		p := k.Statuses()[0].Progress
		began, _ := b.reads()
		if p == nil || p.Count != 2 || !p.StartedAt.Equal(began[0]) {
			t.Errorf("progress in the middle of the first: %+v", p)
		}
		pass(6 * time.Minute)
		for range 600 {
			pass(time.Minute)
			if s := k.Statuses()[0]; s.State != snapshot.Fresh {
				t.Fatalf("%v after %v, age %v of %v", s.State, time.Since(began[0]), time.Since(s.SyncedAt), s.FreshFor)
			}
		}
		full, changes := b.reads()
		for i := 1; i < len(full); i++ {
			if gap := full[i].Sub(full[i-1]); gap < 80*time.Minute {
				t.Errorf("everything was read again after %v, which is less than four times what that takes", gap)
			}
		}
		if len(full) < 5 || len(changes) < 20 {
			t.Errorf("%d readings of everything and %d of changes in ten hours", len(full), len(changes))
		}
	})
}

// TestChangesAcrossReplicas checks that another replica, also one that has just started, goes on from the shared data.
func TestChangesAcrossReplicas(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBook("1", "2", "3")
		local := localstore.New()
		one := b.options()
		one.SharedStore = local.Join()
		k := snapshot.New(one)
		stop := start(t, k)
		pass(7 * time.Minute)
		b.remove("3")
		stop()
		b.rename("2", "changed")
		pass(5 * time.Minute)
		two := b.options()
		two.SharedStore = local.Join()
		k = snapshot.New(two)
		stop = start(t, k)
		defer stop()
		pass(time.Minute)
		want(t, "the next replica", "fresh N1 changed N3", names(k))
		if full, _ := b.reads(); len(full) != 1 {
			t.Errorf("%d readings of everything, want 1: the other replica's is good", len(full))
		}
		pass(time.Hour)
		want(t, "an hour later", "fresh N1 changed", names(k))
		full, _ := b.reads()
		if gap := full[1].Sub(full[0]); gap < time.Hour || gap > 66*time.Minute {
			t.Errorf("everything was read again after %v, want an hour after the other replica's", gap)
		}
	})
}

// Changes that name what was removed remove it before the next full fetch, also in another replica.
func TestChangesThatRemove(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBook("1", "2", "3")
		b.gone = map[string]time.Time{}
		local := localstore.New()
		one, two := b.options(), b.options()
		one.SharedStore, two.SharedStore = local.Join(), local.Join()
		k, other := snapshot.New(one), snapshot.New(two)
		defer start(t, k)()
		defer start(t, other)()
		pass(time.Minute)
		b.remove("2", "unknown")
		b.rename("3", "changed")
		pass(6 * time.Minute)
		want(t, "after changes", "fresh N1 changed", names(k))
		want(t, "in the other replica", "fresh N1 changed", names(other))
		b.rename("2", "again")
		pass(6 * time.Minute)
		want(t, "after it came back", "fresh N1 again changed", names(k))
		if full, changes := b.reads(); len(full) != 1 || len(changes) < 2 {
			t.Errorf("%d full fetches and %d of changes, want 1 and at least 2", len(full), len(changes))
		}
	})
}

// earlier is a shared store into which an earlier release writes, which stores no states.
type earlier struct{ snapshot.SharedStore }

func (e earlier) Acquire(ctx context.Context, r snapshot.LeaseRequest) (snapshot.Lease, snapshot.Info, error) {
	l, info, err := e.SharedStore.Acquire(ctx, r)
	if l != nil {
		l = earlierLease{l}
	}
	return l, info, err
}

type earlierLease struct{ snapshot.Lease }

func (e earlierLease) Save(ctx context.Context, s snapshot.Stored) (int64, error) {
	s.State = ""
	return e.Lease.Save(ctx, s)
}

// After an upgrade, what the earlier release has stored is served. The next fetch is a full one, and then changes are enough again.
func TestChangesAfterAnUpgrade(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBook("1", "2")
		local := localstore.New()
		opt := b.options()
		opt.SharedStore = earlier{local.Join()}
		stop := start(t, snapshot.New(opt))
		pass(time.Minute)
		stop()
		b.rename("2", "changed")
		opt.SharedStore = local.Join()
		k := snapshot.New(opt)
		defer start(t, k)()
		pass(time.Minute)
		want(t, "at first", "fresh N1 N2", names(k))
		pass(5 * time.Minute)
		want(t, "after the next fetch", "fresh N1 changed", names(k))
		b.rename("1", "changed, too")
		pass(6 * time.Minute)
		want(t, "after another", "fresh changed, too changed", names(k))
		if full, changes := b.reads(); len(full) != 2 || len(changes) != 1 {
			t.Errorf("%d full fetches and %d of changes, want 2 and 1", len(full), len(changes))
		}
	})
}

// TestReadingThatGoesOn has a listing that earlier attempts began: its age and duration are those of the whole fetch.
func TestReadingThatGoesOn(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var mu sync.Mutex // guards the variables below
		var tries []time.Time
		down := &connectors.Error{Kind: connectors.KindUnavailable}
		var seen []*snapshot.Progress
		var k *snapshot.Keeper
		people := connectors.ListFunc[connectors.Account](
			func(ctx context.Context, progress connectors.Progress[connectors.Account]) (connectors.Listing[connectors.Account], error) {
				mu.Lock()
				defer mu.Unlock()
				tries = append(tries, time.Now())
				l := connectors.Listing[connectors.Account]{Records: []connectors.Account{{ID: "1"}, {ID: "2"}}, Began: tries[0], Spent: time.Minute}
				if len(tries) == 1 {
					l = connectors.Listing[connectors.Account]{Records: []connectors.Account{{ID: "1"}}}
				}
				progress(l)
				if err := pause(ctx, time.Minute); err != nil {
					return l, err
				}
				seen = append(seen, k.Statuses()[0].Progress)
				if len(tries) == 1 {
					return l, down
				}
				l.Complete = true
				return l, nil
			})
		k = snapshot.New(snapshot.Options{Sources: []*connectors.Source{{Name: "a", Accounts: people}}})
		stop := start(t, k)
		defer stop()
		pass(61 * time.Second)
		want(t, "after the first try", "incomplete[1] unavailable", brief(k.Current()[0]))
		pass(90 * time.Second)
		mu.Lock()
		defer mu.Unlock()
		r := k.Current()[0]
		want(t, "after the second", "fresh[1 2]", brief(r))
		if !r.Status.SyncedAt.Equal(tries[0]) || r.Status.FreshFor != 8*time.Minute {
			t.Errorf("as of %v, fresh for %v; want as of the first try, and four times the two minutes of reading", r.Status.SyncedAt, r.Status.FreshFor)
		}
		if diff := cmp.Diff([]*snapshot.Progress{{StartedAt: tries[0], Count: 1}, {StartedAt: tries[0], Count: 2}}, seen); diff != "" {
			t.Errorf("progress (-want +got):\n%s", diff)
		}
		if k.Statuses()[0].Progress != nil {
			t.Error("progress without a reading")
		}
	})
}
