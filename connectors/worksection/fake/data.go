package fake

// Data is what the account holds.
type Data struct {
	APIKey        string
	Tokens        map[string]string // of people's own: to the ID of whose it is; an empty ID is that of nobody any more
	Users         []User
	Groups        []Group
	Contacts      []Contact
	ContactGroups []ContactGroup
	Tasks         []Task

	// Application is what tokens are issued to; without one, there are no token endpoints.
	Application *Application
	// Grants are codes and refresh tokens that have been issued and not exchanged yet.
	Grants []Grant
}

// Application is registered with the vendor.
type Application struct {
	ClientID    string
	Secret      string
	RedirectURI string
}

// Grant is an authorisation code or a refresh token.
type Grant struct {
	Value string
	Code  bool // a code, not a refresh token
}

// Person is what users and contacts have in common. Empty fields are left out of answers where the vendor leaves them out.
type Person struct {
	ID        string // digits
	FirstName string
	LastName  string
	Name      string // empty: put together from the first and the last
	Title     string
	URL       string
	// Group is the name of a user's team or of a contact's folder.
	Group     string
	Email     string // empty: made up for a user, left out for a contact
	Chats     map[string]string
	Socials   map[string]string
	Contacts  string // other contacts, free text
	DateAdded string // YYYY-MM-DD HH:MM
	Phone     string // main
	Phone2    string // office
	Phone3    string // mobile
	Phone4    string // home
	Address   string
	Address2  string
}

// User is a member of the account.
type User struct {
	Person

	Avatar     string // empty: the picture that all without one share
	Department string
	Role       string
	Rate       *float64
}

// Contact is an entry of the address book.
type Contact struct{ Person }

// Group is a team of users.
type Group struct {
	ID     string // digits
	Title  string
	Client bool // of an external client, not of the own company
}

// ContactGroup is a contact folder.
type ContactGroup struct {
	ID     string // digits
	Title  string
	Preset bool // made by the vendor
}
