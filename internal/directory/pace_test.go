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

// stopAt becomes true when it is asked for the nth time, and counts how often it is asked.
type stopAt struct{ n, asked int }

func (s *stopAt) stop() bool {
	s.asked++
	return s.asked >= s.n
}

// questions are those that look at many people, or at all that a client wrote.
func questions() map[string]func(*directory.Directory) error {
	search, few := "user", 1
	users := func(d *directory.Directory, f *directory.UserFilter) (*directory.UserConnection, error) {
		return d.Users(f, directory.UserOrder{}, directory.PageArgs{})
	}
	// Each is another filter, and all are met.
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

// Whatever is asked, somebody looks every few thousand steps whether it is still wanted, and nobody goes on after that.
func TestQuestionsStop(t *testing.T) {
	t.Parallel()
	d := directory.Build(directory.Rules{}, bigCompany(20_000))
	for name, ask := range questions() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			never := &stopAt{n: 1 << 30}
			if err := ask(d.Until(never.stop)); err != nil || never.asked == 0 {
				t.Errorf("%v; looked %d times whether to stop", err, never.asked)
			}
			for n := 1; n <= min(never.asked, 3); n++ {
				s := &stopAt{n: n}
				if err := ask(d.Until(s.stop)); !errors.Is(err, directory.ErrStopped) || s.asked != n {
					t.Errorf("told to stop at look %d: %v after %d", n, err, s.asked)
				}
			}
		})
	}
	never := &stopAt{n: 1 << 30}
	if err := questions()["people by their accounts"](d.Until(never.stop)); err != nil || never.asked < 64*6_000/4096 {
		t.Errorf("%v; for 64 filters over all people it looked %d times only", err, never.asked)
	}
}

// A build stops too, and a stopped one gives no directory.
func TestBuildStops(t *testing.T) {
	t.Parallel()
	data := bigCompany(5_000)
	never := &stopAt{n: 1 << 30}
	want, err := directory.BuildUntil(never.stop, directory.Rules{}, data)
	if err != nil || want.Version() != directory.Build(directory.Rules{}, data).Version() {
		t.Fatalf("a build that nobody stops: %v", err)
	}
	if never.asked < 20 {
		t.Errorf("it looked %d times only whether to stop", never.asked)
	}
	for n := 1; n <= never.asked; n += max(1, never.asked/5) {
		s := &stopAt{n: n}
		if d, err := directory.BuildUntil(s.stop, directory.Rules{}, data); d != nil || !errors.Is(err, directory.ErrStopped) || s.asked != n {
			t.Errorf("told to stop at look %d: %v, %v after %d", n, d, err, s.asked)
		}
	}
}

// What a client writes many times over counts once.
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
		"in":       {directory.UserFilter{In: []string{"kommo"}}, directory.UserFilter{In: repeated("kommo")}},
		"not in":   {directory.UserFilter{NotIn: []string{"kommo"}}, directory.UserFilter{NotIn: repeated("kommo")}},
		"teams":    {directory.UserFilter{Teams: []string{team}}, directory.UserFilter{Teams: repeated(team)}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			count := func(f directory.UserFilter) (total, looks int) {
				s := &stopAt{n: 1 << 30}
				page, err := d.Until(s.stop).Users(&f, directory.UserOrder{}, directory.PageArgs{})
				if err != nil {
					t.Fatal(err)
				}
				return page.TotalCount(), s.asked
			}
			once, looks := count(tc.once)
			often, moreLooks := count(tc.often)
			if once != often || once == 0 {
				t.Errorf("%d people match, and %d where it is written %d times", once, often, times)
			}
			if moreLooks > looks+1 {
				t.Errorf("it takes %d looks, and %d where it is written %d times", looks, moreLooks, times)
			}
		})
	}
}

// accountFilters gives so many filters, one of which wants more than the others.
func accountFilters(n, most int) []*directory.AccountFilter {
	filters := make([]*directory.AccountFilter, n)
	for i := range filters {
		filters[i] = &directory.AccountFilter{Min: 1}
	}
	filters[n/2].Min = most
	return filters
}

// A search that is too long is refused before it is taken apart: of some characters it makes many.
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

// hostile gives data of one source in which one thing has n of another, or a list says the same n times.
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

// What one thing has of another is there in full, however much it is.
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
		source.Name, source.Kind = "a", connectors.Kommo
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

// The time for each is to be about the same in both sizes.
func BenchmarkHostileShapes(b *testing.B) {
	for _, n := range []int{10_000, 100_000} {
		for name, source := range hostile(n) {
			source.Name, source.Kind = "a", connectors.Kommo
			b.Run(fmt.Sprint(name, "/", n), func(b *testing.B) {
				for b.Loop() {
					directory.Build(directory.Rules{}, []directory.SourceData{source})
				}
				b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*n), "ns/each")
			})
		}
	}
}
