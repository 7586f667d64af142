package fake

import "time"

// Options turn limits, variants and faults. The zero value is a healthy Kommo with its documented limits.
type Options struct {
	// Prefix is the path under which the handler is mounted, and which http.StripPrefix takes away before it is called.
	Prefix string
	// NoLimits lets every call through.
	NoLimits bool
	// CallsPerSecond is the limit; 0 means Kommo's 7.
	CallsPerSecond int
	// RetryAfter is how many seconds a 429 asks to wait; 0 means 300.
	RetryAfter int
	// RetryAfterHeader sends that in a header too.
	RetryAfterHeader bool
	// PlainTooMany makes the body of a 429 plain text.
	PlainTooMany bool
	// BlockAfter is how many calls above the limit lead to a block; 0 means 20.
	BlockAfter int
	// BlockFor is how long the block lasts; 0 means an hour. (Kommo's own lasts until its support lifts it.)
	BlockFor time.Duration
	// MaxPage is the largest limit of a list; 0 means 250.
	MaxPage int
	// MaxPageStatus answers a larger one; 0 means 422.
	MaxPageStatus int

	// Unpaid answers every call with 402.
	Unpaid bool
	// Blocked answers every call with 403 and a web server's page, BlockedText with 403 and a line of text.
	Blocked     bool
	BlockedText bool
	// Overloaded answers every call with 504 and a web server's page.
	Overloaded bool
	// LoginPage answers every call with 200 and an HTML page.
	LoginPage bool
	// Portuguese writes the titles and details of errors in that language.
	Portuguese bool
	// Slow is how long every answer takes.
	Slow time.Duration
	// NotAdminStatus answers a token that is no administrator's on users and roles; 0 means 403. 401 has been met.
	NotAdminStatus int

	// NullStatusRights serves status_rights as null, and NoStatusRights leaves them out.
	NullStatusRights bool
	NoStatusRights   bool
	// MalformedCatalogRights adds catalog_rights to administrators in a shape that fits no description.
	MalformedCatalogRights bool
	// SingularEntity writes "lead" in status_rights.
	SingularEntity bool
	// MissingNames leaves the users' names out.
	MissingNames bool
	// NoCustomFields serves custom_fields_values as null in all contacts, not only in those without any.
	NoCustomFields bool
	// OldEnums writes enum in the place of enum_code.
	OldEnums bool
	// NoChangeFilter ignores filter[updated_at], as any filter is that is not known.
	NoChangeFilter bool
	// NextHost is the host that links to the next page name; empty for the request's own.
	NextHost string
	// SameNext makes every page link to itself as the next.
	SameNext bool
	// TotalOff is added to _total_items.
	TotalOff int

	// AccessLifetime is how long an issued access token is good; 0 means 24 hours. RefreshLifetime is a refresh token's; 0 means 90 days.
	// CodeLifetime is a code's; 0 means 20 minutes.
	AccessLifetime, RefreshLifetime, CodeLifetime time.Duration
	// Host is the account's host, where it was renamed: at any other, calls get 401, and tokens MovedStatus (0 means 404).
	Host        string
	MovedStatus int
	// APIDomain is what tokens name as the host that knows the account's name; empty for the request's own.
	APIDomain string
	// TokensBlocked answers the token endpoint with 403 and a web server's page.
	TokensBlocked bool
	// AfterToken is called when a pair of tokens has been issued, and before it is answered.
	AfterToken func()

	// OnRequest is called before a call is answered, with the call's name and how often it has come by then. It may call Update and Configure.
	OnRequest func(op string, n int)
}

func orElse[T comparable](value, fallback T) T {
	var zero T
	if value == zero {
		return fallback
	}
	return value
}
