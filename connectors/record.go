package connectors

import "time"

// Ref names one record of one source by the source's own word.
type Ref struct {
	Source string // the source's name in the configuration
	ID     string // the record's ID within that source
}

// String returns the form that the configuration uses: source/id.
func (r Ref) String() string { return r.Source + "/" + r.ID }

// Trust says how much a source vouches for an e-mail address that it holds.
type Trust uint8

// The levels of trust, lowest first.
const (
	TrustNone     Trust = iota // nobody vouches for it
	TrustAsserted              // an administrator of the source entered it
	TrustVerified              // the source has checked that it is theirs
)

// Email is an address as a source holds it. The address is kept as the source wrote it; whoever compares addresses folds them first.
type Email struct {
	Address string
	// Verified is what the source says of its own check; nil if it does not say.
	Verified *bool
	// Synthetic marks an address that the source made up for a record without one. It joins nobody.
	Synthetic bool
}

// PhoneKind says what a phone number is for.
type PhoneKind uint8

// The kinds of phone numbers. The zero value is the one to call first, or the only one.
const (
	PhoneMain PhoneKind = iota
	PhoneOffice
	PhoneMobile
	PhoneHome
	PhoneFax
	PhoneOther
)

// Phone is a number as the source wrote it, and in E.164 where it could be recognised.
type Phone struct {
	Raw  string
	E164 string // empty if the number could not be recognised
	Kind PhoneKind
}

// Number is the number in E.164; nil if it could not be recognised.
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

// AccessLevel is the one scale onto which every source's rights are put, lowest first.
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

// String returns the level in words, as a person would read it.
func (l AccessLevel) String() string {
	return [...]string{"None", "Unknown", "Reader", "Guest", "Member", "Manager", "Admin", "Owner"}[l]
}

// Grant says on whose records an action is allowed.
type Grant uint8

// The grants. The zero value is a word that is new to this program.
const (
	GrantUnknown Grant = iota
	GrantAll
	GrantGroup
	GrantOwn
	GrantDenied
)

// Permission is one action on one kind of record.
type Permission struct {
	Entity string
	Action string
	Grant  Grant
}

// StagePermission is a permission in one stage of a pipeline.
type StagePermission struct {
	Entity     string
	PipelineID string
	StageID    string
	Action     string
	Grant      Grant
}

// TeamRef points from a record to a team of the same source: by ID, by name, or by both. If the team has no record of its own, the
// directory makes one from the reference.
type TeamRef struct {
	ID   string // empty if the source mentions the team by name only
	Name string // may be empty if ID is set
}

// RoleRef points from an account to a role of the same source. If the role has no record of its own, the directory makes one from
// the reference.
type RoleRef struct {
	ID   string // the role's ID, or its name where the source has no ID for it; never empty
	Name string // may be empty: the ID then serves as the name
	// Access is the level that this role alone grants.
	Access AccessLevel
}

// FolderRef points from a contact to a folder of the same source, like TeamRef.
type FolderRef struct {
	ID   string
	Name string
}

// Account is one source's record of a person.
type Account struct {
	// ID is what the source calls the record; unique among the source's accounts.
	ID        string
	Name      string // full name; empty if the source gives none
	FirstName string
	LastName  string
	Username  string
	Title     string
	// Department is the organisational unit in the source's words.
	Department string
	// Emails holds the addresses in the source's order, the primary first. Nil means that the credential may not see them; empty means none.
	Emails []Email
	Phones []Phone
	// Addresses are postal addresses.
	Addresses []string
	AvatarURL string
	// Locale is a BCP 47 language tag, or empty.
	Locale string
	// Active says whether the source lets them in; true if it lists only those.
	Active bool
	// Bot is true if the account is a program's.
	Bot bool
	// Access is the level that the source grants, as if the account were active.
	Access AccessLevel
	// Roles is nil if the source does not show them, empty if there are none.
	Roles []RoleRef
	// Teams is nil if the account's record does not tell; the membership may then stand in Team.Members.
	Teams []TeamRef
	URL   string // where a person opens this account
	// CreatedAt is when the account was made; zero if the source does not say.
	CreatedAt time.Time

	// Details is what only this kind of source tells; nil for nothing.
	Details Details
}

// TeamKind says what sort of group a team is.
type TeamKind uint8

// The kinds of teams. The zero value is a group with no further meaning.
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
	// Members holds account IDs. Nil means that membership is told by the accounts (or not at all), empty that there are none.
	Members []string
}

// Role is what a source calls a set of rights.
type Role struct {
	ID          string
	Name        string
	Description string
	Access      AccessLevel
	// Permissions is nil if the source does not tell.
	Permissions []Permission
}

// ContactFolderKind says who made a folder.
type ContactFolderKind uint8

// The kinds of folders.
const (
	FolderCustom ContactFolderKind = iota // made by a user
	FolderPreset                          // made by the source itself
)

// ContactFolder is where a source keeps contacts together.
type ContactFolder struct {
	ID   string
	Name string
	Kind ContactFolderKind
}

// Contact is a person outside the company whom a source keeps in its address book.
type Contact struct {
	ID        string
	Name      string // empty if the source gives none
	FirstName string
	LastName  string
	Title     string
	Emails    []Email
	Phones    []Phone
	Addresses []string
	Folder    *FolderRef
	Tags      []string
	// OwnerID is the ID of the account that looks after the contact; empty if there is none.
	OwnerID   string
	URL       string
	CreatedAt time.Time
	UpdatedAt time.Time
}

// Key returns the ID by which the record is known in its collection.
func (a Account) Key() string { return a.ID }

// Key returns the ID by which the record is known in its collection.
func (t Team) Key() string { return t.ID }

// Key returns the ID by which the record is known in its collection.
func (r Role) Key() string { return r.ID }

// Key returns the ID by which the record is known in its collection.
func (c Contact) Key() string { return c.ID }

// Key returns the ID by which the record is known in its collection.
func (f ContactFolder) Key() string { return f.ID }

// Record is any of the five kinds of records.
type Record interface {
	Account | Team | Role | Contact | ContactFolder
	Key() string
}
