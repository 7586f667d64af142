package connectors

import (
	"context"
	"sync"
	"time"
)

// Budget is what a source counts calls by, and how many calls it allows.
type Budget struct {
	// Key names what is counted: it is the same for all sources that are counted together, whatever their names are. It reveals no credential.
	Key   string
	Limit RateLimit
	// MaxPause is the longest pause of it that is accepted from other replicas; 0 means MaxPause.
	MaxPause time.Duration
	// Source is the source that is called, by its name in the configuration.
	Source string
	// Spare is true for the budget of calls that must not delay others. Such a call is refused at once if this budget has none left or another
	// one already waits, and in its other budgets it comes after all calls that are not spare.
	Spare bool
}

// Limits keeps the budgets of sources for all who call them. It is safe for concurrent use.
type Limits interface {
	// Acquire waits until a call may start that counts in all of these budgets. Calls that somebody waits for come before background fetches:
	// see Urgency. The call takes no longer than within. An error means that the call must not be made: the caller has gone or has no time
	// left for the wait, or the source asks for a pause.
	Acquire(ctx context.Context, budgets []Budget, within time.Duration) (Permit, *Error)
	// Pause delays the calls of a budget for e.RetryAfter. If e.Blocked is true, they are refused, because each would make it worse.
	Pause(key string, e *Error)
	// Paused returns why the calls of a budget are delayed, and as RetryAfter for how long; nil if they are not.
	Paused(key string) *Error
	// Resume ends the pause of a budget, for all who share it.
	Resume(key string)
}

// Permit is the right to make one call.
type Permit interface {
	// Release reports the end of the call. A call that has not been answered may still be on its way.
	Release(answered bool)
}

// Urgency says whether somebody waits for what is done under a context. It may rise meanwhile, and never falls.
type Urgency struct {
	once   sync.Once
	raised chan struct{}
}

// NewUrgency returns the urgency of something that nobody waits for yet.
func NewUrgency() *Urgency { return &Urgency{raised: make(chan struct{})} }

// Raise says that somebody waits.
func (u *Urgency) Raise() { u.once.Do(func() { close(u.raised) }) }

// Raised is closed when somebody waits.
func (u *Urgency) Raised() <-chan struct{} { return u.raised }

// Urgent reports whether somebody waits.
func (u *Urgency) Urgent() bool {
	select {
	case <-u.raised:
		return true
	default:
		return false
	}
}

type urgencyKey struct{}

// WithUrgency returns a context under which calls are as urgent as u says.
func WithUrgency(ctx context.Context, u *Urgency) context.Context {
	return context.WithValue(ctx, urgencyKey{}, u)
}

// UrgencyOf returns the urgency of what is done under a context. By default somebody waits for it.
func UrgencyOf(ctx context.Context) *Urgency {
	if u, ok := ctx.Value(urgencyKey{}).(*Urgency); ok {
		return u
	}
	return awaited
}

var awaited = func() *Urgency {
	u := NewUrgency()
	u.Raise()
	return u
}()

type waitsKey struct{}

// WithWaits returns a context under which tell is called before a call waits for its turn, with the shortest time of the wait, and again if
// that changes. Tell must not block.
func WithWaits(ctx context.Context, tell func(time.Duration)) context.Context {
	return context.WithValue(ctx, waitsKey{}, tell)
}

// TellWait reports that a call waits for its turn.
func TellWait(ctx context.Context, d time.Duration) {
	if tell, ok := ctx.Value(waitsKey{}).(func(time.Duration)); ok {
		tell(d)
	}
}

// BreakerState is the state of a breaker.
type BreakerState uint8

// The states of a breaker.
const (
	BreakerClosed  BreakerState = iota // calls are made
	BreakerOpen                        // calls fail at once
	BreakerProbing                     // one call finds out whether the source has recovered
)

// String returns the name of the state.
func (s BreakerState) String() string { return [...]string{"closed", "open", "probing"}[s] }

// Health is how the calls to a source have ended lately.
type Health struct {
	Breaker BreakerState
	// Since is when the breaker entered its state; zero if it has never opened.
	Since time.Time
	// RetryAt is when an open breaker permits a call; zero otherwise.
	RetryAt time.Time
	// Err is the failure that opened it; nil while it is closed.
	Err *Error
	// Pause is why the source, or a part of it, asks not to be called for RetryAfter from now; nil if it does not.
	Pause *Error
	// PartPaused is true if the pause delays only some kinds of calls.
	PartPaused bool
}
