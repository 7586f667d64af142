package kommo

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"roster/connectors/conntest"
)

// answers are the lists in the test data, with what each key of their rows decides on.
func answers(t testing.TB) []conntest.Answer {
	t.Helper()
	kinds := map[string]conntest.Answer{
		"users": {
			Rows: []string{"_embedded", "users"},
			Fields: map[string][]string{
				"name": {"Name"}, "email": {"Emails"}, "lang": {"Locale"}, "uuid": {"Details.UUID"}, "amojo_id": {"Details.ChatID"}, "user_rank": {"Details.Rank"},
				"phone_number": {"Phones"}, "_embedded": {"Roles", "Teams"}, "_embedded.roles": {"Roles"}, "_embedded.groups": {"Teams"},
				"rights": {"Active", "Access", "Roles", "Teams", "Details.Admin", "Details.Free", "Details.MailAccess", "Details.CatalogAccess", "Details.Permissions",
					"Details.StagePermissions"},
				"rights.leads": {"Details.Permissions"}, "rights.contacts": {"Details.Permissions"}, "rights.companies": {"Details.Permissions"},
				"rights.tasks": {"Details.Permissions"}, "rights.mail_access": {"Details.MailAccess"}, "rights.catalog_access": {"Details.CatalogAccess"},
				"rights.catalog_rights": nil, "rights.status_rights": {"Details.StagePermissions"}, "rights.is_admin": {"Details.Admin", "Access"},
				"rights.is_free": {"Details.Free", "Access"}, "rights.is_active": {"Active", "Access"}, "rights.group_id": {"Teams"}, "rights.role_id": {"Roles"},
			},
			Read: func(body []byte) (conntest.Content, error) { return conntest.ContentOf(understoodUsers(reply(body))) },
		},
		"roles": {
			Rows: []string{"_embedded", "roles"}, Fields: map[string][]string{"name": {"Name"}, "rights": {"Permissions"}},
			Read: func(body []byte) (conntest.Content, error) { return conntest.ContentOf(understoodRoles(reply(body))) },
		},
		"contacts": {
			Rows: []string{"_embedded", "contacts"}, Hides: []string{"is_deleted"},
			Fields: map[string][]string{
				"name": {"Name"}, "first_name": {"FirstName"}, "last_name": {"LastName"}, "responsible_user_id": {"OwnerID"}, "created_at": {"CreatedAt"},
				"updated_at": {"UpdatedAt"}, "custom_fields_values": {"Emails", "Phones"}, "_embedded": {"Tags"},
			},
			Read: func(body []byte) (conntest.Content, error) {
				return conntest.ContentOf(understoodContacts(reply(body)))
			},
		},
		"account": {
			Rows: []string{"_embedded", "users_groups"}, Fields: map[string][]string{"name": {"Name"}},
			Read: func(body []byte) (conntest.Content, error) { return conntest.ContentOf(understoodTeams(reply(body))) },
		},
	}
	var all []conntest.Answer
	for file, body := range testdata(t, "*.json") {
		name := strings.TrimSuffix(filepath.Base(file), ".json")
		kind, _, _ := strings.Cut(name, "_")
		a := kinds[kind]
		a.Name, a.Body, a.ID = name, body, "id"
		all = append(all, a)
	}
	slices.SortFunc(all, func(a, b conntest.Answer) int { return strings.Compare(a.Name, b.Name) })
	return all
}

func TestOddValues(t *testing.T) {
	t.Parallel()
	conntest.OddValues(t, answers(t)...)
}

func TestAmounts(t *testing.T) { //nolint:paralleltest // measures what is allocated
	conntest.Amounts(t, answers(t)...)
}

func FuzzOddValues(f *testing.F) { conntest.FuzzOddValues(f, answers(f)...) }
