package presence

import (
	"context"
	"time"

	"roster/connectors"
)

// Tier is what replicas know together of who is there, and how they agree on who asks a source. Times in what it gives are by the caller's
// clock: a tier translates. Its methods are safe for concurrent use, and none takes longer than a caller of Get may be held up for a
// tier that is slow.
type Tier interface {
	// Look gives what is known of the accounts in all questions, in one exchange.
	Lookup(ctx context.Context, questions []Question) ([]Known, error)
	// Claim asks for the right to call a source. Everything that speaks against it is judged in one step: a call under way, one within
	// Life, and the pause after a failure. A call within Life does not speak against one that is early, unless another was early within Life.
	// Whoever has the right either saves or fails.
	Claim(ctx context.Context, c Claim) (granted bool, s CallState, err error)
	// Save stores what the call gave, for as long as it may be of use, and ends it.
	Save(ctx context.Context, s Saved) error
	// Fail ends a call that gave nothing: none follows before that time.
	Fail(ctx context.Context, item Item, stamp int64, failures int, until time.Time) error
	// Missed notes that somebody asked for an account that no call had named.
	Missed(ctx context.Context, item Item) error
	// Membership says who shares the sources, as last known. It costs nothing.
	Membership() Membership
}

// Item names a source in a tier. The fingerprint keeps accounts and credentials apart, whatever their sources are called.
type Item struct{ Source, Fingerprint string }

// Question asks for accounts of one source.
type Question struct {
	Item
	IDs []string // none asks for the standing alone
}

// Known is what a tier has on a question.
type Known struct {
	CallState
	// Answers are by ID. An account that nothing is known of is left out.
	Answers map[string]Answer
}

// Answer is what a source has said of one account; zero where it has not been asked.
type Answer struct {
	Presence connectors.Presence
	At       time.Time // when it was asked
}

// CallState is how a source stands with all replicas.
type CallState struct {
	// Next is from when it may be called again, and Failures counts those calls that have failed since the last one that has not.
	Next     time.Time
	Failures int
	// MissedAt is when somebody last asked for an account that no call had named; zero where that is not known.
	MissedAt time.Time
	// Asking says that a call is under way: for Whom, or for everyone where there is nobody in it.
	Asking bool
	Whom   []string
	// Stamp names the call that a claim has given the right to.
	Stamp int64
}

// Claim is a wish to call a source.
type Claim struct {
	Item
	IDs []string // whom to ask for; none for everyone
	// Token is this claim's own. Whoever claims again with it, since the answer was lost, has the right that was given.
	Token string
	// Life is the shortest time between two calls, and Lease how long the call may take.
	Life, Lease time.Duration
	// Early says that nothing at all is known of some account, so that everyone is asked for.
	Early bool
}

// Saved is what a call gave.
type Saved struct {
	Item
	Stamp   int64
	IDs     []string // whom it named; none for everyone
	Of      map[string]connectors.Presence
	KeepFor time.Duration
}

// Membership is who shares the sources.
type Membership struct {
	// Connected says that the tier works. While it does not, each replica asks by itself, and N times as rarely.
	Connected bool
	// Size is how many replicas there were when the tier last worked, and Rank this one's place among them, from 0.
	Size, Rank int
	// Since is from when it has not worked; zero where it never has.
	Since time.Time
}

// tells says whether the call that is under way tells about any of the accounts.
func (s *CallState) tells(ids []string) bool { return s.Asking && namesAny(s.Whom, ids) }

// namesAny says whether whom, which is everyone where it is empty, has any of the accounts.
func namesAny(whom, ids []string) bool {
	if len(whom) == 0 {
		return true
	}
	named := make(map[string]bool, len(whom))
	for _, id := range whom {
		named[id] = true
	}
	for _, id := range ids {
		if named[id] {
			return true
		}
	}
	return false
}
