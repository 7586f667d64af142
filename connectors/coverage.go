package connectors

import (
	"math"
	"time"
)

// RecordField is a field of a kind of records, by its name in the graph.
type RecordField string

// The fields of records. IDs, and what always has a value, are not among them.
const (
	FieldName        RecordField = "name"
	FieldFirstName   RecordField = "firstName"
	FieldLastName    RecordField = "lastName"
	FieldUsername    RecordField = "username"
	FieldTitle       RecordField = "title"
	FieldDepartment  RecordField = "department"
	FieldEmails      RecordField = "emails"
	FieldPhones      RecordField = "phones"
	FieldAddresses   RecordField = "addresses"
	FieldAvatarURL   RecordField = "avatarUrl"
	FieldLocale      RecordField = "locale"
	FieldActive      RecordField = "active"
	FieldBot         RecordField = "bot"
	FieldAccessLevel RecordField = "accessLevel"
	FieldRoles       RecordField = "roles"
	FieldTeams       RecordField = "teams"
	FieldURL         RecordField = "url"
	FieldCreatedAt   RecordField = "createdAt"
	FieldUpdatedAt   RecordField = "updatedAt"
	FieldDescription RecordField = "description"
	FieldPermissions RecordField = "permissions"
	FieldFolder      RecordField = "folder"
	FieldTags        RecordField = "tags"
	FieldOwner       RecordField = "owner"
)

// Filling is whether a record has a value of a field.
type Filling uint8

// The fillings.
const (
	Empty  Filling = iota // the source has no value
	Filled                // there is a value
	Hidden                // the source does not show the field of this record
)

// described is a field of a type of records.
type described[T Record] struct {
	name    RecordField
	filling func(*T) Filling
}

func has(value bool) Filling {
	if value {
		return Filled
	}
	return Empty
}

// hidden is for lists of which nil means that the source does not show them.
func hidden[V any](list []V) Filling {
	if list == nil {
		return Hidden
	}
	return has(len(list) > 0)
}

var (
	accountFields = []described[Account]{
		{FieldName, func(a *Account) Filling { return has(a.Name != "") }},
		{FieldFirstName, func(a *Account) Filling { return has(a.FirstName != "") }},
		{FieldLastName, func(a *Account) Filling { return has(a.LastName != "") }},
		{FieldUsername, func(a *Account) Filling { return has(a.Username != "") }},
		{FieldTitle, func(a *Account) Filling { return has(a.Title != "") }},
		{FieldDepartment, func(a *Account) Filling { return has(a.Department != "") }},
		{FieldEmails, func(a *Account) Filling { return hidden(a.Emails) }},
		{FieldPhones, func(a *Account) Filling { return has(len(a.Phones) > 0) }},
		{FieldAddresses, func(a *Account) Filling { return has(len(a.Addresses) > 0) }},
		{FieldAvatarURL, func(a *Account) Filling { return has(a.AvatarURL != "") }},
		{FieldLocale, func(a *Account) Filling { return has(a.Locale != "") }},
		{FieldBot, func(a *Account) Filling { return has(a.Bot) }},
		{FieldAccessLevel, func(a *Account) Filling { return has(a.Access > AccessUnknown) }},
		{FieldRoles, func(a *Account) Filling { return hidden(a.Roles) }},
		{FieldTeams, func(a *Account) Filling { return hidden(a.Teams) }},
		{FieldURL, func(a *Account) Filling { return has(a.URL != "") }},
		{FieldCreatedAt, func(a *Account) Filling { return hasTime(a.CreatedAt) }},
	}
	teamFields = []described[Team]{
		{FieldName, func(t *Team) Filling { return has(t.Name != "") }},
	}
	roleFields = []described[Role]{
		{FieldName, func(r *Role) Filling { return has(r.Name != "") }},
		{FieldDescription, func(r *Role) Filling { return has(r.Description != "") }},
		{FieldAccessLevel, func(r *Role) Filling { return has(r.Access > AccessUnknown) }},
		{FieldPermissions, func(r *Role) Filling { return hidden(r.Permissions) }},
	}
	contactFields = []described[Contact]{
		{FieldName, func(c *Contact) Filling { return has(c.Name != "") }},
		{FieldFirstName, func(c *Contact) Filling { return has(c.FirstName != "") }},
		{FieldLastName, func(c *Contact) Filling { return has(c.LastName != "") }},
		{FieldTitle, func(c *Contact) Filling { return has(c.Title != "") }},
		{FieldEmails, func(c *Contact) Filling { return has(len(c.Emails) > 0) }},
		{FieldPhones, func(c *Contact) Filling { return has(len(c.Phones) > 0) }},
		{FieldAddresses, func(c *Contact) Filling { return has(len(c.Addresses) > 0) }},
		{FieldFolder, func(c *Contact) Filling { return has(c.Folder != nil) }},
		{FieldTags, func(c *Contact) Filling { return has(len(c.Tags) > 0) }},
		{FieldOwner, func(c *Contact) Filling { return has(c.OwnerID != "") }},
		{FieldURL, func(c *Contact) Filling { return has(c.URL != "") }},
		{FieldCreatedAt, func(c *Contact) Filling { return hasTime(c.CreatedAt) }},
		{FieldUpdatedAt, func(c *Contact) Filling { return hasTime(c.UpdatedAt) }},
	}
	folderFields = []described[ContactFolder]{
		{FieldName, func(f *ContactFolder) Filling { return has(f.Name != "") }},
	}
)

func hasTime(t time.Time) Filling { return has(!t.IsZero()) }

// FieldFilling is how many of some records have a value of a field.
type FieldFilling struct {
	Field RecordField
	// Shown is the number of records that have a value or show that they have none; Filled, of those with a value.
	Records, Shown, Filled int
}

// Filler counts how many records of a type have a value of each field.
type Filler[T Record] struct {
	fields []described[T]
	counts []FieldFilling
}

// NewFiller returns a filler that has counted nothing.
func NewFiller[T Record]() *Filler[T] {
	f := new(Filler[T])
	var fields any
	switch any(f).(type) {
	case *Filler[Account]:
		fields = accountFields
	case *Filler[Team]:
		fields = teamFields
	case *Filler[Role]:
		fields = roleFields
	case *Filler[Contact]:
		fields = contactFields
	default:
		fields = folderFields
	}
	f.fields, _ = fields.([]described[T])
	f.counts = make([]FieldFilling, len(f.fields))
	for i := range f.fields {
		f.counts[i].Field = f.fields[i].name
	}
	return f
}

// Add counts a record.
func (f *Filler[T]) Add(r *T) {
	for i := range f.fields {
		c := &f.counts[i]
		c.Records++
		switch f.fields[i].filling(r) {
		case Filled:
			c.Filled++
			c.Shown++
		case Empty:
			c.Shown++
		case Hidden:
		}
	}
}

// Fillings returns the counts, for each field of the type in a fixed order.
func (f *Filler[T]) Fillings() []FieldFilling { return f.counts }

// Fillings counts records.
func Fillings[T Record](records []T) []FieldFilling {
	f := NewFiller[T]()
	for i := range records {
		f.Add(&records[i])
	}
	return f.Fillings()
}

// Coverage is how far a source has a field.
type Coverage uint8

// The coverages.
const (
	Supported   Coverage = iota
	Partial              // some records hide the field, have not been fetched, or exist only because others mention them
	Unsupported          // the source never has it
	Restricted           // the source does not show it to the credential
)

// String returns the word for people.
func (c Coverage) String() string {
	return [...]string{"supported", "partial", "unsupported", "restricted"}[c]
}

// Coverage says how far records of a source of this kind have a field. A nil kind is not known to lack any. Forbidden means that the credential may not see
// the collection, complete that it has been fetched as a whole, and derived that the source has no such collection: its records are known from mentions.
func (f FieldFilling) Coverage(k *Kind, c Collection, forbidden, complete, derived bool) Coverage {
	switch {
	case derived && f.Filled > 0:
		return Partial
	case derived, k != nil && !k.Offers(c, f.Field):
		return Unsupported
	case forbidden && f.Filled == 0, f.Records > 0 && f.Shown == 0:
		return Restricted
	case !complete, f.Shown < f.Records:
		return Partial
	}
	return Supported
}

// Rate returns the share of records that have a value, to three decimals; nil without records, and where the source does not have or show the field.
func (f FieldFilling) Rate(c Coverage) *float64 {
	if f.Records == 0 || c == Unsupported || c == Restricted {
		return nil
	}
	rate := math.Round(1000*float64(f.Filled)/float64(f.Records)) / 1000
	return &rate
}
