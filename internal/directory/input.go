package directory

import (
	"iter"

	"roster/connectors"
	"roster/internal/history"
)

// SourceData is what has been fetched from one source.
type SourceData struct {
	Name string
	Kind connectors.KindName
	URL  string
	// Trust is how far the source may vouch for its addresses, as the operator has configured it.
	Trust TrustPolicy
	// Raw shows the rows of accounts, see AccountCore.Raw.
	Raw bool
	// CustomFields are the custom fields of its records that the graph shows as attributes.
	CustomFields []connectors.CustomField
	// Account returns an account as the type that the kind of source has for it; nil for AccountCore itself.
	Account func(*AccountCore) Account
	// Lists return the lengths of the lists that only accounts of that type have, by the lists' names: see Directory.LongestOf.
	Lists map[string]func(*connectors.Account) int

	Accounts       []connectors.Account
	Teams          []connectors.Team
	Roles          []connectors.Role
	Contacts       []connectors.Contact
	ContactFolders []connectors.ContactFolder

	// Times say when the fetches of a collection first saw what its records are now; nil for nothing known. They are no part of the directory's version:
	// the same records can have another history in another replica for a moment.
	Times map[connectors.Collection]*history.History

	// Partial is true if a part of the accounts may be unknown. Then Known is their history as of the last fetch after which all of them were known; nil if
	// there was none.
	Partial bool
	Known   *history.History

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
	// These are those of the configuration: AllLinks and AllSplits also have those of Edits.
	Links, Splits [][]connectors.Ref
	// Edits are the edits in force, which add links and splits to those of the configuration.
	Edits []Edit
	// Former are the accounts that gave people their IDs before an edit changed them, also an edit that is undone: see Directory.FormerIDs.
	Former []connectors.Ref
	// Anchors are values other than addresses by which accounts are joined.
	Anchors []Anchor
	// SharedMailboxes are local parts, such as info, whose addresses match nobody. Nil means DefaultSharedMailboxes.
	SharedMailboxes []string
	// Authority is the name of the source that decides who works here, see User.Leaver; empty for none.
	Authority string
	// Precedence has for a field the names of sources in order of preference. Other sources follow in the configured order.
	Precedence map[Field][]string
}

// Edit is what an edit adds to the rules of the configuration.
type Edit struct {
	ID            string
	Links, Splits [][]connectors.Ref
}

// AllLinks returns the links of the configuration and of the edits, each with the ID of its edit; empty for the configuration.
func (r *Rules) AllLinks() iter.Seq2[string, []connectors.Ref] {
	return r.all(r.Links, func(e *Edit) [][]connectors.Ref { return e.Links })
}

// AllSplits returns the splits of the configuration and of the edits, each with the ID of its edit; empty for the configuration.
func (r *Rules) AllSplits() iter.Seq2[string, []connectors.Ref] {
	return r.all(r.Splits, func(e *Edit) [][]connectors.Ref { return e.Splits })
}

func (r *Rules) all(configured [][]connectors.Ref, of func(*Edit) [][]connectors.Ref) iter.Seq2[string, []connectors.Ref] {
	return func(yield func(string, []connectors.Ref) bool) {
		for _, refs := range configured {
			if !yield("", refs) {
				return
			}
		}
		for i := range r.Edits {
			for _, refs := range of(&r.Edits[i]) {
				if !yield(r.Edits[i].ID, refs) {
					return
				}
			}
		}
	}
}

// Anchor is something that accounts of one person have in common in several sources, such as the number of an employee.
type Anchor struct {
	Name string
	// Fields has, by the name of the source, the field of its accounts that has the value: see connectors.Account.Field.
	Fields map[string]string
}

// DefaultSharedMailboxes are the local parts of shared mailboxes unless the operator sets others.
var DefaultSharedMailboxes = []string{
	"abuse", "accounting", "accounts", "admin", "administrator", "billing", "careers", "contact", "finance", "hello", "help", "hr", "info",
	"it", "jobs", "legal", "mail", "marketing", "news", "newsletter", "no-reply", "noreply", "office", "orders", "postmaster", "press",
	"privacy", "reception", "root", "sales", "security", "service", "shop", "support", "team", "webmaster",
}
