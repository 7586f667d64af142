package resolvers_test

import (
	"fmt"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"roster/connectors"
)

// manyPeople is a chat with n people, all active, in two teams.
func manyPeople(n int) (*connectors.Source, *presenceSource) {
	var accounts []connectors.Account
	var even, odd []string
	for i := range n {
		id := "u" + strconv.Itoa(1000+i)
		accounts = append(accounts, connectors.Account{ID: id, Name: "Person " + id, Active: true})
		if i%2 == 0 {
			even = append(even, id)
		} else {
			odd = append(odd, id)
		}
	}
	p := &presenceSource{everyone: slices.Concat(even, odd)}
	return &connectors.Source{
		Name: "chat", Kind: "rocketchat", Accounts: all(accounts...), Presence: p,
		Teams: all(connectors.Team{ID: "even", Name: "Even", Members: even}, connectors.Team{ID: "odd", Name: "Odd", Members: odd}),
	}, p
}

// All accounts of an answer are requested in one call at once, because the source may not be called again for a while.
func TestPresenceIsAskedOnce(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		people   int
		document string
		asked    int // the number of accounts in the call
	}{
		"a page":                           {100, `{ users(first: 100) { nodes { presence } } }`, 100},
		"a page by its edges":              {50, `{ users(first: 50) { edges { node { presence } } } }`, 50},
		"a page and its accounts":          {50, `{ users(first: 50) { nodes { presence accounts { ... on RocketChatAccount { presence statusText user { presence } } } } } }`, 50},
		"a page through a fragment":        {50, `{ users(first: 50) { ...page } } fragment page on UserConnection { nodes { ...p } } fragment p on User { presence }`, 50},
		"a page by an alias":               {50, `{ users(first: 50) { people: nodes { there: presence } } }`, 50},
		"a page beside other things":       {50, `{ users(first: 50) { nodes { presence } } sources { name } more: users { totalCount } }`, 50},
		"a page of more than a call takes": {120, `{ users(first: 120) { nodes { presence } } }`, 0},
		"half of a page":                   {50, `query { users(first: 25) { nodes { presence } pageInfo { hasNextPage } } }`, 25},
		"one person":                       {2, `{ user(by: { account: { source: "chat", externalId: "u1001" } }) { presence } }`, 1},
		"two teams":                        {40, `{ teams { nodes { members(first: 20) { nodes { presence } } } } }`, 40},
		"two pages":                        {40, `{ a: users(first: 5) { nodes { presence } } b: users(last: 5) { nodes { presence } } }`, 10},
		"nobody":                           {40, `{ users { nodes { presence @include(if: false) name } } }`, -1},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				source, p := manyPeople(tc.people)
				w := newTestServer(t, source).read()
				w.once = true
				for again := range 2 {
					var got map[string]any
					took := elapsed(func() { got = w.get(tc.document) })
					if took != 0 {
						t.Errorf("the answer took %s, want it at once", took)
					}
					if tc.asked >= 0 {
						everyone(t, got, "ONLINE")
					}
					asked := p.asked()
					if tc.asked < 0 && len(asked) > 0 || tc.asked >= 0 && (len(asked) != 1 || len(asked[0]) != tc.asked) {
						t.Errorf("after query %d the source has been called for %v, want one call for %d (0: for everyone)", again+1, asked, tc.asked)
					}
				}
			})
		})
	}
}

// everyone checks every presence in an answer.
func everyone(t *testing.T, v any, want string) {
	t.Helper()
	switch v := v.(type) {
	case map[string]any:
		for name, x := range v {
			if (name == "presence" || name == "there") && x != want {
				t.Errorf("presence %v, want %s", x, want)
			}
			everyone(t, x, want)
		}
	case []any:
		for _, x := range v {
			everyone(t, x, want)
		}
	}
}

func TestPresenceOfNodes(t *testing.T) {
	bubble(t, func(t *testing.T) {
		source, p := manyPeople(10)
		source.Contacts = all(connectors.Contact{ID: "c", Name: "Cem", OwnerID: "u1009"})
		w := newTestServer(t, source).read()
		ids := w.get(`{ users(first: 3) { nodes { id accounts { id } } } }`)
		var people []any
		for i := range 3 {
			people = append(people, in(ids, "users", "nodes", i, "id"))
		}
		account := in(ids, "users", "nodes", 0, "accounts", 0, "id")
		took := elapsed(func() {
			w.get(`query($ids: [ID!]!) { nodes(ids: $ids) { ... on User { presence } } }`, "ids", people)
			w.get(`query($id: ID!) { node(id: $id) { ... on RocketChatAccount { presence } } }`, "id", account)
		})
		if took != 0 || len(p.asked()) != 1 {
			t.Errorf("it took %s with the calls %v, want one at once", took, p.asked())
		}
		contact := w.get(`{ contacts { nodes { id } } }`)
		for _, document := range []string{
			`{ contacts { nodes { owner { presence } } } }`, `query($id: ID!) { contact(id: $id) { owner { presence } } }`,
		} {
			p2 := &presenceSource{}
			source.Presence = p2
			w = newTestServer(t, source).read()
			if took := elapsed(func() { w.get(document, "id", in(contact, "contacts", "nodes", 0, "id")) }); took != 0 {
				t.Errorf("%s took %s", document, took)
			}
			if diff := cmp.Diff([][]string{{"u1009"}}, p2.asked()); diff != "" {
				t.Errorf("%s called for (-want +got):\n%s", document, diff)
			}
		}
	})
}

// If only the presence of other people is requested, that of the page's people is not fetched.
func TestPresenceOfOthers(t *testing.T) {
	bubble(t, func(t *testing.T) {
		p := &presenceSource{}
		people := &connectors.Source{Name: "ws", Kind: "worksection", Accounts: all(
			connectors.Account{ID: "1", Name: "Ann", Emails: mail("info@example.com"), Active: true})}
		others := &connectors.Source{Name: "chat", Kind: "rocketchat", Presence: p, Accounts: all(
			connectors.Account{ID: "u1", Name: "Anna", Emails: mail("info@example.com"), Active: true},
			connectors.Account{ID: "u2", Name: "Zoe", Active: true})}
		w := newTestServer(t, people, others).read()
		w.get(`{ users { nodes { possibleDuplicates { presence } } } }`)
		for _, ids := range p.asked() {
			if slices.Contains(ids, "u2") {
				t.Errorf("called for %v, who are not requested", ids)
			}
		}
	})
}

func TestPresenceOfOnePerson(t *testing.T) {
	bubble(t, func(t *testing.T) {
		const address = "ann@example.com"
		account := func(id string, active bool) connectors.Lister[connectors.Account] {
			return all(connectors.Account{ID: id, Name: "Ann", Emails: mail(address), Active: active})
		}
		source := func(name string, active bool, say connectors.Presence) *connectors.Source {
			return &connectors.Source{Name: name, Kind: "rocketchat", Accounts: account(name, active),
				Presence: &presenceSource{say: map[string]connectors.Presence{name: say}}}
		}
		silent := source("silent", true, connectors.Presence{})
		silent.Presence = nil
		left := source("left", false, connectors.Presence{State: connectors.PresenceOnline})
		w := newTestServer(t,
			source("away", true, connectors.Presence{State: connectors.PresenceAway, Text: "lunch"}),
			source("busy", true, connectors.Presence{State: connectors.PresenceBusy}),
			source("off", true, connectors.Presence{State: connectors.PresenceOffline}),
			silent, left).read()
		var got map[string]any
		took := elapsed(func() {
			got = w.get(fmt.Sprintf(`{ user(by: { email: %q }) {
				presence accounts { source { name } ... on RocketChatAccount { presence statusText } }
			} }`, address))
		})
		one := func(name string, presence, text any) any {
			return map[string]any{"source": map[string]any{"name": name}, "presence": presence, "statusText": text}
		}
		want := map[string]any{"presence": "BUSY", "accounts": []any{
			one("away", "AWAY", "lunch"), one("busy", "BUSY", nil), one("off", "OFFLINE", nil), one("silent", nil, nil), one("left", nil, nil),
		}}
		if diff := cmp.Diff(want, got["user"]); diff != "" {
			t.Errorf("the person (-want +got):\n%s", diff)
		}
		if took != 0 {
			t.Errorf("it took %s", took)
		}
		if left, _ := left.Presence.(*presenceSource); len(left.asked()) > 0 {
			t.Errorf("called for an inactive account: %v", left.asked())
		}
	})
}

// If a list is paged and sorted again within seconds, everyone's presence is known, with the time of its call.
func TestPresenceOfPagesTurned(t *testing.T) {
	bubble(t, func(t *testing.T) {
		source, p := manyPeople(300)
		w := newTestServer(t, source).read()
		asked := make([]string, 2)
		for i, tc := range []struct {
			page string
			of   int // the call from which it comes
		}{
			{`first: 50`, 0}, {`first: 50, after: %q`, 1}, {`first: 50, orderBy: { field: NAME, direction: DESC }`, 1}, {`first: 50`, 1},
		} {
			var cursor string
			if i == 1 {
				cursor = text(w.get(`{ users(first: 50) { pageInfo { endCursor } } }`), "users", "pageInfo", "endCursor")
				tc.page = fmt.Sprintf(tc.page, cursor)
			}
			if i < len(asked) {
				asked[i] = time.Now().UTC().Format(time.RFC3339)
			}
			a, header := w.askFor("", `{ users(`+tc.page+`) { nodes { presence presenceAsOf } } }`)
			nodes, _ := in(a.Data, "users", "nodes").([]any)
			for _, n := range nodes {
				if diff := cmp.Diff(map[string]any{"presence": "ONLINE", "presenceAsOf": asked[tc.of]}, n); diff != "" {
					t.Fatalf("%s (-want +got):\n%s", tc.page, diff)
				}
			}
			if control := header.Get("Cache-Control"); len(nodes) != 50 || len(a.Errors) > 0 || control != "private, max-age="+header.Get("Age") && control != "no-store" {
				t.Errorf("%s: %d people, errors %v, Cache-Control %q at the age of %s", tc.page, len(nodes), a.Errors, control, header.Get("Age"))
			}
			time.Sleep(3 * time.Second)
		}
		if len(p.asked()) != 2 {
			t.Errorf("the source has been called %d times", len(p.asked()))
		}
	})
}

// presenceAsOf distinguishes an unknown presence from one that was not fetched. It belongs to the state that is shown.
func TestPresenceAsOf(t *testing.T) {
	bubble(t, func(t *testing.T) {
		accounts := func(addresses ...string) connectors.Lister[connectors.Account] {
			var list []connectors.Account
			for _, a := range addresses {
				list = append(list, connectors.Account{ID: a[:1], Name: a[:1], Emails: mail(a), Active: true})
			}
			return all(list...)
		}
		first := &presenceSource{say: map[string]connectors.Presence{"a": {State: connectors.PresenceAway}, "b": {}}}
		second := &presenceSource{say: map[string]connectors.Presence{"a": {State: connectors.PresenceBusy}}}
		w := newTestServer(t,
			&connectors.Source{Name: "one", Kind: "rocketchat", Presence: first, Accounts: accounts("a@example.com", "b@example.com")},
			&connectors.Source{Name: "two", Kind: "rocketchat", Presence: second, Accounts: accounts("a@example.com")},
			&connectors.Source{Name: "mute", Kind: "worksection", Accounts: accounts("c@example.com")},
		).read()
		const document = `query($e: String!) { user(by: { email: $e }) { presence presenceAsOf } }`
		at := func() string { return time.Now().UTC().Format(time.RFC3339) }
		asked := at()
		for address, want := range map[string]map[string]any{
			"b@example.com": {"presence": nil, "presenceAsOf": asked}, // fetched, and unknown to the source
			"c@example.com": {"presence": nil, "presenceAsOf": nil},   // no source knows presence
		} {
			if diff := cmp.Diff(any(want), w.get(document, "e", address)["user"]); diff != "" {
				t.Errorf("%s (-want +got):\n%s", address, diff)
			}
		}
		time.Sleep(5 * time.Second)
		if diff := cmp.Diff(any(map[string]any{"presence": "BUSY", "presenceAsOf": at()}), w.get(document, "e", "a@example.com")["user"]); diff != "" {
			t.Errorf("of two accounts (-want +got):\n%s", diff)
		}
		if got := w.get(`{ user(by: { email: "a@example.com" }) { presenceAsOf } }`); in(got, "user", "presenceAsOf") != at() {
			t.Errorf("without presence in the selection: %v", got)
		}
	})
}
