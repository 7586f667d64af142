package directory

import (
	"roster/connectors"
)

// SourceData is what has been fetched from one source.
type SourceData struct {
	Name string
	Kind connectors.KindName
	URL  string
	// Trust is how far the source may vouch for its addresses, as the operator has configured it.
	Trust TrustPolicy
	// Account returns an account as the type that the kind of source has for it; nil for AccountCore itself.
	Account func(*AccountCore) Account
	// Lists return the lengths of the lists that only accounts of that type have, by the lists' names: see Directory.LongestOf.
	Lists map[string]func(*connectors.Account) int

	Accounts       []connectors.Account
	Teams          []connectors.Team
	Roles          []connectors.Role
	Contacts       []connectors.Contact
	ContactFolders []connectors.ContactFolder

	// Versions are the content hashes of the collections above; they become part of the directory's version.
	Versions []string
}

// TrustPolicy decides for which of its addresses a source vouches.
type TrustPolicy uint8

// The policies.
const (
	// TrustAsIs accepts all addresses of the source, because an administrator entered them. Those that the source has verified are VERIFIED.
	TrustAsIs TrustPolicy = iota
	// TrustVerifiedOnly accepts only addresses that the source marks as verified.
	TrustVerifiedOnly
	// TrustNothing accepts no address.
	TrustNothing
)

// PolicyFor returns the policy for the least trust of addresses that the operator has configured.
func PolicyFor(t connectors.Trust) TrustPolicy {
	switch t {
	case connectors.TrustVerified:
		return TrustVerifiedOnly
	case connectors.TrustAsserted:
		return TrustAsIs
	default:
		return TrustNothing
	}
}

// Field is a field of User for which several accounts may have a value.
type Field string

// The fields whose precedence of sources the operator may set.
const (
	FieldName       Field = "name"
	FieldFirstName  Field = "first_name"
	FieldLastName   Field = "last_name"
	FieldTitle      Field = "title"
	FieldDepartment Field = "department"
	FieldEmail      Field = "email"
	FieldPhones     Field = "phones"
	FieldAddresses  Field = "addresses"
	FieldAvatarURL  Field = "avatar_url"
	FieldLocale     Field = "locale"
)

// Fields lists all of them.
var Fields = [...]Field{
	FieldName, FieldFirstName, FieldLastName, FieldTitle, FieldDepartment, FieldEmail, FieldPhones, FieldAddresses, FieldAvatarURL, FieldLocale,
}

// Rules are the operator's rules for matching people and for the precedence of sources.
type Rules struct {
	// Links are lists of accounts that belong to one person. Splits are lists of accounts that belong to different people. Links override all else.
	Links, Splits [][]connectors.Ref
	// SharedMailboxes are local parts, such as info, whose addresses match nobody. Nil means DefaultSharedMailboxes.
	SharedMailboxes []string
	// Precedence has for a field the names of sources in order of preference. Other sources follow in the configured order.
	Precedence map[Field][]string
}

// DefaultSharedMailboxes are the local parts of shared mailboxes unless the operator sets others.
var DefaultSharedMailboxes = []string{
	"abuse", "accounting", "accounts", "admin", "administrator", "billing", "careers", "contact", "finance", "hello", "help", "hr", "info",
	"it", "jobs", "legal", "mail", "marketing", "news", "newsletter", "no-reply", "noreply", "office", "orders", "postmaster", "press",
	"privacy", "reception", "root", "sales", "security", "service", "shop", "support", "team", "webmaster",
}
