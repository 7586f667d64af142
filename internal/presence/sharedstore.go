package presence

import (
	"context"
	"time"

	"roster/connectors"
)

// SharedStore has what the replicas know together of who is online, and how they agree on who calls a source. The store
// translates the times that it returns to the caller's clock. Its methods are safe for concurrent use. Each method returns within the time
// for which a slow store may hold up a caller of Get.
type SharedStore interface {
	// Lookup returns what the store knows of the accounts in all questions, in one exchange.
	Lookup(ctx context.Context, questions []Question) ([]Known, error)
	// Acquire requests the lease to call a source. The store checks all reasons against it in one step: a call in progress, a call within
	// Life, and the pause after a failure. A call within Life is no reason against an early one, unless another early call was within
	// Life. The holder of the lease calls Save or Fail.
	Acquire(ctx context.Context, c LeaseRequest) (granted bool, s CallState, err error)
	// Save stores the result of the call for as long as it is useful, and ends the call.
	Save(ctx context.Context, s Saved) error
	// Fail ends a call that failed: no call follows before until.
	Fail(ctx context.Context, item StoreKey, stamp int64, failures int, until time.Time) error
	// Missed records that a caller asked for an account that no call had named.
	Missed(ctx context.Context, item StoreKey) error
	// Membership returns the last known state of the membership. It makes no call.
	Membership() Membership
}

// StoreKey names a source in the shared store. The fingerprint keeps different accounts and credentials apart, even if their sources have the
// same name.
type StoreKey struct{ Source, Fingerprint string }

// Question asks for accounts of one source.
type Question struct {
	StoreKey
	IDs []string // empty asks for the CallState alone
}

// Known is what the shared store knows for a question.
type Known struct {
	CallState
	// Answers are by ID. An account without an answer is left out.
	Answers map[string]Answer
}

// Answer is what a source answered for one account; zero if the source was not asked.
type Answer struct {
	Presence connectors.Presence
	At       time.Time // when the source was asked
}

// CallState is the state of a source's calls, for all replicas.
type CallState struct {
	// Next is when the source may be called again. Failures counts the failed calls since the last successful one.
	Next     time.Time
	Failures int
	// MissedAt is when a caller last asked for an account that no call had named; zero if that is unknown.
	MissedAt time.Time
	// Asking is true while a call is in progress. Whom names its accounts; empty means everyone.
	Asking bool
	Whom   []string
	// Stamp identifies the call for which the lease was granted.
	Stamp int64
}

// LeaseRequest is a request for the lease to call a source.
type LeaseRequest struct {
	StoreKey
	IDs []string // the accounts that the call names; empty for everyone
	// Token identifies the request. If the answer was lost, a second request with the same token gets the lease that was granted.
	Token string
	// Life is the shortest time between two calls, and Lease how long the call may take.
	Life, Lease time.Duration
	// Early is true if some account is unknown, so that the call asks for everyone.
	Early bool
}

// Saved is the result of a call.
type Saved struct {
	StoreKey
	Stamp   int64
	IDs     []string // the accounts that the call named; empty for everyone
	Of      map[string]connectors.Presence
	KeepFor time.Duration
}

// Membership is the membership of the replicas, as this replica last knew it.
type Membership struct {
	// Connected is true while the shared store works. While it does not, each replica calls by itself, at intervals that are N times as
	// long.
	Connected bool
	// Size is how many replicas there were when the store last worked, and Rank the place of this one among them, from 0.
	Size, Rank int
	// Since is when the store stopped working; zero if it never worked, or never stopped.
	Since time.Time
}

// covers reports whether the call in progress covers any of the accounts.
func (s *CallState) covers(ids []string) bool { return s.Asking && namesAny(s.Whom, ids) }

// namesAny reports whether whom contains any of the accounts. An empty whom means everyone.
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
