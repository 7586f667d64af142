package budgets

import (
	"fmt"
	"testing"
	"time"

	"pgregory.net/rapid"

	"roster/connectors"
	"roster/connectors/limit"
)

// Replicas that go by themselves, whatever stage an agreement on a new view had reached when they lost Redis and however their clocks
// differ within the guard, never have calls within a window of each other's.
func TestSlicesOfTimeDoNotMeet(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		every := defaultHeartbeat
		size := rapid.IntRange(1, 5).Draw(rt, "size")
		name := func(i int) string { return fmt.Sprintf("r%d", i) }
		var was, is []string
		for i := range size {
			was = append(was, name(i))
		}
		switch rapid.IntRange(0, 2).Draw(rt, "change") {
		case 0: // one joins, anywhere in the order
			is = append([]string{"q9"}, was...)
			if rapid.Bool().Draw(rt, "last") {
				is = append(append([]string{}, was...), "s9")
			}
		case 1: // one leaves
			is = was[1:]
		default:
			is = was
		}
		old, next := view{epoch: 5, members: was}, view{epoch: 6, members: is}
		// Before it holds, some know of the new view; once all of the old one know of it, some know that it holds.
		holds := rapid.Bool().Draw(rt, "holds")
		at := time.Unix(rapid.Int64Range(1_700_000_000, 1_700_100_000).Draw(rt, "at"), 0)
		ask := &limit.Request{Within: 30 * time.Second, Budgets: []connectors.Budget{{Key: "b", Limit: connectors.RateLimit{Calls: 1,
			Per: time.Duration(rapid.IntRange(100, 61_000).Draw(rt, "per")) * time.Millisecond, Parallel: rapid.IntRange(0, 1).Draw(rt, "parallel")}}}}
		spare := *ask // calls that may not hold up others have the same slices as these
		spare.Budgets = append(ask.Budgets[:1:1], connectors.Budget{Key: "b/spare", Spare: true,
			Limit: connectors.RateLimit{Calls: 1, Per: 10 * ask.Budgets[0].Limit.Per, Parallel: 1}})
		asks := map[string]*limit.Request{}
		replicas := map[string]*share{}
		for _, id := range append(append([]string{}, was...), is...) {
			s := &share{every: every, synced: true, agreed: old}
			member := false
			for _, m := range was {
				member = member || m == id
			}
			knows := rapid.Bool().Draw(rt, id+" knows")
			switch {
			case holds && knows:
				s.agreed = next
			case holds && member, knows:
				s.next = next
			}
			s.clock, s.offset = at, time.Duration(at.UnixMicro())*time.Microsecond+
				time.Duration(rapid.IntRange(-500, 500).Draw(rt, id+" clock"))*time.Millisecond
			replicas[id], asks[id] = s, ask
			if rapid.Bool().Draw(rt, id+" spare") {
				asks[id] = &spare
			}
		}
		if holds && len(is) < len(was) {
			delete(replicas, was[0]) // who leaves makes no more calls
		}
		reach, step := (&share{every: every}).reach(ask), 250*time.Millisecond
		last, turns := map[string]time.Duration{}, map[string]int{}
		for now := time.Duration(0); now < 20*(&share{every: every}).slice(reach)*time.Duration(len(was)+1); now += step {
			for id, s := range replicas {
				if !s.decideLocally(id, asks[id], at.Add(now)).Granted {
					continue
				}
				turns[id]++
				for other, then := range last {
					if other != id && now-then < max(ask.Budgets[0].Limit.Per, time.Duration(ask.Budgets[0].Limit.Parallel)*ask.Within)+step {
						rt.Fatalf("%s may call at %s and %s at %s, with %s in a window", other, then, id, now, reach)
					}
				}
				last[id] = now
			}
		}
		if len(is) == len(was) {
			for id := range replicas {
				if turns[id] == 0 {
					rt.Errorf("%s never had a turn", id)
				}
			}
		}
	})
}

// A replica keeps its idea of the clock of Redis while slow answers agree with it, and takes that of the answer if they do not.
func TestClock(t *testing.T) {
	t.Parallel()
	const every = 2 * time.Second
	began := time.Unix(1_700_000_000, 0)
	redis := func(at time.Time) int64 { return at.Add(time.Hour).UnixMicro() } // an hour ahead
	answered := func(at time.Time, later time.Duration) *answer {
		return &answer{outcome: granted, now: redis(at.Add(later))}
	}
	for name, tt := range map[string]struct {
		took, later, jump, want time.Duration
	}{
		"a fast answer":                               {took: 20 * time.Millisecond, later: 20 * time.Millisecond, want: 10 * time.Millisecond},
		"a slow answer, made at once":                 {took: 900 * time.Millisecond},
		"a slow answer, made late":                    {took: 900 * time.Millisecond, later: 900 * time.Millisecond},
		"a slow answer after a jump of Redis's clock": {took: 900 * time.Millisecond, later: 450 * time.Millisecond, jump: time.Minute, want: time.Minute},
		"a slow answer after a jump backwards":        {took: 900 * time.Millisecond, later: 450 * time.Millisecond, jump: -time.Minute, want: -time.Minute},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := &share{every: every}
			s.update(answered(began, 0), began, began)
			sent := began.Add(time.Minute)
			a := answered(sent, tt.later)
			a.now += tt.jump.Microseconds()
			s.update(a, sent, sent.Add(tt.took))
			later := sent.Add(time.Second)
			if got := s.redisTime(later) - time.Duration(redis(later))*time.Microsecond; got != tt.want {
				t.Errorf("the replica's clock is %s from that of Redis, want %s", got, tt.want)
			}
		})
	}
}
