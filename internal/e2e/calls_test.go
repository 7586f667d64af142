package e2e_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"roster/connectors"
	"roster/connectors/registry"
	"roster/internal/sandbox"
)

// manyPeople is more people than one page of the graph, or of a list of any system, can hold.
const manyPeople = 700

// Five hundred people with all that is around them cost one reading of each collection when the program is cold, and nothing when it is warm.
func TestUpstreamCalls(t *testing.T) {
	t.Parallel()
	systems, err := sandbox.Start(t.Context(), sandbox.Options{People: manyPeople, Seed: demoSeed})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = systems.Close() })
	once := callsOfOneReading(t, systems)

	settings := waiting(map[string]any{"listen": "127.0.0.1:0"})
	var sources []map[string]any
	for _, c := range systems.Sources() {
		sources = append(sources, reading(sourceSettings(c), "30d", "1s"))
	}
	settings["sources"] = sources
	systems.ResetCalls()
	p := serve(t, settings)

	const people = `{ users(first: 500) {
		completeness { complete }
		nodes { id name email accessLevel teams { name source { name } } roles { name source { name } }
			accounts { id name source { name state } teams { name } roles { name } } possibleDuplicates { name } }
	} }`
	var data struct {
		Users struct {
			Completeness struct{ Complete bool }
			Nodes        []struct {
				Name     string
				Accounts []struct{ ID string }
			}
		}
	}
	cold := p.ask(t, people, nil) // while everything is being read for the first time
	eventually(t, "everything has been read", func() bool {
		p.ask(t, people, nil)
		p.ask(t, `{ contacts(first: 500) { nodes { name owner { name } folder { name } } } }`, nil)
		return p.status(t, "/readyz") == 200
	})
	if len(cold.Data) == 0 || string(cold.Data) == "null" {
		t.Errorf("the first query got no data: %+v", cold.Errors)
	}
	if diff := cmp.Diff(once, systems.Calls()); diff != "" {
		t.Errorf("calls when cold (-one reading of each collection +made):\n%s", diff)
	}

	systems.ResetCalls()
	p.ask(t, people, nil).into(t, &data)
	if got := len(data.Users.Nodes); got != 500 || !data.Users.Completeness.Complete {
		t.Errorf("the page has %d people, complete %t, want 500 of complete data", got, data.Users.Completeness.Complete)
	}
	if diff := cmp.Diff(noCalls(), systems.Calls()); diff != "" {
		t.Errorf("calls when warm (-none +made):\n%s", diff)
	}

	presenceOfManyIsOneCall(t, p, systems)
}

// presenceOfManyIsOneCall asks for the presence of a hundred people, and of some of them again.
func presenceOfManyIsOneCall(t *testing.T, p *program, systems *sandbox.Sandbox) {
	t.Helper()
	const there = `query($first: Int!) { users(first: $first, filter: { accounts: [{ sources: ["rocketchat"], active: true }] }) {
		nodes { presence accounts { ... on RocketChatAccount { active presence statusText } } }
	} }`
	for _, first := range []int{100, 100, 20} {
		var data struct {
			Users struct {
				Nodes []struct{ Presence *string }
			}
		}
		p.ask(t, there, map[string]int{"first": first}).into(t, &data)
		known := 0
		for _, u := range data.Users.Nodes {
			if u.Presence != nil {
				known++
			}
		}
		if known != first {
			t.Errorf("the presence of %d people is known, want %d", known, first)
		}
		want := noCalls()
		want[sandbox.RocketChat] = map[string]int{"users.presence": 1}
		if diff := cmp.Diff(want, systems.Calls()); diff != "" {
			t.Errorf("calls for the presence of %d people (-want +made):\n%s", first, diff)
		}
	}
}

func noCalls() map[connectors.KindName]map[string]int {
	none := make(map[connectors.KindName]map[string]int)
	for _, kind := range sandbox.Kinds {
		none[kind] = map[string]int{}
	}
	return none
}

// callsOfOneReading reads each collection once and gives what that costs: as many calls as the lists have pages.
func callsOfOneReading(t *testing.T, systems *sandbox.Sandbox) map[connectors.KindName]map[string]int {
	t.Helper()
	systems.ResetCalls()
	accounts := make(map[connectors.KindName]int)
	teams := 0
	for _, c := range systems.Sources() {
		s, err := registry.Open(c)
		if err != nil {
			t.Fatal(err)
		}
		accounts[c.Kind] = len(read(t, s.Accounts))
		read(t, s.Contacts)
		read(t, s.ContactFolders)
		read(t, s.Roles)
		if n := len(read(t, s.Teams)); c.Kind == sandbox.RocketChat {
			teams = n
		}
	}
	calls := systems.Calls()
	pages := func(rows, size int) int { return (rows + size - 1) / size }
	for what, pair := range map[string][2]int{
		"Worksection's users":   {calls[sandbox.Worksection]["get_users"], 1},
		"Worksection's teams":   {calls[sandbox.Worksection]["get_user_groups"], 1},
		"Kommo's users":         {calls[sandbox.Kommo]["users.list"], pages(accounts[sandbox.Kommo], 250)},
		"Rocket.Chat's users":   {calls[sandbox.RocketChat]["users.list"], pages(accounts[sandbox.RocketChat]-1, 99)}, // by one row, pages overlap
		"Rocket.Chat's members": {calls[sandbox.RocketChat]["teams.members"], membersPages(systems, teams)},
	} {
		if pair[0] != pair[1] {
			t.Errorf("one reading of %s takes %d calls, want %d", what, pair[0], pair[1])
		}
	}
	return calls
}

// membersPages is how many calls the members of all teams take: at least one for each. A page that may have been cut, since it has 100 rows, as many as are
// asked for, or 50, Rocket.Chat's default, is followed by one more.
func membersPages(systems *sandbox.Sandbox, teams int) int {
	members := make(map[string]int)
	for i := range systems.Company.People {
		if a := systems.Company.People[i].In(sandbox.RocketChat); a != nil {
			for _, team := range a.Teams {
				members[team]++
			}
		}
	}
	calls := teams
	for _, n := range members {
		calls += max(0, (n-1+98)/99-1)
		if n == 50 || n > 1 && (n-1)%99 == 0 {
			calls++
		}
	}
	return calls
}

func read[T connectors.Record](t *testing.T, l connectors.Lister[T]) []T {
	t.Helper()
	if l == nil {
		return nil
	}
	listing, err := l.List(t.Context(), nil)
	if err != nil || !listing.Complete {
		t.Fatalf("a reading is complete %t: %v", listing.Complete, err)
	}
	return listing.Records
}
