package snapshot_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"roster/connectors"
	"roster/internal/snapshot"
)

// act is one step of a test run: time passes, and then perhaps a caller asks for the collection or refreshes it, or the source reports a change.
type act struct {
	pass                      time.Duration
	load, refresh, invalidate bool
}

// oracle is the model: what the keeper should serve by the rules. It is told how each fetch ended.
type oracle struct {
	settings snapshot.Settings
	held     bool
	whole    bool
	ids      map[string]bool
	readAt   time.Time
	oldest   time.Time
	took     time.Duration
	failed   bool
	earliest time.Time // of the next fetch
	early    []time.Duration
}

// began applies the beginning of a fetch.
func (o *oracle) began() {
	if now := time.Now(); now.Before(o.earliest) {
		o.early = append(o.early, o.earliest.Sub(now))
	}
}

func (o *oracle) ended(s step, began time.Time) {
	now := time.Now()
	o.failed = s.err != nil
	o.earliest = began.Add(o.settings.MinInterval)
	if s.err != nil {
		if e := now.Add(connectors.AsError("", s.err).RetryAfter); e.After(o.earliest) {
			o.earliest = e
		}
		if len(s.ids) == 0 {
			return
		}
	}
	if now.Sub(o.readAt) >= o.settings.KeepFor {
		o.held = false // dropped before the fetch ended
	}
	whole := s.err == nil && !s.short
	if !o.held || whole || began.Sub(o.oldest) >= o.settings.KeepFor {
		o.ids, o.oldest = map[string]bool{}, began
	}
	for _, id := range s.ids {
		o.ids[id] = true
	}
	o.held, o.whole, o.readAt = true, whole, began
	if whole {
		o.took = now.Sub(began)
	}
}

func (o *oracle) served() string {
	age := time.Since(o.readAt)
	freshFor := max(o.settings.FreshFor, o.settings.MinInterval, 4*o.took)
	switch {
	case !o.held || age >= o.settings.KeepFor:
		return "missing[]"
	case !o.whole:
		return "incomplete" + fmt.Sprint(slices.Sorted(maps.Keys(o.ids)))
	case age >= 2*freshFor || o.failed && age >= freshFor:
		return "stale" + fmt.Sprint(slices.Sorted(maps.Keys(o.ids)))
	}
	return "fresh" + fmt.Sprint(slices.Sorted(maps.Keys(o.ids)))
}

func TestKeeperServesWhatTheRulesSay(t *testing.T) {
	t.Parallel()
	ids := rapid.SliceOfNDistinct(rapid.SampledFrom(strings.Split("abcdefg", "")), 0, 5, rapid.ID)
	seconds := func(most int) *rapid.Generator[time.Duration] {
		return rapid.Map(rapid.IntRange(0, most*10), func(n int) time.Duration { return time.Duration(n) * 100 * time.Millisecond })
	}
	steps := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) step {
		s := step{ids: ids.Draw(t, "ids"), short: rapid.Bool().Draw(t, "short"), takes: seconds(20).Draw(t, "takes")}
		if rapid.IntRange(0, 2).Draw(t, "fails") == 0 {
			s.err = &connectors.Error{Kind: rapid.SampledFrom([]connectors.ErrorKind{
				connectors.KindTimeout, connectors.KindForbidden, connectors.KindRateLimited}).Draw(t, "kind"),
				RetryAfter: seconds(60).Draw(t, "after")}
		}
		return s
	}), 1, 20)
	acts := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) act {
		return act{pass: seconds(rapid.SampledFrom([]int{1, 30, 300, 3000}).Draw(t, "scale")).Draw(t, "pass"),
			load: rapid.Bool().Draw(t, "load"), refresh: rapid.IntRange(0, 3).Draw(t, "refresh") == 0,
			invalidate: rapid.IntRange(0, 2).Draw(t, "invalidate") == 0}
	}), 1, 40)
	rapid.Check(t, func(rt *rapid.T) {
		story, plan := steps.Draw(rt, "readings"), acts.Draw(rt, "acts")
		var faults []string
		synctest.Test(t, func(t *testing.T) { faults = play(t, story, plan) })
		if len(faults) > 0 {
			rt.Fatal(strings.Join(faults, "\n"))
		}
	})
}

// play runs a keeper through the acts, and returns where it violates the rules.
func play(t *testing.T, story []step, plan []act) (faults []string) {
	t.Helper()
	settings := snapshot.Settings{FreshFor: 20 * time.Second, KeepFor: 10 * time.Minute, MinInterval: 5 * time.Second}
	truth := &oracle{settings: settings}
	s := scripted(story...)
	for i, now := range story {
		story[i].first = truth.began
		story[i].then = func() { truth.ended(now, s.reads()[len(s.reads())-1]) }
	}
	s.set(story...)
	opt := one(s)
	opt.IdleAfter = 2 * time.Minute
	opt.Settings = map[snapshot.Key]snapshot.Settings{accounts: settings}
	k := snapshot.New(opt)
	defer start(t, k)()
	began := time.Now()
	complain := func(format string, args ...any) {
		faults = append(faults, fmt.Sprintf("%v: ", time.Since(began))+fmt.Sprintf(format, args...))
	}
	versions, asked, known := map[string]string{}, began, 0
	for _, a := range plan {
		pass(a.pass)
		if a.load {
			r, waited := timed(t.Context(), k)
			asked = time.Now()
			if waited > 2*time.Second || waited > 0 && r.Status.Err != nil && !r.Status.Fetching && r.Status.RetryAt.Before(asked) {
				complain("waited %v for %s", waited, brief(r))
			}
		}
		if a.refresh {
			k.Refresh(accounts)
			asked = time.Now() // a fetch after it is allowed
		}
		if a.invalidate {
			k.Invalidate(accounts, true)
		}
		synctest.Wait()
		r := k.Current()[0]
		r.Status.Err = nil
		if got, want := brief(r), truth.served(); got != want {
			complain("serves %s, want %s", got, want)
		}
		if r.Snapshot != nil {
			content := brief(snapshot.Result{Snapshot: r.Snapshot})
			if before, ok := versions[r.Snapshot.Version]; ok && before != content {
				complain("one version for %s and %s", before, content)
			}
			versions[r.Snapshot.Version] = content
		}
		reads := s.reads()
		for ; known < len(reads); known++ {
			if reads[known].Sub(asked) > 2*time.Minute {
				complain("read %v after the last question", reads[known].Sub(asked))
			}
		}
	}
	if len(truth.early) > 0 {
		complain("readings began too early, by %v", truth.early)
	}
	if s.overlap {
		complain("two readings at a time")
	}
	return faults
}
