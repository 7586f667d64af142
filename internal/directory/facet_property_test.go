package directory_test

import (
	"slices"
	"strconv"
	"strings"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"roster/connectors"
	"roster/internal/directory"
)

// checkUserFacets checks that the counts are those of the people, and that a filter by each value finds that many.
func checkUserFacets(t *rapid.T, d *directory.Directory, f *directory.UserFilter, people []*directory.User) {
	level := func(value string) connectors.AccessLevel {
		for l := connectors.AccessNone; l <= connectors.AccessOwner; l++ {
			if strings.ToUpper(l.String()) == value {
				return l
			}
		}
		t.Fatalf("there is no access level %q", value)
		return 0
	}
	and := map[directory.UserFacet]func(f *directory.UserFilter, value string){
		directory.UserFacetSource: func(f *directory.UserFilter, v string) { f.AllSources = append(slices.Clone(f.AllSources), v) },
		directory.UserFacetSourceSet: func(f *directory.UserFilter, v string) {
			f.AllSources = append(slices.Clone(f.AllSources), strings.Split(v, ",")...)
			f.WithoutSources = slices.Clone(f.WithoutSources)
			for _, s := range d.Sources() {
				if !slices.Contains(strings.Split(v, ","), s.Name) {
					f.WithoutSources = append(f.WithoutSources, s.Name)
				}
			}
		},
		directory.UserFacetTeam:        func(f *directory.UserFilter, v string) { f.Teams = []string{v} },
		directory.UserFacetRole:        func(f *directory.UserFilter, v string) { f.Roles = []string{v} },
		directory.UserFacetDepartment:  func(f *directory.UserFilter, v string) { f.Departments = []string{v} },
		directory.UserFacetAccessLevel: func(f *directory.UserFilter, v string) { f.AccessLevels = []connectors.AccessLevel{level(v)} },
		directory.UserFacetActive:      func(f *directory.UserFilter, v string) { f.Active = new(v == "true") },
		directory.UserFacetLocale:      func(f *directory.UserFilter, v string) { f.Locales = []string{v} },
	}
	// values returns the values for which a person counts.
	values := func(by directory.UserFacet, u *directory.User) (out []string) {
		switch by {
		case directory.UserFacetSource, directory.UserFacetSourceSet:
			for _, a := range u.Accounts {
				out = append(out, a.Core().Source.Name)
			}
			out = slices.Compact(out)
			if by == directory.UserFacetSourceSet {
				out = []string{strings.Join(out, ",")}
			}
		case directory.UserFacetTeam:
			for _, x := range u.Teams {
				out = append(out, x.ID)
			}
		case directory.UserFacetRole:
			for _, x := range u.Roles {
				out = append(out, x.ID)
			}
		case directory.UserFacetDepartment:
			out = []string{string(u.Department)}
		case directory.UserFacetAccessLevel:
			out = []string{strings.ToUpper(u.AccessLevel.String())}
		case directory.UserFacetActive:
			out = []string{strconv.FormatBool(u.Active)}
		case directory.UserFacetLocale:
			out = []string{string(u.Locale)}
		}
		return slices.DeleteFunc(out, func(s string) bool { return s == "" })
	}
	page, err := d.Users(f, directory.UserOrder{}, directory.PageArgs{First: new(0)})
	if err != nil {
		t.Fatal(err)
	}
	if page.TotalCount() != len(people) || len(page.Nodes()) != 0 || page.PageInfo().HasNextPage != (len(people) > 0) {
		t.Errorf("a page of none: %d in all, %d on it, %+v", page.TotalCount(), len(page.Nodes()), page.PageInfo())
	}
	for by, filter := range and {
		facets, err := page.Facets(by, directory.MaxPageSize)
		if err != nil {
			t.Fatal(err)
		}
		want, got := map[string]int{}, map[string]int{}
		for _, u := range people {
			for _, v := range values(by, u) {
				want[v]++
			}
		}
		for i, x := range facets {
			got[x.Value] = x.Count
			if x.Label == "" || i > 0 && facets[i-1].Count < x.Count {
				t.Errorf("facet %d: %q is not labelled or out of order", by, x.Value)
			}
			if len(f.Teams)+len(f.Roles)+len(f.Departments)+len(f.Locales)+len(f.AccessLevels) == 0 {
				narrower := *f
				filter(&narrower, x.Value)
				if n := len(users(d, &narrower, directory.UserOrder{})); n != x.Count {
					t.Errorf("facet %d counts %d of %q, and the filter finds %d", by, x.Count, x.Value, n)
				}
			}
		}
		if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("facet %d, -want +got:\n%s", by, diff)
		}
		few, err := page.Facets(by, 1)
		if err != nil || len(few) != min(1, len(facets)) || len(few) == 1 && *few[0] != *facets[0] {
			t.Errorf("facet %d: the first is %v, error %v", by, few, err)
		}
	}
}
