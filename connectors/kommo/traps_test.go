package kommo_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"roster/connectors"
	"roster/connectors/kommo"
	"roster/connectors/kommo/fake"
)

// TestOddities reads the same accounts through what Kommo has been met to serve: none of it changes a record, unless the case says so.
func TestOddities(t *testing.T) {
	t.Parallel()
	_, healthy := start(t, fake.Options{})
	plain, err := healthy.Accounts.List(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	noStages := func(a *connectors.Account) {
		a.Details.(*kommo.Details).StagePermissions = []connectors.StagePermission{}
	}
	tests := map[string]struct {
		options fake.Options
		change  func(*connectors.Account)
	}{
		"status_rights null instead of an array":     {fake.Options{NullStatusRights: true}, noStages},
		"status_rights absent":                       {fake.Options{NoStatusRights: true}, noStages},
		"entity_type lead instead of leads":          {fake.Options{SingularEntity: true}, nil},
		"catalog_rights of administrators malformed": {fake.Options{MalformedCatalogRights: true}, nil},
		"name missing":                               {fake.Options{MissingNames: true}, func(a *connectors.Account) { a.Name = "" }},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, source := start(t, tt.options)
			got, err := source.Accounts.List(t.Context(), nil)
			if err != nil || !got.Complete {
				t.Fatalf("complete %v, %v", got.Complete, err)
			}
			var want []connectors.Account
			for _, a := range plain.Records {
				details := *a.Details.(*kommo.Details)
				a.Details = &details
				if tt.change != nil {
					tt.change(&a)
				}
				want = append(want, a)
			}
			if diff := cmp.Diff(want, got.Records); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

func TestDefaultGroup(t *testing.T) {
	t.Parallel()
	_, source := start(t, fake.Options{})
	accounts, err := source.Accounts.List(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	teams, err := source.Teams.List(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	// group_id is null in the user, and 0 in the account: both are the one group.
	if got := accounts.Records[2].Teams; len(got) != 1 || got[0].ID != teams.Records[0].ID || got[0].ID != "0" {
		t.Errorf("in %+v, want the default group, which is %+v", got, teams.Records[0])
	}
}

func TestContactOddities(t *testing.T) {
	t.Parallel()
	odd := []fake.Contact{
		{ID: 1, Name: "With phone", Phones: []fake.Value{{Value: "+442079460018", Enum: "WORK"}, {Value: "+442079460019", Enum: "MOB"}}},
		{ID: 2, Name: "Nobody's", ResponsibleUserID: 0},
		{ID: 3, Name: "Deleted", IsDeleted: true},
		{ID: 4, Name: "Deleted user's", ResponsibleUserID: 999_999},
		{ID: 5, Name: "Own fields", Fields: []fake.Field{
			{ID: 1, Name: "Email", Type: "text", Values: []any{"decoy@client.example"}},
			{ID: 2, Name: "Contract", Type: "file", Values: []any{map[string]string{"file_uuid": "x"}}},
			{ID: 3, Name: "Job", Code: "POSITION", Type: "text", Values: []any{"Captain"}},
		}},
	}
	phones := []connectors.Phone{
		{Raw: "+442079460018", E164: "+442079460018", Kind: connectors.PhoneOffice},
		{Raw: "+442079460019", E164: "+442079460019", Kind: connectors.PhoneMobile},
	}
	want := func(phones []connectors.Phone) []connectors.Contact {
		return []connectors.Contact{
			{ID: "1", Name: "With phone", Phones: phones},
			{ID: "2", Name: "Nobody's"},
			{ID: "4", Name: "Deleted user's", OwnerID: "999999"},
			{ID: "5", Name: "Own fields"},
		}
	}
	tests := map[string]struct {
		options fake.Options
		want    []connectors.Contact
	}{
		"field_code, never the name, finds phones and addresses": {fake.Options{}, want(phones)},
		"enum instead of enum_code":                              {fake.Options{OldEnums: true}, want(phones)},
		"custom_fields_values null":                              {fake.Options{NoCustomFields: true}, want(nil)},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f, source := start(t, tt.options)
			f.Update(func(d *fake.Data) { d.Contacts = odd })
			got, err := source.Contacts.List(t.Context(), nil)
			if err != nil || !got.Complete {
				t.Fatalf("complete %v, %v", got.Complete, err)
			}
			if diff := cmp.Diff(tt.want, got.Records); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

func TestNotAdmin(t *testing.T) {
	t.Parallel()
	for name, status := range map[string]int{"told by 403": http.StatusForbidden, "told by 401": http.StatusUnauthorized} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, source := start(t, fake.Options{NotAdminStatus: status}, withToken(userToken))
			_, err := source.Accounts.List(t.Context(), nil)
			mustBe(t, err, connectors.KindForbidden)
			_, err = source.Roles.List(t.Context(), nil)
			mustBe(t, err, connectors.KindForbidden)
			if teams, err := source.Teams.List(t.Context(), nil); err != nil || len(teams.Records) != 2 {
				t.Errorf("teams: %d, %v; the rest must work", len(teams.Records), err)
			}
			if contacts, err := source.Contacts.List(t.Context(), nil); err != nil || len(contacts.Records) != 600 {
				t.Errorf("contacts: %d, %v; the rest must work", len(contacts.Records), err)
			}
		})
	}
}

func TestBadToken(t *testing.T) {
	t.Parallel()
	t.Run("unknown", func(t *testing.T) {
		t.Parallel()
		_, source := start(t, fake.Options{}, withToken("of-nobody"))
		_, err := source.Accounts.List(t.Context(), nil)
		mustBe(t, err, connectors.KindUnauthorized)
	})
	t.Run("expired", func(t *testing.T) {
		t.Parallel()
		f, source := start(t, fake.Options{Portuguese: true})
		f.Update(func(d *fake.Data) {
			d.Tokens = []fake.Token{{Value: adminToken, Admin: true, Expires: time.Unix(1, 0)}}
		})
		_, err := source.Contacts.List(t.Context(), nil)
		mustBe(t, err, connectors.KindUnauthorized)
	})
}

func TestBlocked(t *testing.T) {
	t.Parallel()
	for name, options := range map[string]fake.Options{"by a web server's page": {Blocked: true}, "by a line of text": {BlockedText: true}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f, source := start(t, options)
			_, err := source.Accounts.List(t.Context(), nil)
			if e := failure(t, err, connectors.KindRateLimited); !e.Blocked {
				t.Errorf("%v: want it blocked", e)
			}
			_, err = source.Teams.List(t.Context(), nil)
			if e := failure(t, err, connectors.KindRateLimited); !e.Blocked {
				t.Errorf("the next: %v: want it blocked", e)
			}
			if n := f.Calls()["users.list"] + f.Calls()["account.get"]; n != 1 {
				t.Errorf("%d calls, want none after the block was met", n)
			}
		})
	}
}
