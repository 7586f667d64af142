package snapshot

import (
	"cmp"
	"time"

	"roster/connectors"
	"roster/internal/history"
)

// Key names one collection of one source.
type Key struct {
	Source     string
	Collection connectors.Collection
}

// Records holds the records of one collection, in the order of their IDs, each ID once. Only the slice of that collection's kind is set.
type Records struct {
	Accounts       []connectors.Account
	Teams          []connectors.Team
	Roles          []connectors.Role
	Contacts       []connectors.Contact
	ContactFolders []connectors.ContactFolder
}

// Len returns the number of records.
func (r Records) Len() int {
	return len(r.Accounts) + len(r.Teams) + len(r.Roles) + len(r.Contacts) + len(r.ContactFolders)
}

// Snapshot is a collection as fetched at one time. It is immutable.
type Snapshot struct {
	Key     Key
	Records Records
	// Version is a hash of the records. The same records have the same version in every process, in whatever order they were fetched.
	// Successive snapshots of one collection with the same version share their slices.
	Version string
	// FetchedAt is when the fetch of the newest records began.
	FetchedAt time.Time
	// Complete is true if no records are known to be missing.
	Complete bool
	// Expected is the number of records that the source reports; nil if it reports none.
	Expected *int
	// Anomalies are the values that nobody could read; nil for none. If only part of the records has been fetched since, the counts are
	// lower bounds.
	Anomalies []connectors.Anomaly

	// Size is about how many bytes of memory the records take. Memory that several records share counts for each of them.
	Size int

	// OldestAt is the earliest time at which the oldest records may have been fetched: incomplete fetches are merged into previous data,
	// and an interrupted fetch goes on later.
	OldestAt time.Time
	// FullAt is when the last full fetch in the snapshot began. Records that were deleted later may still be there. FullAt differs from
	// OldestAt if only changes have been fetched since.
	FullAt time.Time

	// State is what the next incremental fetch is given, see connectors.State; empty if a full fetch has to follow.
	State connectors.State

	// Loss is the fetch that is held back, see guard.go; nil if there is none.
	Loss *Loss

	// Fields identifies the custom fields for which all its records were asked, see connectors.Source.FieldsOf; empty for none.
	Fields string

	// Times is when the fetches first saw the present values, and which records they no longer saw; nil if nothing is known. It is no part of
	// Version.
	Times *history.History

	// Known is Times as of the last fetch after which no records were missing, if this snapshot is incomplete. It is nil if there was no such fetch, or if
	// nothing is known about it.
	Known *history.History
}

// known returns what Known is in a snapshot that an incomplete fetch makes of this one.
func (s *Snapshot) known() *history.History {
	switch {
	case !s.Complete:
		return s.Known
	case s.Times == nil:
		return &history.History{} // everything was known, and of nothing since when
	default:
		return s.Times
	}
}

// fetchResult is the result of one fetch of a collection.
type fetchResult struct {
	records   Records
	expected  *int
	pending   int // how many of the records the fetch has not read whole; of progress only
	complete  bool
	anomalies []connectors.Anomaly
	began     time.Time     // the beginning of the resumed fetch, if this one resumes another
	spent     time.Duration // the time that the resumed fetch had taken
	state     connectors.State
	since     *Snapshot // the records are only the changes since this snapshot; nil for all records
	gone      []string  // the IDs of records that were removed since then
}

// Progress is the progress of a fetch.
type Progress struct {
	// StartedAt is when the fetch began. For a resumed fetch it is the beginning of the first attempt.
	StartedAt time.Time
	// Count is how many records the fetch has so far, without those of which it has only a part. Expected is the number that the source reports; nil if it reports none.
	Count    int
	Expected *int
}

// Settings say how one collection is fetched.
type Settings struct {
	// FreshFor is the age at which data is fetched again. A slow source may need longer: see Status.FreshFor.
	FreshFor time.Duration
	// KeepFor is how long data is served while the fetches from its source fail.
	KeepFor time.Duration
	// RememberFor is how long removals are remembered, if that is longer than KeepFor.
	RememberFor time.Duration
	// Anchors are the fields of accounts that may show whose a removed account was.
	Anchors []Anchor
	// MinInterval is the shortest time between the beginnings of two fetches.
	MinInterval time.Duration
	// FullEvery is the time from one full fetch to the next, if a source can report changes. In between, only changes are fetched.
	FullEvery time.Duration
	// MaxLoss is the percentage of the known records that a complete fetch may lack without being held back; 100 for all.
	MaxLoss int
	// AcceptAfter is how long such a fetch is held back.
	AcceptAfter time.Duration
	// MaxPause is how long a stored pause of the source is believed; 0 for connectors.MaxPause.
	MaxPause time.Duration
}

// Anchor is a field by whose values accounts are joined, see connectors.Account.Field. Name is that of the values: fields of several sources have it.
type Anchor struct{ Name, Field string }

func (s Settings) remember() time.Duration { return max(s.KeepFor, s.RememberFor) }

// DefaultSettings returns the settings of a collection without a configuration.
func DefaultSettings(c connectors.Collection) Settings {
	s := Settings{FreshFor: 5 * time.Minute, KeepFor: 7 * 24 * time.Hour, MinInterval: 10 * time.Second, FullEvery: time.Hour,
		MaxLoss: 30, AcceptAfter: 24 * time.Hour}
	if c == connectors.Accounts {
		s.FreshFor = time.Minute
	}
	return s
}

// or sets the values that s leaves out to those of d.
func (s Settings) or(d Settings) Settings {
	return Settings{FreshFor: cmp.Or(s.FreshFor, d.FreshFor), KeepFor: cmp.Or(s.KeepFor, d.KeepFor), MinInterval: cmp.Or(s.MinInterval, d.MinInterval),
		FullEvery: cmp.Or(s.FullEvery, d.FullEvery), MaxLoss: cmp.Or(s.MaxLoss, d.MaxLoss), AcceptAfter: cmp.Or(s.AcceptAfter, d.AcceptAfter),
		MaxPause: s.MaxPause, RememberFor: s.RememberFor, Anchors: s.Anchors}
}
