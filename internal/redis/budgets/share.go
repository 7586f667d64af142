package budgets

import (
	"slices"
	"strings"
	"sync"
	"time"

	"roster/connectors/limit"
)

// share is this replica's part of all budgets while Redis is unavailable.
//
// Time is divided into slices. Each of the N replicas of a view owns every Nth slice: within its own slice, it may use a budget in full. It may not
// use the end of the slice, so that its last calls are over when the next slice begins. The slices need a common clock and a common view of the
// members. The clock is the clock of Redis, see setClock. A new view comes into force when all members of the old view have confirmed that
// they know the new one. A replica that does not know whether a new view is in force complies with both views.
//
// After the loss of Redis, a replica makes no call until all replicas that are still connected to Redis count it as absent, and for one more window.
// From then on, they leave its slices to it.
type share struct {
	every    time.Duration // the time between two heartbeats
	mu       sync.Mutex
	sent     time.Time // when it last sent a heartbeat, or tried to
	synced   bool      // Redis has answered at least once
	offset   time.Duration
	clock    time.Time // the local time to which offset is added
	agreed   view
	next     view // proposed, or zero
	reported int64
}

// view is the set of live replicas.
type view struct {
	epoch   int64
	members []string
}

const (
	defaultHeartbeat = 2 * time.Second
	// forgottenAfter is how long the slices of an absent replica are kept for it. If there are no other replicas, the time is forgottenAlone: the
	// replica may never come back, and then nobody would use its slices.
	forgottenAfter = 10 * time.Minute
	forgottenAlone = time.Minute
)

func (s *share) absentAfter() time.Duration { return 4 * s.every }

// guard is the allowance for differences between replicas: of their clocks, and of the time that a call needs to reach the source.
func (s *share) guard() time.Duration { return 3 * s.every / 2 }

// maxDelay is the longest delay after which a heartbeat is still valid when it arrives at Redis.
func (s *share) maxDelay() time.Duration { return s.every / 2 }

// reach returns for how long calls with these budgets count. It rounds up, because all replicas that share a budget must have the same slices.
func (s *share) reach(ask *limit.Request) time.Duration {
	var far time.Duration
	for _, b := range ask.Budgets {
		if b.Spare {
			continue // it is smaller than another budget of the call, whose slices the other replicas know
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

// slice returns the length of a slice: the usable part and the end.
func (s *share) slice(reach time.Duration) time.Duration {
	return reach + s.guard() + max(reach+s.maxDelay(), 5*s.every/2)
}

// scriptArgs returns the script's arguments about this replica, and records that they are being sent.
func (s *share) scriptArgs(id string, ask *limit.Request, now time.Time, leave bool) []any {
	s.mu.Lock()
	defer s.mu.Unlock()
	var by int64
	if s.synced {
		by = micros(s.redisTime(now) + s.maxDelay())
	}
	s.sent = now
	s.reported = max(s.agreed.epoch, s.next.epoch)
	var reach time.Duration
	if ask != nil {
		reach = s.reach(ask)
	}
	return []any{id, by, s.reported, s.agreed.epoch, strings.Join(s.agreed.members, ","), leave, micros(s.absentAfter()),
		micros(forgottenAfter), micros(forgottenAlone), micros(s.guard()), micros(reach), micros(s.slice(reach))}
}

// redisTime translates a local time to Redis's time since 1970.
func (s *share) redisTime(at time.Time) time.Duration { return s.offset + at.Sub(s.clock) }

// update applies the script's answer.
func (s *share) update(a *answer, sent, now time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.setClock(time.Duration(a.now)*time.Microsecond, sent, now)
	if a.outcome == late {
		return
	}
	s.synced = true
	if a.agreed.epoch >= s.agreed.epoch {
		s.agreed, s.next = a.agreed, a.next
	}
}

// setClock sets the clock by a time that Redis told between two local times: it assumes the middle, and is wrong by half of the time between at most. If that
// is long, the present clock is better, unless the answer contradicts it. An answer that is too late counts as well. Otherwise, after a jump of the clock of
// Redis, or after this machine slept and its clock stood still, every later call would be too late.
func (s *share) setClock(told time.Duration, sent, now time.Time) {
	took := now.Sub(sent)
	// Before the first answer there is no clock that it could agree with.
	if into := told - s.redisTime(sent); !s.clock.IsZero() && took > s.every/8 && 0 <= into && into <= took {
		return
	}
	s.clock, s.offset = sent.Add(took/2), told
}

// hasUnreported reports whether this replica knows a view that it has not confirmed to Redis yet.
func (s *share) hasUnreported() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return max(s.agreed.epoch, s.next.epoch) > s.reported
}

// decideLocally decides without Redis whether a call is permitted.
func (s *share) decideLocally(id string, ask *limit.Request, now time.Time) limit.Decision {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.synced {
		return limit.Decision{Granted: true} // this replica has never known of others
	}
	views := []view{s.agreed}
	if s.next.epoch > s.agreed.epoch {
		views = append(views, s.next)
	}
	reach := s.reach(ask)
	if reach == 0 {
		return limit.Decision{Granted: true}
	}
	var wait time.Duration
	if len(views) > 1 || len(s.agreed.members) != 1 || s.agreed.members[0] != id {
		wait = s.sent.Add(s.maxDelay() + s.absentAfter() + reach + s.guard()).Sub(now)
	}
	for _, view := range views {
		wait = max(wait, s.untilTurn(view, id, reach, s.redisTime(now)))
	}
	return limit.Decision{Granted: wait <= 0, Wait: wait}
}

// untilTurn returns the time until the replica's next slice, at a time of Redis. It returns zero within the usable part of a slice.
func (s *share) untilTurn(v view, id string, reach, at time.Duration) time.Duration {
	seat := slices.Index(v.members, id)
	switch {
	case seat < 0:
		return s.every // not all replicas know this one yet
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
