package fake

import "time"

// Data is what the account holds. Users and roles are listed in the order given here; contacts too, unless a request orders them.
type Data struct {
	Account  Account
	Tokens   []Token
	Groups   []Group // the default group has ID 0 and belongs here like the others
	Roles    []Role
	Users    []User
	Contacts []Contact

	// Integration is the application that tokens are issued to; without one, there is no token endpoint.
	Integration *Integration
	// Grants are codes and refresh tokens that have been issued and not exchanged yet.
	Grants []Grant
}

// Integration is an application that is registered with Kommo.
type Integration struct {
	ClientID    string
	Secret      string
	RedirectURI string
}

// Grant is an authorisation code or a refresh token. It is good once.
type Grant struct {
	Value  string
	Code   bool // a code, not a refresh token
	UserID int64
	Admin  bool
}

// Account is the company's own record.
type Account struct {
	ID        int64
	Name      string
	Subdomain string
	Country   string
	TimeZone  string
}

// Token is a bearer token that is accepted.
type Token struct {
	Value  string
	UserID int64
	// Admin opens users and roles.
	Admin bool
	// Expires is when it ceases to be accepted; zero means never.
	Expires time.Time
}

// Group is a group of users.
type Group struct {
	ID   int64
	Name string
}

// Role is a set of rights under a name.
type Role struct {
	ID     int64
	Name   string
	Rights Rights
}

// Rights are what a user or a role may do. The maps go from action to letter: A all, G own group, M own, D denied.
type Rights struct {
	Leads         map[string]string
	Contacts      map[string]string
	Companies     map[string]string
	Tasks         map[string]string
	MailAccess    bool
	CatalogAccess bool
	Stages        []Stage
}

// Stage holds the rights that differ in one stage of a pipeline.
type Stage struct {
	EntityType string
	PipelineID int64
	StatusID   int64
	Rights     map[string]string
}

// User is a user of the account.
type User struct {
	ID    int64
	Name  string // left out of the answer when empty
	Email string
	Lang  string
	// Rights is nil for the usual: everything for an administrator, the role's for whoever has one, else nothing.
	Rights   *Rights
	IsAdmin  bool
	IsFree   bool
	IsActive bool
	GroupID  int64 // 0 is the default group, and served as null
	RoleID   int64 // 0 is none, and served as null
	UUID     string
	AmojoID  string
	Rank     string
	Phone    string
}

// Contact is a person in the address book.
type Contact struct {
	ID                int64
	Name              string
	FirstName         string
	LastName          string
	ResponsibleUserID int64
	GroupID           int64
	CreatedBy         int64
	UpdatedBy         int64
	CreatedAt         int64 // Unix seconds
	UpdatedAt         int64
	ClosestTaskAt     int64 // 0 is none
	IsDeleted         bool  // still served for a while, with little else
	IsUnsorted        bool
	Phones            []Value
	Emails            []Value
	Fields            []Field // those of the account's own making
	Tags              []Tag
	CompanyIDs        []int64
}

// Value is a phone number or an address with what it is for, such as WORK.
type Value struct {
	Value string
	Enum  string
}

// Field is a custom field and its values: strings, numbers, booleans or objects.
type Field struct {
	ID     int64
	Name   string
	Code   string // empty is served as null
	Type   string
	Values []any
}

// Tag is a tag on a contact.
type Tag struct {
	ID   int64
	Name string
}
