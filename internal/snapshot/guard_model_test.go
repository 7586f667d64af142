package snapshot_test

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"roster/connectors"
	"roster/internal/snapshot"
	"roster/internal/snapshot/localstore"
)

// event is one event of a source and its keeper, and the time until the next event.
type event struct {
	what string // see the switch in live
	// company and size determine which people the source shows from now on.
	company string
	size    int
	takes   time.Duration
	pass    time.Duration
}

// guarded is the model: what the keeper should serve by the rules of the guard.
type guarded struct {
	mu          sync.Mutex
	settings    snapshot.Settings
	known       []string // nil for none
	readAt      time.Time
	since       time.Time // of the loss that is held back; zero for none
	found, lost int
	failed      bool
	accept      bool
	freshFor    time.Duration
}

func (g *guarded) do(f func()) {
	g.mu.Lock()
	defer g.mu.Unlock()
	f()
}

func (g *guarded) expired(now time.Time) bool {
	end := g.readAt.Add(g.settings.KeepFor)
	if held := g.since.Add(g.settings.AcceptAfter + 2*g.freshFor); !g.since.IsZero() && held.After(end) {
		end = held
	}
	return g.known == nil || !now.Before(end)
}

func tooMany(n, of int) bool { return n >= 20 && float64(n) > 0.3*float64(of) }

func apart(a, b int) bool { return tooMany(max(a, b)-min(a, b), max(a, b)) }

// ended applies the end of a fetch.
func (g *guarded) ended(ids []string, began time.Time, failed bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	accepted := g.accept
	g.accept, g.failed = false, failed
	now := time.Now()
	if g.expired(now) {
		g.known, g.since = nil, time.Time{}
	}
	if failed {
		return
	}
	g.freshFor = max(g.settings.FreshFor, 4*now.Sub(began))
	lost := 0
	for _, id := range g.known {
		if !slices.Contains(ids, id) {
			lost++
		}
	}
	if tooMany(lost, len(g.known)) {
		if g.since.IsZero() || apart(lost, g.lost) || apart(len(ids), g.found) {
			g.since, g.lost, g.found = began, lost, len(ids)
		}
		if !accepted && began.Sub(g.since) < g.settings.AcceptAfter {
			return
		}
	}
	g.known, g.readAt, g.since = append([]string{}, ids...), began, time.Time{}
}

func (g *guarded) served() string {
	g.mu.Lock()
	defer g.mu.Unlock()
	switch {
	case g.expired(time.Now()):
		return "nothing"
	case g.since.IsZero():
		return fmt.Sprint(g.known)
	}
	return fmt.Sprintf("held back since %v, %d found, %d lost: %v", g.since, g.found, g.lost, g.known)
}

func serves(r snapshot.Result) string {
	if r.Snapshot == nil {
		return "nothing"
	}
	ids := []string{}
	for _, a := range r.Snapshot.Records.Accounts {
		ids = append(ids, a.ID)
	}
	l := r.Status.Loss
	if l == nil {
		return fmt.Sprint(ids)
	}
	return fmt.Sprintf("held back since %v, %d found, %d lost: %v", l.Since, l.Found, l.Lost, ids)
}

// TestGuard runs a keeper with sources that lose and regain people, and with acceptances, failures and restarts.
func TestGuard(t *testing.T) {
	t.Parallel()
	events := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) event {
		return event{
			what:    rapid.SampledFrom([]string{"shows", "shows", "shows", "fails", "recovers", "accept", "refresh", "restart"}).Draw(t, "what"),
			company: rapid.SampledFrom([]string{"a", "a", "a", "b"}).Draw(t, "company"),
			size:    rapid.SampledFrom([]int{0, 1, 19, 20, 21, 40, 45, 60}).Draw(t, "size"),
			takes:   time.Duration(rapid.SampledFrom([]int{0, 0, 7}).Draw(t, "takes")) * time.Second,
			pass:    time.Duration(rapid.SampledFrom([]int{1, 30, 200, 1000, 4000, 12_000}).Draw(t, "pass")) * time.Second,
		}
	}), 1, 8)
	rapid.Check(t, func(rt *rapid.T) {
		settings := snapshot.Settings{FreshFor: 5 * time.Minute, MinInterval: 10 * time.Second, MaxLoss: 30, AcceptAfter: 3 * time.Hour,
			KeepFor: rapid.SampledFrom([]time.Duration{10 * time.Minute, 1000 * time.Hour}).Draw(rt, "keep for")}
		story := events.Draw(rt, "events")
		shared := rapid.Bool().Draw(rt, "with a store")
		var faults []string
		synctest.Test(t, func(t *testing.T) { faults = live(t, settings, story, shared) })
		if len(faults) > 0 {
			rt.Fatal(strings.Join(faults, "\n"))
		}
	})
}

func live(t *testing.T, settings snapshot.Settings, story []event, shared bool) (faults []string) {
	t.Helper()
	truth := &guarded{settings: settings, freshFor: settings.FreshFor}
	now := step{ids: numberedOf("a", 60)}
	s := scripted(now)
	set := func() {
		next := now
		next.then = func() {
			reads := s.reads()
			truth.ended(next.ids, reads[len(reads)-1], next.err != nil)
		}
		s.set(next)
	}
	set()
	common := localstore.New()
	run := func() (*snapshot.Keeper, func()) {
		opt := one(s)
		opt.IdleAfter = 10_000 * time.Hour
		opt.Settings = map[snapshot.Key]snapshot.Settings{accounts: settings}
		if shared {
			opt.SharedStore, opt.TierKind = common.Join(), snapshot.TierDirectory
		}
		k := snapshot.New(opt)
		return k, start(t, k)
	}
	k, stop := run()
	defer func() { stop() }()
	pass(time.Minute)
	for i, e := range story {
		switch e.what {
		case "shows":
			now = step{ids: numberedOf(e.company, e.size), takes: e.takes}
			set()
		case "fails":
			now.err, now.ids = &connectors.Error{Kind: connectors.KindUnavailable}, nil
			set()
		case "recovers":
			now = step{ids: numberedOf("a", 60)}
			set()
		case "accept":
			truth.do(func() { truth.accept = true })
			if !begins(k.AcceptLoss(accounts)) {
				faults = append(faults, "it does not accept")
			}
		case "refresh":
			k.Refresh(accounts)
		case "restart":
			stop()
			truth.do(func() {
				truth.accept = false
				if !shared { // with a shared store, the failure is known after a restart, too
					truth.failed = false
					truth.known, truth.since, truth.freshFor = nil, time.Time{}, settings.FreshFor
				}
			})
			k, stop = run()
		}
		pass(e.pass)
		synctest.Wait()
		r := k.Current()[0]
		if got, want := serves(r), truth.served(); got != want {
			faults = append(faults, fmt.Sprintf("after event %d, %s: serves %s, want %s", i, e.what, got, want))
		}
		failed := false
		truth.do(func() { failed = truth.failed })
		if st := r.Status; st.Loss != nil {
			if st.State != snapshot.Stale || st.Err == nil || !failed && st.Err.Kind != connectors.KindSuspiciousLoss || st.RetryAt.IsZero() {
				faults = append(faults, fmt.Sprintf("after event %d, %s: %v, %v, again at %v", i, e.what, st.State, st.Err, st.RetryAt))
			}
			if want := st.Loss.Since.Add(settings.AcceptAfter); !st.AcceptAt.Equal(want) {
				faults = append(faults, fmt.Sprintf("taken over at %v, want %v", st.AcceptAt, want))
			}
		}
	}
	if s.overlap {
		faults = append(faults, "two readings at a time")
	}
	return faults
}

func numberedOf(company string, n int) []string {
	ids := []string{}
	for i := range n {
		ids = append(ids, fmt.Sprintf("%s%03d", company, i))
	}
	return ids
}
