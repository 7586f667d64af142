package shared

import (
	"slices"
	"strings"
	"sync"
	"time"

	"roster/internal/limit"
)

// share is this replica's part of all budgets while Redis is away.
//
// Time is cut into slices, and each replica of a view has every Nth of them to itself: within its own slice it may use a budget in full, but
// for the end, so that what it calls last is over when the next one begins. That needs a clock in common, which is Redis's as it was last
// heard of, and the same view of who is there with all of them: a new one holds once all of the old one have said that they know it, and
// whoever knows of one that may or may not hold keeps to both.
//
// From the loss of Redis until its first call by itself, a replica keeps still until all who still have Redis count it as absent, and for a
// window longer. Then they leave its slices to it.
type share struct {
	every  time.Duration // how often it says that it is there
	mu     sync.Mutex
	sent   time.Time // when it last said so, or tried to
	synced bool      // it has ever been answered
	offset time.Duration
	clock  time.Time // the local time to which offset is to be added
	agreed view
	next   view // proposed, or zero
	told   int64
}

// view is who is there.
type view struct {
	epoch   int64
	members []string
}

const (
	defaultPulse = 2 * time.Second
	// forgottenAfter is how long the slices of one who is absent are kept for it, and forgottenAlone where nobody else is there: it may be
	// gone for good, and nobody would call at all.
	forgottenAfter = 10 * time.Minute
	forgottenAlone = time.Minute
)

func (s *share) absentAfter() time.Duration { return 4 * s.every }

// guard is for what is not the same for all: clocks, and how long a call is on its way.
func (s *share) guard() time.Duration { return 3 * s.every / 2 }

// tardy is how late Redis may hear what it is told.
func (s *share) tardy() time.Duration { return s.every / 2 }

// reach is how far back calls with these budgets count, rounded up, since all that share a budget must have the same slices.
func (s *share) reach(ask *limit.Ask) time.Duration {
	var far time.Duration
	for _, b := range ask.Budgets {
		if b.Spare {
			continue // it is less than another budget of the call, whose slices the others know
		}
		if b.Limit.Calls > 0 {
			far = max(far, b.Limit.Per)
		}
		if b.Limit.Parallel > 0 {
			far = max(far, ask.Within)
		}
	}
	if far == 0 {
		return 0
	}
	for _, step := range []time.Duration{1, 5, 35} {
		if step*s.every >= far {
			return step * s.every
		}
	}
	most := 35 * s.every
	for most < far {
		most *= 2
	}
	return most
}

// slice is how long one is: what may be used of it, and the end.
func (s *share) slice(reach time.Duration) time.Duration {
	return reach + s.guard() + max(reach+s.tardy(), 5*s.every/2)
}

// hello gives what the script is told of this replica, and notes that it is being told.
func (s *share) hello(id string, ask *limit.Ask, now time.Time, leave bool) []any {
	s.mu.Lock()
	defer s.mu.Unlock()
	var by int64
	if s.synced {
		by = micros(s.redisTime(now) + s.tardy())
	}
	s.sent = now
	s.told = max(s.agreed.epoch, s.next.epoch)
	var reach time.Duration
	if ask != nil {
		reach = s.reach(ask)
	}
	return []any{id, by, s.told, s.agreed.epoch, strings.Join(s.agreed.members, ","), flagOf(leave), micros(s.absentAfter()),
		micros(forgottenAfter), micros(forgottenAlone), micros(s.guard()), micros(reach), micros(s.slice(reach))}
}

// redisTime gives Redis's time since 1970 at a local one.
func (s *share) redisTime(at time.Time) time.Duration { return s.offset + at.Sub(s.clock) }

// hear takes up what the script has answered.
func (s *share) hear(a *budgetAnswer, sent, now time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	// Also from an answer that comes too late: where Redis's clock has jumped ahead, or ours stood still while the machine slept, every call would be too
	// late from then on.
	s.clock, s.offset = sent.Add(now.Sub(sent)/2), time.Duration(a.now)*time.Microsecond
	if a.outcome == budgetLate {
		return
	}
	s.synced = true
	if a.agreed.epoch >= s.agreed.epoch {
		s.agreed, s.next = a.agreed, a.next
	}
}

// news says whether there is a view that the others have not been told we know.
func (s *share) news() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return max(s.agreed.epoch, s.next.epoch) > s.told
}

// alone says what this replica may do by itself.
func (s *share) alone(id string, ask *limit.Ask, now time.Time) limit.Verdict {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.synced {
		return limit.Verdict{Granted: true} // it has never known of others
	}
	views := []view{s.agreed}
	if s.next.epoch > s.agreed.epoch {
		views = append(views, s.next)
	}
	reach := s.reach(ask)
	if reach == 0 {
		return limit.Verdict{Granted: true}
	}
	var wait time.Duration
	if len(views) > 1 || len(s.agreed.members) != 1 || s.agreed.members[0] != id {
		wait = s.sent.Add(s.tardy() + s.absentAfter() + reach + s.guard()).Sub(now)
	}
	for _, view := range views {
		wait = max(wait, s.untilTurn(view, id, reach, s.redisTime(now)))
	}
	return limit.Verdict{Granted: wait <= 0, Wait: wait}
}

// untilTurn says how long it is until one of the replica's slices, at a time of Redis's; nothing within the part of one that may be used.
func (s *share) untilTurn(v view, id string, reach, at time.Duration) time.Duration {
	seat := slices.Index(v.members, id)
	switch {
	case seat < 0:
		return s.every // it is not known yet to all that it is there
	case len(v.members) == 1:
		return 0
	}
	slice := s.slice(reach)
	cycle := slice * time.Duration(len(v.members))
	at = (at - slice*time.Duration(seat)) % cycle
	if at < slice-reach-s.guard() {
		return 0
	}
	return cycle - at
}
