package resolvers_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"roster/connectors"
)

// employees are two sources: Zoë and Adam are in both, Olha and Wei in one each.
func employees() []*connectors.Source {
	day := func(d int) time.Time { return time.Date(2024, 3, d, 0, 0, 0, 0, time.UTC) }
	first, second := ws(), crm()
	first.Accounts = all(
		connectors.Account{ID: "1", Name: "Zoë", LastName: "Adler", Title: "Engineer", Department: "Ärzte", Emails: mail("zoe@example.com"), CreatedAt: day(9), Active: true},
		connectors.Account{ID: "2", Name: "Adam", LastName: "zimmer", Department: "Zoo", Emails: mail("adam@example.com"), CreatedAt: day(5), Active: true},
		connectors.Account{ID: "3", Name: "Olha", LastName: "Ábel", Title: "designer", Active: true},
	)
	second.Accounts = all(
		connectors.Account{ID: "1", Name: "Zoë", Emails: mail("zoe@example.com"), CreatedAt: day(7), Active: true},
		connectors.Account{ID: "2", Name: "Adam", Emails: mail("adam@example.com"), Active: true},
		connectors.Account{ID: "4", Name: "Wei", Title: "Buyer", Department: "Bau", CreatedAt: day(1), Active: true},
	)
	second.Contacts = all(
		connectors.Contact{ID: "1", Name: "Old", CreatedAt: day(1), UpdatedAt: day(2), Emails: mail("old@example.com")},
		connectors.Contact{ID: "2", Name: "New", CreatedAt: day(8), UpdatedAt: day(9)},
	)
	return []*connectors.Source{first, second}
}

func TestOrdersAndFilters(t *testing.T) {
	t.Parallel()
	w := newTestServer(t, employees()...).read()
	for _, tc := range []struct{ list, arguments, want string }{
		{"users", `orderBy: {field: LAST_NAME}`, "Olha Zoë Adam Wei"},
		{"users", `orderBy: {field: LAST_NAME, direction: DESC}`, "Adam Zoë Olha Wei"},
		{"users", `orderBy: {field: TITLE}`, "Wei Olha Zoë Adam"},
		{"users", `orderBy: {field: TITLE, direction: DESC}`, "Zoë Olha Wei Adam"},
		{"users", `orderBy: {field: DEPARTMENT}`, "Zoë Wei Adam Olha"},
		{"users", `filter: {hasEmail: true}`, "Adam Zoë"},
		{"users", `filter: {hasEmail: false}`, "Olha Wei"},
		{"users", `filter: {hasDepartment: true}`, "Adam Wei Zoë"},
		{"users", `filter: {hasDepartment: false}`, "Olha"},
		// A person was created when the oldest account was.
		{"users", `filter: {createdAfter: "2024-03-05T00:00:00Z"}`, "Adam Zoë"},
		{"users", `filter: {createdAfter: "2024-03-05T02:00:00+02:00"}`, "Adam Zoë"},
		{"users", `filter: {createdAfter: "2024-03-05T00:00:01Z"}`, "Zoë"},
		{"users", `filter: {createdBefore: "2024-03-05T00:00:00Z"}`, "Wei"},
		{"users", `filter: {createdAfter: "2024-03-01T00:00:00Z", createdBefore: "2024-03-07T00:00:00Z"}`, "Adam Wei"},
		{"users", `filter: {createdAfter: "2024-03-07T00:00:00Z", createdBefore: "2024-03-01T00:00:00Z"}`, ""},
		{"users", `filter: {createdBefore: "9999-12-31T23:59:59Z"}`, "Adam Wei Zoë"},
		{"users", `filter: {hasEmail: null, hasDepartment: null, createdAfter: null, createdBefore: null, sources: null, withoutSources: []}`, "Adam Olha Wei Zoë"},
		{"users", `filter: {sources: ["crm", "ws"]}`, "Adam Olha Wei Zoë"},
		{"users", `filter: {sources: ["ws"]}`, "Adam Olha Zoë"},
		{"users", `filter: {allSources: ["crm", "ws"]}`, "Adam Zoë"},
		{"users", `filter: {withoutSources: ["crm"]}`, "Olha"},
		{"users", `filter: {withoutSources: ["crm", "ws"]}`, ""},
		{"users", `filter: {sources: ["ws"], withoutSources: ["crm"]}`, "Olha"},
		// The earlier names apply beside the new ones.
		{"users", `filter: {in: ["crm", "ws"]}`, "Adam Zoë"},
		{"users", `filter: {notIn: ["crm"]}`, "Olha"},
		{"users", `filter: {in: ["crm"], allSources: ["ws"]}`, "Adam Zoë"},
		{"users", `filter: {in: ["ws"], notIn: ["crm"], withoutSources: ["ws"]}`, ""},
		{"contacts", `filter: {sources: ["crm"], createdAfter: "2024-03-08T00:00:00Z"}`, "New"},
		{"contacts", `filter: {sources: ["crm"], createdBefore: "2024-03-08T00:00:00Z"}`, "Old"},
		{"contacts", `filter: {updatedAfter: "2024-03-09T00:00:00Z"}`, "New"},
		{"contacts", `filter: {updatedBefore: "2024-03-09T00:00:00Z"}`, "Old"},
		{"contacts", `filter: {sources: ["crm"], hasEmail: false}`, "New"},
	} {
		document := "{ " + tc.list + "(" + tc.arguments + ") { nodes { name } } }"
		var got []string
		for _, n := range in(w.get(document), tc.list, "nodes").([]any) {
			got = append(got, text(n, "name"))
		}
		if joined := strings.Join(got, " "); joined != tc.want {
			t.Errorf("%s: %q, want %q", document, joined, tc.want)
		}
	}
}

func TestTimesInFilters(t *testing.T) {
	t.Parallel()
	w := newTestServer(t, employees()...).read()
	const document = `query($after: DateTime, $f: UserFilter) { a: users(filter: {createdAfter: $after}) { totalCount } b: users(filter: $f) { totalCount } }`
	got := w.get(document, "after", "2024-03-07T00:00:00.000Z", "f", map[string]any{"createdBefore": "2024-03-07T01:00:00+01:00"})
	if diff := cmp.Diff(map[string]any{"a": map[string]any{"totalCount": 1.}, "b": map[string]any{"totalCount": 2.}}, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	a := w.ask(document, "f", map[string]any{"createdBefore": "yesterday"})
	if len(a.Errors) != 1 || a.Data != nil {
		t.Fatalf("%v, errors %v; want no data and one error", a.Data, a.Errors)
	}
	want := `variable "$f", at createdBefore: "yesterday" is not a DateTime: a string as in RFC 3339, with an offset`
	if e := a.Errors[0]; e.Message != want || !cmp.Equal(e.Extensions["inputPath"], []any{"f", "createdBefore"}) {
		t.Errorf("error %v, want %q", e, want)
	}
}

func TestEarlierNamesAreDeprecated(t *testing.T) {
	t.Parallel()
	got := newTestServer(t).get(`{ __type(name: "UserFilter") { inputFields(includeDeprecated: true) { name isDeprecated deprecationReason } } }`)
	reasons := map[string]any{}
	for _, f := range in(got, "__type", "inputFields").([]any) {
		if in(f, "isDeprecated") == true {
			reasons[text(f, "name")] = in(f, "deprecationReason")
		}
	}
	want := map[string]any{"in": "Use allSources, or sources for one of several.", "notIn": "Use withoutSources."}
	if diff := cmp.Diff(want, reasons); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
