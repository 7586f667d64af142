package directory

import (
	"encoding/json"
	"time"

	"roster/connectors"
	"roster/internal/history"
)

// Text is a string that GraphQL shows as null if it is empty.
type Text string

// Source is one source, as configured.
type Source struct {
	ID   string
	Name string
	Kind connectors.KindName
	URL  Text

	index           int
	times           map[connectors.Collection]*history.History
	raw             bool // rows of accounts are shown
	fields          []connectors.CustomField
	lowest          []string     // for each of the fields, see lowestFields
	names           *customNames // of all sources
	rolesRestricted bool         // there are roles, and no account shows who has them
	teamsRestricted bool         // there are teams, and neither they nor any account show who is in them
	emailsHidden    bool         // there are accounts, and none shows its addresses
	authority       *authority
}

// KindName is the word for its kind in the configuration.
func (s *Source) KindName() string { return string(s.Kind) }

// Restricts reports whether a source has records of this collection but does not show to whom they belong, because its credential may not see that. Members
// and holders are then unknown, not none.
func (s *Source) Restricts(c connectors.Collection) bool {
	return (c == connectors.Roles && s.rolesRestricted) || (c == connectors.Teams && s.teamsRestricted)
}

// User is a person: all their accounts together.
type User struct {
	// Most operations ask for these, which are two cache lines.
	ID     string
	Name   string
	Email  Text
	Title  Text
	Teams  []*Team
	Active bool
	Bot    bool

	FirstName          Text
	LastName           Text
	Department         Text
	Emails             []*UserEmail
	Phones             []connectors.Phone
	Addresses          []string
	AvatarURL          Text
	Locale             Text
	CreatedAt          time.Time
	Roles              []*Role     // from active accounts
	RoleGrants         []RoleGrant // by role, then in the order of the accounts
	AccessLevel        connectors.AccessLevel
	Accounts           []Account
	PossibleDuplicates []*User

	index uint32 // among all users, sorted by name
}

// KnownEmail returns Email as a key of the federated graph, or nil if there is none.
func (u *User) KnownEmail() *string {
	if u.Email == "" {
		return nil
	}
	return (*string)(&u.Email)
}

// RoleGrant is a role that one account of a person has.
type RoleGrant struct {
	Role    *Role
	Account Account
}

// Active reports whether the account is active. If it is not, the role grants nothing.
func (g RoleGrant) Active() bool { return g.Account.Core().Active }

// UserEmail is one address of a person.
type UserEmail struct {
	Address string // as the first of the sources spells it
	Trust   connectors.Trust
	Sources []*Source
}

// Account is one source's record of a person, with the type of its kind of source.
type Account interface {
	Node
	IsEntity()
	Core() *AccountCore
}

// AccountCore is what every account has, whatever its kind of source. It is itself the account of a kind without a type of its own.
type AccountCore struct {
	ID          string
	Source      *Source
	ExternalID  string
	User        *User
	Name        string
	FirstName   Text
	LastName    Text
	Username    Text
	Email       Text
	Title       Text
	Department  Text
	Phones      []connectors.Phone
	Addresses   []string
	AvatarURL   Text
	Locale      Text
	Active      bool
	AccessLevel connectors.AccessLevel
	Roles       []*Role // nil if the source does not show them
	Teams       []*Team // nil if the source does not show them
	URL         Text
	CreatedAt   time.Time

	record   *connectors.Account
	emails   []accountEmail // the valid ones, in the source's order
	realName string         // the name in the source; empty if there is none that everyone may see
}

// Core returns the account itself.
func (a *AccountCore) Core() *AccountCore { return a }

// EmailTrust returns how far the source vouches for Email, or nil if there is none.
func (a *AccountCore) EmailTrust() *connectors.Trust {
	if len(a.emails) == 0 {
		return nil
	}
	return &a.emails[0].trust
}

// Record returns the account as its source has it. The caller must not change it.
func (a *AccountCore) Record() *connectors.Account { return a.record }

// Raw returns what the source said of the account, as JSON, without secrets; nil unless the source's setting raw is set. A row
// that is still in memory after the setting was removed is not shown. See connectors.Extra.
func (a *AccountCore) Raw() json.RawMessage {
	if !a.Source.raw || a.record.Extra == nil || len(a.record.Extra.Raw) == 0 {
		return nil
	}
	return a.record.Extra.Raw
}

// Attributes returns what only the account's kind of source tells, if the kind tells it by names of its own; nil if it does not.
func (a *AccountCore) Attributes() []connectors.Attribute { return attributesOf(a.record) }

func attributesOf(r *connectors.Account) []connectors.Attribute {
	if d, ok := r.Details.(interface{ Attributes() []connectors.Attribute }); ok {
		return d.Attributes()
	}
	return nil
}

// Team is a group of people in one source.
type Team struct {
	ID         string
	Source     *Source
	ExternalID Text
	Name       string
	Kind       connectors.TeamKind

	record *connectors.Team // nil if accounts only mention it
	names  statements[string]
	index  uint32 // among all teams, sorted by name
}

// listed reports whether the team has a record. Otherwise accounts only mention it.
func (t *Team) listed() bool { return t.record != nil }

// Role is a named set of rights in one source.
type Role struct {
	ID          string
	Source      *Source
	ExternalID  string
	Name        string
	Description Text
	AccessLevel connectors.AccessLevel
	Permissions []connectors.Permission // nil if the source does not list them

	record *connectors.Role // nil if accounts only mention it
	names  statements[string]
	levels statements[connectors.AccessLevel]
	index  uint32
}

// Contact is a person outside the company.
type Contact struct {
	ID         string
	Source     *Source
	ExternalID string
	Name       string
	FirstName  Text
	LastName   Text
	Title      Text
	Email      Text
	Emails     []string // as the source spells them
	Phones     []connectors.Phone
	Addresses  []string
	Folder     *ContactFolder
	Tags       []string
	Owner      *User
	URL        Text
	CreatedAt  time.Time
	UpdatedAt  time.Time
	User       *User

	record *connectors.Contact
	index  uint32
	emails []accountEmail
}

// ContactFolder is a group of contacts in one source.
type ContactFolder struct {
	ID         string
	Source     *Source
	ExternalID Text
	Name       string
	Kind       connectors.ContactFolderKind

	names statements[string] // during the build
	index uint32
}
