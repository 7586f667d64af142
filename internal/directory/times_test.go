package directory_test

import (
	"testing"
	"time"

	"roster/connectors"
	"roster/internal/directory"
	"roster/internal/history"
)

// at is a time of these tests: so many hours after the first fetch.
func at(hours int) time.Time { return time.Date(2026, 5, 1, hours, 0, 0, 0, time.UTC) }

func TestChangedAt(t *testing.T) {
	t.Parallel()
	accounts := history.Begin(at(0)).Update(at(1))
	accounts.Change("1", []string{"Title"})
	accounts.Add("2")
	later := accounts.Done(time.Hour).Update(at(2))
	later.Change("1", []string{"FirstName"})
	later.Change("2", []string{"Active"})
	teams := history.Begin(at(0)).Update(at(3))
	teams.Change("t", []string{"Name"})
	contacts := history.Begin(at(0)).Update(at(4))
	contacts.Add("c")
	d := directory.Build(directory.Rules{}, []directory.SourceData{{
		Name: "hr", Kind: "crm",
		Accounts: []connectors.Account{
			{ID: "1", FirstName: "Zoë", LastName: "Müller", Title: "Head", Active: true, Teams: []connectors.TeamRef{{ID: "t"}, {ID: "mentioned", Name: "M"}}},
			{ID: "2", Name: "Bo"},
			{ID: "new", Name: "Written, and not fetched yet"},
		},
		Teams:    []connectors.Team{{ID: "t", Name: "T"}},
		Contacts: []connectors.Contact{{ID: "c", Name: "C"}},
		Times: map[connectors.Collection]*history.History{connectors.Accounts: later.Done(time.Hour).Without([]string{"new"}), connectors.Teams: teams.Done(time.Hour),
			connectors.Contacts: contacts.Done(time.Hour)},
	}, {
		Name: "old", Kind: "crm", Accounts: []connectors.Account{{ID: "1", Name: "Of an earlier release"}},
	}})
	account := func(source, id string) *directory.AccountCore {
		return d.UserByAccount(connectors.Ref{Source: source, ID: id}).Accounts[0].Core()
	}
	team := map[string]*directory.Team{}
	for _, x := range account("hr", "1").Teams {
		team[string(x.ExternalID)] = x
	}
	contact, err := d.Contacts(nil, directory.ContactOrder{}, directory.PageArgs{})
	if err != nil {
		t.Fatal(err)
	}
	c := contact.Nodes()[0]
	for _, tc := range []struct {
		what      string
		got, want time.Time
	}{
		{"a title that has changed", account("hr", "1").ChangedAt(directory.FieldTitle), at(1)},
		{"a last name since the first fetch", account("hr", "1").ChangedAt(directory.FieldLastName), at(0)},
		{"a name that is made of a first name that has changed", account("hr", "1").ChangedAt(directory.FieldName), at(2)},
		{"teams", account("hr", "1").ChangedAt(directory.FieldTeams), at(0)},
		{"teams of an account that does not list them", account("hr", "2").ChangedAt(directory.FieldTeams), time.Time{}},
		{"the name of a later account", account("hr", "2").ChangedAt(directory.FieldName), at(1)},
		{"whether it is active", account("hr", "2").ChangedAt(directory.FieldActive), at(2)},
		{"its access level", account("hr", "2").ChangedAt(directory.FieldAccessLevel), at(2)},
		{"its whole record", account("hr", "2").RecordChangedAt(), at(2)},
		{"a field that accounts do not have", account("hr", "1").ChangedAt(directory.FieldTags), time.Time{}},
		{"an account that was written", account("hr", "new").ChangedAt(directory.FieldName), time.Time{}},
		{"an account of an earlier release", account("old", "1").ChangedAt(directory.FieldName), time.Time{}},
		{"a team's name", team["t"].ChangedAt(directory.FieldName), at(3)},
		{"a team's kind", team["t"].ChangedAt(directory.FieldKind), at(0)},
		{"a team that is only mentioned", team["mentioned"].ChangedAt(directory.FieldName), time.Time{}},
		{"a contact's title", c.ChangedAt(directory.FieldTitle), at(4)},
		{"a contact's record", c.RecordChangedAt(), at(4)},
	} {
		if !tc.got.Equal(tc.want) {
			t.Errorf("%s: %s, want %s", tc.what, tc.got, tc.want)
		}
	}
}
