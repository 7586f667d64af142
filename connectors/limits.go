package connectors

import (
	"context"
	"sync"
	"time"
)

// Budget is what a source counts calls by, and how many it allows.
type Budget struct {
	// Key names what is counted: the same for all who are counted together, whatever their sources are called. It reveals no credential.
	Key   string
	Limit RateLimit
	// MaxPause is how long others' pauses of it are believed; 0 means MaxPause.
	MaxPause time.Duration
	// Source is whose call it is, by its name in the configuration.
	Source string
	// Spare marks what is left for calls that must not hold up others. Such a call is refused at once where this budget has none left or another
	// one already waits, and in its other budgets it comes after all calls that are not spare.
	Spare bool
}

// Limits keeps the budgets of sources for all who call them. Safe for concurrent use.
type Limits interface {
	// Enter waits until a call may start that counts in all of these budgets. Callers who wait come before background readings: see Urgency.
	// The call takes no longer than within. An error means that the call must not be made: the caller has gone or has no time left for the
	// wait, or the source wants to be left alone.
	Enter(ctx context.Context, budgets []Budget, within time.Duration) (Pass, *Error)
	// Pause keeps the calls of a budget back for e.RetryAfter; with e.Blocked they are refused, since each would make it worse.
	Pause(key string, e *Error)
	// Paused gives why the calls of a budget are kept back, and as RetryAfter for how long still; nil where they are not.
	Paused(key string) *Error
	// Resume ends the pause of a budget, for all who share it.
	Resume(key string)
}

// Pass is the right to make one call.
type Pass interface {
	// Leave says that the call is over. A call that has not been answered may still be on its way.
	Leave(answered bool)
}

// Urgency says whether somebody waits for what is done under a context. It may rise while that is going on, and never falls.
type Urgency struct {
	once   sync.Once
	raised chan struct{}
}

// NewUrgency gives the urgency of something that nobody waits for yet.
func NewUrgency() *Urgency { return &Urgency{raised: make(chan struct{})} }

// Raise says that somebody waits.
func (u *Urgency) Raise() { u.once.Do(func() { close(u.raised) }) }

// Raised is closed when somebody waits.
func (u *Urgency) Raised() <-chan struct{} { return u.raised }

// Urgent says whether somebody waits.
func (u *Urgency) Urgent() bool {
	select {
	case <-u.raised:
		return true
	default:
		return false
	}
}

type urgencyKey struct{}

// WithUrgency gives a context under which calls are as urgent as u says.
func WithUrgency(ctx context.Context, u *Urgency) context.Context {
	return context.WithValue(ctx, urgencyKey{}, u)
}

// UrgencyOf gives the urgency of what is done under a context: where nobody has said, somebody waits for it.
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

// WithWaits gives a context under which tell is told that a call waits for its turn, and how long at least: before it does, and again where that
// changes. It must not block.
func WithWaits(ctx context.Context, tell func(time.Duration)) context.Context {
	return context.WithValue(ctx, waitsKey{}, tell)
}

// TellWait tells whoever wants to know that a call waits for its turn.
func TellWait(ctx context.Context, d time.Duration) {
	if tell, ok := ctx.Value(waitsKey{}).(func(time.Duration)); ok {
		tell(d)
	}
}

// BreakerState is how calls to a source stand after failures.
type BreakerState uint8

// The states of a breaker.
const (
	BreakerClosed  BreakerState = iota // calls are made
	BreakerOpen                        // calls fail at once
	BreakerProbing                     // one call finds out whether the source has recovered
)

// String gives the state in a word.
func (s BreakerState) String() string { return [...]string{"closed", "open", "probing"}[s] }

// Health is how a source's calls have gone of late.
type Health struct {
	Breaker BreakerState
	// Since is when the breaker came into its state; zero where it has never opened.
	Since time.Time
	// RetryAt is when an open breaker lets a call through; zero otherwise.
	RetryAt time.Time
	// Err is the meaning of the failure that opened it; nil while it is closed.
	Err *Error
	// Pause is why the source, or a part of it, is left alone by its own word, for RetryAfter from now; nil where it is not.
	Pause *Error
	// PartPaused says that the pause keeps back some kinds of calls only.
	PartPaused bool
}
