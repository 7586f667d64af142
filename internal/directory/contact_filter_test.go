package directory_test

import (
	"slices"
	"testing"

	"pgregory.net/rapid"

	"roster/connectors"
	"roster/internal/directory"
)

func TestContactFilter(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		r, data := company(t)
		d := directory.Build(r, data)
		all := contacts(d, nil)
		var folders, owners, sources []string
		for _, c := range all {
			sources = append(sources, c.Source.Name)
			if c.Folder != nil {
				folders = append(folders, c.Folder.ID)
			}
			if c.Owner != nil {
				owners = append(owners, c.Owner.ID)
				for _, a := range c.Owner.Accounts {
					owners = append(owners, a.Core().ID)
				}
			}
		}
		of := func(label string, from []string) []string {
			if len(from) == 0 || rapid.IntRange(0, 2).Draw(t, label) > 0 {
				return nil
			}
			return rapid.SliceOfN(rapid.SampledFrom(from), 0, 2).Draw(t, label)
		}
		f := &directory.ContactFilter{Sources: of("sources", sources), Folders: of("folders", folders), Tags: of("tags", []string{"vip", "new", "none"}), Owners: of("owners", owners)}
		f.CreatedAfter, f.CreatedBefore, f.UpdatedAfter, f.UpdatedBefore = bound(t, "created after"), bound(t, "created before"), bound(t, "updated after"), bound(t, "updated before")
		if rapid.IntRange(0, 2).Draw(t, "asks for email") == 0 {
			f.HasEmail = new(rapid.Bool().Draw(t, "has email"))
		}
		if rapid.Bool().Draw(t, "searches") {
			f.Search = new(rapid.SampledFrom(queries).Draw(t, "search"))
		}
		want := slices.DeleteFunc(slices.Clone(all), func(c *directory.Contact) bool {
			texts := append([]string{c.Name, string(c.FirstName), string(c.LastName), string(c.Title)}, slices.Concat(c.Emails, c.Tags)...)
			if c.Folder != nil {
				texts = append(texts, c.Folder.Name)
			}
			owned := func(id string) bool {
				u, err := d.User(id)
				return err == nil && u == c.Owner
			}
			return f.Search != nil && !matches(*f.Search, texts...) ||
				len(f.Sources) > 0 && !slices.Contains(f.Sources, c.Source.Name) ||
				len(f.Folders) > 0 && (c.Folder == nil || !slices.Contains(f.Folders, c.Folder.ID)) ||
				len(f.Tags) > 0 && !slices.ContainsFunc(f.Tags, func(tag string) bool { return slices.Contains(c.Tags, tag) }) ||
				!wantedTime(c.CreatedAt, f.CreatedAfter, f.CreatedBefore) || !wantedTime(c.UpdatedAt, f.UpdatedAfter, f.UpdatedBefore) ||
				f.HasEmail != nil && *f.HasEmail != (c.Email != "") ||
				len(f.Owners) > 0 && (c.Owner == nil || !slices.ContainsFunc(f.Owners, owned))
		})
		got := contacts(d, f)
		if !slices.Equal(want, got) {
			t.Fatalf("%d contacts, want %d", len(got), len(want))
		}

		page, err := d.Contacts(f, directory.ContactOrder{}, directory.PageArgs{})
		if err != nil {
			t.Fatal(err)
		}
		for by, narrow := range map[directory.ContactFacet]func(f *directory.ContactFilter, v string){
			directory.ContactFacetSource: func(f *directory.ContactFilter, v string) { f.Sources = []string{v} },
			directory.ContactFacetFolder: func(f *directory.ContactFilter, v string) { f.Folders = []string{v} },
			directory.ContactFacetTag:    func(f *directory.ContactFilter, v string) { f.Tags = []string{v} },
			directory.ContactFacetOwner:  func(f *directory.ContactFilter, v string) { f.Owners = []string{v} },
		} {
			facets, err := page.Facets(by, 500)
			if err != nil {
				t.Fatal(err)
			}
			for _, x := range facets {
				narrower := &directory.ContactFilter{}
				narrow(narrower, x.Value)
				both := slices.DeleteFunc(contacts(d, narrower), func(c *directory.Contact) bool { return !slices.Contains(want, c) })
				if len(both) != x.Count || x.Count == 0 {
					t.Errorf("facet %d counts %d of %q, and there are %d", by, x.Count, x.Value, len(both))
				}
			}
		}
	})
}

func TestGroupFilters(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		r, data := company(t)
		d := directory.Build(r, data)
		args := directory.PageArgs{First: new(500)}
		query, sources := rapid.SampledFrom([]string{"", "s", "sa", "sup", "1", "x"}).Draw(t, "search"), []string{data[0].Name}
		teamKinds := rapid.SliceOfN(rapid.Map(rapid.IntRange(0, 2), func(k int) connectors.TeamKind { return connectors.TeamKind(k) }), 0, 2).Draw(t, "team kinds")
		folderKinds := rapid.SliceOfN(rapid.Map(rapid.IntRange(0, 1), func(k int) connectors.ContactFolderKind { return connectors.ContactFolderKind(k) }), 0, 2).Draw(t, "folder kinds")
		levels := rapid.SliceOfN(rapid.Custom(level), 0, 2).Draw(t, "levels")

		teams, err := d.Teams(nil, args)
		if err != nil {
			t.Fatal(err)
		}
		wantTeams := slices.DeleteFunc(teams.Nodes(), func(x *directory.Team) bool {
			return !matches(query, x.Name) || x.Source.Name != sources[0] || len(teamKinds) > 0 && !slices.Contains(teamKinds, x.Kind)
		})
		if got, err := d.Teams(&directory.TeamFilter{Search: &query, Sources: sources, Kinds: teamKinds}, args); err != nil || !slices.Equal(wantTeams, got.Nodes()) {
			t.Errorf("%d teams, want %d, error %v", got.TotalCount(), len(wantTeams), err)
		}
		roles, err := d.Roles(nil, args)
		if err != nil {
			t.Fatal(err)
		}
		wantRoles := slices.DeleteFunc(roles.Nodes(), func(x *directory.Role) bool {
			return !matches(query, x.Name) || x.Source.Name != sources[0] || len(levels) > 0 && !slices.Contains(levels, x.AccessLevel)
		})
		if got, err := d.Roles(&directory.RoleFilter{Search: &query, Sources: sources, AccessLevels: levels}, args); err != nil || !slices.Equal(wantRoles, got.Nodes()) {
			t.Errorf("%d roles, want %d, error %v", got.TotalCount(), len(wantRoles), err)
		}
		folders, err := d.ContactFolders(nil, args)
		if err != nil {
			t.Fatal(err)
		}
		wantFolders := slices.DeleteFunc(folders.Nodes(), func(x *directory.ContactFolder) bool {
			return !matches(query, x.Name) || x.Source.Name != sources[0] || len(folderKinds) > 0 && !slices.Contains(folderKinds, x.Kind)
		})
		got, err := d.ContactFolders(&directory.ContactFolderFilter{Search: &query, Sources: sources, Kinds: folderKinds}, args)
		if err != nil || !slices.Equal(wantFolders, got.Nodes()) {
			t.Errorf("%d folders, want %d, error %v", got.TotalCount(), len(wantFolders), err)
		}
	})
}
