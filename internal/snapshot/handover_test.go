package snapshot_test

import (
	"testing"
	"testing/synctest"
	"time"

	"roster/connectors"
	"roster/internal/snapshot"
	"roster/internal/snapshot/localstore"
)

func sourceOf(fingerprint string, s *script) *connectors.Source {
	return &connectors.Source{Name: "a", Fingerprint: fingerprint, Accounts: s.accounts()}
}

// succession runs a keeper, lets another one take over when the test asks for it, and stops both at its end.
type succession struct {
	t        *testing.T
	old, new *snapshot.Keeper
	stops    []func()
}

func withSuccession(t *testing.T, f func(*succession), first *connectors.Source, settings ...snapshot.Settings) {
	t.Helper()
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &succession{t: t, old: snapshot.New(snapshot.Options{Sources: []*connectors.Source{first}, Settings: settingsFor(settings)})}
		s.stops = append(s.stops, start(t, s.old))
		f(s)
		for _, stop := range s.stops {
			stop()
		}
	})
}

func settingsFor(settings []snapshot.Settings) map[snapshot.Key]snapshot.Settings {
	out := make(map[snapshot.Key]snapshot.Settings)
	for _, s := range settings {
		out[accounts] = s
	}
	return out
}

func (s *succession) takeOver(sources []*connectors.Source, settings ...snapshot.Settings) {
	s.new = snapshot.New(snapshot.Options{Sources: sources, Settings: settingsFor(settings), Before: s.old})
	s.stops = append(s.stops, start(s.t, s.new))
	synctest.Wait()
}

func state(k *snapshot.Keeper) snapshot.Status { return k.Statuses()[0] }

func drained(k *snapshot.Keeper) bool {
	select {
	case <-k.Changed():
		return true
	default:
		return false
	}
}

func TestReadingGoesOnUnderTheNextKeeper(t *testing.T) {
	s := scripted(step{ids: []string{"1", "2", "3", "4"}, takes: 40 * time.Second, pages: 4})
	source := sourceOf("f", s)
	withSuccession(t, func(r *succession) {
		pass(15 * time.Second)
		r.takeOver([]*connectors.Source{source})
		if len(r.new.Anew()) > 0 {
			t.Errorf("%v have begun with nothing", r.new.Anew())
		}
		for drained(r.old) || drained(r.new) {
		}
		pass(10 * time.Second)
		for name, k := range map[string]*snapshot.Keeper{"old": r.old, "new": r.new} {
			if st := state(k); st.Count != 2 || !st.Fetching {
				t.Errorf("%s keeper: %+v, want a reading with two records", name, st)
			}
			if !drained(k) {
				t.Errorf("%s keeper does not tell of the change", name)
			}
		}
		pass(20 * time.Second)
		r.stops[0]() // the old keeper ends, and the shared collection goes on
		pass(3 * time.Minute)
		r.new.Take([]snapshot.Key{accounts})
		synctest.Wait()
		if st := state(r.new); len(s.reads()) != 2 || st.Count != 4 {
			t.Errorf("%d readings, %+v; want the first to have ended, and another one since", len(s.reads()), st)
		}
		if s.overlap {
			t.Error("two readings at once")
		}
	}, source)
}

func TestSameFingerprintTakesOverWhatWasRead(t *testing.T) {
	first, second := scripted(step{ids: []string{"1"}}), scripted(step{ids: []string{"1", "2"}})
	withSuccession(t, func(r *succession) {
		pass(30 * time.Second)
		settings := snapshot.DefaultSettings(connectors.Accounts)
		settings.MaxPause = time.Minute // another MaxPause does not make it another source
		r.takeOver([]*connectors.Source{sourceOf("f", second)}, settings)
		if st := state(r.new); st.State != snapshot.Fresh || st.Count != 1 || len(r.new.Anew()) > 0 {
			t.Errorf("after the change: %+v, want what was there", st)
		}
		pass(29 * time.Second)
		if n := len(second.reads()); n != 0 {
			t.Errorf("%d readings before the data was due", n)
		}
		pass(2 * time.Second)
		if st := state(r.new); st.Count != 2 || len(first.reads()) != 1 || len(second.reads()) != 1 {
			t.Errorf("%+v, %d and %d readings; want the new source to be read on time", st, len(first.reads()), len(second.reads()))
		}
		if st := state(r.old); st.Count != 1 {
			t.Errorf("the old keeper: %+v, want it as it was", st)
		}
	}, sourceOf("f", first))
}

func TestOldReaderStopsBeforeTheNextStarts(t *testing.T) {
	for name, fingerprint := range map[string]string{"same fingerprint": "f", "other fingerprint": "g"} {
		t.Run(name, func(t *testing.T) {
			var second *script
			first := scripted(step{ids: []string{"1"}}, step{hang: true})
			stopped := false
			second = scripted(step{ids: []string{"2"}, first: func() {
				first.mu.Lock()
				defer first.mu.Unlock()
				stopped = first.running == 0
			}})
			withSuccession(t, func(r *succession) {
				pass(61 * time.Second) // the second fetch hangs
				r.takeOver([]*connectors.Source{sourceOf(fingerprint, second)})
				pass(snapshot.DefaultSettings(connectors.Accounts).MinInterval)
				if !stopped || len(second.reads()) != 1 {
					t.Errorf("the old reading had ended: %v, then %d readings, want one", stopped, len(second.reads()))
				}
			}, sourceOf("f", first))
		})
	}
}

func TestOtherFingerprintShowsNothingOld(t *testing.T) {
	second := scripted(step{ids: []string{"2", "3"}, takes: time.Second})
	withSuccession(t, func(r *succession) {
		pass(time.Second)
		r.takeOver([]*connectors.Source{sourceOf("g", second)})
		if st := state(r.new); st.State != snapshot.Missing || len(r.new.Anew()) != 1 {
			t.Errorf("%+v, %v have begun with nothing; want nothing of the old", st, r.new.Anew())
		}
		if st := state(r.old); st.Count != 1 {
			t.Errorf("the old keeper: %+v, want it as it was", st)
		}
		pass(2 * time.Second)
		if st := state(r.new); st.Count != 2 {
			t.Errorf("%+v, want it read at once", st)
		}
	}, sourceOf("f", scripted(step{ids: []string{"1"}})))
}

func TestPausesHoldUnderTheNextKeeper(t *testing.T) {
	refused := &connectors.Error{Kind: connectors.KindUnauthorized}
	first, second := scripted(step{err: refused}), scripted(step{ids: []string{"1"}})
	withSuccession(t, func(r *succession) {
		pass(time.Second)
		r.takeOver([]*connectors.Source{sourceOf("f", second)})
		if st := state(r.new); st.Err == nil || st.RetryAt.IsZero() {
			t.Errorf("%+v, want it to be known that it fails", st)
		}
		pass(4 * time.Minute)
		r.new.Take([]snapshot.Key{accounts})
		synctest.Wait()
		if n := len(second.reads()); n != 0 {
			t.Errorf("%d readings within the pause", n)
		}
		pass(7 * time.Minute)
		if n := len(second.reads()); n == 0 {
			t.Error("no reading after the pause")
		}
	}, sourceOf("f", first))
}

func TestMinIntervalHoldsAfterAReadingWasBrokenOff(t *testing.T) {
	settings := snapshot.Settings{MinInterval: time.Minute, FreshFor: time.Minute}
	second := scripted(step{ids: []string{"1"}})
	withSuccession(t, func(r *succession) {
		pass(10 * time.Second)
		r.takeOver([]*connectors.Source{sourceOf("f", second)}, settings)
		pass(49 * time.Second)
		if n := len(second.reads()); n != 0 {
			t.Errorf("%d readings within min_interval of the one that was broken off", n)
		}
		pass(2 * time.Second)
		if n := len(second.reads()); n != 1 {
			t.Errorf("%d readings after it, want one", n)
		}
	}, sourceOf("f", scripted(step{hang: true})), settings)
}

func TestNewSettingsHold(t *testing.T) {
	s := scripted(step{ids: []string{"1"}})
	source := sourceOf("f", s)
	withSuccession(t, func(r *succession) {
		pass(30 * time.Second)
		r.takeOver([]*connectors.Source{source}, snapshot.Settings{FreshFor: 20 * time.Second})
		pass(time.Second)
		if n := len(s.reads()); n != 2 {
			t.Errorf("%d readings, want another one, since the data is too old now", n)
		}
	}, source)
}

func TestSourceThatLeavesIsReadNoMore(t *testing.T) {
	s := scripted(step{ids: []string{"1"}})
	withSuccession(t, func(r *succession) {
		pass(time.Second)
		r.takeOver(nil)
		r.old.Take([]snapshot.Key{accounts})
		pass(time.Hour)
		if res, wait := r.old.Take([]snapshot.Key{accounts}); len(s.reads()) != 1 || wait || res[0].Snapshot == nil {
			t.Errorf("%d readings, wait %v, %+v; want what was there, and no more", len(s.reads()), wait, res[0].Status)
		}
	}, sourceOf("f", s))
}

// The shared store keeps data by fingerprint: after a return to an old credential its data is there at once.
func TestTierIsHandedOver(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		first, second := scripted(step{ids: []string{"1"}}), scripted(step{ids: []string{"2", "3"}})
		store := localstore.New().Join()
		var before *snapshot.Keeper
		for i, tc := range []struct {
			fingerprint string
			script      *script
			want, reads int
		}{{"f", first, 1, 1}, {"g", second, 2, 1}, {"f", first, 1, 1}, {"g", second, 2, 1}} {
			k := snapshot.New(snapshot.Options{Sources: []*connectors.Source{sourceOf(tc.fingerprint, tc.script)}, SharedStore: store, Before: before})
			defer start(t, k)()
			pass(time.Second)
			if st := state(k); st.Count != tc.want || len(tc.script.reads()) != tc.reads {
				t.Errorf("keeper %d: %+v after %d readings, want %d records after %d", i+1, st, len(tc.script.reads()), tc.want, tc.reads)
			}
			before = k
		}
	})
}

// After a change of the configuration, a keeper still learns of other replicas' fetches, also through a loop that goes on.
func TestWatchIsHandedOver(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s, local := scripted(step{ids: []string{"1"}}), localstore.New()
		source, store := sourceOf("f", s), local.Join()
		opt := snapshot.Options{Sources: []*connectors.Source{source}, SharedStore: store}
		old := snapshot.New(opt)
		defer start(t, old)()
		pass(time.Second)
		opt.Before = old
		next := snapshot.New(opt)
		defer start(t, next)()
		pass(20 * time.Second)
		other := snapshot.New(snapshot.Options{Sources: []*connectors.Source{sourceOf("f", scripted(step{ids: []string{"1", "2"}}))}, SharedStore: local.Join()})
		defer start(t, other)()
		pass(time.Second)
		other.Refresh(accounts)
		pass(time.Second)
		if st := state(next); st.Count != 2 || len(s.reads()) != 1 {
			t.Errorf("%+v after %d readings, want what the other replica has read", st, len(s.reads()))
		}
	})
}
