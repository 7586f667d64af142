package snapshot_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"roster/connectors"
	"roster/internal/snapshot"
	"roster/internal/snapshot/localstore"
)

// unsteady is a shared store that can be unavailable, hang and lose parts, and that counts its calls.
type unsteady struct {
	snapshot.SharedStore
	away, lost atomic.Bool
	size, rank int
	calls      atomic.Int64
	since      atomic.Pointer[time.Time] // when it became unavailable or available again, if it did
	saved      func()                    // called before a Save
	mended     chan struct{}
}

var errAway = errors.New("away")

func (u *unsteady) call() error {
	u.calls.Add(1)
	if u.away.Load() {
		return errAway
	}
	return nil
}

func (u *unsteady) Stat(ctx context.Context, items []snapshot.StoreKey) ([]snapshot.Info, error) {
	if err := u.call(); err != nil {
		return nil, err
	}
	return u.SharedStore.Stat(ctx, items)
}

func (u *unsteady) Load(ctx context.Context, item snapshot.StoreKey, meta snapshot.Meta) ([][]byte, error) {
	if err := u.call(); err != nil || u.lost.Load() {
		return nil, err
	}
	return u.SharedStore.Load(ctx, item, meta)
}

func (u *unsteady) Acquire(ctx context.Context, c snapshot.LeaseRequest) (snapshot.Lease, snapshot.Info, error) {
	if err := u.call(); err != nil {
		return nil, snapshot.Info{}, err
	}
	lease, mark, err := u.SharedStore.Acquire(ctx, c)
	if lease != nil {
		lease = &unsteadyLease{lease, u}
	}
	return lease, mark, err
}

func (u *unsteady) Membership() snapshot.Membership {
	membership := snapshot.Membership{Connected: !u.away.Load(), Size: u.size, Rank: u.rank}
	if since := u.since.Load(); since != nil {
		membership.Since = *since
	}
	return membership
}

// turn makes the store unavailable or available.
func (u *unsteady) turn(away bool) {
	now := time.Now()
	u.since.Store(&now)
	u.away.Store(away)
}

func (u *unsteady) Changed() <-chan struct{} {
	if u.mended != nil {
		return u.mended
	}
	return u.SharedStore.Changed()
}

type unsteadyLease struct {
	snapshot.Lease
	store *unsteady
}

func (l *unsteadyLease) Save(ctx context.Context, s snapshot.Stored) (int64, error) {
	if l.store.saved != nil {
		l.store.saved()
	}
	if err := l.store.call(); err != nil {
		return 0, err
	}
	return l.Lease.Save(ctx, s)
}

// replicas runs n keepers with one shared store in a bubble. All of them fetch the same scripted accounts.
func replicas(t *testing.T, n int, opt snapshot.Options, f func(t *testing.T, ks []*snapshot.Keeper)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		store := localstore.New()
		ks := make([]*snapshot.Keeper, n)
		for i := range ks {
			opt.SharedStore = store.Join()
			ks[i] = snapshot.New(opt)
			defer start(t, ks[i])()
		}
		f(t, ks)
	})
}

func TestReplicasReadEachCollectionOnce(t *testing.T) {
	t.Parallel()
	accountsRead, teamsRead := scripted(step{ids: numbered(50), takes: time.Second}), scripted(step{ids: []string{"t"}, takes: 3 * time.Second})
	opt := snapshot.Options{Sources: []*connectors.Source{{Name: "a", Accounts: accountsRead.accounts(), Teams: teamsRead.teams()}}}
	replicas(t, 3, opt, func(t *testing.T, ks []*snapshot.Keeper) {
		var waiting sync.WaitGroup
		for i := range 60 {
			waiting.Go(func() {
				k := ks[i%3]
				if r := k.Load(t.Context(), []snapshot.Key{accounts})[0]; r.Status.State != snapshot.Fresh || r.Status.Count != 50 {
					t.Errorf("got %+v", r.Status)
				}
			})
		}
		waiting.Wait()
		pass(5 * time.Second)
		if a, b := len(accountsRead.reads()), len(teamsRead.reads()); a != 1 || b != 1 {
			t.Errorf("accounts were read %d times and teams %d times", a, b)
		}
		var versions []string
		for _, k := range ks {
			for _, r := range k.Current() {
				versions = append(versions, fmt.Sprint(r.Status.State, r.Snapshot.Version, r.Status.SyncedAt, r.Status.TriedAt, r.Status.FreshFor))
			}
		}
		for i := range versions {
			if versions[i] != versions[i%2] {
				t.Errorf("they differ:\n%s\n%s", versions[i], versions[i%2])
			}
		}
	})
}

func TestReplicasTogetherReadNoMoreThanOne(t *testing.T) {
	t.Parallel()
	s := scripted(step{ids: []string{"1"}}, step{ids: []string{"1", "2"}, takes: time.Second})
	replicas(t, 4, one(s), func(t *testing.T, ks []*snapshot.Keeper) {
		pass(10*time.Minute + 30*time.Second)
		if n := len(s.reads()); n < 10 || n > 11 {
			t.Errorf("read %d times in ten minutes, want about once a minute", n)
		}
		for i, k := range ks {
			if got, want := brief(k.Current()[0]), "fresh[1 2]"; got != want {
				t.Errorf("replica %d serves %s, want %s", i, got, want)
			}
		}
	})
}

func TestWarmTierServesWithoutReading(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		store := localstore.New()
		seven := 7
		opt := one(scripted(step{ids: []string{"1", "2"}, takes: 5 * time.Second, want: &seven}))
		opt.SharedStore = store.Join()
		first := snapshot.New(opt)
		stop := start(t, first)
		pass(10 * time.Second)
		stop()
		want := first.Statuses()[0]

		s := scripted(step{ids: []string{"3"}})
		opt = one(s)
		opt.SharedStore = store.Join()
		second := snapshot.New(opt)
		defer start(t, second)()
		r, waited := timed(t.Context(), second)
		want.Fetches, want.Waits = 0, r.Status.Waits // these differ between replicas
		if diff := cmp.Diff(want, r.Status); diff != "" || waited != 0 {
			t.Errorf("after %v (-first +second):\n%s", waited, diff)
		}
		if got := brief(r); got != "fresh[1 2]" || len(s.reads()) != 0 {
			t.Errorf("got %s after %d readings", got, len(s.reads()))
		}
		pass(70 * time.Second)
		if got := brief(second.Current()[0]); got != "fresh[3]" {
			t.Errorf("when it was due, got %s", got)
		}
	})
}

func TestReplicasLeaveAFailingSourceAlone(t *testing.T) {
	t.Parallel()
	down := fails(connectors.KindUnavailable)
	s := scripted(step{ids: []string{"1"}}, down)
	alone := scripted(step{ids: []string{"1"}}, down)
	bubble(t, one(alone), func(_ *testing.T, _ *snapshot.Keeper) { pass(time.Hour) })
	replicas(t, 3, one(s), func(t *testing.T, ks []*snapshot.Keeper) {
		pass(90 * time.Second)
		for i, k := range ks {
			st := k.Statuses()[0]
			if got := brief(k.Current()[0]); got != "stale[1] unavailable" || !st.RetryAt.After(time.Now()) || st.Err.Source != "a" {
				t.Errorf("replica %d: %s, %+v", i, got, st)
			}
		}
		pass(time.Hour - 90*time.Second)
		// Pauses are random, between half and the whole of their length.
		if got, most := len(s.reads()), 2*len(alone.reads()); got > most {
			t.Errorf("three replicas read %d times, one alone %d times", got, len(alone.reads()))
		}
	})
}

func TestShortReadingsDoNotReplaceACompleteOne(t *testing.T) {
	t.Parallel()
	s := scripted(step{ids: []string{"1", "2"}}, step{ids: []string{"2", "3"}, short: true})
	replicas(t, 2, one(s), func(t *testing.T, ks []*snapshot.Keeper) {
		pass(61 * time.Second)
		got := []string{brief(ks[0].Current()[0]), brief(ks[1].Current()[0])}
		slices.Sort(got)
		if diff := cmp.Diff([]string{"fresh[1 2]", "incomplete[1 2 3]"}, got); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
		if n := len(s.reads()); n != 2 {
			t.Errorf("read %d times: the short one was not told of", n)
		}
	})
}

func TestProgressOfALongReadingIsShared(t *testing.T) {
	t.Parallel()
	s := scripted(step{ids: numbered(100), pages: 100, takes: 100 * time.Second})
	replicas(t, 2, one(s), func(t *testing.T, ks []*snapshot.Keeper) {
		pass(50*time.Second + time.Millisecond)
		for i, k := range ks {
			if st := k.Statuses()[0]; st.State != snapshot.Incomplete || st.Count < 40 || !st.Fetching {
				t.Errorf("half-way, replica %d: %+v", i, st)
			}
		}
		pass(51 * time.Second)
		for i, k := range ks {
			if st := k.Statuses()[0]; st.State != snapshot.Fresh || st.Count != 100 {
				t.Errorf("at the end, replica %d: %+v", i, st)
			}
		}
		if n := len(s.reads()); n != 1 {
			t.Errorf("read %d times", n)
		}
	})
}

func TestDamagedSnapshotIsReadAnew(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		store := localstore.New()
		opt := one(scripted(step{ids: []string{"1"}}))
		opt.SharedStore = store.Join()
		stop := start(t, snapshot.New(opt))
		pass(20 * time.Second)
		stop()
		damaged := &unsteady{SharedStore: store.Join(), size: 1}
		damaged.lost.Store(true)
		s := scripted(step{ids: []string{"2"}})
		opt = one(s)
		opt.SharedStore = damaged
		k := snapshot.New(opt)
		defer start(t, k)()
		r, _ := timed(t.Context(), k)
		if got := brief(r); got != "fresh[2]" || len(s.reads()) != 1 {
			t.Errorf("got %s after %d readings", got, len(s.reads()))
		}
	})
}

func TestMinIntervalHoldsAcrossReplicas(t *testing.T) {
	t.Parallel()
	s := scripted(step{ids: []string{"1"}})
	replicas(t, 3, one(s), func(t *testing.T, ks []*snapshot.Keeper) {
		pass(time.Second)
		for range 600 {
			for _, k := range ks {
				k.Refresh(accounts)
			}
			pass(100 * time.Millisecond)
		}
		at := s.reads()
		for i := range at[1:] {
			if gap := at[i+1].Sub(at[i]); gap < 10*time.Second {
				t.Errorf("two readings within %v", gap)
			}
		}
		if len(at) < 6 {
			t.Errorf("read %d times in a minute of refreshing", len(at))
		}
	})
}

// The store becomes unavailable while one replica fetches, which the other does not know. The store comes back while the other replica
// cannot know what was fetched without the store.
func TestMinIntervalHoldsWhereTheTierGoesAndComes(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		store := localstore.New()
		s := scripted(step{ids: []string{"1"}}, step{ids: []string{"1"}, takes: 5 * time.Second}, step{ids: []string{"1"}})
		var us []*unsteady
		var ks []*snapshot.Keeper
		for i := range 2 {
			u := &unsteady{SharedStore: store.Join(), size: 2, rank: i, mended: make(chan struct{}, 1)}
			opt := one(s)
			opt.SharedStore = u
			k := snapshot.New(opt)
			defer start(t, k)()
			us, ks = append(us, u), append(ks, k)
		}
		urge := func(d time.Duration) {
			for range d / (100 * time.Millisecond) {
				for _, k := range ks {
					k.Refresh(accounts)
				}
				pass(100 * time.Millisecond)
			}
		}
		pass(15 * time.Second)
		ks[1].Refresh(accounts)
		pass(100 * time.Millisecond)
		for _, u := range us {
			u.turn(true)
		}
		urge(45 * time.Second)
		for _, u := range us { // the second replica has fetched last, and reconnects last
			u.turn(false)
			u.mended <- struct{}{}
			urge(time.Second)
		}
		urge(45 * time.Second)
		at := s.reads()
		for i := range at[1:] {
			if gap := at[i+1].Sub(at[i]); gap < 10*time.Second {
				t.Errorf("reading %d came %v after the one before", i+1, gap)
			}
		}
		if len(at) < 8 {
			t.Errorf("read %d times in all", len(at))
		}
	})
}

func TestOldReadingDoesNotReplaceANewer(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		store := localstore.New()
		slow := &unsteady{SharedStore: store.Join(), size: 1}
		quick := store.Join()
		item := snapshot.StoreKey{Key: accounts}
		newer := snapshot.Records{Accounts: []connectors.Account{{ID: "2", Name: "N2"}}}
		slow.saved = func() { // while it was suspended, another replica has fetched
			pass(time.Second)
			now := time.Now()
			_, err := quick.Put(t.Context(), snapshot.Stored{Item: item, KeepFor: time.Hour,
				Meta:   snapshot.Meta{FetchedAt: now, Since: now, Version: "v2", Complete: true, Count: 1},
				Encode: func() ([][]byte, error) { return snapshot.Encode(connectors.Accounts, newer) }})
			if err != nil {
				t.Error(err)
			}
		}
		opt := one(scripted(step{ids: []string{"1"}}))
		opt.SharedStore = slow
		k := snapshot.New(opt)
		defer start(t, k)()
		pass(2 * time.Second)
		if got := brief(k.Current()[0]); got != "fresh[2]" {
			t.Errorf("serves %s, and should have taken what is newer", got)
		}
		marks, _ := quick.Stat(t.Context(), []snapshot.StoreKey{item})
		if marks[0].Version != "v2" {
			t.Error("the older reading has replaced the newer one")
		}
	})
}

func TestOtherCredentialSeesNothing(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		store := localstore.New()
		full, less := scripted(step{ids: []string{"1", "2"}}), scripted(step{ids: []string{"1"}})
		for fingerprint, s := range map[string]*script{"full": full, "less": less} {
			k := snapshot.New(snapshot.Options{SharedStore: store.Join(),
				Sources: []*connectors.Source{{Name: "a", Fingerprint: fingerprint, Accounts: s.accounts()}}})
			defer start(t, k)()
			pass(time.Second)
			if want := map[string]string{"full": "fresh[1 2]", "less": "fresh[1]"}[fingerprint]; brief(k.Current()[0]) != want {
				t.Errorf("%s: got %s", fingerprint, brief(k.Current()[0]))
			}
		}
	})
}

// Replicas that lose the shared store fetch by themselves, each in its turn, and together no more often than one replica would.
func TestWithoutTheTierReplicasTakeTurns(t *testing.T) {
	t.Parallel()
	const n = 3
	synctest.Test(t, func(t *testing.T) {
		s := scripted(step{ids: []string{"1"}})
		store := localstore.New()
		stores, ks := make([]*unsteady, n), make([]*snapshot.Keeper, n)
		for i := range ks {
			stores[i] = &unsteady{SharedStore: store.Join(), size: n, rank: i}
			opt := one(s)
			opt.SharedStore, opt.IdleAfter = stores[i], 24*time.Hour
			ks[i] = snapshot.New(opt)
			defer start(t, ks[i])()
		}
		pass(90 * time.Second)
		for _, u := range stores {
			u.away.Store(true)
		}
		before := len(s.reads())
		pass(30 * time.Minute)
		at := s.reads()
		for i := before; i < len(at); i++ {
			if gap := at[i].Sub(at[i-1]); gap < 50*time.Second {
				t.Errorf("reading %d came %v after the one before", i, gap)
			}
		}
		if got := len(at) - before; got < 25 {
			t.Errorf("%d readings in half an hour", got)
		}
		for i, k := range ks {
			st := k.Statuses()[0]
			if st.State != snapshot.Fresh || st.FreshFor != n*time.Minute {
				t.Errorf("replica %d: %+v", i, st)
			}
			k.Refresh(accounts)
		}
		// When the store is available again, the replicas share again.
		for _, u := range stores {
			u.away.Store(false)
		}
		pass(5 * time.Minute)
		before = len(s.reads())
		pass(30 * time.Minute)
		if got := len(s.reads()) - before; got < 28 || got > 31 {
			t.Errorf("%d readings in half an hour after it was back, want 30", got)
		}
	})
}

func TestTierThatLostEverythingIsFilledFromMemory(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := scripted(step{ids: []string{"1"}})
		u := &unsteady{SharedStore: localstore.New().Join(), size: 1, mended: make(chan struct{}, 1)}
		opt := one(s)
		opt.SharedStore = u
		k := snapshot.New(opt)
		defer start(t, k)()
		pass(5 * time.Second)
		empty := localstore.New()
		u.SharedStore = empty.Join()
		u.mended <- struct{}{}
		synctest.Wait()
		marks, _ := empty.Join().Stat(t.Context(), []snapshot.StoreKey{{Key: accounts}})
		if marks[0].Count != 1 || !marks[0].FetchedAt.Equal(k.Statuses()[0].SyncedAt) || len(s.reads()) != 1 {
			t.Errorf("got %+v after %d readings", marks[0], len(s.reads()))
		}
	})
}

func TestLoadNeverTouchesTheTier(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		u := &unsteady{SharedStore: localstore.New().Join(), size: 1}
		opt := one(scripted(step{ids: []string{"1"}}))
		opt.SharedStore = u
		k := snapshot.New(opt)
		defer start(t, k)()
		pass(time.Second)
		before := u.calls.Load()
		for range 1000 {
			k.Load(t.Context(), []snapshot.Key{accounts})
			k.Current()
		}
		if n := u.calls.Load() - before; n != 0 {
			t.Errorf("%d calls to the store for a thousand operations", n)
		}
	})
}

// The wait for a turn while the store is unavailable makes nothing count as fresh for longer than the pace does.
func TestTurnsAreNoCostOfTheSource(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		store := &unsteady{SharedStore: localstore.New().Join(), size: 3}
		src := scripted(step{ids: []string{"1"}, takes: time.Second})
		opt := one(src)
		opt.SharedStore = store
		opt.Settings = map[snapshot.Key]snapshot.Settings{accounts: {FreshFor: 10 * time.Second, MinInterval: time.Second}}
		k := snapshot.New(opt)
		defer start(t, k)()
		pass(5 * time.Second)
		store.away.Store(true)
		src.set(step{ids: []string{"1"}, takes: time.Minute}) // most of the duration is a wait
		k.Refresh(accounts)
		before := len(src.reads())
		for range 300 {
			pass(time.Second)
			k.Take([]snapshot.Key{accounts})
		}
		if n := len(src.reads()) - before; n < 1 {
			t.Errorf("%d readings by itself", n)
		}
		if got := k.Statuses()[0].FreshFor; got != 30*time.Second {
			t.Errorf("data counts as fresh for %v, want three times what is configured", got)
		}
	})
}
