package connectors

import "time"

// Ref is a reference to a record: its source, and its ID in that source.
type Ref struct {
	Source string // the source's name in the configuration
	ID     string
}

// String returns the form that the configuration uses: source/id.
func (r Ref) String() string { return r.Source + "/" + r.ID }

// Trust is how far a source vouches for an e-mail address.
type Trust uint8

// The levels of trust, lowest first.
const (
	TrustNone     Trust = iota // nobody vouches for it
	TrustAsserted              // an administrator of the source entered it
	TrustVerified              // the source has verified that it belongs to the person
)

// Email is an e-mail address as the source has it, not normalized.
type Email struct {
	Address string
	// Verified is whether the source has verified the address; nil if it does not say.
	Verified *bool
	// Synthetic is true if the source generated the address for a record without one. Such an address never joins accounts.
	Synthetic bool
}

// PhoneKind is the kind of a phone number.
type PhoneKind uint8

// The kinds of phone numbers. The zero value is the preferred number, or the only one.
const (
	PhoneMain PhoneKind = iota
	PhoneOffice
	PhoneMobile
	PhoneHome
	PhoneFax
	PhoneOther
)

// Phone is a phone number as the source has it, and in E.164.
type Phone struct {
	Raw  string
	E164 string // empty if the number could not be recognised
	Kind PhoneKind
}

// Number returns the number in E.164; nil if it could not be recognised.
func (p Phone) Number() *string {
	if p.E164 == "" {
		return nil
	}
	return &p.E164
}

// Handle is a name on another service, such as WhatsApp or LinkedIn.
type Handle struct {
	Service string
	Value   string
}

// AccessLevel is the common scale for the rights of all sources, lowest first.
type AccessLevel uint8

// The access levels. A connector never sets AccessNone: the directory derives it from an account that is not active.
const (
	AccessNone AccessLevel = iota
	AccessUnknown
	AccessReader
	AccessGuest
	AccessMember
	AccessManager
	AccessAdmin
	AccessOwner
)

// String returns the name of the level, for people.
func (l AccessLevel) String() string {
	return [...]string{"None", "Unknown", "Reader", "Guest", "Member", "Manager", "Admin", "Owner"}[l]
}

// Grant is the set of records on which an action is allowed.
type Grant uint8

// The grants. The zero value is a value that Roster does not know.
const (
	GrantUnknown Grant = iota
	GrantAll
	GrantGroup
	GrantOwn
	GrantDenied
)

// Permission is the grant for an action on a kind of record.
type Permission struct {
	Entity string
	Action string
	Grant  Grant
}

// StagePermission is a permission in a stage of a pipeline.
type StagePermission struct {
	Entity     string
	PipelineID string
	StageID    string
	Action     string
	Grant      Grant
}

// TeamRef is a reference to a team of the same source, by ID, by name or by both. If there is no record of the team, the directory creates one from
// the reference.
type TeamRef struct {
	ID   string // empty if the source mentions the team by name only
	Name string // may be empty if ID is set
}

// RoleRef is a reference to a role of the same source. If there is no record of the role, the directory creates one from the reference.
type RoleRef struct {
	ID   string // or the name, if the source has no ID; never empty
	Name string // if it is empty, the ID is the name
	// Access is the level of this role alone.
	Access AccessLevel
}

// FolderRef is a reference to a folder of the same source, like TeamRef.
type FolderRef struct {
	ID   string
	Name string
}

// Account is a login in a source.
type Account struct {
	// ID is unique among the accounts of the source.
	ID        string
	Name      string // the full name; empty if the source has none
	FirstName string
	LastName  string
	Username  string
	Title     string
	// Department is the organisational unit.
	Department string
	// Emails are in the source's order, the primary address first. Nil means that they are restricted; empty means none.
	Emails []Email
	Phones []Phone
	// Addresses are postal addresses.
	Addresses []string
	AvatarURL string
	// Locale is a BCP 47 language tag, or empty.
	Locale string
	// Active is true if the person can log in, and if the source lists only such accounts.
	Active bool
	// Bot is true if the account belongs to a program.
	Bot bool
	// Access is the level that the account has, or would have if it were active.
	Access AccessLevel
	// Roles is nil if roles are restricted, empty if there are none.
	Roles []RoleRef
	// Teams is nil if the account's record does not have them; then they may be in Team.Members.
	Teams []TeamRef
	URL   string // the page of the account for people
	// CreatedAt is zero if the source does not have it.
	CreatedAt time.Time

	// Details are the fields that only this kind of source has; nil for none.
	Details Details
	// Extra is what the settings of the source ask for; nil for nothing.
	Extra *Extra `json:",omitempty"`
}

// TeamKind is the kind of a team.
type TeamKind uint8

// The kinds of teams. The zero value is an ordinary group.
const (
	TeamGroup TeamKind = iota
	TeamCompany
	TeamClient
)

// Team is a group of accounts in one source.
type Team struct {
	ID   string
	Name string
	Kind TeamKind
	// Members are account IDs. Nil means that Account.Teams has the membership, or nothing has it; empty means none.
	Members []string
}

// Role is a named set of rights.
type Role struct {
	ID          string
	Name        string
	Description string
	Access      AccessLevel
	// Permissions is nil if the source does not show them.
	Permissions []Permission
}

// ContactFolderKind is who created a folder.
type ContactFolderKind uint8

// The kinds of folders.
const (
	FolderCustom ContactFolderKind = iota // created by a user
	FolderPreset                          // created by the source
)

// ContactFolder is a folder of contacts.
type ContactFolder struct {
	ID   string
	Name string
	Kind ContactFolderKind
}

// Contact is a person outside the company in the address book of a source.
type Contact struct {
	ID        string
	Name      string // empty if the source has none
	FirstName string
	LastName  string
	Title     string
	Emails    []Email
	Phones    []Phone
	Addresses []string
	Folder    *FolderRef
	Tags      []string
	// OwnerID is the ID of the account that is responsible for the contact; empty if there is none.
	OwnerID   string
	URL       string
	CreatedAt time.Time
	UpdatedAt time.Time

	// Custom are the values of the configured custom fields that the contact has; nil for none.
	Custom *CustomValues `json:",omitempty"`
}

// Key returns the ID.
func (a Account) Key() string { return a.ID }

// Key returns the ID.
func (t Team) Key() string { return t.ID }

// Key returns the ID.
func (r Role) Key() string { return r.ID }

// Key returns the ID.
func (c Contact) Key() string { return c.ID }

// Key returns the ID.
func (f ContactFolder) Key() string { return f.ID }

// Record is any of the five kinds of records.
type Record interface {
	Account | Team | Role | Contact | ContactFolder
	Key() string
}
