package snapshot

import (
	"errors"
	"os"
	"reflect"
	"regexp"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"roster/connectors"
)

// run plays the loop of a collection: it answers the actions at random, and sends events at random.
type run struct {
	*rapid.T
	r        *rules
	s        collectionState
	now      time.Time
	fetching bool
	since    *Snapshot // of the changes that are being fetched; nil for a full fetch
	leases   int
	edges    map[[2]phase]bool // of the diagram
}

// diagram returns the changes of phase that the diagram in docs/architecture.md shows.
func diagram(t *testing.T) map[[2]phase]bool {
	t.Helper()
	page, err := os.ReadFile("../../docs/architecture.md")
	if err != nil {
		t.Fatal(err)
	}
	phases, edges := map[string]phase{}, map[[2]phase]bool{}
	for p := idle; p <= over; p++ {
		phases[p.String()] = p
	}
	for _, m := range regexp.MustCompile(`(?m)^  ([a-z]+) --> ([a-z]+):`).FindAllStringSubmatch(string(page), -1) {
		edges[[2]phase{phases[m[1]], phases[m[2]]}] = true
	}
	return edges
}

func (u *run) chance(what string) bool { return rapid.Bool().Draw(u.T, what) }

func (u *run) seconds(what string, most int) time.Duration {
	return time.Duration(rapid.IntRange(0, most).Draw(u.T, what)) * time.Second
}

func (u *run) records(what string) Records {
	return many(rapid.SampledFrom([]int{0, 1, 5, 40, 60, 100}).Draw(u.T, what))
}

func (u *run) info() *Info {
	began := u.now.Add(-u.seconds("info began", 100))
	i := &Info{TriedAt: began, Fetching: u.chance("read by another")}
	if i.Stamp = rapid.Int64Range(0, 20).Draw(u.T, "stamp"); i.Stamp > 0 {
		i.Meta = Meta{Stamp: i.Stamp, FetchedAt: began, Since: began, Full: began, Complete: u.chance("stored complete"), Version: "v", Count: 60}
	}
	if u.chance("another has failed") {
		floor := began.Add(u.r.settings.MinInterval)
		i.Failure = Failure{Err: &connectors.Error{Kind: connectors.KindUnavailable}, InARow: 1, RetryAt: floor.Add(u.seconds("their retry", 60)), NotBefore: floor}
	}
	return i
}

func (u *run) outcome() fetched {
	o := outcome{fetchResult: fetchResult{records: u.records("found"), complete: u.chance("complete"), since: u.since}}
	if u.chance("with a state") {
		o.state = "s"
	}
	if u.since != nil && u.chance("some are gone") {
		o.gone = ids(rapid.SampledFrom([]int{1, 30, 100}).Draw(u.T, "gone"))
	}
	if !o.complete && u.chance("with an error") {
		o.err = &connectors.Error{Kind: rapid.SampledFrom([]connectors.ErrorKind{connectors.KindUnavailable, connectors.KindForbidden, connectors.KindRateLimited}).Draw(u.T, "kind"),
			RetryAfter: u.seconds("pause", 200), Unsent: u.chance("unsent")}
	}
	return fetched{o}
}

// event returns what happens next, apart from answers.
func (u *run) event() event {
	whats := []string{"time", "asked", "refresh", "force", "accept", "outdated", "turn", "progress"}
	if u.r.shared {
		whats = append(whats, "stat", "store")
	}
	if u.fetching {
		whats = append(whats, "progress", "progress", "fetched", "fetched", "fetched")
	}
	if rapid.IntRange(0, 30).Draw(u.T, "stop") == 0 {
		return stopped{}
	}
	switch rapid.SampledFrom(whats).Draw(u.T, "event") {
	case "asked":
		u.r.asked = u.now
		return asked{wanted: true}
	case "refresh":
		return asked{since: u.now}
	case "force":
		return asked{since: u.now, force: true}
	case "accept":
		return asked{accept: true}
	case "outdated":
		e := asked{outdated: u.now}
		if u.chance("in full") {
			e.outdatedFull = u.now
		}
		return e
	case "turn":
		return previousTried{}
	case "stat":
		return statted{u.info()}
	case "store":
		u.r.membership.Connected, u.r.membership.Since = !u.r.membership.Connected, u.now
	case "progress":
		return progressed{fetchResult{records: u.records("so far")}}
	case "fetched":
		u.fetching = false
		return u.outcome()
	}
	return ticked{}
}

// answer returns the answer to an action; nil for none.
func (u *run) answer(a action) event {
	var err error
	if u.chance("the store fails") {
		err = errors.New("no")
	}
	switch a := a.(type) {
	case fetch:
		if u.fetching {
			u.Fatal("two fetches at a time")
		}
		u.fetching, u.since = true, a.since
	case endFetch:
		if u.fetching {
			u.Fatal("a fetch has ended that is in progress")
		}
	case requestLease:
		if u.fetching || u.leases != 0 {
			u.Fatal("a lease is requested during a fetch")
		}
		if granted := err == nil && u.chance("granted"); granted {
			u.leases++
			return leaseAnswered{granted: true, info: &Info{}}
		}
		return leaseAnswered{info: u.info(), err: err}
	case release:
		u.leases--
	case take:
		if err != nil {
			return taken{info: a.info, damaged: u.chance("damaged")}
		}
		return taken{info: a.info, snap: a.info.snapshot(u.r.key, many(60), 1)}
	case save, offer:
		if err != nil && u.chance("superseded") {
			err = ErrSuperseded
		}
		return saved{meta: Meta{Stamp: 21}, err: err, catchUp: true}
	case stat:
		return statted{u.info()}
	}
	return nil
}

// step makes a transition for an event, and for what its actions answer.
func (u *run) step(e event) {
	for events := []event{e}; len(events) > 0; events = events[1:] {
		e, was := events[0], u.s
		next, actions := u.r.transition(was, e, u.now)
		again, _ := u.r.transition(was, e, u.now)
		if !reflect.DeepEqual(next, again) {
			u.Fatalf("%#v leads to two states", e)
		}
		u.s = next
		u.check(&was, e, actions)
		for _, a := range actions {
			if answer := u.answer(a); answer != nil {
				events = append(events, answer)
			}
		}
	}
}

// check checks the rules that hold for each transition.
func (u *run) check(was *collectionState, e event, actions []action) {
	s, pace := &u.s, u.r.minInterval()
	begins := slices.ContainsFunc(actions, func(a action) bool { _, ok := a.(fetch); return ok })
	requests := slices.ContainsFunc(actions, func(a action) bool { _, ok := a.(requestLease); return ok })
	call, _ := e.(asked)
	end, ended := e.(fetched)
	ended = ended && !was.stopping && was.offered == nil // a stat that has waited for the end may know of a later attempt
	switch {
	case was.stopping && (begins || requests), was.phase == over && s.phase != over:
		u.Fatalf("after a stop: %s", doing(actions))
	case begins && !u.r.shared && !was.started.IsZero() && u.now.Before(was.started.Add(pace)):
		u.Fatalf("a fetch begins %v after the last one", u.now.Sub(was.started))
	case begins && !u.r.shared && u.now.Before(s.floor) && !was.forced && !call.force:
		u.Fatalf("a fetch begins %v before it is allowed", s.floor.Sub(u.now))
	case ended && (s.floor.Before(was.started.Add(pace)) || s.next.Before(s.floor)):
		u.Fatalf("the next fetch is due at %v, allowed from %v, after one at %v", s.next, s.floor, was.started)
	case ended && end.err != nil && (s.floor.Before(u.now.Add(end.err.RetryAfter)) || s.next.Before(u.now)):
		u.Fatalf("the pause of %v ends at %v, now is %v", end.err.RetryAfter, s.floor, u.now)
	case s.wake.Before(u.now) && !s.wake.IsZero():
		u.Fatalf("wakes %v ago", u.now.Sub(s.wake))
	case s.wake.IsZero() && (s.phase == joining || s.phase == idle && u.now.Sub(u.r.asked) < u.r.idleAfter):
		u.Fatalf("%v, and nothing is due although somebody asks: %+v", s.phase, *s)
	case was.phase != s.phase && !u.edges[[2]phase{was.phase, s.phase}] && !(u.edges[[2]phase{was.phase, idle}] && u.edges[[2]phase{idle, s.phase}]):
		u.Fatalf("the diagram has no way from %v to %v", was.phase, s.phase)
	case s.fetching && s.phase == idle && s.askAt.IsZero():
		u.Fatal("idle, and callers wait for a fetch")
	}
	if _, ok := e.(progressed); ok && was.phase != fetching && s.snap != nil && s.snap != was.snap {
		u.Fatal("progress changes the data after the end of its fetch")
	}
	if _, ok := e.(taken); !ok && was.snap != nil && s.snap != was.snap && s.snap != nil {
		u.checkRecords(was, s.snap, was.accept || call.accept)
	}
}

// checkRecords checks that records are lost only by a complete fetch, and many of them only as the guard allows.
func (u *run) checkRecords(was *collectionState, snap *Snapshot, accepted bool) {
	before := was.snap
	lost := u.r.kind.lost(before.Records, snap.Records)
	switch {
	case lost == 0 || u.r.kept(was, u.now) == nil || before.Loss == nil && !snap.Complete && was.started.Sub(before.OldestAt) >= u.r.settings.KeepFor:
	case !snap.Complete:
		u.Fatalf("an incomplete fetch has lost %d records", lost)
	case before.Complete && before.Loss == nil && suspicious(lost, before.Records.Len(), u.r.settings.MaxLoss) && !accepted:
		u.Fatalf("%d of %d records are lost at once", lost, before.Records.Len())
	}
}

// TestTransitionsKeepTheRules sends random events, and gives random answers to the actions.
func TestTransitionsKeepTheRules(t *testing.T) {
	t.Parallel()
	edges := diagram(t)
	rapid.Check(t, func(t *rapid.T) {
		u := &run{T: t, edges: edges, r: alone(), s: newState(rapid.Uint64().Draw(t, "seed"), 0), now: t0}
		if u.chance("shared") {
			u.r = together(true, rapid.IntRange(0, 2).Draw(t, "rank"))
		}
		if u.r.reportsChanges = u.chance("reports changes"); u.r.reportsChanges {
			u.r.settings.FullEvery = time.Hour
		}
		if u.chance("takes turns") {
			u.s.turn = at(4)
		}
		for range rapid.IntRange(1, 60).Draw(t, "events") {
			u.step(u.event())
			u.now = u.now.Add(rapid.SampledFrom([]time.Duration{0, time.Millisecond, time.Second, 10 * time.Second, time.Minute, 20 * time.Minute}).Draw(t, "pass"))
		}
		u.step(stopped{})
		if u.fetching {
			u.fetching = false
			u.step(u.outcome())
		}
		if u.s.phase != over || u.leases != 0 {
			t.Fatalf("%v after the stop, with %d leases", u.s.phase, u.leases)
		}
	})
}
