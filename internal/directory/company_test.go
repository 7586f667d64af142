package directory_test

import (
	"fmt"
	"slices"
	"time"

	"pgregory.net/rapid"

	"roster/connectors"
	"roster/internal/directory"
)

// The pools are small, so that names, addresses and groups often coincide.
var (
	addresses = []string{
		"zoe@acme.example", "Zoe@ACME.example ", "adam@acme.example", "olha@acme.example", "wei@acme.example", "ines@acme.example",
		"info@acme.example", "Sales+web@acme.example", "not an address", "@", "",
	}
	ids      = []string{"1", "2", "3", "9", "10", "007", "1a", "rocket.cat", "9:smith", "a/b", "Ünï"}
	names    = []string{"", " ", "Zoe Adams", "Zoë Adams", "adam smith", "Olha Ivanova", "Wei", "Ines de la Cruz", "Zoe Baker"}
	groupIDs = []string{"", "1", "2", "30", "x"}
	groups   = []string{"", "Sales", "Support", "sales", "1"}
)

// company draws the records of up to four sources, and the operator's rules for them.
func company(t *rapid.T) (directory.Rules, []directory.SourceData) {
	data := []directory.SourceData{
		{Name: "worksection", Kind: "worksection", URL: "https://acme.example"}, {Name: "kommo", Kind: "kommo"},
		{Name: "altcraft", Kind: "altcraft"}, {Name: "rocketchat", Kind: "rocketchat", Trust: directory.TrustVerifiedOnly},
	}
	data = data[:rapid.IntRange(1, len(data)).Draw(t, "sources")]
	for i := range data {
		d := &data[i]
		if rapid.IntRange(0, 9).Draw(t, "distrust") == 0 {
			d.Trust = directory.TrustNothing
		}
		d.Accounts = distinct(t, account(d.Kind))
		d.Teams = distinct(t, rapid.Custom(func(t *rapid.T) connectors.Team {
			return connectors.Team{
				ID: pick(t, groupIDs), Name: pick(t, groups), Kind: connectors.TeamKind(rapid.IntRange(0, 2).Draw(t, "kind")),
				Members: maybe(t, rapid.SliceOfN(rapid.SampledFrom(ids), 0, 4)),
			}
		}))
		d.Roles = distinct(t, rapid.Custom(func(t *rapid.T) connectors.Role {
			return connectors.Role{ID: pick(t, groupIDs), Name: pick(t, groups), Access: level(t)}
		}))
		d.ContactFolders = distinct(t, rapid.Custom(func(t *rapid.T) connectors.ContactFolder {
			return connectors.ContactFolder{ID: pick(t, groupIDs), Name: pick(t, groups), Kind: connectors.ContactFolderKind(rapid.IntRange(0, 1).Draw(t, "kind"))}
		}))
		d.Contacts = distinct(t, rapid.Custom(contact))
	}
	return rules(t, data), data
}

func rules(t *rapid.T, data []directory.SourceData) directory.Rules {
	refs := rapid.Custom(func(t *rapid.T) connectors.Ref {
		return connectors.Ref{Source: rapid.SampledFrom(data).Draw(t, "source").Name, ID: pick(t, ids)}
	})
	groups := func(label string) [][]connectors.Ref {
		if rapid.IntRange(0, 2).Draw(t, label) > 0 {
			return nil
		}
		return rapid.SliceOfN(rapid.SliceOfN(refs, 0, 3), 0, 3).Draw(t, label)
	}
	r := directory.Rules{Links: groups("links"), Splits: groups("splits")}
	if rapid.IntRange(0, 2).Draw(t, "anchors") == 0 {
		r.Anchors = anchors(t, data)
	}
	if rapid.Bool().Draw(t, "precedence") {
		r.Precedence = map[directory.Field][]string{
			rapid.SampledFrom(directory.Fields[:]).Draw(t, "field"): {"rocketchat", "nobody", "kommo"},
		}
	}
	return r
}

// anchors draws anchors of the few fields that all kinds of accounts have.
func anchors(t *rapid.T, data []directory.SourceData) []directory.Anchor {
	var all []directory.Anchor
	for _, name := range []string{"login", "number"}[:rapid.IntRange(1, 2).Draw(t, "anchors")] {
		a := directory.Anchor{Name: name, Fields: map[string]string{}}
		for _, d := range data {
			if field := rapid.SampledFrom([]string{"", connectors.AccountID, connectors.AccountUsername}).Draw(t, "field"); field != "" {
				a.Fields[d.Name] = field
			}
		}
		all = append(all, a)
	}
	return all
}

func account(kind connectors.KindName) *rapid.Generator[connectors.Account] {
	return rapid.Custom(func(t *rapid.T) connectors.Account {
		a := connectors.Account{
			ID: pick(t, ids), Name: pick(t, names), FirstName: pick(t, []string{"", "Zoe", "Adam"}), Username: pick(t, []string{"", "zoe.a", "adam", " Adam", "-", "10"}),
			Title: pick(t, []string{"", "Engineer", "Head of Sales"}), Department: pick(t, []string{"", " ", "R&D", "Office"}),
			Emails: maybe(t, rapid.SliceOfN(rapid.Custom(email), 0, 4)), Locale: pick(t, []string{"", "uk", "en"}),
			Active: rapid.IntRange(0, 3).Draw(t, "active") > 0, Bot: rapid.IntRange(0, 5).Draw(t, "bot") == 0, Access: level(t),
			Roles: maybe(t, rapid.SliceOfN(rapid.Custom(func(t *rapid.T) connectors.RoleRef {
				return connectors.RoleRef{ID: pick(t, groupIDs), Name: pick(t, groups), Access: level(t)}
			}), 0, 2)),
			Teams: maybe(t, rapid.SliceOfN(rapid.Custom(func(t *rapid.T) connectors.TeamRef {
				return connectors.TeamRef{ID: pick(t, groupIDs), Name: pick(t, groups)}
			}), 0, 2)),
			CreatedAt: instant(t),
		}
		if kind == "rocketchat" {
			a.Details = &connectors.Attributes{{Name: "type", Value: "user"}}
		}
		return a
	})
}

func contact(t *rapid.T) connectors.Contact {
	c := connectors.Contact{
		ID: pick(t, ids), Name: pick(t, names), Title: pick(t, []string{"", "Buyer"}), Emails: rapid.SliceOfN(rapid.Custom(email), 0, 2).Draw(t, "emails"),
		Tags: rapid.SliceOfN(rapid.SampledFrom([]string{"vip", "new", "Vip"}), 0, 2).Draw(t, "tags"), OwnerID: pick(t, ids),
		CreatedAt: instant(t), UpdatedAt: instant(t),
	}
	if rapid.Bool().Draw(t, "in a folder") {
		c.Folder = &connectors.FolderRef{ID: pick(t, groupIDs), Name: pick(t, groups)}
	}
	return c
}

func email(t *rapid.T) connectors.Email {
	from := addresses
	if rapid.Bool().Draw(t, "common") {
		from = addresses[:4]
	}
	e := connectors.Email{Address: pick(t, from), Synthetic: rapid.IntRange(0, 7).Draw(t, "synthetic") == 0}
	if v := rapid.IntRange(0, 2).Draw(t, "verified"); v > 0 {
		e.Verified = new(v == 1)
	}
	return e
}

func level(t *rapid.T) connectors.AccessLevel {
	return connectors.AccessLevel(rapid.IntRange(int(connectors.AccessUnknown), int(connectors.AccessOwner)).Draw(t, "level"))
}

func instant(t *rapid.T) time.Time {
	if n := rapid.IntRange(-2, 3).Draw(t, "instant"); n != 0 {
		return time.Unix(int64(n)*100_000, 0).UTC()
	}
	return time.Time{}
}

func pick(t *rapid.T, from []string) string { return rapid.SampledFrom(from).Draw(t, "") }

// maybe draws a list that may be nil. Nil differs from an empty list in a source's records.
func maybe[T any](t *rapid.T, g *rapid.Generator[[]T]) []T {
	if rapid.IntRange(0, 3).Draw(t, "nil") == 0 {
		return nil
	}
	return g.Draw(t, "")
}

// distinct draws records with unique IDs, as in a collection.
func distinct[T connectors.Record](t *rapid.T, g *rapid.Generator[T]) []T {
	return rapid.SliceOfNDistinct(g, 0, 8, func(r T) string { return r.Key() }).Draw(t, fmt.Sprintf("%T", *new(T)))
}

// everyone returns all people by name. There are few enough for one page.
func everyone(d *directory.Directory) []*directory.User {
	return users(d, nil, directory.UserOrder{})
}

func users(d *directory.Directory, f *directory.UserFilter, o directory.UserOrder) []*directory.User {
	c, err := d.Users(f, o, directory.PageArgs{First: new(directory.MaxPageSize)})
	if err != nil {
		panic(err)
	}
	if c.TotalCount() > directory.MaxPageSize {
		panic("too many people for one page")
	}
	return c.Nodes()
}

// people returns the accounts of each person, as source/ID.
func people(d *directory.Directory) [][]string {
	var out [][]string
	for _, u := range everyone(d) {
		out = append(out, accountsOf(u))
	}
	slices.SortFunc(out, slices.Compare)
	return out
}

func accountsOf(u *directory.User) []string {
	var out []string
	for _, a := range u.Accounts {
		out = append(out, refOf(a).String())
	}
	return out
}

func refOf(a directory.Account) connectors.Ref {
	return connectors.Ref{Source: a.Core().Source.Name, ID: a.Core().ExternalID}
}
