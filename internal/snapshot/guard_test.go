package snapshot_test

import (
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"roster/connectors"
	"roster/internal/logtest"
	"roster/internal/snapshot"
	"roster/internal/snapshot/localstore"
)

var hours = snapshot.Settings{FreshFor: time.Minute, MinInterval: 10 * time.Second, KeepFor: 10 * time.Minute, AcceptAfter: 3 * time.Hour}

// held describes the state of the guard for a collection.
func held(k *snapshot.Keeper) string {
	r := k.Current()[0]
	if l := r.Status.Loss; l != nil {
		return fmt.Sprintf("%v, %d of %d lost, %d found", r.Status.State, l.Lost, l.Known, l.Found)
	}
	return fmt.Sprintf("%v, %d", r.Status.State, r.Status.Count)
}

func wantHeld(t *testing.T, when string, k *snapshot.Keeper, want string) {
	t.Helper()
	synctest.Wait()
	if got := held(k); got != want {
		t.Errorf("%s: %s, want %s", when, got, want)
	}
}

func TestGuardThresholds(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		known, next []string
		maxLoss     int
		want        string
	}{
		"all":                              {numberedOf("a", 441), nil, 0, "stale, 441 of 441 lost, 0 found"},
		"other people":                     {numberedOf("a", 40), numberedOf("b", 40), 0, "stale, 40 of 40 lost, 40 found"},
		"fewer than 20":                    {numberedOf("a", 19), nil, 0, "fresh, 0"},
		"20":                               {numberedOf("a", 20), nil, 0, "stale, 20 of 20 lost, 0 found"},
		"30 per cent":                      {numberedOf("a", 100), numberedOf("a", 70), 0, "fresh, 70"},
		"more than 30 per cent":            {numberedOf("a", 100), numberedOf("a", 69), 0, "stale, 31 of 100 lost, 69 found"},
		"more than may be, by the setting": {numberedOf("a", 300), numberedOf("a", 270), 9, "stale, 30 of 300 lost, 270 found"},
		"all, and the guard is off":        {numberedOf("a", 441), nil, 100, "fresh, 0"},
		"more people":                      {numberedOf("a", 40), numberedOf("a", 400), 0, "fresh, 400"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			opt := one(scripted(step{ids: tc.known}, step{ids: tc.next}))
			settings := hours
			settings.MaxLoss = tc.maxLoss
			opt.Settings = map[snapshot.Key]snapshot.Settings{accounts: settings}
			bubble(t, opt, func(t *testing.T, k *snapshot.Keeper) {
				pass(90 * time.Second)
				wantHeld(t, "after two readings", k, tc.want)
			})
		})
	}
}

// No caller waits while a loss is held back, fetches go on at the usual intervals, keep_for does not drop what the guard keeps, and one
// line logs the loss.
func TestHeldBackServesWhatIsKnown(t *testing.T) {
	t.Parallel()
	var log logtest.Buffer
	s := scripted(step{ids: numberedOf("a", 40)}, step{takes: 5 * time.Second})
	opt := one(s)
	opt.Settings = map[snapshot.Key]snapshot.Settings{accounts: hours}
	opt.Logger = slog.New(slog.NewTextHandler(&log, nil))
	bubble(t, opt, func(t *testing.T, k *snapshot.Keeper) {
		for range 170 {
			pass(time.Minute)
			if _, waited := timed(t.Context(), k); waited > 0 {
				t.Fatalf("somebody waited %v", waited)
			}
		}
		wantHeld(t, "after nearly three hours", k, "stale, 40 of 40 lost, 0 found")
		if n := len(s.reads()); n < 140 || n > 172 {
			t.Errorf("%d readings in 170 minutes", n)
		}
		st := k.Statuses()[0]
		if e := st.Err; e == nil || e.Kind != connectors.KindSuspiciousLoss || !strings.Contains(e.Detail, "shows 0 records") || !strings.Contains(e.Detail, "40 of the 40 known") {
			t.Errorf("it says %v", e)
		}
		if n := strings.Count(log.String(), "level=WARN"); n != 1 || !strings.Contains(log.String(), "known=40 found=0 lost=40") {
			t.Errorf("%d warnings, want one with both counts:\n%s", n, log.String())
		}
		pass(15 * time.Minute)
		wantHeld(t, "after more than three", k, "fresh, 0")
	})
}

// A loss that differs much from the held-back one is a new loss, and has its own AcceptAfter.
func TestAnotherLossWaitsAnew(t *testing.T) {
	t.Parallel()
	s := scripted(step{ids: numberedOf("a", 100)}, step{ids: numberedOf("a", 60)})
	opt := one(s)
	opt.IdleAfter = 1000 * time.Hour
	opt.Settings = map[snapshot.Key]snapshot.Settings{accounts: hours}
	bubble(t, opt, func(t *testing.T, k *snapshot.Keeper) {
		pass(2 * time.Hour)
		wantHeld(t, "part", k, "stale, 40 of 100 lost, 60 found")
		s.set(step{})
		pass(2 * time.Hour)
		wantHeld(t, "and then all", k, "stale, 100 of 100 lost, 0 found")
		s.set(step{ids: numberedOf("a", 99)})
		pass(2 * time.Minute)
		wantHeld(t, "and then they are there", k, "fresh, 99")
		s.set(step{})
		pass(2 * time.Hour)
		wantHeld(t, "and gone again", k, "stale, 99 of 99 lost, 0 found")
	})
}

func TestLossIsAccepted(t *testing.T) {
	t.Parallel()
	s := scripted(step{ids: numberedOf("a", 40)}, step{})
	opt := one(s)
	opt.Settings = map[snapshot.Key]snapshot.Settings{accounts: hours}
	bubble(t, opt, func(t *testing.T, k *snapshot.Keeper) {
		pass(62 * time.Second)
		wantHeld(t, "before", k, "stale, 40 of 40 lost, 0 found")
		if begins(k.AcceptLoss(snapshot.Key{Source: "none"})) || !begins(k.AcceptLoss(accounts)) {
			t.Error("it accepts of the wrong source, or not of the right one")
		}
		wantHeld(t, "within min_interval", k, "stale, 40 of 40 lost, 0 found")
		pass(10 * time.Second)
		wantHeld(t, "after it", k, "fresh, 0")
		s.set(step{ids: numberedOf("a", 50)}, step{})
		pass(3 * time.Minute)
		wantHeld(t, "the next time", k, "stale, 50 of 50 lost, 0 found")
		s.set(step{err: &connectors.Error{Kind: connectors.KindUnavailable}}, step{})
		k.AcceptLoss(accounts)
		pass(5 * time.Minute)
		wantHeld(t, "after a reading that failed", k, "stale, 50 of 50 lost, 0 found")
	})
}

// While a loss is held back, changes are merged into the known records, and full fetches are no more frequent than usual.
func TestChangesWhileALossIsHeldBack(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBook(numberedOf("c", 40)...)
		key := snapshot.Key{Source: "a", Collection: connectors.Contacts}
		k := snapshot.New(snapshot.Options{Sources: []*connectors.Source{{Name: "a", Contacts: b}}, IdleAfter: 1000 * time.Hour,
			Settings: map[snapshot.Key]snapshot.Settings{key: hours}})
		defer start(t, k)()
		pass(time.Minute)
		b.do(func() { clear(b.contacts) })
		pass(90 * time.Minute)
		wantHeld(t, "after the next reading of everything", k, "stale, 40 of 40 lost, 0 found")
		b.rename("new", "New")
		pass(6 * time.Minute)
		wantHeld(t, "after changes", k, "stale, 40 of 40 lost, 0 found")
		if r := k.Current()[0]; r.Status.Count != 41 || r.Status.Err == nil || r.Status.Err.Kind != connectors.KindSuspiciousLoss {
			t.Errorf("%d records, %v; want the new one too", r.Status.Count, r.Status.Err)
		}
		if n := len(b.full); n != 2 {
			t.Errorf("everything was read %d times in 97 minutes, want 2", n)
		}
		k.AcceptLoss(key)
		pass(time.Minute)
		wantHeld(t, "accepted", k, "fresh, 1")
	})
}

// One replica is enough to hold a loss back for all replicas, to accept it for all, and to see its end.
func TestReplicasHoldALossBackTogether(t *testing.T) {
	t.Parallel()
	s := scripted(step{ids: numberedOf("a", 40)}, step{takes: 3 * time.Second})
	opt := one(s)
	opt.Settings = map[snapshot.Key]snapshot.Settings{accounts: hours}
	replicas(t, 3, opt, func(t *testing.T, ks []*snapshot.Keeper) {
		all := func(when, want string) {
			t.Helper()
			for i, k := range ks {
				wantHeld(t, fmt.Sprintf("%s, replica %d", when, i), k, want)
			}
		}
		pass(30 * time.Minute)
		all("held back", "stale, 40 of 40 lost, 0 found")
		if n := len(s.reads()); n > 32 {
			t.Errorf("%d readings in 30 minutes, want those of one replica", n)
		}
		for i, k := range ks {
			if since := k.Statuses()[0].Loss.Since; since.Sub(ks[0].Statuses()[0].Loss.Since).Abs() > time.Millisecond {
				t.Errorf("replica %d has it since %v", i, since)
			}
		}
		reads := len(s.reads())
		for len(s.reads()) == reads { // until a replica has the lease
			pass(time.Second)
		}
		for _, k := range ks {
			k.AcceptLoss(accounts) // one replica has the lease, the others do not
		}
		pass(2 * time.Minute)
		all("accepted", "fresh, 0")
	})
}

func TestOneReplicaAcceptsWhileAnotherReads(t *testing.T) {
	t.Parallel()
	for i := range 3 {
		t.Run(fmt.Sprint("replica ", i), func(t *testing.T) {
			t.Parallel()
			s := scripted(step{ids: numberedOf("a", 40)}, step{takes: 20 * time.Second})
			opt := one(s)
			opt.Settings = map[snapshot.Key]snapshot.Settings{accounts: hours}
			replicas(t, 3, opt, func(t *testing.T, ks []*snapshot.Keeper) {
				pass(5 * time.Minute)
				reads := len(s.reads())
				for len(s.reads()) == reads {
					pass(time.Second)
				}
				ks[i].AcceptLoss(accounts)
				pass(2 * time.Minute)
				for j, k := range ks {
					wantHeld(t, fmt.Sprint("replica ", j), k, "fresh, 0")
				}
			})
		})
	}
}

// A restart, and a replica with another configuration, go on from the held-back loss.
func TestHeldBackOutlivesItsKeeper(t *testing.T) {
	t.Parallel()
	t.Run("restart", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			common := localstore.New()
			s := scripted(step{ids: numberedOf("a", 40)}, step{})
			opt := one(s)
			opt.Settings = map[snapshot.Key]snapshot.Settings{accounts: hours}
			opt.IdleAfter, opt.SharedStore = 1000*time.Hour, common.Join()
			stop := start(t, snapshot.New(opt))
			pass(2 * time.Hour)
			stop()
			opt.SharedStore = common.Join()
			k := snapshot.New(opt)
			stop = start(t, k)
			defer func() { stop() }()
			pass(30 * time.Minute)
			wantHeld(t, "after the restart", k, "stale, 40 of 40 lost, 0 found")
			if e := k.Statuses()[0].Err; e == nil || e.Kind != connectors.KindSuspiciousLoss {
				t.Errorf("it says %v", e)
			}
			pass(40 * time.Minute)
			wantHeld(t, "three hours after it began", k, "fresh, 0")
		})
	})
	s := scripted(step{ids: numberedOf("a", 40)}, step{})
	source := sourceOf("f", s)
	t.Run("reload", func(t *testing.T) {
		off := hours
		off.MaxLoss = 100
		withSuccession(t, func(r *succession) {
			pass(5 * time.Minute)
			wantHeld(t, "before", r.old, "stale, 40 of 40 lost, 0 found")
			r.takeOver([]*connectors.Source{sourceOf("f", s)}, off)
			wantHeld(t, "at once", r.new, "stale, 40 of 40 lost, 0 found")
			pass(2 * time.Minute)
			wantHeld(t, "without a guard", r.new, "fresh, 0")
		}, source, hours)
	})
}
