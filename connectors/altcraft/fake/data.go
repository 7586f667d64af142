package fake

import "time"

// Data is what the installation stores.
type Data struct {
	// Tokens are the admin tokens: each sees every account.
	Tokens []string
	// UserTokens are tokens of an account's own, which no admin method accepts.
	UserTokens []string
	Accounts   []Account
}

// Account is a tenant of the installation.
type Account struct {
	ID       int64
	Name     string
	TimeZone string
	Inactive bool
	// Users in the order in which they are listed; usernames are unique within the account only.
	Users []User
}

// User is one row of users/list.
type User struct {
	Username    string
	FirstName   string
	LastName    string
	Email       string
	NotifyEmail string
	Phone       string
	Lang        string // RU or EN
	Active      bool
	Master      bool
}

// Unknown says how an account that does not exist is answered.
type Unknown uint8

// The answers for an unknown account. No page says which is right.
const (
	UnknownInvalid  Unknown = iota // error 400
	UnknownNotFound                // error 404
	UnknownEmpty                   // success, without rows
)

// Empty says how a list without rows is written in JSON. XML always has an empty element.
type Empty uint8

// The shapes of an empty list.
const (
	EmptyArray Empty = iota
	EmptyNull
	EmptyAbsent
	EmptyObject
)

// Fault is an answer that replaces the right one.
type Fault uint8

// The faults.
const (
	FaultNone         Fault = iota
	FaultEmptyBody          // HTTP 200 without a body
	FaultHTML               // HTTP 200 with an HTML page
	FaultBadGateway         // HTTP 502 with an HTML page
	FaultUnavailable        // HTTP 503 with Retry-After
	FaultCutOff             // HTTP 200 with the first half of the JSON
	FaultNoErrorField       // the right answer, without its error field
)

// Options turn documented behaviour off and undocumented behaviour and faults on. The zero value is a healthy installation.
type Options struct {
	// Prefix is the path below which the handler is mounted; redirects need it.
	Prefix string
	// OnRequest is called before each answer with the operation and the count of its calls so far, this one included. It may call the
	// server's other methods.
	OnRequest func(op string, n int)

	// NoLimits lets any number of calls through.
	NoLimits bool
	// Rate is how many calls a second are answered; 0 means 10, since the vendor documents no number. Calls beyond it get HTTP 429.
	Rate int

	// DenyStatus is the HTTP status that comes with a refused token; 0 means 200. DenyHTML makes that answer an HTML page.
	DenyStatus int
	DenyHTML   bool
	Unknown    Unknown

	// CountBeforeFilter makes total_count ignore the filters.
	CountBeforeFilter bool
	// Truncate is how many rows of users/list are given at most, with total_count unchanged; 0 gives all, a negative number none.
	Truncate  int
	Empty     Empty
	NullPhone bool // an unset phone is null
	LowerLang bool // ru, en
	NoActive  bool // rows without active
	// RedirectSlash answers 301 on the form of a path that is not documented: with a slash for users/list, without for accounts/list.
	// RedirectAll does so on both.
	RedirectSlash bool
	RedirectAll   bool

	// Error, when above 0, is the body's code of every answer, and ErrorStatus its HTTP status (0 means 200).
	Error       int
	ErrorStatus int
	Fault       Fault
	// Delay comes before each answer.
	Delay time.Duration
}
