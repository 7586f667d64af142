package writes_test

import (
	"context"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"roster/connectors"
	"roster/internal/generation"
	"roster/internal/snapshot"
	"roster/internal/writes"
)

// Only one write waits for a dead replica, not every write again. When the replica shows the record, or has left, writes wait as before.
func TestDeadReplica(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		share := new(hub)
		one := share.join("one")
		w, stop := newWorld(t, newVendor(), one, nil)
		defer stop()
		took := func(suffix string) time.Duration {
			t.Helper()
			began := time.Now()
			w.suffix = suffix
			if res := w.do("createTeam", writes.Request{}); res.Outcome != writes.Done || !w.shows("createTeam", res) {
				t.Errorf("%+v", res)
			}
			return time.Since(began)
		}
		dead := share.join("dead")
		if first, second := took("1"), took("2"); first != 2*time.Second || second != 0 {
			t.Errorf("the first took %s, want 2s; the second %s, want 0s", first, second)
		}
		if n := one.asks(); n > 7 {
			t.Errorf("it has asked %d times", n)
		}
		if err := dead.Acknowledge(t.Context(), 1); err != nil { // it is alive, and lags
			t.Fatal(err)
		}
		if third := took("3"); third != 2*time.Second {
			t.Errorf("the third took %s, want 2s", third)
		}
		dead.leave()
		share.join("another")
		if fourth := took("4"); fourth != 2*time.Second {
			t.Errorf("the fourth took %s, want 2s for another that does not come", fourth)
		}
		asked := one.asks()
		time.Sleep(time.Hour)
		if one.asks() != asked {
			t.Error("it asks while nobody waits")
		}
		if n := strings.Count(w.log.String(), "did not acknowledge a write in time"); n != 3 {
			t.Errorf("the log tells %d times: %s", n, w.log)
		}
	})
}

// The record is in the answer, however long this replica's directory takes to build.
func TestSlowDirectory(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, kind string, _ *vendor, store *writes.Memory, _ *world) {
		slow := newVendor()
		slow.buildFor = 5 * time.Second
		w, stop := newWorld(t, slow, store, nil)
		defer stop()
		if res := w.do(kind, writes.Request{}); res.Outcome != writes.Done || !w.shows(kind, res) {
			t.Errorf("%+v is not shown", res)
		}
	})
}

// While a configuration is replaced, two publishers follow one ledger, and the next query may reach either. Both show the record when the answer is
// sent, even if one of them builds slowly.
func TestShownByTheNextConfiguration(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		v := newVendor()
		v.tune(func(v *vendor) { v.lag = time.Hour })
		w, stop := newWorld(t, v, nil, nil)
		defer stop()
		keeper := snapshot.New(snapshot.Options{Sources: []*connectors.Source{v.source()}})
		next := generation.New(generation.Options{Keeper: keeper, Sources: []generation.Source{{Source: v.source()}}, Overlay: slowly{w.ledger, 5 * time.Second}})
		ctx, cancel := context.WithCancel(t.Context())
		var running sync.WaitGroup
		running.Go(func() { _ = keeper.Run(ctx) })
		running.Go(func() { _ = next.Run(ctx) })
		defer running.Wait()
		defer cancel()
		synctest.Wait()
		res := w.do("createTeam", writes.Request{})
		if d := next.View(t.Context(), nil, false).Directory; res.Outcome != writes.Done || !kinds["createTeam"].shows(d, *res.Ref) {
			t.Errorf("%+v is not shown by the next one", res)
		}
	})
}

// A caller without time left to wait for the other replicas still gets the outcome.
func TestNoTimeToBeShown(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		share := new(hub)
		w, stop := newWorld(t, newVendor(), share.join("one"), nil)
		defer stop()
		share.join("dead")
		ctx, cancel := contextWithTimeout(t, time.Second)
		defer cancel()
		if res, err := kinds["createTeam"].do(ctx, w, writes.Request{Source: "ws"}); err != nil || res.Outcome != writes.Done {
			t.Errorf("%+v, %v", res, err)
		}
	})
}

// If notifications cannot arrive at all, the other replicas poll often enough.
func TestDeafReplicas(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, kind string, v *vendor, _ *writes.Memory, _ *world) {
		v.tune(func(v *vendor) { v.lag = time.Hour })
		share := &hub{lose: 1}
		one, stopOne := newWorld(t, v, share.join("one"), nil)
		defer stopOne()
		other, stopOther := newWorld(t, v, share.join("other"), nil)
		defer stopOther()
		if res := one.do(kind, writes.Request{}); res.Outcome != writes.Done || !other.shows(kind, res) {
			t.Errorf("%+v, and the other shows it: %t", res, other.shows(kind, res))
		}
	})
}

// A repeated answer has its record too, on a replica that has received no notification.
func TestReplayedElsewhere(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, kind string, v *vendor, _ *writes.Memory, _ *world) {
		v.tune(func(v *vendor) { v.lag = time.Hour })
		store, key := new(writes.Memory), "k"
		one, stopOne := newWorld(t, v, store, nil)
		defer stopOne()
		other, stopOther := newWorld(t, v, store, nil)
		defer stopOther()
		first := one.do(kind, writes.Request{Key: &key})
		if again := other.do(kind, writes.Request{Key: &key}); again.Outcome != writes.Done || *again.Ref != *first.Ref || !other.shows(kind, again) {
			t.Errorf("%+v, and it is shown: %t", again, other.shows(kind, again))
		}
	})
}

// A source whose list is never complete ends the overlay too, when its time is over. A source that cannot be fetched at all does not.
func TestOverlayOfShortLists(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, kind string, v *vendor, _ *writes.Memory, w *world) {
		v.tune(func(v *vendor) { v.lag = 24 * 365 * time.Hour })
		made := w.do(kind, writes.Request{})
		v.tune(func(v *vendor) { v.short = true })
		w.awaitReading(kinds[kind].collection)
		time.Sleep(8 * time.Minute)
		if !w.shows(kind, made) {
			t.Error("it is given up too soon")
		}
		v.tune(func(v *vendor) { v.failing = true })
		time.Sleep(4 * 24 * time.Hour)
		synctest.Wait()
		if !w.shows(kind, made) {
			t.Error("it is given up while the source is not read")
		}
		v.tune(func(v *vendor) { v.failing = false })
		w.awaitReading(kinds[kind].collection)
		time.Sleep(time.Minute)
		synctest.Wait()
		if w.shows(kind, made) {
			t.Error("it is not given up")
		}
	})
}

// A record that was created and then deleted in the source by hand vanishes on every replica, even on one that missed the fetch with the record.
func TestDeletedByHand(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, kind string, v *vendor, _ *writes.Memory, _ *world) {
		c, share := kinds[kind].collection, new(hub)
		one, stopOne := newWorld(t, v, share.join("one"), nil)
		defer stopOne()
		other, stopOther := newWorld(t, v, share.join("other"), nil)
		defer stopOther()
		made := one.do(kind, writes.Request{})
		one.awaitReading(c)
		if !one.shows(kind, made) || !other.shows(kind, made) {
			t.Fatal("it is not shown")
		}
		v.tune(func(v *vendor) { v.rows[c] = nil })
		one.awaitReading(c)
		time.Sleep(10 * time.Second) // the other replicas are notified
		one.awaitReading(c)
		other.keeper.Refresh(snapshot.Key{Source: "ws", Collection: c})
		synctest.Wait()
		time.Sleep(6 * time.Second)
		if one.shows(kind, made) || other.shows(kind, made) {
			t.Errorf("one shows it: %t, the other: %t", one.shows(kind, made), other.shows(kind, made))
		}
		late, stopLate := newWorld(t, v, share.join("late"), nil)
		defer stopLate()
		if late.shows(kind, made) {
			t.Error("one that starts shows it")
		}
	})
}

// The overlay in a directory is applied from the first answer after a restart.
func TestShownAfterARestart(t *testing.T) {
	t.Parallel()
	for _, kind := range kindNames() {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			dir, err := writes.OpenDir(t.TempDir())
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = dir.Close() })
			synctest.Test(t, func(t *testing.T) {
				v := newVendor()
				v.lag = time.Hour
				before, stop := newWorld(t, v, dir, nil)
				made := before.do(kind, writes.Request{})
				stop()
				after, stop := newWorld(t, v, dir, nil)
				defer stop()
				if !after.shows(kind, made) {
					t.Error("it is not shown")
				}
			})
		})
	}
}

// If a store has lost its data, the replicas store their overlays again.
func TestStoreLosesTheOverlay(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, kind string, v *vendor, _ *writes.Memory, _ *world) {
		v.tune(func(v *vendor) { v.lag = time.Hour })
		share := new(hub)
		one, stopOne := newWorld(t, v, share.join("one"), nil)
		defer stopOne()
		made := one.do(kind, writes.Request{})
		held, err := share.Get(t.Context(), writes.OverlayName)
		if err != nil {
			t.Fatal(err)
		}
		if _, ok, err := share.Put(t.Context(), writes.OverlayName, held, nil, 0); !ok || err != nil {
			t.Fatal(ok, err)
		}
		time.Sleep(10 * time.Second)
		other, stopOther := newWorld(t, v, share.join("other"), nil)
		defer stopOther()
		if !one.shows(kind, made) || !other.shows(kind, made) {
			t.Errorf("one shows it: %t, one that starts: %t", one.shows(kind, made), other.shows(kind, made))
		}
		one.suffix = "2"
		if next := one.do(kind, writes.Request{}); next.Outcome != writes.Done || !other.shows(kind, next) {
			t.Errorf("%+v, and the other shows it: %t", next, other.shows(kind, next))
		}
	})
}

// A new credential begins with a fetch of its own. A record that was created with the old credential is shown if that fetch has it.
func TestShownAfterACredentialsChange(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, kind string, v *vendor, store *writes.Memory, w *world) {
		made := w.do(kind, writes.Request{})
		v.fingerprint = "another"
		other, stop := newWorld(t, v, store, nil)
		defer stop()
		if !other.shows(kind, made) {
			t.Error("it is not shown")
		}
		v.tune(func(v *vendor) { v.lag = time.Minute })
		w.suffix, other.suffix = "2", "2"
		made = w.do(kind, writes.Request{})
		lesser, stopLesser := newWorld(t, v, store, nil)
		defer stopLesser()
		if lesser.shows(kind, made) {
			t.Error("it is shown although the new credential's list does not have it")
		}
		time.Sleep(time.Minute)
		lesser.awaitReading(kinds[kind].collection)
		if !lesser.shows(kind, made) {
			t.Error("it is not shown although the new credential's list has it")
		}
	})
}
