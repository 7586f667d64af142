package snapshot

import (
	"context"
	"errors"
	"strconv"
	"time"

	"roster/connectors"
)

// SharedStore keeps encoded snapshots outside of the keeper, for other replicas or for the time after a restart. It also
// decides which replica fetches from a source. Every method bounds its own time, and fails at once while the store is known to be
// unavailable. Only a collection's loop and the keeper's watch call a method. The methods are safe for concurrent use.
//
// The store translates all times that it returns to the caller's clock, whatever the clocks of other replicas show.
type SharedStore interface {
	// Stat returns what is known of each item without fetching any, in one exchange.
	Stat(ctx context.Context, items []StoreKey) ([]Info, error)
	// Load returns the parts of a stored snapshot that meta.Parts names, as Save received them; nil without an error if some are gone or damaged.
	Load(ctx context.Context, item StoreKey, meta Meta) ([][]byte, error)
	// Acquire requests the lease to fetch from the source. The store checks all reasons against it in one step: see LeaseRequest. The
	// lease is nil if the store does not grant it; the Info then says why.
	Acquire(ctx context.Context, claim LeaseRequest) (Lease, Info, error)
	// Put stores a snapshot that was fetched without a lease. If a newer one is stored, Put returns ErrSuperseded.
	Put(ctx context.Context, s Stored) (stamp int64, err error)
	// Changed receives a value when a Stat may return something new; several changes may come as one value.
	Changed() <-chan struct{}
	// Membership returns the last known state of the membership. It makes no call.
	Membership() Membership
}

// Lease is the right to fetch a collection from its source. It renews itself until it is released, or until the replica stands still for
// longer than the store allows. In that case another replica may fetch too, and a later Save of this lease must not replace what that
// replica has saved.
type Lease interface {
	// Save stores the result of the lease's fetch, and notifies the other replicas. Save does not replace newer data, or complete data by
	// incomplete data: it returns ErrSuperseded instead.
	Save(ctx context.Context, s Stored) (stamp int64, err error)
	// Fail notifies the other replicas that the fetch failed or was incomplete, and until when they need not try.
	Fail(ctx context.Context, f Failure) error
	// Release releases the lease. A second call does nothing.
	Release(ctx context.Context)
}

// ErrSuperseded reports that the shared store has better data than the data to store.
var ErrSuperseded = errors.New("superseded by a better snapshot")

// StoreKey names a collection in the shared store. The fingerprint keeps different accounts and credentials apart, even if their sources have
// the same name.
type StoreKey struct {
	Key
	Fingerprint string
	// MaxPause is how long a stored pause of the source is believed; 0 for connectors.MaxPause. It is not part of the name.
	MaxPause time.Duration
	// Details is the encoding of what only the source's kind tells, see connectors.Kind.DetailsEncoding; empty if there is nothing of the sort.
	Details string
}

// StoreKeyOf returns the item of a source's collection.
func StoreKeyOf(s *connectors.Source, c connectors.Collection, maxPause time.Duration) StoreKey {
	i := StoreKey{Key: Key{Source: s.Name, Collection: c}, Fingerprint: s.Fingerprint, MaxPause: maxPause}
	if k := connectors.KindNamed(s.Kind); k != nil && c == connectors.Accounts {
		i.Details = k.DetailsEncoding()
	}
	if extra := extraOf(s, c); extra != "" {
		i.Details += "-" + extra
	}
	return i
}

// extraOf identifies the encoding of what records of a collection have that only settings ask for; empty for nothing. The custom fields of accounts are
// among their details. Which fields these are is no part of the encoding: see Meta.Fields.
func extraOf(s *connectors.Source, c connectors.Collection) string {
	switch {
	case c == connectors.Accounts:
		return s.Extra
	case c == connectors.Contacts && s.ContactFields != "":
		return customEncoding
	default:
		return ""
	}
}

// Encoding returns the version of the encoding of the item's records: that of all records, and that of the details. Data of another version is
// not read, and has other keys.
func (i StoreKey) Encoding() string {
	if i.Details == "" {
		return strconv.Itoa(Encoding)
	}
	return strconv.Itoa(Encoding) + "." + i.Details
}

func (i StoreKey) same(other StoreKey) bool {
	return i.Key == other.Key && i.Fingerprint == other.Fingerprint
}

// Meta describes a stored snapshot.
type Meta struct {
	// Stamp orders the snapshots of an item by the beginnings of their fetches, by one clock for all replicas. Zero means that there is no
	// snapshot.
	Stamp int64
	// FetchedAt, Version, Complete, Expected and Anomalies are those of the snapshot; Since is when the fetch of its oldest records began.
	FetchedAt, Since time.Time
	Version          string
	Complete         bool
	Expected         *int
	Anomalies        []connectors.Anomaly
	// Full is when the last full fetch in the snapshot began. It is before Since if only changes have been fetched after it.
	Full time.Time
	// State is the snapshot's. Earlier releases did not store it.
	State connectors.State
	// Took is the duration of the last complete full fetch.
	Took time.Duration
	// Loss is the snapshot's. If it is set, the stamp is that of the fetch that was held back.
	Loss *Loss
	// Count is the number of records.
	Count int
	// Bytes is the size of the parts as Encode returns them; zero if it is unknown.
	Bytes int
	// Parts are the shared store's names of the parts.
	Parts []string
	// Times is the version of the snapshot's history; empty if nothing is known. Earlier releases did not store it. TimesParts are the names of its parts.
	Times      string
	TimesParts []string
	// Fields is the snapshot's. Earlier releases did not store it.
	Fields string
}

// timesOnly describes the parts of the history as if they were the snapshot's.
func (m Meta) timesOnly() Meta {
	m.Parts = m.TimesParts
	return m
}

// Stored is a snapshot to store.
type Stored struct {
	Item StoreKey
	Meta
	// KeepFor is how long after FetchedAt the snapshot may be useful. The time counts from FetchedAt even if a later fetch is held back.
	KeepFor time.Duration
	// Rewrite is true if the stored data is known to be damaged. The store then writes it again even if it seems to be there.
	Rewrite bool
	// Encode returns the parts. A store that has them already does not call it.
	Encode func() ([][]byte, error)
	// EncodeTimes returns the parts of the history, if Times is set. A store that has them already does not call it.
	EncodeTimes func() [][]byte
}

// Failure is a fetch that did not end complete.
type Failure struct {
	// Err is nil for a fetch that was incomplete without an error.
	Err *connectors.Error
	// RetryAt is when the next fetch is due, NotBefore from when it is allowed at all.
	RetryAt, NotBefore time.Time
	// InARow counts the failures since the last complete fetch.
	InARow int
}

// Info is what the shared store knows of an item.
type Info struct {
	Meta
	// TriedAt is when the last fetch began, whichever replica made it; zero if that is unknown.
	TriedAt time.Time
	// Failure is the failure of that fetch, if it failed; otherwise RetryAt is zero.
	Failure Failure
	// Fetching is true while a replica holds the lease.
	Fetching bool
}

// LeaseRequest asks for the lease to fetch a collection. The store refuses it while another replica fetches; if a readable snapshot newer
// than Have and no older than MaxAge is stored; within MinInterval of the beginning of the last fetch; and after a failure, until RetryAt
// or, if the request is Urgent, until NotBefore, unless it is Forced.
type LeaseRequest struct {
	Item        StoreKey
	Have        int64 // a Stamp
	MaxAge      time.Duration
	MinInterval time.Duration
	Urgent      bool
	// Forced is true if the failure of the last fetch does not matter.
	Forced bool
}

// Membership is the membership of the replicas, as this replica last knew it.
type Membership struct {
	// Connected is true while the shared store works. While it does not, each replica fetches by itself, and so rarely that all of them
	// together stay within the limits of one.
	Connected bool
	// Size is how many replicas there were when the store last worked, and Rank the place of this one among them, from 0.
	Size, Rank int
	// Since is when the store became unavailable, or available again: fetches that other replicas began at about that time are unknown.
	// Zero if the store was never unavailable.
	Since time.Time
}

// PartsSize returns the total size of the parts in bytes.
func PartsSize(parts [][]byte) int {
	n := 0
	for _, p := range parts {
		n += len(p)
	}
	return n
}
