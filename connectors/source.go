package connectors

import (
	"context"
	"fmt"
	"io"
	"time"
)

// Collection is a kind of records that sources hold.
type Collection uint8

// The collections.
const (
	Accounts Collection = iota
	Teams
	Roles
	Contacts
	ContactFolders
)

// AllCollections lists every collection, in the order in which they are worth reading.
var AllCollections = [...]Collection{Accounts, Teams, Roles, Contacts, ContactFolders}

// String returns the collection's name in the configuration.
func (c Collection) String() string {
	return [...]string{"accounts", "teams", "roles", "contacts", "contact_folders"}[c]
}

// Listing is what a fetch of a collection has yielded, at its end or so far.
type Listing[T Record] struct {
	// Records in the order of their IDs as far as the source allows, each ID once.
	Records []T
	// Expected is how many there are by the source's own word; nil if it does not say.
	Expected *int
	// Complete is true if the fetch came to its end and nothing is known to be missing. Only then may a record that is not here be
	// taken for deleted.
	Complete bool
	// Pending is how many of the records the fetch has listed and not yet asked for the rest of; it is told with progress only.
	Pending int `json:"-"`
	// Anomalies tells what could not be read in these records, or has cost a row; nil for nothing.
	Anomalies []Anomaly `json:",omitempty"`
	// Began is when the first of the records was read, where that was in an earlier call which was broken off, and this one went on from
	// there; zero if it was in this call.
	Began time.Time `json:",omitzero"`
	// Spent is how long those earlier calls took.
	Spent time.Duration `json:",omitzero"`
	// State is what the next call of ChangeLister.Changes is given. Only a complete listing of a ChangeLister has one; without it, the next fetch
	// is a full fetch.
	State State `json:"-"`
	// Gone are the IDs of records that were removed since the state that Changes was given. It may name records that nobody knew. A record
	// that is among Records too exists again. List has none: a record that is not in its complete listing is gone.
	Gone []string `json:",omitempty"`
}

// Progress is told the listing so far after each page but the last. The slice is not modified afterwards. It may be nil.
type Progress[T Record] func(Listing[T])

// Lister fetches a whole collection. If List returns an error, the listing has the records that were fetched before it, and Complete is false. If a
// fetch ends short without an error, because the source counts more records, Complete is false and the error is nil. Errors are *Error. After an
// error, the next call may resume the fetch; then the listing has Began and Spent. A complete listing has every record that existed from the
// beginning of the fetch to its end. A Lister is safe for concurrent use.
type Lister[T Record] interface {
	List(ctx context.Context, progress Progress[T]) (Listing[T], error)
}

// State is where a fetch ended in the source's history: a time, a number, a token of the source. Only the connector knows its form. It is stored
// with the snapshot, and another process or another release may be given it. It is short, and holds no secret.
type State string

// ChangeLister is a Lister that can also list what has changed since an earlier fetch, with fewer calls than a full fetch.
type ChangeLister[T Record] interface {
	Lister[T]
	// Changes lists the records that were added or changed since the fetch that returned the state and, in Gone, those that were removed, if
	// the source reports removals. It may list some that have not changed. If Complete is true, the listing has them all, and the next state.
	// KindUnsupported says that the source does not report changes after all, or that the state is of no use (any more): a full fetch
	// follows. Otherwise it is like List.
	Changes(ctx context.Context, state State, progress Progress[T]) (Listing[T], error)
}

// ListFunc makes a function a Lister.
type ListFunc[T Record] func(ctx context.Context, progress Progress[T]) (Listing[T], error)

// List calls f.
func (f ListFunc[T]) List(ctx context.Context, progress Progress[T]) (Listing[T], error) {
	return f(ctx, progress)
}

// PresenceState is whether somebody is online.
type PresenceState uint8

// The states of presence. The zero value is one that is not known.
const (
	PresenceUnknown PresenceState = iota
	PresenceOnline
	PresenceAway
	PresenceBusy
	PresenceOffline
)

// Presence is a source's report on whether somebody is online.
type Presence struct {
	State PresenceState
	Text  string // what they wrote beside it
}

// PresenceReader asks a source who is online.
type PresenceReader interface {
	// Presence returns the presence of the accounts with these IDs; with none, of everyone the source knows of. An account that the
	// answer leaves out is offline. A source that cannot be relied upon to tell (it has switched presence off) answers
	// KindUnsupported. Errors are *Error.
	Presence(ctx context.Context, ids []string) (map[string]Presence, error)
	// MaxIDs is how many IDs one call can take.
	MaxIDs() int
}

// PresenceWatcher is told by a source when the presence of somebody changes, so that nobody has to ask.
type PresenceWatcher interface {
	// WatchPresence connects to the source, and calls each for each change, in their order. The first call has no ID: from then on, the source
	// tells of every change. Later ones without an ID say that the connection still works; there is one at least each minute. WatchPresence
	// returns when ctx or the connection ends, never with nil. Changes in between are lost: see PresenceReader for the state then. Errors are
	// *Error.
	WatchPresence(ctx context.Context, each func(PresenceUpdate)) error
}

// PresenceUpdate is the new presence of an account. The account may be one of which no collection knows.
type PresenceUpdate struct {
	ID string
	Presence
}

// SelfReader identifies the owner of a token.
type SelfReader interface {
	// Self returns the account of the token's owner. The token is the caller's own, is used for this call only, and is not stored. These calls
	// use at most a tenth of the source's rate limit, and none for which a fetch waits; beyond that, the error is KindRateLimited. Errors are
	// *Error.
	Self(ctx context.Context, token Secret) (Account, error)
}

// Finding is one line of what a credential turned out to see.
type Finding struct {
	What string // in our words, such as "e-mail addresses and roles"
	OK   bool
	Note string // what to do, when not OK
}

// Prober finds out whether the credential is accepted, and what it may see, beyond what the collections' own fetches tell. It makes
// as few calls as it can. An error means that the source could not be reached or refused the credential.
type Prober interface {
	Probe(ctx context.Context) ([]Finding, error)
}

// Source is one upstream with its capabilities; a nil field is one that it lacks.
type Source struct {
	Name string
	Kind KindName
	// URL is where people open the source; no credential is part of it.
	URL string
	// Fingerprint tells kind, address, account and credential apart, without revealing any: data read under one fingerprint is never
	// served under another.
	Fingerprint string

	// Extra identifies what the accounts have in their Extra; empty if they have none. See WithExtra.
	Extra string

	// CustomFields are the custom fields that the operator has named.
	CustomFields []CustomField
	// FieldsBy says how the source is asked for custom fields, if that decides which records have them; the connector sets it.
	FieldsBy string
	// AccountFields and ContactFields identify the custom fields that the source is asked for: see FieldsOf.
	AccountFields, ContactFields string

	// Mentions says what the source's records name without there being a record of it.
	Mentions Mentions

	Accounts       Lister[Account]
	Teams          Lister[Team]
	Roles          Lister[Role]
	Contacts       Lister[Contact]
	ContactFolders Lister[ContactFolder]
	Presence       PresenceReader
	// PresenceWatcher is nil if the source cannot tell of changes, or is not to be connected to for that. It needs Presence.
	PresenceWatcher PresenceWatcher
	Prober          Prober
	Self            SelfReader

	// Health returns how its calls have gone of late; nil if nobody counts them. It costs nothing.
	Health func() Health
	// Resume ends the pauses of the source: the one that it asked for, and the one after failures. Nil if it has none.
	Resume func()
	// Credential returns how long the credential is good, without a call; nil if nothing is known.
	Credential func() CredentialStatus

	// What the source lets us change. Each capability needs the collection that shows what came of it: see Without.
	UserInviter          UserInviter
	TeamCreator          TeamCreator
	ContactCreator       ContactCreator
	ContactFolderCreator ContactFolderCreator
	TaskSubscriber       TaskSubscriber
}

// Mentions says which groups the directory creates only because a record names them.
type Mentions struct {
	Teams   bool // accounts name teams
	Roles   bool // accounts name roles
	Folders bool // contacts name contact folders
}

// Has reports whether the source has the collection.
func (s *Source) Has(c Collection) bool {
	switch c {
	case Accounts:
		return s.Accounts != nil
	case Teams:
		return s.Teams != nil
	case Roles:
		return s.Roles != nil
	case Contacts:
		return s.Contacts != nil
	case ContactFolders:
		return s.ContactFolders != nil
	}
	return false
}

// Collections lists the collections that the source has.
func (s *Source) Collections() []Collection {
	var cs []Collection
	for _, c := range AllCollections {
		if s.Has(c) {
			cs = append(cs, c)
		}
	}
	return cs
}

// Without takes a collection away from the source: it is then never read. Nor is it then changed, since nobody could see what came of
// that.
func (s *Source) Without(c Collection) {
	switch c {
	case Accounts:
		s.Accounts, s.UserInviter, s.TaskSubscriber = nil, nil, nil
	case Teams:
		s.Teams, s.TeamCreator = nil, nil
	case Roles:
		s.Roles = nil
	case Contacts:
		s.Contacts, s.ContactCreator = nil, nil
	case ContactFolders:
		s.ContactFolders, s.ContactFolderCreator = nil, nil
	}
}

// Config is a source as the operator wrote it: what Kind.Open is given.
type Config struct {
	Name string
	Kind KindName
	URL  string // a path in it is kept as a prefix; empty for a kind that has no address
	// Settings are the kind's own, as Kind.Settings makes them; nil for those of a kind that has none.
	Settings any

	// Timeout bounds one call from its sending to the last byte of its answer; zero for the kind's default.
	Timeout time.Duration
	// RateLimit replaces the kind's default; nil keeps it.
	RateLimit *RateLimit
	// Retries is how often a call is repeated at most that has failed and may fare better; nil for two.
	Retries *int
	// Bounds are how much it may send.
	Bounds Bounds
	// TimeZone is for dates that name none; nil means UTC.
	TimeZone *time.Location
	// Raw keeps what the source said of each account: see Extra.Raw.
	Raw bool
	// CustomFields are the custom fields that the graph shows. Anchors are those that anchors name besides.
	CustomFields []CustomField
	Anchors      []string
	// PhoneRegion is the ISO 3166 region for national numbers, such as UA; empty recognises international numbers only.
	PhoneRegion string

	// Runtime is what the program gives to the source; the operator does not write it.
	Runtime Runtime `json:"-"`
}

// Format prints no more than which source it is, whatever the verb: fmt looks past the methods of a Secret that an interface leads to.
func (c Config) Format(f fmt.State, _ rune) {
	_, _ = fmt.Fprintf(f, "source %s of kind %s", c.Name, c.Kind)
}

// RateLimit is how often a source may be called: in any window of Per at most Calls, and at most Parallel at a time (0: no bound).
type RateLimit struct {
	Calls    int
	Per      time.Duration
	Parallel int
}

// Secret is a credential. It prints as <redacted>, in logs and in JSON too.
type Secret string

// String hides the secret.
func (Secret) String() string { return "<redacted>" }

// Format hides the secret from every verb of fmt: without it, those that do not fit a string, such as %d, show it.
func (s Secret) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, s.String()) }

// MarshalText hides the secret from encoders.
func (Secret) MarshalText() ([]byte, error) { return []byte("<redacted>"), nil }

// Reveal returns the secret itself.
func (s Secret) Reveal() string { return string(s) }
