package connectors

import (
	"crypto/sha256"
	"fmt"
	"slices"
	"time"

	"roster/connectors/wire"
)

// KindName is the word by which the configuration, logs and labels of metrics know a kind of source: lower-case letters and digits.
type KindName string

// Kind describes a kind of source: all that the program knows of it. It is registered once, see Register, and never changes.
type Kind struct {
	Name  KindName
	Title string // what people call it

	// Settings makes the kind's own settings, a pointer to a struct; nil if it has none. Each field has tags:
	//
	//	key       its name in the configuration
	//	doc       what it is for, in whole sentences
	//	default   its value when left out, or in parentheses a word for what then holds; without this tag the setting is required
	//	min, max  its bounds
	//	oneof     all of its values, with spaces between
	//	type      a better word for its type; path for a file, which the kind gets relative to the working directory
	//	or        of a Secret: the setting that can take its place; exactly one of the two must be given
	//	needs     of an *OAuth: which of its settings this kind cannot do without
	//
	// Types are string, bool, int, int64, float64, time.Duration, Secret, slices and pointers to structs of these, and *OAuth. A Secret has a twin
	// with _file behind its key. Settings that have a method Check() []SettingFault are asked what else is wrong with them; those with a
	// method Renewed() *OAuth tell the credential that is renewed.
	Settings func() any
	// NoURL is true if a source of this kind has no address: url must then be left out, and is required otherwise.
	NoURL bool
	// Collections are those that a source of this kind can have.
	Collections []KindCollection
	// CollectionsFor returns those of them that a source with these settings has; nil for all.
	CollectionsFor func(settings any) []Collection
	// EmailTrust is how far its addresses are trusted unless the operator says otherwise; TrustNone means TrustAsserted.
	EmailTrust Trust
	// Details makes empty details of an account, see Details; nil if the kind tells nothing of accounts that others do not. DetailsVersion is
	// raised when a field of them means something else than before.
	Details        func() Details
	DetailsVersion int
	// AccountType is the type of its accounts in the graph's schema; empty for DirectoryAccount, which shows details that have a method
	// Attributes() []Attribute.
	AccountType string
	// CallerHeader is a request header in which callers may send a token of their own for any source of this kind, beside the one for all kinds; empty
	// for none. See SelfReader.
	CallerHeader string
	// Lists tell how long the lists are that the account type has beside those that all accounts have, by the fields' names: they count for what
	// an operation costs.
	Lists map[string]func(*Account) int
	// Open returns a source. It makes no call. The error has one line for each fault, which begins with the key of the setting.
	Open func(Config) (*Source, error)

	// Guide is what the documentation says of the kind.
	Guide Guide
}

// KindCollection is a collection of a kind of source.
type KindCollection struct {
	Collection Collection
	// FreshFor is how long its data counts as fresh unless the operator says otherwise; 0 for the default of all kinds.
	FreshFor time.Duration
	// Incremental is true if it is mostly asked only for what has changed: its Lister is a ChangeLister.
	Incremental bool
	// Guide says where its records come from, as docs/sources.md has it: native, or derived and from what.
	Guide string
}

// Guide is what docs/sources.md says of a kind of source, in Markdown, each text on one line. An empty text means that there is nothing of the sort.
type Guide struct {
	// Mentioned says of collections that a source does not have from what else their records are derived.
	Mentioned                                                       map[Collection]string
	Presence, Writing, Paging, Authentication, RateLimit, CountedBy string
	// Credentials says where each credential comes from.
	Credentials []CredentialGuide
	// Notes are what else an operator has to know.
	Notes []string
}

// CredentialGuide is a credential, or a right of it. One without From belongs to the one before.
type CredentialGuide struct{ From, Needs, Without string }

// Collection returns what the kind says of a collection; nil if it cannot have it.
func (k *Kind) Collection(c Collection) *KindCollection {
	for i := range k.Collections {
		if k.Collections[i].Collection == c {
			return &k.Collections[i]
		}
	}
	return nil
}

// DetailsEncoding tells encodings of the kind's details apart; empty if it has none.
func (k *Kind) DetailsEncoding() string {
	if k.Details == nil {
		return ""
	}
	sum := sha256.Sum256([]byte(wire.Describe(func(c *wire.Codec) { k.Details().Fields(c) })))
	return fmt.Sprintf("%d-%x", k.DetailsVersion, sum[:4])
}

// Has lists the collections of a source with these settings.
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

// Register makes a kind of source known to the program. Call it from an init function: it is not safe for concurrent use. It panics if the
// description cannot be right.
func Register(k *Kind) {
	switch {
	case k.Name == "" || k.Title == "" || k.Open == nil || len(k.Collections) == 0:
		panic(fmt.Sprintf("connectors: kind %q needs a name, a title, collections and Open", k.Name))
	case KindNamed(k.Name) != nil:
		panic(fmt.Sprintf("connectors: kind %q is registered twice", k.Name))
	}
	registered = append(registered, k)
}

// Kinds lists the kinds that are registered, in that order.
func Kinds() []*Kind { return slices.Clone(registered) }

// KindNamed returns a kind; nil if none of that name is registered.
func KindNamed(name KindName) *Kind {
	for _, k := range registered {
		if k.Name == name {
			return k
		}
	}
	return nil
}
