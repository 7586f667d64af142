package changes

import "time"

// Kind is the kind of an object that has changed.
type Kind uint8

// The kinds.
const (
	User Kind = iota
	Team
	Role
	Contact
	ContactFolder
	Source
	// unknown is a kind of a newer version. No reader gets such a change, and its position is that of a cursor.
	unknown
)

var kindNames = [...]string{"User", "Team", "Role", "Contact", "ContactFolder", "Source", "unknown"}

// String returns the GraphQL type of the object.
func (k Kind) String() string { return kindNames[k] }

// Action is what has happened to an object.
type Action uint8

// The actions.
const (
	// Added means that the object is new. A source is added when its data is there, for the first time or again.
	Added Action = iota
	// Updated means that some of its fields have changed.
	Updated
	// Removed means that a complete fetch no longer has it. A source is removed when none of its data is served any more.
	Removed
	// Merged means that the person with this ID is now part of another person, or has another ID: RelatedID.
	Merged
	// Split means that the person with this ID has come out of another person: RelatedID.
	Split
)

var actionNames = [...]string{"added", "updated", "removed", "merged", "split"}

// Change is one change of one object.
type Change struct {
	Kind   Kind
	Action Action
	ID     string
	// RelatedID is the ID of the other person of a Merged or Split; otherwise empty.
	RelatedID string
	// Label is the object's name, that of before if it is removed or merged.
	Label string
	// Fields are the GraphQL fields that have changed, in a fixed order. A field of a person's accounts is named accounts, followed by the account's own
	// field if it may need a scope, as in accounts.phones.
	Fields []string
	// Sources are the names of the sources that have the object, before or after the change.
	Sources []string
	// Reset is true for a change of a source in which objects of that source may have changed that are not told one by one.
	Reset bool
}

// Event is a change in a log.
type Event struct {
	Change
	// Cursor is the position in the log, for reading on from here.
	Cursor string
	// At is when the change was seen.
	At time.Time
	at uint64 // the position
}
