package directory_test

import (
	"errors"
	"fmt"
	"runtime"
	"strings"
	"testing"

	"roster/connectors"
	"roster/internal/directory"
)

// stopAt becomes true at the nth call, and counts the calls.
type stopAt struct{ n, calls int }

func (s *stopAt) stop() bool {
	s.calls++
	return s.calls >= s.n
}

// longQueries are those that look at many people, or at all items of a long input.
func longQueries() map[string]func(*directory.Directory) error {
	search, few := "user", 1
	users := func(d *directory.Directory, f *directory.UserFilter) (*directory.UserConnection, error) {
		return d.Users(f, directory.UserOrder{}, directory.PageArgs{})
	}
	// The filters are all different, and everyone matches them.
	var filters []*directory.AccountFilter
	for level := range 64 {
		levels := []connectors.AccessLevel{1, 2, 3, 4, 5, 6, 7}
		for i := range 6 {
			if level&(1<<i) != 0 {
				levels = append(levels, connectors.AccessLevel(8+i))
			}
		}
		filters = append(filters, &directory.AccountFilter{Min: 1, AccessLevels: levels})
	}
	return map[string]func(*directory.Directory) error{
		"people by their number of accounts": func(d *directory.Directory) error {
			_, err := users(d, &directory.UserFilter{MinAccounts: &few})
			return err
		},
		"people by their accounts": func(d *directory.Directory) error {
			_, err := users(d, &directory.UserFilter{Accounts: filters})
			return err
		},
		"people by a search": func(d *directory.Directory) error {
			_, err := users(d, &directory.UserFilter{Search: &search})
			return err
		},
		"contacts by a search": func(d *directory.Directory) error {
			_, err := d.Contacts(&directory.ContactFilter{Search: new("c")}, directory.ContactOrder{}, directory.PageArgs{})
			return err
		},
		"numbers of people": func(d *directory.Directory) error {
			page, err := users(d, &directory.UserFilter{Bot: new(bool)})
			if err == nil {
				_, err = page.Facets(directory.UserFacetTeam, 10)
			}
			return err
		},
	}
}

// Each query checks every few thousand steps whether to stop, and does not continue after that.
func TestQueriesStop(t *testing.T) {
	t.Parallel()
	d := directory.Build(directory.Rules{}, bigCompany(20_000))
	for name, ask := range longQueries() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			never := &stopAt{n: 1 << 30}
			if err := ask(d.Until(never.stop)); err != nil || never.calls == 0 {
				t.Errorf("%v; stop was called %d times", err, never.calls)
			}
			for n := 1; n <= min(never.calls, 3); n++ {
				s := &stopAt{n: n}
				if err := ask(d.Until(s.stop)); !errors.Is(err, directory.ErrStopped) || s.calls != n {
					t.Errorf("stopped at call %d: %v after %d", n, err, s.calls)
				}
			}
		})
	}
	never := &stopAt{n: 1 << 30}
	if err := longQueries()["people by their accounts"](d.Until(never.stop)); err != nil || never.calls < 64*6_000/4096 {
		t.Errorf("%v; for 64 filters over all people, stop was called only %d times", err, never.calls)
	}
}

// A query that is told to stop while its matches are put into order returns no page: the page would lack some of them.
func TestPageIsNotCutShort(t *testing.T) {
	t.Parallel()
	// The filter takes a step for each person, 100 fewer than make another look. The order takes one for each of the 200 matches.
	const people, matches = 2*4096 - 100, 200
	one, other := directory.SourceData{Name: "a", Kind: "kommo"}, directory.SourceData{Name: "b", Kind: "altcraft"}
	for i := range people {
		account := connectors.Account{ID: fmt.Sprint(i), Active: true, Emails: []connectors.Email{{Address: fmt.Sprintf("person.%d@acme.example", i)}}}
		one.Accounts = append(one.Accounts, account)
		if i < matches {
			other.Accounts = append(other.Accounts, account)
		}
	}
	d := directory.Build(directory.Rules{}, []directory.SourceData{one, other})
	ask := func(s *stopAt) (*directory.UserConnection, error) {
		return d.Until(s.stop).Users(&directory.UserFilter{MinAccounts: new(2)}, directory.UserOrder{}, directory.PageArgs{First: new(matches)})
	}
	never := &stopAt{n: 1 << 30}
	page, err := ask(never)
	if err != nil || len(page.Nodes()) != matches || never.calls != 2 {
		t.Fatalf("%v, %d people after %d calls; want %d after 2", err, len(page.Nodes()), never.calls, matches)
	}
	if page, err := ask(&stopAt{n: 2}); !errors.Is(err, directory.ErrStopped) {
		t.Errorf("told to stop: %v, a page of %d people", err, len(page.Nodes()))
	}
}

// A build stops too, and then returns no directory.
func TestBuildStops(t *testing.T) {
	t.Parallel()
	data := bigCompany(5_000)
	never := &stopAt{n: 1 << 30}
	want, err := directory.BuildUntil(never.stop, directory.Rules{}, data)
	if err != nil || want.Version() != directory.Build(directory.Rules{}, data).Version() {
		t.Fatalf("a build that is not stopped: %v", err)
	}
	if never.calls < 20 {
		t.Errorf("stop was called only %d times", never.calls)
	}
	for n := 1; n <= never.calls; n += max(1, never.calls/5) {
		s := &stopAt{n: n}
		if d, err := directory.BuildUntil(s.stop, directory.Rules{}, data); d != nil || !errors.Is(err, directory.ErrStopped) || s.calls != n {
			t.Errorf("stopped at call %d: %v, %v after %d", n, d, err, s.calls)
		}
	}
}

// Duplicates in a filter count once.
func TestFilterRepeated(t *testing.T) {
	t.Parallel()
	const times = 65_000
	d := directory.Build(directory.Rules{}, bigCompany(20_000))
	page, err := d.Teams(nil, directory.PageArgs{})
	if err != nil {
		t.Fatal(err)
	}
	team := page.Nodes()[0].ID
	repeated := func(v string) []string { return strings.Split(strings.Repeat(v+" ", times-1)+v, " ") }
	for name, tc := range map[string]struct{ once, often directory.UserFilter }{
		"accounts": {directory.UserFilter{Accounts: []*directory.AccountFilter{{Min: 2}}}, directory.UserFilter{Accounts: accountFilters(times, 2)}},
		"sources":  {directory.UserFilter{Sources: []string{"kommo"}}, directory.UserFilter{Sources: repeated("kommo")}},
		"all":      {directory.UserFilter{AllSources: []string{"kommo"}}, directory.UserFilter{AllSources: repeated("kommo")}},
		"without":  {directory.UserFilter{WithoutSources: []string{"kommo"}}, directory.UserFilter{WithoutSources: repeated("kommo")}},
		"teams":    {directory.UserFilter{Teams: []string{team}}, directory.UserFilter{Teams: repeated(team)}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			count := func(f directory.UserFilter) (total, calls int) {
				s := &stopAt{n: 1 << 30}
				page, err := d.Until(s.stop).Users(&f, directory.UserOrder{}, directory.PageArgs{})
				if err != nil {
					t.Fatal(err)
				}
				return page.TotalCount(), s.calls
			}
			once, calls := count(tc.once)
			often, moreCalls := count(tc.often)
			if once != often || once == 0 {
				t.Errorf("%d people match, and %d if the value is repeated %d times", once, often, times)
			}
			if moreCalls > calls+1 {
				t.Errorf("stop is called %d times, and %d if the value is repeated %d times", calls, moreCalls, times)
			}
		})
	}
}

// accountFilters returns n filters, one of which has a greater minimum than the others.
func accountFilters(n, most int) []*directory.AccountFilter {
	filters := make([]*directory.AccountFilter, n)
	for i := range filters {
		filters[i] = &directory.AccountFilter{Min: 1}
	}
	filters[n/2].Min = most
	return filters
}

// A search that is too long is rejected before it is folded, because folding makes several characters of some.
func TestSearchIsBounded(t *testing.T) {
	t.Parallel()
	d := directory.Build(directory.Rules{}, bigCompany(10))
	for name, query := range map[string]string{
		"bytes": strings.Repeat("\ufdfa", 85_000), "words": strings.Repeat("a ", 33), "words that come of few characters": strings.Repeat("\ufdfa", 20),
	} {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		_, err := d.Users(&directory.UserFilter{Search: &query}, directory.UserOrder{}, directory.PageArgs{})
		runtime.ReadMemStats(&after)
		if input, ok := errors.AsType[*directory.InputError](err); !ok || input.Argument != "filter.search" {
			t.Errorf("%s: %v", name, err)
		}
		if got := after.TotalAlloc - before.TotalAlloc; got > 8<<20 {
			t.Errorf("%s: %d bytes of memory are taken for it", name, got)
		}
	}
}

// hostile returns data of one source in which one object has n of something, or a list has the same value n times.
func hostile(n int) map[string]directory.SourceData {
	account, contact := connectors.Account{ID: "1", Active: true}, connectors.Contact{ID: "1"}
	roles, teams, addresses, members, tags := account, account, account, account, contact
	var all, said []connectors.Team
	for i := range n {
		id := fmt.Sprint(i)
		roles.Roles = append(roles.Roles, connectors.RoleRef{ID: id})
		teams.Teams = append(teams.Teams, connectors.TeamRef{Name: "Team " + id})
		addresses.Emails = append(addresses.Emails, connectors.Email{Address: id + "@acme.example"})
		tags.Tags = append(tags.Tags, id)
		all = append(all, connectors.Team{ID: id, Members: []string{"1", "1"}})
		said = append(said, connectors.Team{ID: "1", Name: "Team"})
	}
	return map[string]directory.SourceData{
		"roles of an account":       {Accounts: []connectors.Account{roles}},
		"teams of an account":       {Accounts: []connectors.Account{teams}},
		"addresses of an account":   {Accounts: []connectors.Account{addresses}},
		"teams with one member":     {Accounts: []connectors.Account{members}, Teams: all},
		"records of one team":       {Teams: said},
		"tags of a contact":         {Contacts: []connectors.Contact{tags}},
		"a name of many characters": {Accounts: []connectors.Account{{ID: "1", Name: strings.Repeat("ab ", n)}}},
	}
}

// Lists of an object are complete, however long they are.
func TestHostileShapes(t *testing.T) {
	t.Parallel()
	const n = 3000
	data := hostile(n)
	for name, got := range map[string]func(*directory.Directory) int{
		"roles of an account":     func(d *directory.Directory) int { return len(one(t, d).Roles) },
		"teams of an account":     func(d *directory.Directory) int { return len(one(t, d).Teams) },
		"addresses of an account": func(d *directory.Directory) int { return len(one(t, d).Emails) },
		"teams with one member":   func(d *directory.Directory) int { return len(one(t, d).Teams) },
		"tags of a contact": func(d *directory.Directory) int {
			page, err := d.Contacts(nil, directory.ContactOrder{}, directory.PageArgs{})
			if err != nil {
				t.Fatal(err)
			}
			return len(page.Nodes()[0].Tags)
		},
	} {
		source := data[name]
		source.Name, source.Kind = "a", "kommo"
		if got := got(directory.Build(directory.Rules{}, []directory.SourceData{source})); got != n {
			t.Errorf("%s: %d, want %d", name, got, n)
		}
	}
}

func one(t *testing.T, d *directory.Directory) *directory.User {
	t.Helper()
	page, err := d.Users(nil, directory.UserOrder{}, directory.PageArgs{})
	if err != nil || page.TotalCount() != 1 {
		t.Fatalf("%v, %d people", err, page.TotalCount())
	}
	return page.Nodes()[0]
}

// The time of each case is about the same for both sizes.
func BenchmarkHostileShapes(b *testing.B) {
	for _, n := range []int{10_000, 100_000} {
		for name, source := range hostile(n) {
			source.Name, source.Kind = "a", "kommo"
			b.Run(fmt.Sprint(name, "/", n), func(b *testing.B) {
				for b.Loop() {
					directory.Build(directory.Rules{}, []directory.SourceData{source})
				}
				b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*n), "ns/each")
			})
		}
	}
}
