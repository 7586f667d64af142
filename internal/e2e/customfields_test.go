package e2e_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"roster/connectors/faults"
	"roster/internal/sandbox"
)

// The custom fields of a contact of Kommo are typed attributes in the graph. A reload with another field fetches the contacts again, although none has
// changed, and one with another type of a known field shows it without a fetch.
func TestCustomFieldsOfContacts(t *testing.T) {
	t.Parallel()
	kommo := system(t, sandbox.Kommo, smallCompany)
	kommo.GiveFields(kommo.AddContact("Wilma Quist"), time.Date(1961, 7, 2, 0, 0, 0, 0, time.UTC), 4.5, "Ships", "Tea")
	settings := settingsOf(reading(sourceSettings(kommo.Sources()[0]), "30d", "1s"))
	name := func(path, as, kind string) map[string]any {
		return map[string]any{"source": string(sandbox.Kommo), "path": path, "as": as, "type": kind}
	}
	rating, interests := name(sandbox.RatingField, "rating", "number"), name(sandbox.InterestsField, "interests", "list")
	settings["custom_fields"] = []any{rating, interests}
	r := serveReloadable(t, settings)
	shown := func(asks string) string {
		var data struct {
			Contacts struct {
				Nodes []struct{ Attributes json.RawMessage }
			}
		}
		r.ask(t, `{ contacts(filter: { search: "wilma" }) { nodes { attributes { name `+asks+` } } } }`, nil).into(t, &data)
		if len(data.Contacts.Nodes) != 1 {
			t.Fatalf("%d contacts", len(data.Contacts.Nodes))
		}
		return string(data.Contacts.Nodes[0].Attributes)
	}
	if diff := cmp.Diff(`[{"name":"interests","number":null,"values":["Ships","Tea"]},{"name":"rating","number":4.5,"values":["4.5"]}]`,
		shown("number values")); diff != "" {
		t.Errorf("at first (-want +got)\n%s", diff)
	}
	settings["custom_fields"] = []any{rating, interests, name(sandbox.SinceField, "since", "date")}
	r.reload(t, settings)
	want := `[{"name":"interests","date":null},{"name":"rating","date":null},{"name":"since","date":"1961-07-02T00:00:00Z"}]`
	eventually(t, "the new field is shown", func() bool { return shown("date") == want })

	kommo.Fault(sandbox.Kommo).Set(faults.Fault{Effect: faults.Reply(500, faults.HTML("down"))}) // so nothing can come from a fetch
	settings["custom_fields"] = []any{name(sandbox.RatingField, "rating", "text"), interests, name(sandbox.SinceField, "since", "number")}
	r.reload(t, settings)
	want = `[{"name":"interests","type":"LIST","value":"Ships"},{"name":"rating","type":"TEXT","value":"4.5"},{"name":"since","type":"NUMBER","value":"-268272000"}]`
	eventually(t, "the new types are shown", func() bool { return shown("type value") == want })
}
