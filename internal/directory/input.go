package directory

import (
	"roster/connectors"
)

// SourceData is what has been read of one source so far.
type SourceData struct {
	Name string
	Kind connectors.Kind
	URL  string
	// Trust is how far the operator lets the source vouch for its addresses.
	Trust TrustPolicy

	Accounts       []connectors.Account
	Teams          []connectors.Team
	Roles          []connectors.Role
	Contacts       []connectors.Contact
	ContactFolders []connectors.ContactFolder

	// Versions are the content hashes of the collections above; they become part of the directory's version.
	Versions []string
}

// TrustPolicy says for which of its addresses a source vouches.
type TrustPolicy uint8

// The policies.
const (
	// TrustAsIs vouches for all of the source's addresses: an administrator entered them. Those it has checked are VERIFIED.
	TrustAsIs TrustPolicy = iota
	// TrustVerifiedOnly vouches for what the source marks as verified.
	TrustVerifiedOnly
	// TrustNothing vouches for no address.
	TrustNothing
)

// PolicyFor gives the policy that the operator names by the least trust that its addresses have.
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

// Field is a field of User that several accounts may give.
type Field string

// The fields whose order of sources the operator may set.
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

// Fields lists them.
var Fields = [...]Field{
	FieldName, FieldFirstName, FieldLastName, FieldTitle, FieldDepartment, FieldEmail, FieldPhones, FieldAddresses, FieldAvatarURL, FieldLocale,
}

// Rules are the operator's say on who is who, and on whose word counts.
type Rules struct {
	// Links name accounts of one person; Splits name accounts that are never one person. Links win over all else.
	Links, Splits [][]connectors.Ref
	// SharedMailboxes are local parts, such as info, whose addresses join nobody. A nil slice means DefaultSharedMailboxes.
	SharedMailboxes []string
	// Precedence gives for a field the sources in the order in which their values are preferred; those not named follow in their own order.
	Precedence map[Field][]string
}

// DefaultSharedMailboxes are the local parts that are taken for shared mailboxes unless the operator says otherwise.
var DefaultSharedMailboxes = []string{
	"abuse", "accounting", "accounts", "admin", "administrator", "billing", "careers", "contact", "finance", "hello", "help", "hr", "info",
	"it", "jobs", "legal", "mail", "marketing", "news", "newsletter", "no-reply", "noreply", "office", "orders", "postmaster", "press",
	"privacy", "reception", "root", "sales", "security", "service", "shop", "support", "team", "webmaster",
}
