package connectors

import "time"

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
	FieldMembers     RecordField = "members"
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
		{FieldMembers, func(t *Team) Filling { return hidden(t.Members) }},
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
	Field                  RecordField
	Records, Filled, Shown int // Shown have a value, or show that there is none
}

// Fillings counts the records that have a value, for each field of their type, in a fixed order.
func Fillings[T Record](records []T) []FieldFilling {
	switch records := any(records).(type) {
	case []Account:
		return count(accountFields, records)
	case []Team:
		return count(teamFields, records)
	case []Role:
		return count(roleFields, records)
	case []Contact:
		return count(contactFields, records)
	case []ContactFolder:
		return count(folderFields, records)
	}
	return nil
}

func count[T Record](fields []described[T], records []T) []FieldFilling {
	out := make([]FieldFilling, len(fields))
	for i, f := range fields {
		out[i] = FieldFilling{Field: f.name, Records: len(records)}
		for r := range records {
			switch f.filling(&records[r]) {
			case Filled:
				out[i].Filled++
				out[i].Shown++
			case Empty:
				out[i].Shown++
			case Hidden:
			}
		}
	}
	return out
}
