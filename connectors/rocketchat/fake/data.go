package fake

import (
	"slices"
	"time"
)

// Data is what the server holds. Lists without an order of their own come in the order of these rows.
type Data struct {
	Users       []User
	Roles       []Role
	Teams       []Team
	Credentials []Credential
}

func (d Data) clone() Data {
	d.Users, d.Roles = slices.Clone(d.Users), slices.Clone(d.Roles)
	d.Teams, d.Credentials = slices.Clone(d.Teams), slices.Clone(d.Credentials)
	return d
}

// User is someone, or a program, with an account.
type User struct {
	ID           string
	Username     string // empty while the registration is unfinished
	Name         string
	Emails       []Email
	Type         string // empty means user
	Status       string // online, away or busy; empty means offline
	StatusText   string
	Deactivated  bool
	Roles        []string // IDs
	UTCOffset    *float64
	CreatedAt    time.Time
	LastLogin    time.Time      // zero: never
	AvatarETag   string         // empty without an uploaded picture
	CustomFields map[string]any // what the workspace has defined, usually texts
	// Omit lists keys that this user's rows lack, such as active or type.
	Omit []string
}

// Email is an address of a user.
type Email struct {
	Address  string
	Verified *bool // nil leaves the key out
}

// Role is a set of rights.
type Role struct {
	ID          string
	Name        string // empty leaves the key out
	Description string
	Scope       string // Users or Subscriptions; empty means Users
	Protected   bool
}

// Team is a group of users with a room.
type Team struct {
	ID        string
	Name      string
	Private   bool
	RoomID    string
	CreatedAt time.Time
	CreatedBy string // a user's ID
	Members   []Member
}

// Member is a user in a team. The row of a user who is no longer there comes without the user.
type Member struct {
	UserID string
	Roles  []string // empty for plain members
	Since  time.Time
}

// Permission is a right that a credential has.
type Permission string

// The permissions that the calls ask for.
const (
	ViewDirect        Permission = "view-d-room"
	ViewOutsideRoom   Permission = "view-outside-room"
	ViewFullOtherUser Permission = "view-full-other-user-info"
	ViewAllTeams      Permission = "view-all-teams"
	BypassRateLimit   Permission = "api-bypass-rate-limit"
)

// Credential is a personal access token. It dies with its user, if that user is in Data and deactivated.
type Credential struct {
	UserID      string
	Token       string
	Permissions []Permission
}

// may says whether the credential has the permission.
func (c Credential) may(p Permission) bool { return slices.Contains(c.Permissions, p) }
