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

	// Size is about how many bytes of memory the records take. What several of them share counts for each.
	Size int

	// OldestAt is when the reading began that the oldest of the records may come from: readings that end short are laid over what was there.
	OldestAt time.Time
}

// reading is what one reading of a collection has yielded.
type reading struct {
	records  Records
	expected *int
	complete bool
}

// Settings say how one collection is to be read.
type Settings struct {
	// FreshFor is how old data may be before it is read again. What the source can't give is not promised: see Status.FreshFor.
	FreshFor time.Duration
	// KeepFor is how long data is served while its source can't be read.
	KeepFor time.Duration
	// MinInterval is the shortest time between the beginnings of two readings.
	MinInterval time.Duration
}

// DefaultSettings gives what a collection is read by when nothing is said about it.
func DefaultSettings(c connectors.Collection) Settings {
	s := Settings{FreshFor: 5 * time.Minute, KeepFor: 7 * 24 * time.Hour, MinInterval: 10 * time.Second}
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
	return s
}
