package directory

import (
	"time"

	"roster/connectors"
	"roster/internal/history"
)

// The fields whose times are known besides those that have a precedence.
const (
	FieldUsername    Field = "username"
	FieldActive      Field = "active"
	FieldBot         Field = "bot"
	FieldAccessLevel Field = "access_level"
	FieldRoles       Field = "roles"
	FieldTeams       Field = "teams"
	FieldURL         Field = "url"
	FieldCreatedAt   Field = "created_at"
	FieldUpdatedAt   Field = "updated_at"
	FieldFolder      Field = "folder"
	FieldTags        Field = "tags"
	FieldOwner       Field = "owner"
	FieldUser        Field = "user"
	FieldKind        Field = "kind"
	FieldMembers     Field = "members"
)

// The fields of records in package connectors from which a field of an account, a contact or a team is made.
var (
	accountParts = map[Field][]string{
		FieldFirstName: {"FirstName"}, FieldLastName: {"LastName"}, FieldTitle: {"Title"}, FieldDepartment: {"Department"}, FieldEmail: {"Emails"},
		FieldPhones: {"Phones"}, FieldAddresses: {"Addresses"}, FieldAvatarURL: {"AvatarURL"}, FieldLocale: {"Locale"}, FieldUsername: {"Username"},
		FieldActive: {"Active"}, FieldBot: {"Bot"}, FieldAccessLevel: {"Access", "Active"}, FieldRoles: {"Roles"}, FieldTeams: {"Teams"},
		FieldURL: {"URL"}, FieldCreatedAt: {"CreatedAt"},
	}
	contactParts = map[Field][]string{
		FieldFirstName: {"FirstName"}, FieldLastName: {"LastName"}, FieldTitle: {"Title"}, FieldEmail: {"Emails"}, FieldPhones: {"Phones"},
		FieldAddresses: {"Addresses"}, FieldFolder: {"Folder"}, FieldTags: {"Tags"}, FieldOwner: {"OwnerID"}, FieldUser: {"Emails"}, FieldURL: {"URL"},
		FieldCreatedAt: {"CreatedAt"}, FieldUpdatedAt: {"UpdatedAt"},
	}
	teamParts = map[Field][]string{FieldName: {"Name"}, FieldKind: {"Kind"}, FieldMembers: {"Members"}}
)

// ChangedAt returns when the fetches first saw the present value of a field, by the clock of the replica that fetched. A field that is made from several of
// the record's values has the latest of their times. It returns zero if the time is unknown: for data that an earlier release has stored, for an account
// that no fetch has seen yet, for teams that list their members themselves, and for a field that accounts do not have.
func (a *AccountCore) ChangedAt(f Field) time.Time {
	parts := accountParts[f]
	if f == FieldName {
		parts = a.nameParts()
	}
	if f == FieldTeams && a.record.Teams == nil {
		return time.Time{}
	}
	return a.Source.changed(connectors.Accounts, a.ExternalID, parts)
}

// nameParts returns the fields of the record from which Name is made, see builder.account.
func (a *AccountCore) nameParts() []string {
	switch {
	case a.record.Name != "":
		return []string{"Name"}
	case a.realName != "":
		return []string{"Name", "FirstName", "LastName"}
	case a.Username != "":
		return []string{"Name", "FirstName", "LastName", "Username"}
	}
	return []string{"Name", "FirstName", "LastName", "Username", "Emails"}
}

// Fetched reports whether a fetch has seen the account. Otherwise it was written here, and is shown until a fetch sees it.
func (a *AccountCore) Fetched() bool {
	return !a.Source.history(connectors.Accounts).Unseen(a.ExternalID)
}

// RecordChangedAt returns when the fetches first saw the account's record as it is; zero if that is unknown.
func (a *AccountCore) RecordChangedAt() time.Time {
	return a.Source.recordChanged(connectors.Accounts, a.ExternalID)
}

// ChangedAt is like that of an account.
func (c *Contact) ChangedAt(f Field) time.Time {
	parts := contactParts[f]
	if f == FieldName {
		parts = []string{"Name", "FirstName", "LastName", "Emails"}
	}
	return c.Source.changed(connectors.Contacts, c.ExternalID, parts)
}

// RecordChangedAt is like that of an account.
func (c *Contact) RecordChangedAt() time.Time {
	return c.Source.recordChanged(connectors.Contacts, c.ExternalID)
}

// ChangedAt is like that of an account. It returns zero for a team that has no record, because accounts only mention it.
func (t *Team) ChangedAt(f Field) time.Time {
	if !t.listed() {
		return time.Time{}
	}
	return t.Source.changed(connectors.Teams, string(t.ExternalID), teamParts[f])
}

// RecordChangedAt is like that of an account. It returns zero for a team without a record.
func (t *Team) RecordChangedAt() time.Time {
	if !t.listed() {
		return time.Time{}
	}
	return t.Source.recordChanged(connectors.Teams, string(t.ExternalID))
}

func (s *Source) history(c connectors.Collection) *history.History { return s.times[c] }

func (s *Source) changed(c connectors.Collection, id string, parts []string) time.Time {
	if len(parts) == 0 {
		return time.Time{}
	}
	return s.history(c).Field(id, parts...)
}

func (s *Source) recordChanged(c connectors.Collection, id string) time.Time {
	return s.history(c).Changed(id)
}
