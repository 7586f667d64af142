package redis

import (
	"time"

	"roster/connectors"
)

// Clock is the clock of Redis as of one answer. It translates times of Redis, in microseconds since 1970, to the local clock, so the clocks of replicas
// need not be right.
type Clock struct {
	// Now is what the clock of Redis showed when the local clock showed At. At is when the request was sent. So data may seem older than it is, by at
	// most the time of the round trip, but never newer.
	Now int64
	At  time.Time
}

// futureLimit is how far a stamp may be ahead of the clock of Redis: after a failover, the clock is another server's.
const futureLimit = time.Minute

// Local returns the local time of a stamp. A stamp in the future becomes the present; plausible is false if it is too far in the future to be true.
func (c Clock) Local(stamp int64) (local time.Time, plausible bool) {
	return c.At.Add(-time.Duration(max(0, c.Now-stamp)) * time.Microsecond), stamp <= c.Now+futureLimit.Microseconds()
}

// Future returns the local time of a time of Redis that may be in the future.
func (c Clock) Future(at int64) time.Time {
	return c.At.Add(time.Duration(at-c.Now) * time.Microsecond)
}

// Past returns the local time of a time of Redis; zero if there is none.
func (c Clock) Past(at int64) time.Time {
	if at <= 0 {
		return time.Time{}
	}
	local, _ := c.Local(at)
	return local
}

// MaxPause returns the longest duration for which a stored pause is trusted, if the source does not block us.
func MaxPause(most time.Duration) time.Duration {
	if most <= 0 || most > connectors.MaxPause {
		return connectors.MaxPause
	}
	return most
}
