package directory_test

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"roster/connectors"
	"roster/internal/directory"
)

// bigCompany invents four sources with the given number of accounts in total, a third as many contacts, and groups in proportion. The same number
// always returns the same company.
func bigCompany(accounts int) []directory.SourceData {
	rng := rand.New(rand.NewPCG(7, 11))
	first := []string{"Zoë", "Adam", "Olha", "Jürgen", "Łukasz", "María", "Wei", "Fatima", "Søren", "Ivan", "Noa", "Priya", "Hugo", "Ines", "Tom"}
	start := time.Date(2015, 1, 1, 0, 0, 0, 0, time.UTC)
	data := []directory.SourceData{
		{Name: "worksection", Kind: "worksection"}, {Name: "kommo", Kind: "kommo"},
		{Name: "altcraft", Kind: "altcraft"}, {Name: "rocketchat", Kind: "rocketchat", Trust: directory.TrustVerifiedOnly},
	}
	pick := func(kind string, of int) string { return fmt.Sprintf("%s %d", kind, rng.IntN(of)) }
	groups := accounts/100 + 1
	for i := range data {
		for g := range groups {
			id := fmt.Sprint(g)
			data[i].Teams = append(data[i].Teams, connectors.Team{ID: id, Name: "Team " + id})
			data[i].ContactFolders = append(data[i].ContactFolders, connectors.ContactFolder{ID: id, Name: "Folder " + id})
		}
		for r := range 12 {
			data[i].Roles = append(data[i].Roles, connectors.Role{ID: fmt.Sprint(r), Name: fmt.Sprint("Role ", r), Access: connectors.AccessLevel(1 + r%7)})
		}
		data[i].Versions = []string{fmt.Sprint(accounts)}
	}
	yes := true
	for person, left := 0, accounts; left > 0; person++ {
		name, last := first[rng.IntN(len(first))], fmt.Sprintf("%c%s%d", 'A'+rng.IntN(26), "erson", person)
		for s := range data {
			if left == 0 || rng.IntN(10) < 4 {
				continue
			}
			left--
			id := fmt.Sprint(100000 + person)
			data[s].Accounts = append(data[s].Accounts, connectors.Account{
				ID: id, Name: name + " " + last, FirstName: name, LastName: last, Username: fmt.Sprintf("user%d", person),
				Title: pick("Engineer", 50), Department: pick("Department", 40), Active: rng.IntN(8) > 0,
				Emails:    []connectors.Email{{Address: fmt.Sprintf("person.%d@acme.example", person), Verified: &yes}},
				Phones:    []connectors.Phone{{Raw: "+380 44 000 00 00", E164: "+380440000000"}},
				Access:    connectors.AccessLevel(1 + rng.IntN(7)),
				Roles:     []connectors.RoleRef{{ID: fmt.Sprint(rng.IntN(12))}},
				Teams:     []connectors.TeamRef{{ID: fmt.Sprint(rng.IntN(groups))}, {ID: fmt.Sprint(rng.IntN(groups))}},
				Locale:    []string{"en", "uk", "de", "pt-BR"}[rng.IntN(4)],
				CreatedAt: start.Add(time.Duration(rng.IntN(1e9)) * 100 * time.Millisecond),
			})
		}
	}
	for i := range accounts / 3 {
		s := &data[i%2]
		s.Contacts = append(s.Contacts, connectors.Contact{
			ID: fmt.Sprint(i), Name: fmt.Sprintf("%s Client%d", first[i%len(first)], i), Emails: []connectors.Email{{Address: fmt.Sprintf("c%d@client.example", i)}},
			Folder: &connectors.FolderRef{ID: fmt.Sprint(rng.IntN(groups))}, Tags: []string{pick("tag", 30)}, CreatedAt: start.Add(time.Duration(i) * time.Hour),
		})
	}
	for i := range data {
		rng.Shuffle(len(data[i].Accounts), func(x, y int) {
			data[i].Accounts[x], data[i].Accounts[y] = data[i].Accounts[y], data[i].Accounts[x]
		})
	}
	return data
}

func BenchmarkBuild(b *testing.B) {
	for _, n := range []int{1_000, 10_000, 100_000} {
		b.Run(fmt.Sprintf("accounts=%d", n), func(b *testing.B) {
			data := bigCompany(n)
			b.ReportAllocs()
			for b.Loop() {
				directory.Build(directory.Rules{}, data)
			}
		})
	}
}

// BenchmarkQuery runs queries on a directory of 100,000 accounts.
func BenchmarkQuery(b *testing.B) {
	d := directory.Build(directory.Rules{}, bigCompany(100_000))
	hundred := 100
	page := func(f *directory.UserFilter, o directory.UserOrder, after *string) *directory.UserConnection {
		c, err := d.Users(f, o, directory.PageArgs{First: &hundred, After: after})
		if err != nil || len(c.Nodes()) == 0 {
			b.Fatalf("an empty page, error %v", err)
		}
		return c
	}
	all := page(nil, directory.UserOrder{}, nil)
	someone := all.Nodes()[50]
	address := string(someone.Email)
	middle := string(all.PageInfo().EndCursor)
	words, yes := "zoe person7", true
	dense, sparse := &directory.UserFilter{Active: &yes}, &directory.UserFilter{Teams: []string{someone.Teams[0].ID}}
	facets := func(f *directory.UserFilter, by directory.UserFacet) {
		if fs, err := page(f, directory.UserOrder{}, nil).Facets(by, 20); err != nil || len(fs) == 0 {
			b.Fatalf("no facets, error %v", err)
		}
	}
	tests := []struct {
		name string
		ask  func()
	}{
		{"lookup by ID", func() {
			if u, err := d.User(someone.ID); u != someone {
				b.Fatal(u, err)
			}
		}},
		{"lookup by e-mail", func() {
			if u := d.UserByEmail(address); u != someone {
				b.Fatal(u)
			}
		}},
		{"page of 100", func() { page(nil, directory.UserOrder{}, nil) }},
		{"page of 100 with cursors", func() { page(nil, directory.UserOrder{}, &middle).Edges() }},
		{"page of 100 by access level, descending", func() {
			page(nil, directory.UserOrder{Field: directory.UserByAccessLevel, Direction: directory.Descending}, nil)
		}},
		{"page of 100, dense filter", func() { page(dense, directory.UserOrder{}, nil) }},
		{"page of 100, sparse filter", func() { page(sparse, directory.UserOrder{}, nil) }},
		{"page of 100, filter of accounts", func() {
			page(&directory.UserFilter{Accounts: []*directory.AccountFilter{{Sources: []string{"kommo"}, Active: &yes, Min: 1}}}, directory.UserOrder{}, nil)
		}},
		{"search of two words", func() { page(&directory.UserFilter{Search: &words}, directory.UserOrder{}, nil) }},
		{"facets of all", func() { facets(nil, directory.UserFacetTeam) }},
		{"facets of a dense filter", func() { facets(dense, directory.UserFacetTeam) }},
	}
	for _, tt := range tests {
		b.Run(tt.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				tt.ask()
			}
		})
	}
}

// The first explanation in a directory joins the accounts once more.
func BenchmarkIdentities(b *testing.B) {
	for _, n := range []int{10_000, 100_000} {
		b.Run(fmt.Sprintf("accounts=%d", n), func(b *testing.B) {
			d := directory.Build(directory.Rules{}, bigCompany(n))
			b.ReportAllocs()
			for b.Loop() {
				d.Identities()
			}
		})
	}
}
