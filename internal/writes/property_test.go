package writes_test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"roster/connectors"
	"roster/internal/snapshot"
	"roster/internal/writes"
)

// move is one step of the test.
type move struct {
	what    string // write, refresh, lag, fail, short, mend, pause
	replica int
	kind    string
	suffix  string
	keyed   bool
	twice   bool // at the same time on both replicas
	fate    fate
	pause   time.Duration
}

func moves() *rapid.Generator[[]move] {
	return rapid.SliceOfN(rapid.Custom(func(t *rapid.T) move {
		return move{
			what:    rapid.SampledFrom([]string{"write", "write", "write", "refresh", "lag", "fail", "short", "mend", "pause"}).Draw(t, "what"),
			replica: rapid.IntRange(0, 1).Draw(t, "replica"), kind: rapid.SampledFrom(kindNames()).Draw(t, "kind"),
			suffix: rapid.SampledFrom([]string{"1", "2"}).Draw(t, "suffix"), keyed: rapid.Bool().Draw(t, "keyed"), twice: rapid.Bool().Draw(t, "twice"),
			fate:  rapid.SampledFrom([]fate{good, good, cutBefore, cutAfter, late, tooMany, unreachable, bare}).Draw(t, "fate"),
			pause: time.Duration(rapid.IntRange(0, 100).Draw(t, "pause")) * time.Second,
		}
	}), 1, 12)
}

// Writes, fetches, delays and faults come in any order and on any replica. The source never has two records of one name, what was done is shown from
// then on, and in the end the directory equals the source's data.
func TestAnyHistory(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		story, loses := moves().Draw(rt, "story"), rapid.IntRange(0, 3).Draw(rt, "loses")
		var faults []string
		synctest.Test(t, func(t *testing.T) { faults = play(t, story, loses) })
		if len(faults) > 0 {
			rt.Fatalf("%v", faults)
		}
	})
}

// lagMost is the longest lag: if a list lags for longer than SettleAfter, a duplicate cannot be prevented.
const lagMost = 2 * time.Second

func play(t *testing.T, story []move, loses int) (faults []string) {
	v, share := newVendor(), &hub{lose: loses}
	var replicas []*world
	for i := range 2 {
		w, stop := newWorld(t, v, share.join(fmt.Sprint(i)), nil)
		defer stop()
		replicas = append(replicas, w)
	}
	done := make(map[string]writes.Result)
	var mu sync.Mutex
	write := func(m move, r int) {
		req := writes.Request{Source: "ws"}
		if m.keyed {
			req.Key = new(m.kind + m.suffix)
		}
		w := *replicas[r]
		w.suffix = m.suffix
		res, err := kinds[m.kind].do(t.Context(), &w, req)
		mu.Lock()
		defer mu.Unlock()
		name := m.kind + m.suffix
		switch {
		case err != nil:
			faults = append(faults, err.Error())
		case res.Outcome == writes.Done || res.Outcome == writes.AlreadyDone:
			if was, ok := done[name]; ok && *was.Ref != *res.Ref {
				faults = append(faults, fmt.Sprintf("%s was %v and is %v", name, was.Ref, res.Ref))
			}
			done[name] = res
		}
	}
	for _, m := range story {
		switch m.what {
		case "write":
			v.tune(func(v *vendor) { v.fates = []fate{m.fate} })
			var both sync.WaitGroup
			both.Go(func() { write(m, m.replica) })
			if m.twice {
				both.Go(func() { write(m, 1-m.replica) })
			}
			both.Wait()
		case "refresh":
			replicas[m.replica].keeper.Refresh(snapshot.Key{Source: "ws", Collection: kinds[m.kind].collection})
		case "lag":
			v.tune(func(v *vendor) { v.lag = min(m.pause, lagMost) })
		case "fail", "short", "mend":
			v.tune(func(v *vendor) { v.failing, v.short = m.what == "fail", m.what == "short" })
		case "pause":
			time.Sleep(m.pause)
		}
		if faults = append(faults, check(v, replicas, done, m)...); len(faults) > 0 {
			return faults
		}
	}
	v.tune(func(v *vendor) { v.failing, v.short = false, false })
	time.Sleep(30 * time.Minute)
	return append(faults, converged(v, replicas)...)
}

// check returns the violation of an invariant, if there is one.
func check(v *vendor, replicas []*world, done map[string]writes.Result, m move) (faults []string) {
	for _, kind := range kindNames() {
		for _, suffix := range []string{"1", "2"} {
			if n := v.holds(kinds[kind].collection, nameOf(kind, suffix)); n > 1 {
				faults = append(faults, fmt.Sprintf("after %+v the source holds %d of %s %s", m, n, kind, suffix))
			}
		}
	}
	for name, res := range done {
		for i, w := range replicas {
			if kind := name[:len(name)-1]; !kinds[kind].shows(w.directory(), *res.Ref) {
				faults = append(faults, fmt.Sprintf("after %+v replica %d does not show %s", m, i, name))
			}
		}
	}
	return faults
}

// converged returns how the directory differs from the source's data in the end.
func converged(v *vendor, replicas []*world) (faults []string) {
	for i, w := range replicas {
		for _, kind := range kindNames() {
			c := kinds[kind].collection
			w.keeper.Load(context.Background(), []snapshot.Key{{Source: "ws", Collection: c}})
		}
		time.Sleep(time.Minute)
		synctest.Wait()
		for _, kind := range kindNames() {
			v.mu.Lock()
			rows := append([]row(nil), v.rows[kinds[kind].collection]...)
			v.mu.Unlock()
			for _, r := range rows {
				if !kinds[kind].shows(w.directory(), connectors.Ref{Source: "ws", ID: r.id}) {
					faults = append(faults, fmt.Sprintf("in the end replica %d does not show %s %s", i, kind, r.id))
				}
			}
		}
	}
	return faults
}
