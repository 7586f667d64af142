package e2e_test

import (
	"encoding/base64"
	"os/exec"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"
)

const entitiesQuery = `query($representations: [_Any!]!) {
	_entities(representations: $representations) {
		__typename
		... on User { id name }
		... on Team { id }
		... on Role { id }
		... on Contact { id }
		... on ContactFolder { id }
		... on Account { id }
	}
	beside: sources { name }
}`

// entity is what a representation came to; nil for null.
type entity map[string]any

type entitiesData struct {
	Entities []entity `json:"_entities"`
	Beside   []struct{ Name string }
}

// zoe is the person of the demo's company who has an account everywhere, with something of every type around her.
type zoe struct {
	ID       string
	Accounts []struct {
		ID         string
		Typename   string `json:"__typename"`
		ExternalID string `json:"externalId"`
	}
	Teams, Roles []struct{ ID string }
}

func askForZoe(t *testing.T, p *program) (zoe, string, string) {
	t.Helper()
	var data struct {
		User                     zoe
		Contacts, ContactFolders struct{ Nodes []struct{ ID string } }
	}
	p.ask(t, `{ user(by: { email: "zoe.muller@corvidlark.test" }) { id accounts { __typename id externalId } teams { id } roles { id } }
		contacts(first: 1) { nodes { id } } contactFolders(first: 1) { nodes { id } } }`, nil).into(t, &data)
	return data.User, data.Contacts.Nodes[0].ID, data.ContactFolders.Nodes[0].ID
}

// byAccount is the ID that a user has while that account is the first known of them: their ID from before a source was added, or while it was
// away. Clients do not make IDs; this one does to have one from such a time.
func byAccount(source, externalID string) string {
	return base64.RawURLEncoding.EncodeToString([]byte("U" + source + "/" + externalID))
}

func TestEntities(t *testing.T) {
	t.Parallel()
	p := theDemo(t)
	z, contact, folder := askForZoe(t, p)
	found := entity{"__typename": "User", "id": z.ID, "name": "Zoë Müller"}
	type representation = map[string]any
	batch := []struct {
		representation representation
		want           entity
	}{
		{representation{"__typename": "Contact", "id": contact}, entity{"__typename": "Contact", "id": contact}},
		{representation{"__typename": "User", "id": z.ID}, found},
		{representation{"__typename": "Team", "id": z.Teams[1].ID}, entity{"__typename": "Team", "id": z.Teams[1].ID}},
		{representation{"__typename": "User", "email": "ZOE.Muller@corvidlark.test"}, found},
		{representation{"__typename": "User", "id": byAccount("kommo", z.Accounts[1].ExternalID)}, found},
		{representation{"__typename": "User", "id": z.Accounts[3].ID}, found},
		{representation{"__typename": "User", "id": byAccount("worksection", "0")}, nil},
		{representation{"__typename": "User", "email": "nobody@corvidlark.test"}, nil},
		{representation{"__typename": "User", "email": "info@corvidlark.test"}, nil}, // two people's
		{representation{"__typename": "Role", "id": z.Roles[0].ID}, entity{"__typename": "Role", "id": z.Roles[0].ID}},
		{representation{"__typename": "ContactFolder", "id": folder}, entity{"__typename": "ContactFolder", "id": folder}},
		{representation{"__typename": "WorksectionAccount", "id": z.Accounts[0].ID}, entity{"__typename": "WorksectionAccount", "id": z.Accounts[0].ID}},
		{representation{"__typename": "AltcraftAccount", "id": z.Accounts[2].ID}, entity{"__typename": "AltcraftAccount", "id": z.Accounts[2].ID}},
		{representation{"__typename": "KommoAccount", "id": z.Accounts[2].ID}, nil}, // another vendor's
		{representation{"__typename": "User", "id": nil, "email": "zoe.muller@corvidlark.test"}, found},
		{representation{"__typename": "User", "id": z.ID}, found}, // once more
	}
	var want []entity
	var asked []any
	for _, b := range batch {
		asked = append(asked, b.representation)
		want = append(want, b.want)
	}
	var data entitiesData
	p.ask(t, entitiesQuery, vars{"representations": asked}).into(t, &data)
	if diff := cmp.Diff(want, data.Entities); diff != "" {
		t.Errorf("a batch of mixed keys (-want +got):\n%s", diff)
	}
	p.ask(t, entitiesQuery, vars{"representations": []any{}}).into(t, &data)
	if len(data.Entities) != 0 {
		t.Errorf("an empty batch got %v", data.Entities)
	}
}

// Gateways do not split batches: a page of 1,000 people is one request, with all that the page shows of each.
func TestManyEntities(t *testing.T) {
	t.Parallel()
	p := theDemo(t)
	var people struct{ A, B struct{ Nodes []entity } }
	p.ask(t, `{ a: users(first: 500) { nodes { __typename id } } b: users(last: 500) { nodes { __typename id } } }`, nil).into(t, &people)
	all := append(people.A.Nodes, people.B.Nodes...)
	var data struct {
		Entities []struct {
			Teams    []struct{ Members struct{ Nodes []entity } }
			Accounts []entity
		} `json:"_entities"`
	}
	p.ask(t, `query($r: [_Any!]!) { _entities(representations: $r) { ... on User {
		id name accounts { __typename externalId } teams { id name members(first: 20) { nodes { name } } } roles { name }
	} } }`, vars{"r": all}).into(t, &data)
	if len(all) != 1000 || len(data.Entities) != 1000 {
		t.Fatalf("%d people were asked for, and %d came", len(all), len(data.Entities))
	}
	for i, e := range data.Entities {
		if len(e.Accounts) == 0 {
			t.Errorf("person %d has no account", i)
		}
	}
}

// A malformed representation fails alone, and the error says which it is.
func TestMalformedEntities(t *testing.T) {
	t.Parallel()
	p := theDemo(t)
	z, _, _ := askForZoe(t, p)
	good := vars{"__typename": "User", "id": z.ID}
	for name, test := range map[string]struct {
		representation any
		says           string
	}{
		"no key":              {vars{"__typename": "User"}, "must have an id or an email"},
		"no ID":               {vars{"__typename": "Team"}, "must have an id"},
		"a key of null":       {vars{"__typename": "User", "id": nil}, "must have an id or an email"},
		"another type's key":  {vars{"__typename": "Team", "email": "a@b.test"}, "must have an id"},
		"unknown type":        {vars{"__typename": "Car", "id": z.ID}, `no entity of type "Car"`},
		"a type without keys": {vars{"__typename": "Source", "id": z.ID}, `no entity of type "Source"`},
		"no type":             {vars{"id": z.ID}, "must have a __typename"},
		"a number as a type":  {vars{"__typename": 5, "id": z.ID}, "must have a __typename"},
		"a number":            {5, "must be an object"},
		"a text":              {"User", "must be an object"},
		"a list":              {[]any{good}, "must be an object"},
		"an ID of a number":   {vars{"__typename": "User", "id": 5}, "id must be a string"},
		"an ID of an object":  {vars{"__typename": "Role", "id": vars{}}, "id must be a string"},
		"an email of a list":  {vars{"__typename": "User", "email": []any{"a@b.test"}}, "email must be a string"},
		"no ID at all":        {vars{"__typename": "Contact", "id": "contact-1"}, "is not an ID"},
		"another type's ID":   {vars{"__typename": "Team", "id": z.ID}, "is the ID of another type"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := p.ask(t, entitiesQuery, vars{"representations": []any{good, test.representation, good}})
			if len(a.Errors) != 1 || a.Errors[0].Extensions.Code != "BAD_USER_INPUT" || !strings.Contains(a.Errors[0].Message, test.says) {
				t.Fatalf("errors: %+v, want one that says %q", a.Errors, test.says)
			}
			if diff := cmp.Diff([]any{"_entities", 1.0}, a.Errors[0].Path); diff != "" {
				t.Errorf("the error's path (-want +got):\n%s", diff)
			}
			a.Errors = nil
			var data entitiesData
			a.into(t, &data)
			found := entity{"__typename": "User", "id": z.ID, "name": "Zoë Müller"}
			if diff := cmp.Diff([]entity{found, nil, found}, data.Entities); diff != "" {
				t.Errorf("the batch (-want +got):\n%s", diff)
			}
			if len(data.Beside) != 4 {
				t.Errorf("the field beside it has %d sources, want 4", len(data.Beside))
			}
		})
	}
}

// federation is what the schema takes from Apollo's federation.
const federation = `
scalar FieldSet
scalar Scope
scalar link__Import
directive @link(url: String!, import: [link__Import]) repeatable on SCHEMA
directive @key(fields: FieldSet!, resolvable: Boolean = true) repeatable on OBJECT | INTERFACE
directive @shareable repeatable on OBJECT | FIELD_DEFINITION
directive @requiresScopes(scopes: [[Scope!]!]!) on FIELD_DEFINITION | OBJECT | INTERFACE | SCALAR | ENUM
`

// The program prints the schema that it serves, and it is one.
func TestSchema(t *testing.T) {
	t.Parallel()
	printed, err := exec.CommandContext(t.Context(), binary, "schema").Output()
	if err != nil {
		t.Fatal(err)
	}
	var data struct {
		Service struct{ SDL string } `json:"_service"`
	}
	theDemo(t).ask(t, `{ _service { sdl } }`, nil).into(t, &data)
	if diff := cmp.Diff(string(printed), data.Service.SDL); diff != "" {
		t.Errorf("what a gateway gets (-printed +served):\n%s", diff)
	}
	schema, err := gqlparser.LoadSchema(&ast.Source{Name: "roster", Input: string(printed)}, &ast.Source{Name: "federation", Input: federation})
	if err != nil {
		t.Fatalf("the schema is not well-formed: %v", err)
	}
	for _, name := range []string{"User", "Team", "Role", "Contact", "ContactFolder", "Source"} {
		if d := schema.Types[name]; d == nil || d.Description == "" {
			t.Errorf("the schema has no described type %s", name)
		}
	}
}
