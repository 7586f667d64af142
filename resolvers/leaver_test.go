package resolvers_test

import (
	"context"
	"fmt"
	"slices"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"roster/connectors"
	"roster/internal/directory"
	"roster/internal/snapshot"
	"roster/internal/snapshot/localstore"
)

var hrDecides = directory.Rules{Authority: "hr"}

func worker(id, name string, active bool) connectors.Account {
	return connectors.Account{ID: id, Name: name, Active: active, Emails: mail(name + "@example.com"), Access: connectors.AccessMember, Roles: []connectors.RoleRef{}}
}

// leavers returns the answer to the question who is gone, with the sources whose data is missing or stale.
func (w *testServer) leavers() string {
	w.t.Helper()
	const query = `{ users(filter: { leaver: true }) { nodes { name leaver { since externalId } } completeness { missing { name } stale { name } } } }`
	var names []string
	users := in(w.ask(query).Data, "users") // a source that fails is an error too
	nodes, _ := in(users, "nodes").([]any)
	for _, n := range nodes {
		names = append(names, text(n, "name")+" "+text(n, "leaver", "externalId"))
	}
	return fmt.Sprintf("%v missing: %s stale: %s", names, text(users, "completeness", "missing", 0, "name"), text(users, "completeness", "stale", 0, "name"))
}

// Whoever is gone in the source that decides has a leaver, with the rights that are left, and nobody else has.
func TestLeaver(t *testing.T) {
	bubble(t, func(t *testing.T) {
		hr := &ledger{accounts: []connectors.Account{worker("1", "Ann", true), worker("2", "Ben", true), worker("3", "Cem", true)}}
		chat := &ledger{accounts: []connectors.Account{worker("c1", "Ann", true), worker("c2", "Ben", true), worker("c3", "Cem", true), worker("c4", "Zoe", true)}}
		chat.accounts[0].Access, chat.accounts[0].Roles = connectors.AccessAdmin, []connectors.RoleRef{{ID: "owner", Name: "owner"}}
		w := newTestServerBy(t, hrDecides, snapshot.Options{Sources: []*connectors.Source{hr.source("hr"), chat.source("chat")}}).read()
		synctest.Wait()
		if got := w.leavers(); got != "[] missing:  stale: " {
			t.Errorf("at first: %s", got)
		}
		w.fetchAgain("hr")
		changed := time.Now()
		hr.mu.Lock()
		hr.accounts = []connectors.Account{worker("1", "Ann", false), worker("3", "Cem", true)}
		hr.mu.Unlock()
		w.fetchAgain("hr")
		at := text(w.get(`{ users(filter: { leaver: true }) { nodes { leaver { since } } } }`), "users", "nodes", 0, "leaver", "since")
		if since, err := time.Parse(time.RFC3339Nano, at); err != nil || since.Before(changed) || since.After(time.Now()) {
			t.Errorf("Ann is gone since %s, want a time after %s, when it was changed", at, changed)
		}
		got := w.get(`{ users(filter: { leaver: true }) { totalCount nodes { name leaver { authority { name authority } externalId account { active } since
			activeAccounts { externalId accessLevel roles { name } source { name authority } } } } }
			others: users(filter: { leaver: false }) { nodes { name leaver { since } } } }`)
		activeAccount := func(id, level string, roles ...any) []any {
			return []any{map[string]any{"externalId": id, "accessLevel": level, "roles": append([]any{}, roles...), "source": map[string]any{"name": "chat", "authority": false}}}
		}
		hrSource := map[string]any{"name": "hr", "authority": true}
		want := map[string]any{
			"users": map[string]any{"totalCount": 2.0, "nodes": []any{
				map[string]any{"name": "Ann", "leaver": map[string]any{"authority": hrSource, "externalId": "1", "account": map[string]any{"active": false}, "since": at,
					"activeAccounts": activeAccount("c1", "ADMIN", map[string]any{"name": "owner"})}},
				map[string]any{"name": "Ben", "leaver": map[string]any{"authority": hrSource, "externalId": "2", "account": nil, "since": at,
					"activeAccounts": activeAccount("c2", "MEMBER")}},
			}},
			"others": map[string]any{"nodes": []any{map[string]any{"name": "Cem", "leaver": nil}, map[string]any{"name": "Zoe", "leaver": nil}}},
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("-want +got:\n%s", diff)
		}
		id := in(w.get(`{ users(filter: { leaver: true }) { nodes { leaver { accountId } } } }`), "users", "nodes", 1, "leaver", "accountId")
		if want := directory.AccountID(connectors.Ref{Source: "hr", ID: "2"}); id != want {
			t.Errorf("the ID of the removed account is %v, want %s", id, want)
		}
	})
}

// A source that fails, holds a loss back or tells only a part makes nobody a leaver, and the answer says that it is not up to date.
func TestNobodyBecomesALeaverByAFailure(t *testing.T) {
	for name, tc := range map[string]struct {
		later func(accounts []connectors.Account) (connectors.Listing[connectors.Account], error)
		want  string
	}{
		"it fails": {func([]connectors.Account) (connectors.Listing[connectors.Account], error) {
			return connectors.Listing[connectors.Account]{}, &connectors.Error{Kind: connectors.KindUnavailable}
		}, "[Person0 0] missing:  stale: hr"},
		"it lacks most people": {func(all []connectors.Account) (connectors.Listing[connectors.Account], error) {
			return connectors.Listing[connectors.Account]{Records: all[:10], Complete: true}, nil
		}, "[Person0 0] missing:  stale: hr"},
		"it lacks a quarter": {func(all []connectors.Account) (connectors.Listing[connectors.Account], error) {
			return connectors.Listing[connectors.Account]{Records: all[:75], Complete: true}, nil
		}, "[Person0 0] missing:  stale: hr"},
		"it tells a part, with others inactive": {func(all []connectors.Account) (connectors.Listing[connectors.Account], error) {
			return connectors.Listing[connectors.Account]{Records: []connectors.Account{worker("5", all[5].Name, false)}}, nil
		}, "[Person0 0] missing: hr stale: "},
		"it tells everything": {func(all []connectors.Account) (connectors.Listing[connectors.Account], error) {
			return connectors.Listing[connectors.Account]{Records: all[:99], Complete: true}, nil
		}, "[Person0 0 Person99 99] missing:  stale: "},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				chat := &ledger{}
				var people []connectors.Account
				for i := range 100 {
					id := fmt.Sprint(i)
					people = append(people, worker(id, "Person"+id, true))
					chat.accounts = append(chat.accounts, worker("c"+id, "Person"+id, true))
				}
				left := append([]connectors.Account{worker("0", "Person0", false)}, people[1:]...)
				var answers atomic.Int32
				hr := &connectors.Source{Name: "hr", Kind: "crm", Accounts: connectors.ListFunc[connectors.Account](
					func(context.Context, connectors.Progress[connectors.Account]) (connectors.Listing[connectors.Account], error) {
						switch answers.Add(1) {
						case 1:
							return connectors.Listing[connectors.Account]{Records: people, Complete: true}, nil
						case 2:
							return connectors.Listing[connectors.Account]{Records: left, Complete: true}, nil
						}
						return tc.later(left)
					})}
				w := newTestServerBy(t, hrDecides, snapshot.Options{
					Sources:  []*connectors.Source{hr, chat.source("chat")},
					Settings: map[snapshot.Key]snapshot.Settings{{Source: "hr", Collection: connectors.Accounts}: {MaxLoss: 5}}, // as the configuration has it
				}).read()
				for answers.Load() < 3 {
					time.Sleep(20 * time.Second)
					w.keeper.Refresh(snapshot.Key{Source: "hr", Collection: connectors.Accounts})
					synctest.Wait()
				}
				if name == "it fails" {
					time.Sleep(time.Hour)                                                           // until what is known is old
					w.keeper.Refresh(snapshot.Key{Source: "chat", Collection: connectors.Accounts}) // so that the question begins no fetch of it
					synctest.Wait()
				}
				time.Sleep(time.Second)
				if got := w.leavers(); got != tc.want {
					t.Errorf("it answers %s, want %s", got, tc.want)
				}
			})
		})
	}
}

// The data in a directory has everything for the leavers after a restart, also when sources are away, and much longer than keep_for.
func TestLeaversOutliveARestart(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	hr := &ledger{accounts: []connectors.Account{worker("1", "Ann", true), worker("2", "Ben", true), worker("3", "Cem", true)}}
	chat := &ledger{accounts: []connectors.Account{worker("c1", "Ann", true), worker("c2", "Ben", true), worker("c3", "Cem", true)}}
	key := snapshot.Key{Source: "hr", Collection: connectors.Accounts}
	open := func(t *testing.T, sources ...*connectors.Source) *testServer {
		store, err := localstore.Open(dir, nil)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			if err := store.Close(); err != nil {
				t.Error(err)
			}
		})
		for _, s := range sources {
			s.Fingerprint = s.Name
		}
		options := fetchedOnce(sources)
		options.SharedStore, options.IdleAfter = store.Join(), 1000*time.Hour
		options.Settings[key] = snapshot.Settings{FreshFor: 24 * time.Hour, KeepFor: 48 * time.Hour, RememberFor: 366 * 24 * time.Hour}
		return newTestServerBy(t, hrDecides, options)
	}
	synctest.Test(t, func(t *testing.T) {
		w := open(t, hr.source("hr"), chat.source("chat")).read()
		hr.mu.Lock()
		hr.accounts = []connectors.Account{worker("1", "Ann", false), worker("3", "Cem", true)}
		hr.mu.Unlock()
		w.fetchAgain("hr")
		for day := range 4 { // each brings a change, with which older removals could be forgotten
			time.Sleep(24 * time.Hour)
			hr.mu.Lock()
			hr.accounts = slices.Clone(hr.accounts) // the earlier ones are in use
			hr.accounts[1].Title = fmt.Sprint("Day ", day)
			hr.mu.Unlock()
			w.keeper.Refresh(key)
			synctest.Wait()
		}
		if got := w.leavers(); got != "[Ann 1 Ben 2] missing:  stale: " {
			t.Errorf("before the restart: %s", got)
		}
	})
	away := func(name string) *connectors.Source {
		return &connectors.Source{Name: name, Kind: "crm", Accounts: connectors.ListFunc[connectors.Account](
			func(context.Context, connectors.Progress[connectors.Account]) (connectors.Listing[connectors.Account], error) {
				return connectors.Listing[connectors.Account]{}, &connectors.Error{Kind: connectors.KindUnavailable}
			})}
	}
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(6 * 24 * time.Hour) // the clock of the test begins again
		w := open(t, away("hr"), away("chat")).read()
		synctest.Wait()
		if got := w.leavers(); got != "[Ann 1 Ben 2] missing:  stale: hr" {
			t.Errorf("after the restart: %s", got)
		}
	})
}
