package kommo

import (
	"encoding/json"
	"strconv"
	"testing"

	"roster/connectors/decode"
)

// What a contact or user has many of is there in full, each once, in the order in which it came.
func TestManyOfAKind(t *testing.T) {
	t.Parallel()
	const n = 500
	var tags, roles, emails []map[string]any
	for i := range 2 * n {
		id := i%n + 1
		tags = append(tags, map[string]any{"name": "tag " + strconv.Itoa(id)})
		roles = append(roles, map[string]any{"id": id, "name": "role"})
		emails = append(emails, map[string]any{"value": strconv.Itoa(id) + "@acme.example"})
	}
	row := func(v any) decode.Value {
		text, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		value, err := decode.JSON(text)
		if err != nil {
			t.Fatal(err)
		}
		return value
	}
	contact, _ := contactConverter{}.convert(row(map[string]any{"id": 1, "_embedded": map[string]any{"tags": tags},
		"custom_fields_values": []any{map[string]any{"field_code": "EMAIL", "values": emails}}}))
	if len(contact.Tags) != n || contact.Tags[n-1] != "tag "+strconv.Itoa(n) || len(contact.Emails) != n {
		t.Errorf("%d tags and %d addresses, want %d each", len(contact.Tags), len(contact.Emails), n)
	}
	account, _ := accountConverter{}.convert(row(map[string]any{"id": 1, "_embedded": map[string]any{"roles": roles, "groups": roles}}))
	if len(account.Roles) != n || len(account.Teams) != n {
		t.Errorf("%d roles and %d teams, want %d each", len(account.Roles), len(account.Teams), n)
	}
}
