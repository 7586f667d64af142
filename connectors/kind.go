package connectors

import (
	"crypto/sha256"
	"fmt"
	"slices"
	"time"

	"roster/connectors/wire"
)

// KindName is the name of a kind of source in the configuration, logs and metrics: lower-case letters and digits.
type KindName string

// Kind is the complete description of a kind of source. It is registered once, see Register, and never changes.
type Kind struct {
	Name  KindName
	Title string // the name for people

	// Settings returns a pointer to a new struct for the kind's own settings; nil if it has none. Each field has tags:
	//
	//	key       its name in the configuration
	//	doc       its description, in whole sentences
	//	default   its default, or a description of the default in parentheses; without this tag the setting is required
	//	min, max  its bounds
	//	oneof     its values, separated by spaces
	//	type      another name for its type; path for a file, which the kind receives relative to the working directory
	//	or        of a Secret: the setting that can replace it; exactly one of the two is required
	//	needs     of an *OAuth: those of its settings that this kind requires
	//
	// Types are string, bool, int, int64, float64, time.Duration, Secret, slices and pointers to structs of these, and *OAuth. A Secret also
	// has a setting with _file after its key, for the path of a file. If the struct has a method Check() []SettingFault, it reports further
	// faults; if it has a method Renewed() *OAuth, that returns the credential that is renewed.
	Settings func() any
	// NoURL is true if a source of this kind has no address. Then url is not allowed; otherwise it is required.
	NoURL bool
	// Collections are the collections that a source of this kind can have.
	Collections []KindCollection
	// CollectionsFor returns the collections that a source with these settings has. If it is nil, a source has all of them.
	CollectionsFor func(settings any) []Collection
	// EmailTrust is the default of email_trust; TrustNone means TrustAsserted.
	EmailTrust Trust
	// Details returns empty details of an account, see Details; nil if the kind has none. Increase DetailsVersion if the meaning of a field
	// changes.
	Details        func() Details
	DetailsVersion int
	// NeverShown are the members of a row of accounts that Extra.Raw leaves out, at any depth and in any case: what the vendor documents as
	// credentials, sessions and the like, besides what IsSecretName finds by the name. Nil means that the kind cannot keep rows; then raw is not
	// allowed.
	NeverShown []string
	// AccountType is the GraphQL type of its accounts; empty for DirectoryAccount, which shows details that have a method
	// Attributes() []Attribute.
	AccountType string
	// CallerHeader is a request header for a caller's own token for sources of this kind, in addition to the header for all kinds; empty for
	// none. See SelfReader.
	CallerHeader string
	// Lists has, by the names of the fields, the lengths of the lists that only this account type has. They are part of the cost of operations.
	Lists map[string]func(*Account) int
	// Never has the fields that its records never have: the vendor's API does not give them, or the connector does not read them. The conformance
	// kit checks it against the fake.
	Never []NeverOffered
	// ContactFields is true if its contacts have custom fields: see Contact.Custom. Those of accounts are fields of Details that have names.
	ContactFields bool
	// Hooks describes its webhooks. The zero value is correct for a kind whose webhooks can be about anything.
	Hooks Hooks
	// Open returns a source without a call to it. The error has one line for each fault, which begins with the key of the setting.
	Open func(Config) (*Source, error)

	// Guide is the text for the documentation.
	Guide Guide
}

// KindCollection is a collection of a kind of source.
type KindCollection struct {
	Collection Collection
	// FreshFor is the default of fresh_for; 0 for the default of all kinds.
	FreshFor time.Duration
	// Incremental is true if its Lister is a ChangeLister.
	Incremental bool
	// Guide is the text for docs/sources.md: native, or derived, and from what.
	Guide string
}

// NeverOffered is fields that no record of a collection has.
type NeverOffered struct {
	Collection Collection
	Fields     []RecordField
	// Origin says which answers of the vendor's API are read, and where the vendor describes them.
	Origin string
}

// Guide has the texts of docs/sources.md about a kind of source, in Markdown, each on one line. An empty text means none.
type Guide struct {
	// Mentioned has, for collections that the source does not have, the records from which theirs are derived.
	Mentioned                                                       map[Collection]string
	Presence, Writing, Paging, Authentication, RateLimit, CountedBy string
	// Hooks says which changes its webhooks report; empty if there are none that the vendor documents.
	Hooks string
	// Credentials has the origin of each credential.
	Credentials []CredentialGuide
	// Notes are further notes for operators.
	Notes []string
}

// CredentialGuide describes a credential, or one of its rights. An entry without From belongs to the entry before.
type CredentialGuide struct{ From, Needs, Without string }

// Collection returns the description of a collection; nil if the kind cannot have it.
func (k *Kind) Collection(c Collection) *KindCollection {
	for i := range k.Collections {
		if k.Collections[i].Collection == c {
			return &k.Collections[i]
		}
	}
	return nil
}

// Offers reports whether the records of a collection can have a field. A collection that the kind does not have has none.
func (k *Kind) Offers(c Collection, f RecordField) bool {
	return k.Collection(c) != nil && !slices.ContainsFunc(k.Never, func(n NeverOffered) bool { return n.Collection == c && slices.Contains(n.Fields, f) })
}

// DetailsEncoding returns an ID of the encoding of the kind's details; empty if it has none.
func (k *Kind) DetailsEncoding() string {
	if k.Details == nil {
		return ""
	}
	sum := sha256.Sum256([]byte(wire.Describe(func(c *wire.Codec) { k.Details().Fields(c) })))
	return fmt.Sprintf("%d-%x", k.DetailsVersion, sum[:4])
}

// Has returns the collections of a source with these settings.
func (k *Kind) Has(settings any) []Collection {
	if k.CollectionsFor != nil {
		return k.CollectionsFor(settings)
	}
	all := make([]Collection, len(k.Collections))
	for i, c := range k.Collections {
		all[i] = c.Collection
	}
	return all
}

var registered []*Kind

// Register registers a kind of source. It is not safe for concurrent use: call it from an init function. It panics if the description is not
// valid.
func Register(k *Kind) {
	switch {
	case k.Name == "" || k.Title == "" || k.Open == nil || len(k.Collections) == 0:
		panic(fmt.Sprintf("connectors: kind %q needs a name, a title, collections and Open", k.Name))
	case KindNamed(k.Name) != nil:
		panic(fmt.Sprintf("connectors: kind %q is registered twice", k.Name))
	}
	registered = append(registered, k)
}

// Kinds returns the kinds in the order of their registration.
func Kinds() []*Kind { return slices.Clone(registered) }

// KindNamed returns the kind with the name; nil if there is none.
func KindNamed(name KindName) *Kind {
	for _, k := range registered {
		if k.Name == name {
			return k
		}
	}
	return nil
}
