package directory

import (
	"encoding/json"
	"time"

	"roster/connectors"
	"roster/internal/address"
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
	rolesRestricted bool // there are roles, and no account shows who has them
	teamsRestricted bool // there are teams, and neither they nor any account show who is in them
}

// Restricts reports whether a source has records of this collection but does not show to whom they belong, because its credential may not see that. Members
// and holders are then unknown, not none.
func (s *Source) Restricts(c connectors.Collection) bool {
	return (c == connectors.Roles && s.rolesRestricted) || (c == connectors.Teams && s.teamsRestricted)
}

// User is a person: all their accounts together.
type User struct {
	ID                 string
	Name               string
	FirstName          Text
	LastName           Text
	Title              Text
	Department         Text
	Email              Text
	Emails             []*UserEmail
	Phones             []connectors.Phone
	Addresses          []string
	AvatarURL          Text
	Locale             Text
	Active             bool
	Bot                bool
	CreatedAt          time.Time
	Teams              []*Team
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

// Account is one source's record of a person, with the vendor's type.
type Account interface {
	Node
	IsEntity()
	Core() *AccountCore
}

// AccountCore is what every account has, whatever its vendor.
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

// WorksectionAccount is a member of a Worksection account.
type WorksectionAccount struct {
	*AccountCore
	*connectors.WorksectionDetails
}

// KommoAccount is a user of a Kommo account.
type KommoAccount struct {
	*AccountCore
	*connectors.KommoDetails
}

// UUID returns the user's UUID, if Kommo shows it.
func (a *KommoAccount) UUID() Text { return Text(a.KommoDetails.UUID) }

// ChatID returns the user's ID in the chat service, if Kommo shows it.
func (a *KommoAccount) ChatID() Text { return Text(a.KommoDetails.ChatID) }

// AltcraftAccount is a user of an Altcraft account.
type AltcraftAccount struct {
	*AccountCore
	*connectors.AltcraftDetails
}

// NotifyEmail returns the address to which the source sends its alerts.
func (a *AltcraftAccount) NotifyEmail() Text { return Text(a.AltcraftDetails.NotifyEmail) }

// RocketChatAccount is a user of a Rocket.Chat workspace.
type RocketChatAccount struct {
	*AccountCore
	*connectors.RocketChatDetails
}

// RocketChatEmail is an address as Rocket.Chat has it.
type RocketChatEmail struct {
	Address  string
	Verified *bool
}

// Type returns the vendor's type of the user, such as user, bot or app.
func (a *RocketChatAccount) Type() Text { return Text(a.RocketChatDetails.Type) }

// CustomFields returns a JSON object, or nil if the source does not list custom fields.
func (a *RocketChatAccount) CustomFields() json.RawMessage { return a.RocketChatDetails.CustomFields }

// Emails returns all addresses, or nil if the source does not show them.
func (a *RocketChatAccount) Emails() []RocketChatEmail {
	if a.record.Emails == nil {
		return nil
	}
	out := make([]RocketChatEmail, 0, len(a.record.Emails))
	for _, e := range a.record.Emails {
		for _, parsed := range address.Parse(e.Address) {
			out = append(out, RocketChatEmail{Address: parsed.Shown, Verified: e.Verified})
		}
	}
	return out
}

// Team is a group of people in one source.
type Team struct {
	ID         string
	Source     *Source
	ExternalID Text
	Name       string
	Kind       connectors.TeamKind

	index uint32 // among all teams, sorted by name
}

// Role is a named set of rights in one source.
type Role struct {
	ID          string
	Source      *Source
	ExternalID  string
	Name        string
	Description Text
	AccessLevel connectors.AccessLevel
	Permissions []connectors.Permission // nil if the source does not list them

	index uint32
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

	index uint32
}
