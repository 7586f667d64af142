package snapshot

import (
	"time"

	"roster/connectors"
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

// Len is how many records there are.
func (r Records) Len() int {
	return len(r.Accounts) + len(r.Teams) + len(r.Roles) + len(r.Contacts) + len(r.ContactFolders)
}

// Snapshot is a collection as it was read at one time. It is immutable.
type Snapshot struct {
	Key     Key
	Records Records
	// Version is a hash of the records: the same records have the same version in every process, in whatever order they were read.
	// Snapshots of one collection that follow each other with the same version share their slices.
	Version string
	// ReadAt is when the reading began that the newest of the records come from.
	ReadAt time.Time
	// Complete says that nothing is known to be missing.
	Complete bool
	// Expected is how many records there are by the source's own word; nil where it does not say.
	Expected *int
	// Anomalies tells what the source gave that could not be read; nil for nothing. Counts are the least there can be where only part of the
	// records has been read since.
	Anomalies []connectors.Anomaly

	// Size is about how many bytes of memory the records take. What several of them share counts for each.
	Size int

	// OldestAt is when the oldest of the records may have been read: readings that end short are laid over what was there, and one that
	// was broken off goes on later.
	OldestAt time.Time
	// FullAt is when the last reading of everything began that is in it: what was deleted later may still be there. It differs from
	// OldestAt where only changes have been read since.
	FullAt time.Time

	// Loss is the fetch that is held back, see guard.go; nil where there is none.
	Loss *Loss
}

// reading is what one reading of a collection has yielded.
type reading struct {
	records  Records
	expected *int
	complete bool
	odd      []connectors.Anomaly
	began    time.Time     // where it has gone on with one that was broken off
	spent    time.Duration // by that one
	since    *Snapshot     // the records are only those that have changed since this; nil for all
}

// Progress is how far a reading has come that is under way.
type Progress struct {
	// StartedAt is when it began, in an earlier try where it goes on with one that was broken off.
	StartedAt time.Time
	// Count is how many records it has read, and Expected how many there are by the source's own word; nil where it does not say.
	Count    int
	Expected *int
}

// Settings say how one collection is to be read.
type Settings struct {
	// FreshFor is how old data may be before it is read again. What the source can't give is not promised: see Status.FreshFor.
	FreshFor time.Duration
	// KeepFor is how long data is served while its source can't be read.
	KeepFor time.Duration
	// MinInterval is the shortest time between the beginnings of two readings.
	MinInterval time.Duration
	// FullEvery is how long after a reading of everything the next one is due, where a source can tell what has changed: only changes are
	// read in between.
	FullEvery time.Duration
	// MaxLoss is how many of the known records, in per cent, a complete fetch may lack without being held back; 100 for all.
	MaxLoss int
	// AcceptAfter is how long such a fetch is held back.
	AcceptAfter time.Duration
	// MaxPause is how long a stored pause of the source is believed; 0 for connectors.MaxPause.
	MaxPause time.Duration
}

// DefaultSettings gives what a collection is read by when nothing is said about it.
func DefaultSettings(c connectors.Collection) Settings {
	s := Settings{FreshFor: 5 * time.Minute, KeepFor: 7 * 24 * time.Hour, MinInterval: 10 * time.Second, FullEvery: time.Hour,
		MaxLoss: 30, AcceptAfter: 24 * time.Hour}
	if c == connectors.Accounts {
		s.FreshFor = time.Minute
	}
	return s
}

// or fills what s leaves out from d.
func (s Settings) or(d Settings) Settings {
	if s.FreshFor <= 0 {
		s.FreshFor = d.FreshFor
	}
	if s.KeepFor <= 0 {
		s.KeepFor = d.KeepFor
	}
	if s.MinInterval <= 0 {
		s.MinInterval = d.MinInterval
	}
	if s.FullEvery <= 0 {
		s.FullEvery = d.FullEvery
	}
	if s.MaxLoss <= 0 {
		s.MaxLoss = d.MaxLoss
	}
	if s.AcceptAfter <= 0 {
		s.AcceptAfter = d.AcceptAfter
	}
	return s
}
