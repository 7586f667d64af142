package fake

import "time"

const (
	defaultCalls      = 7
	defaultRetryAfter = 300
	defaultBlockAfter = 20
	defaultBlockFor   = time.Hour
)

type refusal int

const (
	allowed refusal = iota
	tooMany
	shutOut
)

// limiter counts the calls of the last second over the whole account. Who goes on calling above the limit is shut out.
type limiter struct {
	starts     []time.Time // of the calls let through in the last second
	violations int
	blocked    time.Time // until then
}

func (l *limiter) check(k Options, now time.Time) refusal {
	if k.NoLimits {
		return allowed
	}
	if now.Before(l.blocked) {
		return shutOut
	}
	for len(l.starts) > 0 && now.Sub(l.starts[0]) >= time.Second {
		l.starts = l.starts[1:]
	}
	if len(l.starts) < orElse(k.CallsPerSecond, defaultCalls) {
		l.starts = append(l.starts, now)
		return allowed
	}
	l.violations++
	if l.violations >= orElse(k.BlockAfter, defaultBlockAfter) {
		l.violations, l.blocked = 0, now.Add(orElse(k.BlockFor, defaultBlockFor))
	}
	return tooMany
}
