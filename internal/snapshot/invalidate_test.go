package snapshot_test

import (
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"roster/connectors"
	"roster/internal/snapshot"
	"roster/internal/snapshot/localstore"
)

// rarely has the accounts of source a fetched once an hour, unless something else asks for it.
func rarely(s *script) snapshot.Options {
	opt := one(s)
	opt.Settings = map[snapshot.Key]snapshot.Settings{accounts: {FreshFor: time.Hour}}
	return opt
}

func TestInvalidate(t *testing.T) {
	t.Parallel()
	burst := func(k *snapshot.Keeper) {
		var reporting sync.WaitGroup
		for range 10 {
			reporting.Go(func() {
				for range 100 {
					k.Invalidate(accounts, true)
				}
			})
		}
		reporting.Wait()
	}
	tests := map[string]struct {
		steps []step
		act   func(k *snapshot.Keeper)
		want  []time.Duration // when the fetches begin
	}{
		"at once, if the last fetch was long ago": {[]step{{}}, func(k *snapshot.Keeper) {
			pass(time.Minute)
			k.Invalidate(accounts, false)
		}, []time.Duration{0, time.Minute}},
		"after min_interval, if it was not": {[]step{{}}, func(k *snapshot.Keeper) {
			pass(3 * time.Second)
			k.Invalidate(accounts, false)
		}, []time.Duration{0, 10 * time.Second}},
		"a burst is one fetch, and one after it": {[]step{{}, {takes: time.Second}}, func(k *snapshot.Keeper) {
			pass(time.Minute)
			burst(k)
			pass(time.Second / 2)
			burst(k)
		}, []time.Duration{0, time.Minute, 70 * time.Second}},
		"again, if the fetch in progress may have missed the change": {[]step{{}, {takes: 8 * time.Second}}, func(k *snapshot.Keeper) {
			pass(time.Minute)
			k.Refresh(accounts)
			pass(4 * time.Second)
			k.Invalidate(accounts, false)
		}, []time.Duration{0, time.Minute, 76 * time.Second}},
		"for at most half of the time": {[]step{{takes: time.Minute}}, func(k *snapshot.Keeper) {
			for range 400 {
				pass(time.Second)
				k.Invalidate(accounts, false)
			}
		}, []time.Duration{0, 2 * time.Minute, 4 * time.Minute, 6 * time.Minute}},
		"before the first fetch has ended": {[]step{{takes: 2 * time.Second}}, func(k *snapshot.Keeper) {
			k.Invalidate(accounts, false)
			pass(time.Second)
			k.Invalidate(accounts, false)
		}, []time.Duration{0, 10 * time.Second}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := scripted(tt.steps...)
			bubble(t, rarely(s), func(t *testing.T, k *snapshot.Keeper) {
				began := time.Now()
				tt.act(k)
				pass(10 * time.Minute)
				if diff := cmp.Diff(tt.want, since(began, s.reads())[:min(len(tt.want), len(s.reads()))]); diff != "" {
					t.Errorf("fetches (-want +got):\n%s", diff)
				}
				if more := len(s.reads()) - len(tt.want); more > 1 {
					t.Errorf("%d fetches more", more)
				}
			})
		})
	}
}

func TestInvalidateOfNothing(t *testing.T) {
	t.Parallel()
	bubble(t, rarely(scripted(step{})), func(_ *testing.T, k *snapshot.Keeper) {
		k.Invalidate(snapshot.Key{Source: "a", Collection: connectors.Teams}, true)
		k.Invalidate(snapshot.Key{Source: "b"}, true)
	})
}

// Reports of changes do not shorten the pauses after failures.
func TestInvalidateDuringAPause(t *testing.T) {
	t.Parallel()
	for name, e := range map[string]*connectors.Error{
		"asked for":   {Source: "a", Kind: connectors.KindRateLimited, RetryAfter: 4 * time.Minute},
		"our own":     {Source: "a", Kind: connectors.KindUnauthorized},
		"not called":  {Source: "a", Kind: connectors.KindUnavailable, Unsent: true, RetryAfter: 4 * time.Minute},
		"unavailable": {Source: "a", Kind: connectors.KindUnavailable},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			fetches := func(reported bool) []time.Time {
				s := scripted(step{}, step{err: e})
				var reads []time.Time
				bubble(t, rarely(s), func(_ *testing.T, k *snapshot.Keeper) {
					pass(time.Minute)
					k.Refresh(accounts)
					for range 600 {
						pass(time.Second)
						if reported {
							k.Invalidate(accounts, true)
						}
					}
					reads = s.reads()
				})
				return reads
			}
			if with, without := len(fetches(true)), len(fetches(false)); with > without+2 { // pauses have a random part
				t.Errorf("%d fetches, and %d without the reports", with, without)
			}
		})
	}
}

// Nobody asks for the collection: the source is not called until somebody does.
func TestInvalidateWhileIdle(t *testing.T) {
	t.Parallel()
	s := scripted(step{})
	opt := rarely(s)
	opt.IdleAfter = time.Minute
	bubble(t, opt, func(t *testing.T, k *snapshot.Keeper) {
		pass(2 * time.Minute)
		k.Invalidate(accounts, false)
		pass(2 * time.Minute)
		if n := len(s.reads()); n != 1 {
			t.Errorf("%d fetches, want 1: nobody asks", n)
		}
		timed(t.Context(), k)
		pass(time.Second)
		if n := len(s.reads()); n < 2 { // the first keeper may have begun one, too
			t.Errorf("%d fetches, want 2: somebody has asked, and the data is outdated", n)
		}
	})
}

// A removal that only a full fetch shows causes one, and other changes do not. Full fetches take at most a quarter of the time.
func TestInvalidateWithIncrementalFetches(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBook("1", "2", "3")
		b.takes = 20 * time.Second
		k := snapshot.New(b.options())
		stop := start(t, k)
		defer stop()
		pass(30 * time.Second)
		b.rename("2", "changed")
		k.Invalidate(contacts, false)
		pass(time.Second)
		want(t, "after a change", "fresh N1 changed N3", names(k))
		b.remove("1")
		b.rename("3", "too")
		k.Invalidate(contacts, true)
		pass(15 * time.Second)
		want(t, "while a full fetch is too early", "fresh N1 changed too", names(k))
		pass(54 * time.Second) // 80 s since the first full fetch began, and the duration of the next
		want(t, "after it", "fresh changed too", names(k))
		full, changes := b.reads()
		if len(full) != 2 || len(changes) != 2 {
			t.Fatalf("%d full fetches and %d incremental ones, want 2 and 2", len(full), len(changes))
		}
		if gap := full[1].Sub(full[0]); gap != 80*time.Second {
			t.Errorf("a full fetch %s after the first, want four times its duration", gap)
		}
	})
}

// A report to a keeper that another one has replaced reaches that one.
func TestInvalidateAfterATakeover(t *testing.T) {
	s := scripted(step{})
	withSuccession(t, func(r *succession) {
		pass(time.Minute)
		r.takeOver([]*connectors.Source{sourceOf("f", s)}, snapshot.Settings{FreshFor: 2 * time.Hour})
		before := len(s.reads())
		r.old.Invalidate(accounts, false)
		pass(time.Second)
		if n := len(s.reads()) - before; n != 1 {
			t.Errorf("%d fetches after the report, want 1", n)
		}
	}, sourceOf("f", s), snapshot.Settings{FreshFor: time.Hour})
}

// A report that comes while another keeper takes over reaches one of the two.
func TestInvalidateDuringATakeover(t *testing.T) {
	for range 300 {
		s := scripted(step{})
		synctest.Test(t, func(t *testing.T) {
			old := snapshot.New(snapshot.Options{Sources: []*connectors.Source{sourceOf("f", s)}, Settings: settingsFor([]snapshot.Settings{{FreshFor: time.Hour}})})
			defer start(t, old)()
			pass(time.Minute)
			var reporting sync.WaitGroup
			reporting.Go(func() { old.Invalidate(accounts, false) })
			next := snapshot.New(snapshot.Options{Sources: []*connectors.Source{sourceOf("f", s)}, Settings: settingsFor([]snapshot.Settings{{FreshFor: 2 * time.Hour}}), Before: old})
			defer start(t, next)()
			reporting.Wait()
			pass(time.Minute)
			if n := len(s.reads()); n < 2 { // the first keeper may have begun one, too
				t.Errorf("%d fetches, want one after the report", n)
			}
		})
	}
}

// Whichever replica receives the reports, one fetches, and all have the data.
func TestInvalidateWithReplicas(t *testing.T) {
	t.Parallel()
	s := scripted(step{ids: []string{"1"}}, step{ids: []string{"1", "2"}, takes: time.Second})
	replicas(t, 3, rarely(s), func(t *testing.T, ks []*snapshot.Keeper) {
		began := time.Now()
		pass(time.Minute)
		for range 100 {
			for _, k := range ks {
				k.Invalidate(accounts, false)
			}
		}
		pass(time.Minute)
		if diff := cmp.Diff([]time.Duration{0, time.Minute}, since(began, s.reads())); diff != "" {
			t.Errorf("fetches (-want +got):\n%s", diff)
		}
		for _, k := range ks {
			r, _ := timed(t.Context(), k)
			want(t, "a replica", "fresh[1 2]", brief(r))
		}
	})
}

// While the shared store is unavailable, the replicas that receive reports take turns.
func TestInvalidateWithoutTheSharedStore(t *testing.T) {
	t.Parallel()
	s := scripted(step{})
	synctest.Test(t, func(t *testing.T) {
		opt := rarely(s)
		store := &unsteady{SharedStore: localstore.New().Join(), size: 3, rank: 1}
		store.turn(true)
		opt.SharedStore = store
		k := snapshot.New(opt)
		defer start(t, k)()
		began := time.Now()
		for range 100 {
			pass(time.Second)
			k.Invalidate(accounts, false)
		}
		if diff := cmp.Diff([]time.Duration{0, 30 * time.Second, 60 * time.Second, 90 * time.Second}, since(began, s.reads())); diff != "" {
			t.Errorf("fetches (-want +got):\n%s", diff)
		}
	})
}
