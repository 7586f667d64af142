package resolvers_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"roster/connectors"
	"roster/internal/snapshot"
)

// ledger is a source whose records the test changes.
type ledger struct {
	mu       sync.Mutex
	accounts []connectors.Account
	teams    []connectors.Team
	contacts []connectors.Contact
}

func listOf[T connectors.Record](l *ledger, records *[]T) connectors.Lister[T] {
	return connectors.ListFunc[T](func(context.Context, connectors.Progress[T]) (connectors.Listing[T], error) {
		l.mu.Lock()
		defer l.mu.Unlock()
		return connectors.Listing[T]{Records: *records, Complete: true}, nil
	})
}

func (l *ledger) source(name string) *connectors.Source {
	return &connectors.Source{Name: name, Kind: "crm", Accounts: listOf(l, &l.accounts), Teams: listOf(l, &l.teams), Contacts: listOf(l, &l.contacts)}
}

// fetchAgain has all collections of a source fetched, and returns when.
func (w *testServer) fetchAgain(source string) string {
	w.t.Helper()
	time.Sleep(20 * time.Second)
	at := time.Now()
	for _, c := range []connectors.Collection{connectors.Accounts, connectors.Teams, connectors.Contacts} {
		if _, ok := w.keeper.Refresh(snapshot.Key{Source: source, Collection: c}); !ok {
			w.t.Fatal("the source is not fetched")
		}
	}
	time.Sleep(time.Second)
	synctest.Wait()
	return at.UTC().Format(time.RFC3339Nano)
}

// found returns the names that a list has.
func (w *testServer) found(list, filter string) string {
	w.t.Helper()
	var names []string
	nodes, _ := in(w.get("{ "+list+"(filter: {"+filter+"}) { nodes { name } } }"), list, "nodes").([]any)
	for _, n := range nodes {
		names = append(names, text(n, "name"))
	}
	return strings.Join(names, " ")
}

func TestChangedSince(t *testing.T) {
	bubble(t, func(t *testing.T) {
		l := &ledger{
			accounts: []connectors.Account{{ID: "1", Name: "Ann", Active: true, Emails: mail("ann@example.com")}, {ID: "2", Name: "Ben", Active: true},
				{ID: "3", Name: "Cem", Active: true}},
			teams:    []connectors.Team{{ID: "t1", Name: "Sales", Members: []string{"1"}}, {ID: "t2", Name: "Support"}},
			contacts: []connectors.Contact{{ID: "c1", Name: "Dora"}, {ID: "c2", Name: "Eve"}},
		}
		other := &ledger{accounts: []connectors.Account{{ID: "9", Name: "Ann", Active: true, Emails: mail("ann@example.com")}}}
		began := time.Now()
		w := newTestServer(t, l.source("a"), other.source("b")).read()
		synctest.Wait()
		since := func(list string, at any) string { return w.found(list, fmt.Sprintf("changedSince: %q", at)) }
		if got := since("users", began.UTC().Format(time.RFC3339Nano)); got != "Ann Ben Cem" {
			t.Errorf("since the first fetch: %q, want everybody", got)
		}
		l.mu.Lock()
		l.accounts = []connectors.Account{{ID: "1", Name: "Ann", Active: true, Emails: mail("ann@example.com")}, {ID: "2", Name: "Ben", Active: true, Title: "Head"},
			{ID: "3", Name: "Cem", Active: true, Phones: []connectors.Phone{{Raw: "1"}}}, {ID: "4", Name: "Zoë"}}
		l.teams = []connectors.Team{{ID: "t1", Name: "Sales", Members: []string{"1"}}, {ID: "t2", Name: "Help"}}
		l.contacts = []connectors.Contact{{ID: "c1", Name: "Dora", Title: "CEO"}, {ID: "c2", Name: "Eve", Phones: []connectors.Phone{{Raw: "2"}}}}
		l.mu.Unlock()
		second := w.fetchAgain("a")
		for list, want := range map[string]string{"users": "Ben Cem Zoë", "teams": "Help", "contacts": "Dora Eve"} {
			if got := since(list, second); got != want {
				t.Errorf("%s since the second fetch: %q, want %q", list, got, want)
			}
		}
		if got := text(w.get(`{ users(filter: {changedSince: "`+second+`"}) { totalCount facets(by: SOURCE) { value count } } }`), "users", "facets", 0, "value"); got != "a" {
			t.Errorf("the facet is of %q, want a", got)
		}
		// Somebody who may not see phone numbers does not see either that one has changed.
		ask := overHTTP(w.withAuthentication())
		if got := ask(t, onlyRead, `{ users(filter: {changedSince: "`+second+`"}) { nodes { name } } }`, nil); strings.Contains(got, "Cem") || !strings.Contains(got, "Ben") {
			t.Errorf("without directory:sensitive, these people have changed: %s", got)
		}
		if got := ask(t, onlyRead, `{ contacts(filter: {changedSince: "`+second+`"}) { nodes { name } } }`, nil); strings.Contains(got, "Eve") || !strings.Contains(got, "Dora") {
			t.Errorf("without directory:sensitive, these contacts have changed: %s", got)
		}
		// An account that is gone is a change of the person.
		other.mu.Lock()
		other.accounts = nil
		other.mu.Unlock()
		l.mu.Lock()
		l.accounts = l.accounts[:3]
		l.mu.Unlock()
		third := w.fetchAgain("b")
		if got := since("users", third); got != "Ann" {
			t.Errorf("since an account was removed: %q, want its person", got)
		}
	})
}

// The answer says when an object was removed for which somebody asks by its ID.
func TestRemovedAt(t *testing.T) {
	bubble(t, func(t *testing.T) {
		l := &ledger{accounts: []connectors.Account{{ID: "1", Name: "Ann"}, {ID: "2", Name: "Ben"}}, teams: []connectors.Team{{ID: "t", Name: "T", Members: []string{"1"}}},
			contacts: []connectors.Contact{{ID: "c", Name: "C"}}}
		w := newTestServer(t, l.source("a")).read()
		synctest.Wait()
		ids := w.get(`{ users { nodes { id accounts { id } } } teams { nodes { id } } contacts { nodes { id } } }`)
		user, account := text(ids, "users", "nodes", 1, "id"), text(ids, "users", "nodes", 1, "accounts", 0, "id")
		team, contact := text(ids, "teams", "nodes", 0, "id"), text(ids, "contacts", "nodes", 0, "id")
		l.mu.Lock()
		l.accounts, l.teams, l.contacts = l.accounts[:1], nil, nil
		l.mu.Unlock()
		at := w.fetchAgain("a")
		removed := func(document string) map[string]string {
			t.Helper()
			if a := w.ask(document); len(a.Errors) > 0 {
				t.Errorf("%s: %v", document, a.Errors)
			}
			var answer struct {
				Extensions struct {
					RemovedAt []struct{ ID, RemovedAt string }
				}
			}
			body, _ := json.Marshal(map[string]any{"query": document})
			rec := w.post(http.Header{"Content-Type": {"application/json"}}, body)
			if err := json.Unmarshal(rec.Body.Bytes(), &answer); err != nil {
				t.Fatal(err)
			}
			out := map[string]string{}
			for _, r := range answer.Extensions.RemovedAt {
				out[r.ID] = r.RemovedAt
			}
			return out
		}
		for document, want := range map[string][]string{
			`{ node(id: "` + user + `") { id } }`:                                 {user},
			`{ node(id: "` + account + `") { id } }`:                              {account},
			`{ user(by: {id: "` + user + `"}) { id } }`:                           {user},
			`{ team(id: "` + team + `") { id } }`:                                 {team},
			`{ contact(id: "` + contact + `") { id } }`:                           {contact},
			`{ nodes(ids: ["` + user + `", "` + contact + `"]) { id } }`:          {user, contact},
			`{ node(id: "` + text(ids, "users", "nodes", 0, "id") + `") { id } }`: nil,
			`{ node(id: "never") { id } }`:                                        nil,
		} {
			wanted := map[string]string{}
			for _, id := range want {
				wanted[id] = at
			}
			if diff := cmp.Diff(wanted, removed(document)); diff != "" {
				t.Errorf("%s (-want +got):\n%s", document, diff)
			}
		}
	})
}

// An account has been observed when its source was fetched last, although its record has not changed.
func TestObservedAt(t *testing.T) {
	bubble(t, func(t *testing.T) {
		l := &ledger{accounts: []connectors.Account{{ID: "1", Name: "Ann"}}}
		w := newTestServer(t, l.source("a")).read()
		synctest.Wait()
		const document = `{ users { nodes { asOf accounts { observedAt } } } }`
		before := w.get(document)
		at := w.fetchAgain("a")
		after := text(w.get(document), "users", "nodes", 0, "accounts", 0, "observedAt")
		if text(before, "users", "nodes", 0, "accounts", 0, "observedAt") == after || after != at[:len("2026-01-02T03:04:05")]+"Z" && after != at {
			t.Errorf("observed at %s, want %s", after, at)
		}
		if asOf := text(w.get(document), "users", "nodes", 0, "asOf"); asOf != after {
			t.Errorf("the person is as of %s, want %s", asOf, after)
		}
	})
}
