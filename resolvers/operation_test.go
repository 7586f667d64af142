package resolvers_test

import (
	"context"
	"encoding/base64"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"roster/connectors"
)

// bubble runs a test in a synctest bubble, whose clock advances only when all goroutines wait.
func bubble(t *testing.T, f func(*testing.T)) {
	t.Helper()
	t.Parallel()
	synctest.Test(t, f)
}

func TestOneGraphOverAllSources(t *testing.T) {
	bubble(t, func(t *testing.T) {
		w := newTestServer(t, ws(), crm(), mailer(), chat()).read()
		got := w.get(`{
			user(by: { email: "ANN@example.com" }) {
				name email accessLevel active bot presence
				teams { name source { name } } roles { name }
				accounts { __typename externalId ... on RocketChatAccount { presence statusText } }
			}
		}`)
		want := map[string]any{
			"name": "Ann Lee", "email": "ann@example.com", "accessLevel": "OWNER", "active": true, "bot": false, "presence": "ONLINE",
			"teams": []any{
				map[string]any{"name": "Crew", "source": map[string]any{"name": "chat"}},
				map[string]any{"name": "Sales", "source": map[string]any{"name": "ws"}},
			},
			"roles": []any{map[string]any{"name": "Closer"}, map[string]any{"name": "owner"}, map[string]any{"name": "User"}},
			"accounts": []any{
				map[string]any{"__typename": "WorksectionAccount", "externalId": "1"},
				map[string]any{"__typename": "KommoAccount", "externalId": "10"},
				map[string]any{"__typename": "AltcraftAccount", "externalId": "ann"},
				map[string]any{"__typename": "RocketChatAccount", "externalId": "u1", "presence": "ONLINE", "statusText": nil},
			},
		}
		if diff := cmp.Diff(want, in(got, "user")); diff != "" {
			t.Errorf("the person (-want +got):\n%s", diff)
		}
	})
}

// Every node is found by its own ID, with its type.
func TestNode(t *testing.T) {
	bubble(t, func(t *testing.T) {
		w := newTestServer(t, ws(), crm(), mailer(), chat()).read()
		all := w.get(`{
			sources { __typename id }
			users { nodes { __typename id accounts { __typename id } } }
			teams { nodes { __typename id } } roles { nodes { __typename id } }
			contacts { nodes { __typename id } } contactFolders { nodes { __typename id } }
		}`)
		seen := make(map[string]bool)
		var ids, want []any
		var collect func(v any)
		collect = func(v any) {
			switch v := v.(type) {
			case []any:
				for _, x := range v {
					collect(x)
				}
			case map[string]any:
				if id := text(v, "id"); id != "" {
					seen[text(v, "__typename")] = true
					ids = append(ids, id)
					want = append(want, map[string]any{"__typename": v["__typename"], "id": id})
				}
				for _, x := range v {
					collect(x)
				}
			}
		}
		collect(all)
		for _, name := range []string{
			"Source", "User", "Team", "Role", "Contact", "ContactFolder",
			"WorksectionAccount", "KommoAccount", "AltcraftAccount", "RocketChatAccount",
		} {
			if !seen[name] {
				t.Errorf("no %s has an ID", name)
			}
		}
		ids, want = append(ids, "nothing"), append(want, nil)
		// The IDs alone decide which collections are required, because the document names no type.
		got := w.get(`query($ids: [ID!]!) { nodes(ids: $ids) { __typename id } }`, "ids", ids)
		if diff := cmp.Diff(want, got["nodes"]); diff != "" {
			t.Errorf("the objects (-want +got):\n%s", diff)
		}
		for i, id := range ids[:len(ids)-1] {
			if diff := cmp.Diff(want[i], w.get(`query($id: ID!) { node(id: $id) { __typename id } }`, "id", id)["node"]); diff != "" {
				t.Errorf("the object (-want +got):\n%s", diff)
			}
		}
		account := text(all, "users", "nodes", 0, "accounts", 0, "id")
		if got := w.get(`query($id: ID!) { user(by: { id: $id }) { name } }`, "id", account); text(got, "user", "name") != "Ann Lee" {
			t.Errorf("user by the ID of an account is %v, want the person", got)
		}
	})
}

// sourceOfWS is the ID of the source named ws.
const sourceOfWS = "U3dzLw"

// Each type of object has a root field that finds it by its ID, and nothing else. It waits for the type's collections.
func TestObjectsByID(t *testing.T) {
	bubble(t, func(t *testing.T) {
		sources := []*connectors.Source{ws(), crm(), mailer(), chat()}
		all := newTestServer(t, sources...).read().get(`{ team: teams { nodes { __typename id name source { name } } } role: roles { nodes { __typename id name source { name } } }
			contact: contacts { nodes { __typename id name source { name } } } contactFolder: contactFolders { nodes { __typename id name source { name } } } }`)
		id := func(field string) string { return text(all, field, "nodes", 0, "id") }
		for field, list := range all {
			document := "query($id: ID!) { " + field + "(id: $id) { __typename id name source { name } } }"
			nodes, _ := in(list, "nodes").([]any)
			if len(nodes) == 0 {
				t.Errorf("%s: the test has none", field)
			}
			for i, want := range nodes {
				w := newTestServer(t, sources...) // nothing has been fetched
				if i > 0 {
					w.read()
				}
				if diff := cmp.Diff(want, w.get(document, "id", text(want, "id"))[field]); diff != "" {
					t.Errorf("%s (-want +got):\n%s", field, diff)
				}
			}
			w := newTestServer(t, sources...).read()
			gone := base64.RawURLEncoding.EncodeToString(append(decoded(t, id(field)), "gone"...))
			if got := w.get(document, "id", gone); got[field] != nil {
				t.Errorf("%s that does not exist is %v, want null", field, got[field])
			}
			for other := range all {
				if other == field {
					continue
				}
				if a := w.ask(document, "id", id(other)); len(a.Errors) != 1 || a.Errors[0].Extensions["code"] != "BAD_USER_INPUT" || in(a.Data, field) != nil {
					t.Errorf("%s with the ID of a %s: %v %v, want null and one error", field, other, a.Data, a.Errors)
				}
			}
		}
	})
}

func decoded(t *testing.T, id string) []byte {
	t.Helper()
	b, err := base64.RawURLEncoding.DecodeString(id)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// An operation that names an object by its ID waits for the collections of its type.
func TestNodeWaitsForItsCollections(t *testing.T) {
	bubble(t, func(t *testing.T) {
		id := text(newTestServer(t, ws()).read().get(`{ contacts { nodes { id } } }`), "contacts", "nodes", 0, "id")
		w := newTestServer(t, ws())
		if got := w.get(`query($id: ID!) { node(id: $id) { id } }`, "id", id); text(got, "node", "id") != id {
			t.Errorf("at the start the object is %v, want it to exist", got["node"])
		}
	})
}

func TestTooManyNodes(t *testing.T) {
	bubble(t, func(t *testing.T) {
		a := newTestServer(t).ask(`query($ids: [ID!]!) { nodes(ids: $ids) { id } }`, "ids", make101())
		want := []answerError{{Message: "ids: at most 100, not 101", Path: []any{"nodes"}, Extensions: map[string]any{
			"code": "BAD_USER_INPUT", "argument": "ids", "inputPath": []any{"ids"},
		}}}
		if diff := cmp.Diff(want, a.Errors); diff != "" {
			t.Errorf("errors (-want +got):\n%s", diff)
		}
	})
}

func make101() []string {
	ids := make([]string, 101)
	for i := range ids {
		ids[i] = "x"
	}
	return ids
}

func TestBadInput(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		document  string
		argument  string
		inputPath []any
		message   string
	}{
		"too many":                    {document: `{ users(first: 501) { totalCount } }`, argument: "first", inputPath: []any{"first"}, message: "between 0 and 500"},
		"fewer than none":             {document: `{ contacts(last: -1) { totalCount } }`, argument: "last", inputPath: []any{"last"}, message: "between 0 and 500"},
		"from both ends":              {document: `{ teams(first: 1, last: 1) { totalCount } }`, argument: "first", inputPath: []any{"first"}, message: "not both"},
		"no cursor":                   {document: `{ roles(after: "x") { totalCount } }`, argument: "after", inputPath: []any{"after"}, message: "not a cursor"},
		"no such source":              {document: `{ users(filter: { sources: ["ws", "nope"] }) { totalCount } }`, argument: "filter.sources[1]", inputPath: []any{"filter", "sources", 1.0}, message: `"nope"`},
		"no ID":                       {document: `{ users(filter: { teams: ["nope"] }) { totalCount } }`, argument: "filter.teams[0]", inputPath: []any{"filter", "teams", 0.0}, message: "not an ID"},
		"a team's ID that is none":    {document: `{ team(id: "nope") { id } }`, argument: "id", inputPath: []any{"id"}, message: `"nope" is not an ID of this graph`},
		"a contact's ID that is none": {document: `{ contact(id: "") { id } }`, argument: "id", inputPath: []any{"id"}, message: `"" is not an ID of this graph`},
		"the ID of another type":      {document: `{ role(id: "` + sourceOfWS + `") { id } }`, argument: "id", inputPath: []any{"id"}, message: "is the ID of a Source, not of a Role"},
		"a person's ID that is none":  {document: `{ user(by: { id: "nope" }) { id } }`, argument: "by.id", inputPath: []any{"by", "id"}, message: "not an ID"},
		"an account of no source": {
			document: `{ user(by: { account: { source: "nope", externalId: "1" } }) { id } }`, argument: "by.account.source", inputPath: []any{"by", "account", "source"}, message: `"nope"`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				w := newTestServer(t, ws()).read()
				a := w.ask(tc.document)
				if len(a.Errors) != 1 {
					t.Fatalf("errors %v, want one", a.Errors)
				}
				e := a.Errors[0]
				if diff := cmp.Diff(map[string]any{"code": "BAD_USER_INPUT", "argument": tc.argument, "inputPath": tc.inputPath}, e.Extensions); diff != "" {
					t.Errorf("extensions (-want +got):\n%s", diff)
				}
				if !strings.Contains(e.Message, tc.message) {
					t.Errorf("message %q, want it to say %q", e.Message, tc.message)
				}
				if w.log.Len() > 0 {
					t.Errorf("a client's mistake is logged: %s", &w.log)
				}
			})
		})
	}
}

func TestOneOfLiterals(t *testing.T) {
	bubble(t, func(t *testing.T) {
		w := newTestServer(t, ws()).read()
		for _, document := range []string{
			`{ user(by: {}) { id } }`, `{ user(by: { email: "a", id: "b" }) { id } }`, `{ user(by: { email: null }) { id } }`,
			`query($e: String) { user(by: { email: $e }) { id } }`,
		} {
			a := w.ask(document)
			if len(a.Errors) != 1 || text(a.Errors[0].Extensions["code"]) == "INTERNAL_SERVER_ERROR" || a.Errors[0].Extensions["code"] == nil {
				t.Errorf("%s: errors %v, want one with a code", document, a.Errors)
			}
		}
	})
}

func TestMissingSources(t *testing.T) {
	bubble(t, func(t *testing.T) {
		down := ws()
		down.Accounts = failing[connectors.Account](connectors.Error{Op: "get_users", Kind: connectors.KindTimeout})
		down.Teams = failing[connectors.Team](connectors.Error{Op: "get_user_groups", Kind: connectors.KindTimeout})
		limited := crm()
		limited.Accounts = failing[connectors.Account](connectors.Error{Kind: connectors.KindRateLimited, Status: 429, RetryAfter: time.Hour})
		partial := mailer()
		partial.Accounts = short(connectors.Account{ID: "ann", Emails: mail("ann@example.com"), Active: true})
		w := newTestServer(t, down, limited, partial, chat()).read()

		a := w.ask(`{ users(filter: { bot: false, active: true }) {
			nodes { name } completeness { complete missing { name } stale { name } }
		} teams { totalCount } again: users { totalCount } sources { name } }`)
		because := a.Errors[0].Extensions["retryAfter"]
		var want []answerError
		for _, field := range []string{"users", "teams", "again"} {
			ws := answerError{
				Message: "accounts of source ws are missing: timed out", Path: []any{field},
				Extensions: map[string]any{"code": "SOURCE_UNAVAILABLE", "source": "ws", "reason": "TIMEOUT", "retryAfter": because},
			}
			crm := answerError{
				Message: "accounts of source crm are missing: rate limited", Path: []any{field},
				Extensions: map[string]any{"code": "SOURCE_UNAVAILABLE", "source": "crm", "reason": "RATE_LIMITED", "retryAfter": 3600.},
			}
			mailer := answerError{
				Message: "accounts of source mailer are incomplete: the source's own numbers contradict its rows or cannot be read, or it may have cut its list" +
					". Until it is read whole, nothing counts as removed; roster check shows what the credential may see", Path: []any{field},
				Extensions: map[string]any{"code": "SOURCE_INCOMPLETE", "source": "mailer", "reason": "BAD_RESPONSE"},
			}
			if want = append(want, ws, crm); field != "teams" { // the mailer's accounts mention no teams
				want = append(want, mailer)
			}
		}
		if diff := cmp.Diff(want, a.Errors); diff != "" {
			t.Errorf("errors (-want +got):\n%s", diff)
		}
		if wait, _ := a.Errors[0].Extensions["retryAfter"].(float64); wait < 1 || wait > 600 {
			t.Errorf("retryAfter %v, want the seconds until the next try", wait)
		}
		wantPage := map[string]any{
			"nodes": []any{map[string]any{"name": "Ann"}},
			"completeness": map[string]any{
				"complete": false, "stale": []any{},
				"missing": []any{map[string]any{"name": "ws"}, map[string]any{"name": "crm"}, map[string]any{"name": "mailer"}},
			},
		}
		if diff := cmp.Diff(wantPage, in(a.Data, "users")); diff != "" {
			t.Errorf("the page (-want +got):\n%s", diff)
		}
		if a := w.ask(`{ contacts { totalCount completeness { complete } } }`); len(a.Errors) > 0 {
			t.Errorf("contacts do not need the missing collections, but: %v", a.Errors)
		}
	})
}

// Each list states its own completeness.
func TestCompleteness(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		missing  connectors.Collection
		document string
		complete bool
	}{
		"people without teams":               {connectors.Teams, `{ users { completeness { complete } } }`, true},
		"people searched, without teams":     {connectors.Teams, `{ users(filter: { search: "ann" }) { completeness { complete } } }`, false},
		"people by team, without teams":      {connectors.Teams, `query($t: [ID!]) { users(filter: { teams: $t }) { completeness { complete } } }`, false},
		"people, with their teams":           {connectors.Teams, `{ users { completeness { complete } nodes { teams { id } } } }`, true},
		"people without roles":               {connectors.Roles, `{ users { completeness { complete } } }`, true},
		"people without contacts":            {connectors.Contacts, `{ users { completeness { complete } } }`, true},
		"teams without teams":                {connectors.Teams, `{ teams { completeness { complete } } }`, false},
		"teams without accounts":             {connectors.Accounts, `{ teams { completeness { complete } } }`, false},
		"teams without roles":                {connectors.Roles, `{ teams { completeness { complete } } }`, true},
		"roles without roles":                {connectors.Roles, `{ roles { completeness { complete } } }`, false},
		"contacts without folders":           {connectors.ContactFolders, `{ contacts { completeness { complete } } }`, true},
		"contacts searched, without folders": {connectors.ContactFolders, `{ contacts(filter: { search: "x" }) { completeness { complete } } }`, false},
		"contacts without accounts":          {connectors.Accounts, `{ contacts { completeness { complete } } }`, true},
		"folders without folders":            {connectors.ContactFolders, `{ contactFolders { completeness { complete } } }`, false},
		"folders without contacts":           {connectors.Contacts, `{ contactFolders { completeness { complete } } }`, false},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				e := connectors.Error{Kind: connectors.KindUnavailable}
				source := ws()
				source.Roles = all[connectors.Role]()
				switch tc.missing {
				case connectors.Accounts:
					source.Accounts = failing[connectors.Account](e)
				case connectors.Teams:
					source.Teams = failing[connectors.Team](e)
				case connectors.Roles:
					source.Roles = failing[connectors.Role](e)
				case connectors.Contacts:
					source.Contacts = failing[connectors.Contact](e)
				case connectors.ContactFolders:
					source.ContactFolders = failing[connectors.ContactFolder](e)
				}
				// A source without a collection does not make it incomplete.
				w := newTestServer(t, source, mailer()).read()
				var vars []any
				if strings.Contains(tc.document, "$t") {
					healthy := newTestServer(t, ws()).read().get(`{ teams { nodes { id } } }`)
					vars = []any{"t", []any{in(healthy, "teams", "nodes", 0, "id")}}
				}
				for list, page := range w.ask(tc.document, vars...).Data {
					if got := in(page, "completeness", "complete"); got != tc.complete {
						t.Errorf("%s are complete: %v, want %v", list, got, tc.complete)
					}
				}
			})
		})
	}
}

// The completeness of a list inside an object depends on the object's collections too.
func TestCompletenessOfListsInside(t *testing.T) {
	bubble(t, func(t *testing.T) {
		source := chat()
		source.Roles = failing[connectors.Role](connectors.Error{Kind: connectors.KindForbidden})
		w := newTestServer(t, source).read()
		a := w.ask(`query {
			teams { nodes { members { completeness { complete } } } }
			roles { nodes { holders { completeness { complete } } } }
		}`)
		got := []any{
			in(a.Data, "teams", "nodes", 0, "members", "completeness", "complete"),
			in(a.Data, "roles", "nodes", 0, "holders", "completeness", "complete"),
		}
		if diff := cmp.Diff([]any{true, false}, got); diff != "" {
			t.Errorf("members, holders (-want +got):\n%s", diff)
		}
	})
}

func TestAsOf(t *testing.T) {
	bubble(t, func(t *testing.T) {
		start := time.Now()
		w := newTestServer(t, ws(), mailer()).read()
		if got := text(w.get(`{ users { completeness { asOf } } }`), "users", "completeness", "asOf"); got != start.Format(time.RFC3339) {
			t.Errorf("as of %s, want %s", got, start.Format(time.RFC3339))
		}
		time.Sleep(time.Minute + time.Second) // by the bubble's clock: the accounts have been fetched again, without changes
		synctest.Wait()
		want := start.Add(time.Minute).Format(time.RFC3339)
		if got := text(w.get(`{ users { completeness { asOf } } }`), "users", "completeness", "asOf"); got != want {
			t.Errorf("after a minute as of %s, want %s", got, want)
		}
	})
}

// The first query waits for slow sources only for a limited time, and then gets the data of the others.
func TestFirstQueryDoesNotWaitForASlowSource(t *testing.T) {
	bubble(t, func(t *testing.T) {
		slow := crm()
		slow.Accounts = hanging[connectors.Account]()
		w := newTestServer(t, ws(), slow)
		w.once = true
		var a answer
		if took := elapsed(func() { a = w.ask(`{ users { totalCount } }`) }); took > 2*time.Second {
			t.Errorf("the answer took %s, want 2 s at most", took)
		}
		if got := in(a.Data, "users", "totalCount"); got != 2. {
			t.Errorf("%v people, want those of the other source", got)
		}
		if len(a.Errors) != 1 || a.Errors[0].Extensions["source"] != "crm" {
			t.Errorf("errors %v, want one that names crm", a.Errors)
		}
		if took := elapsed(func() { w.get(`{ sources { name } contactFolders { totalCount } }`) }); took != 0 {
			t.Errorf("a query that does not need the slow source took %s", took)
		}
	})
}

// An operation after the first page of a long first fetch sees that page, and that the list is incomplete.
func TestFirstFetchIsRunning(t *testing.T) {
	bubble(t, func(t *testing.T) {
		source := ws()
		source.Accounts = connectors.ListFunc[connectors.Account](
			func(ctx context.Context, progress connectors.Progress[connectors.Account]) (connectors.Listing[connectors.Account], error) {
				page := []connectors.Account{{ID: "1", Name: "Ann Lee", Active: true}}
				progress(connectors.Listing[connectors.Account]{Records: page})
				select {
				case <-time.After(time.Minute):
				case <-ctx.Done():
				}
				return connectors.Listing[connectors.Account]{Records: append(page, connectors.Account{ID: "2", Name: "Ben Fox"}), Complete: true}, nil
			})
		w := newTestServer(t, source)
		time.Sleep(10 * time.Second)
		a := w.ask(`{ users { totalCount completeness { complete } } }`)
		if got := []any{in(a.Data, "users", "totalCount"), in(a.Data, "users", "completeness", "complete")}; got[0] != 1. || got[1] != false {
			t.Errorf("people and completeness: %v, want 1 and false", got)
		}
		if len(a.Errors) != 1 || a.Errors[0].Extensions["code"] != "SOURCE_INCOMPLETE" {
			t.Errorf("errors %v, want one SOURCE_INCOMPLETE", a.Errors)
		}
		time.Sleep(time.Minute)
		synctest.Wait()
		got := w.get(`{ users { totalCount completeness { complete } } }`)
		if diff := cmp.Diff(map[string]any{"totalCount": 2., "completeness": map[string]any{"complete": true}}, got["users"]); diff != "" {
			t.Errorf("at the end (-want +got):\n%s", diff)
		}
	})
}

// A list stays complete if a source is missing whose records never mention its items.
func TestListsOfOtherSourcesStayComplete(t *testing.T) {
	bubble(t, func(t *testing.T) {
		away, noContacts := mailer(), crm()
		away.Accounts = failing[connectors.Account](connectors.Error{Kind: connectors.KindUnavailable})
		noContacts.Contacts = failing[connectors.Contact](connectors.Error{Kind: connectors.KindUnavailable})
		w := newTestServer(t, ws(), noContacts, away, chat()).read()
		for _, list := range []string{"teams", "roles", "contactFolders"} {
			if complete := in(w.get(`{ `+list+` { completeness { complete } } }`), list, "completeness", "complete"); complete != true {
				t.Errorf("%s are complete: %v, want true", list, complete)
			}
		}
	})
}
