package directory

import (
	"encoding/json"
	"time"

	"roster/connectors"
	"roster/internal/address"
)

// Text is a string that GraphQL shows as null when it is empty.
type Text string

// Source is one upstream as configured.
type Source struct {
	ID   string
	Name string
	Kind connectors.Kind
	URL  Text

	index      int
	hidesRoles bool // there are roles, and no account shows who has them
	hidesTeams bool // there are teams, and neither they nor any account show who is in them
}

// Restricts reports whether a source has records of this collection, but not whom they concern: its credential may not see that. Members and holders that
// come from there are then not none, but unknown.
func (s *Source) Restricts(c connectors.Collection) bool {
	return (c == connectors.Roles && s.hidesRoles) || (c == connectors.Teams && s.hidesTeams)
}

// User is a person: every account that the sources hold for them.
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
	Roles              []*Role     // that an active account grants
	RoleGrants         []RoleGrant // by role, then in the order of the accounts
	AccessLevel        connectors.AccessLevel
	Accounts           []Account
	PossibleDuplicates []*User

	index uint32 // among all users by name
}

// KnownEmail is Email as a key of the federated graph needs it: nil where there is none.
func (u *User) KnownEmail() *string {
	if u.Email == "" {
		return nil
	}
	return (*string)(&u.Email)
}

// RoleGrant is a role that an account of a person grants them.
type RoleGrant struct {
	Role    *Role
	Account Account
}

// Active says whether the account is active, without which the role gives them nothing.
func (g RoleGrant) Active() bool { return g.Account.Core().Active }

// UserEmail is an address of a person.
type UserEmail struct {
	Address string // as the first of the sources wrote it
	Trust   connectors.Trust
	Sources []*Source
}

// Account is one source's record of a person: one of the vendors' types below.
type Account interface {
	Node
	IsEntity()
	Core() *AccountCore
}

// AccountCore is what every account has, whatever its source.
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
	Roles       []*Role // nil where the source does not show them
	Teams       []*Team // nil where the source does not show them
	URL         Text
	CreatedAt   time.Time

	record *connectors.Account
	emails []accountEmail // the usable ones, in the source's order
	given  string         // the name that the source gives; empty where it gives none that everybody may see
}

// Core gives the account itself.
func (a *AccountCore) Core() *AccountCore { return a }

// EmailTrust says whether the source vouches for Email; nil without one.
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

// UUID is the user's UUID, where Kommo gives one.
func (a *KommoAccount) UUID() Text { return Text(a.KommoDetails.UUID) }

// ChatID is the user's ID in the chat service, where Kommo gives one.
func (a *KommoAccount) ChatID() Text { return Text(a.KommoDetails.ChatID) }

// AltcraftAccount is a user of an Altcraft account.
type AltcraftAccount struct {
	*AccountCore
	*connectors.AltcraftDetails
}

// NotifyEmail is where the source sends its alerts.
func (a *AltcraftAccount) NotifyEmail() Text { return Text(a.AltcraftDetails.NotifyEmail) }

// RocketChatAccount is a user of a Rocket.Chat workspace.
type RocketChatAccount struct {
	*AccountCore
	*connectors.RocketChatDetails
}

// RocketChatEmail is an address as Rocket.Chat holds it.
type RocketChatEmail struct {
	Address  string
	Verified *bool
}

// Type is the source's word, such as user, bot or app.
func (a *RocketChatAccount) Type() Text { return Text(a.RocketChatDetails.Type) }

// CustomFields is a JSON object, or nil where the source does not list them.
func (a *RocketChatAccount) CustomFields() json.RawMessage { return a.RocketChatDetails.CustomFields }

// Emails are all addresses; nil where the source does not show them.
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

	index uint32 // among all teams by name
}

// Role is what one source calls a set of rights.
type Role struct {
	ID          string
	Source      *Source
	ExternalID  string
	Name        string
	Description Text
	AccessLevel connectors.AccessLevel
	Permissions []connectors.Permission // nil where the source does not tell

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
	Emails     []string // as the source wrote them
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

// ContactFolder is where a source keeps contacts together.
type ContactFolder struct {
	ID         string
	Source     *Source
	ExternalID Text
	Name       string
	Kind       connectors.ContactFolderKind

	index uint32
}
