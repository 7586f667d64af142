package snapshot

import (
	"context"
	"errors"
	"time"

	"roster/connectors"
)

// Tier keeps encoded snapshots outside of the keeper: for other replicas, or for the time after a restart. It also decides which replica
// reads a source. Every method bounds its own time, and fails at once while the tier is known to be away; nothing but a collection's reader
// and the keeper's watch ever calls one. Safe for concurrent use.
//
// All times that a tier gives are by the caller's clock, whatever the clocks of other replicas say: a tier translates.
type Tier interface {
	// Stat gives what is known of each item without fetching any, in one exchange.
	Stat(ctx context.Context, items []Item) ([]Info, error)
	// Fetch gives the parts of a stored snapshot as Save was given them; nil without an error where some are gone or damaged.
	Fetch(ctx context.Context, item Item, meta Meta) ([][]byte, error)
	// Acquire asks for the right to read the source. All that speaks against it is judged in one step: see Acquire. The lease is nil where the
	// right is not given; the mark says why.
	Acquire(ctx context.Context, claim LeaseRequest) (Lease, Info, error)
	// Put stores a snapshot that was read without a lease, unless a newer one is there, which is ErrSuperseded.
	Put(ctx context.Context, s Stored) (stamp int64, err error)
	// Changed receives a value when a Look may find something new; several changes may come as one.
	Changed() <-chan struct{}
	// Membership says who shares the sources, as last known. It costs nothing.
	Membership() Membership
}

// Lease is the right to read a collection from its source. It renews itself until it is released, or the replica stands still for longer
// than the tier allows: then another may read too, and what this one saves afterwards must not replace what that one has saved.
type Lease interface {
	// Save stores what the lease's reading has given, and tells the others. Nothing newer is replaced, and nothing complete by what is
	// not: that is ErrSuperseded.
	Save(ctx context.Context, s Stored) (stamp int64, err error)
	// Fail tells the others that the reading has failed, or ended short, and until when they need not try.
	Fail(ctx context.Context, f Failure) error
	// Release gives the right back. A second call does nothing.
	Release(ctx context.Context)
}

// ErrSuperseded says that the tier has something better than what it was to store.
var ErrSuperseded = errors.New("superseded by a better snapshot")

// Item names a collection in a tier. The fingerprint keeps accounts and credentials apart, whatever their sources are called.
type Item struct {
	Key
	Fingerprint string
	// MaxPause is how long a stored pause of the source is believed; 0 for connectors.MaxPause. It is no part of the name.
	MaxPause time.Duration
}

func (i Item) same(other Item) bool { return i.Key == other.Key && i.Fingerprint == other.Fingerprint }

// Meta describes a stored snapshot.
type Meta struct {
	// Stamp orders the snapshots of an item by when their readings began, by one clock for all replicas. Zero means that there is none.
	Stamp int64
	// ReadAt, Version, Complete, Expected and Anomalies are the snapshot's; Since is when the reading of its oldest records began.
	ReadAt, Since time.Time
	Version       string
	Complete      bool
	Expected      *int
	Anomalies     []connectors.Anomaly
	// Full is when the last reading of everything began that is in it. Before Since where only changes have been read after that.
	Full time.Time
	// Took is what the last complete reading of everything took.
	Took time.Duration
	// Loss is the snapshot's. The stamp is then that of the fetch that was held back.
	Loss *Loss
	// Count is how many records there are.
	Count int
	// Bytes is how many bytes the parts have, as Encode gives them; zero where that is not known.
	Bytes int
	// Parts are the tier's names of the parts.
	Parts []string
}

// Stored is a snapshot to be stored.
type Stored struct {
	Item Item
	Meta
	// KeepFor is how long after ReadAt it may be of use. Times count from ReadAt, also where a later fetch is held back.
	KeepFor time.Duration
	// Rewrite says that what is stored has turned out to be damaged, and is to be written again even where it seems to be there.
	Rewrite bool
	// Encode gives the parts. A tier that has them already does not ask.
	Encode func() ([][]byte, error)
}

// Failure is a reading without a complete end.
type Failure struct {
	// Err is nil for a reading that was short without a fault.
	Err *connectors.Error
	// RetryAt is when the reading is due again, Floor from when it is allowed at all.
	RetryAt, Floor time.Time
	// InARow counts the failures since the last complete reading.
	InARow int
}

// Info is what a tier knows of an item.
type Info struct {
	Meta
	// TriedAt is when the last reading began, whoever made it; zero where that is not known.
	TriedAt time.Time
	// Failure is how that reading failed, if it did; RetryAt is zero otherwise.
	Failure Failure
	// Reading says that somebody has the right to read now.
	Reading bool
}

// LeaseRequest asks for the lease to fetch a collection. It is refused while somebody else reads; where a readable snapshot newer than Have and no older than
// MaxAge is there to be taken instead; within MinInterval of the beginning of the last reading; and after a failure, until RetryAt or, when
// it is Urgent, Floor, unless it is Forced.
type LeaseRequest struct {
	Item        Item
	Have        int64 // a Stamp
	MaxAge      time.Duration
	MinInterval time.Duration
	Urgent      bool
	// Forced says that how the last reading failed does not matter.
	Forced bool
}

// Membership is who shares the sources.
type Membership struct {
	// Connected says that the tier works. While it does not, each replica reads by itself, and so rarely that all of them together
	// stay within what one may do.
	Connected bool
	// Size is how many replicas there were when the tier last worked, and Rank this one's place among them, from 0.
	Size, Rank int
	// Since is when the tier went away, or came back from being away: of readings that others began at about that time nothing is known.
	// Zero where it never was away.
	Since time.Time
}

// PartsSize is how many bytes the parts have.
func PartsSize(parts [][]byte) int {
	n := 0
	for _, p := range parts {
		n += len(p)
	}
	return n
}
