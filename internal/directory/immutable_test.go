package directory_test

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"

	"roster/internal/directory"
)

// Many goroutines query one directory at the same time; the race detector finds any write.
func TestConcurrentReaders(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(1, 2))
	d := directory.Build(directory.Rules{}, sized(rng, 50))
	want := readAll(d)
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for range 5 {
				if got := readAll(d); got != want {
					t.Error("two readers have different results")
				}
			}
		})
	}
	wg.Wait()
}

// readAll runs queries of every sort and returns the results as one text.
func readAll(d *directory.Directory) string {
	out := d.Version()
	query := "zo"
	yes := true
	for _, f := range []*directory.UserFilter{
		nil, {}, {Search: &query}, {Active: &yes}, {AllSources: []string{"altcraft"}}, {WithoutSources: []string{"altcraft"}}, {MinAccounts: new(1)},
		{Accounts: []*directory.AccountFilter{{Sources: []string{"kommo"}, Active: &yes, Min: 1}}},
	} {
		for field := range directory.UserByDepartment + 1 {
			for _, direction := range []directory.Direction{directory.Ascending, directory.Descending} {
				c, err := d.Users(f, directory.UserOrder{Field: field, Direction: direction}, directory.PageArgs{Last: new(5)})
				if err != nil {
					panic(err)
				}
				for _, e := range c.Edges() {
					found, _ := d.User(e.Node.ID)
					out += fmt.Sprint(e.Cursor, e.Node.Name, found == e.Node, d.UserByEmail(string(e.Node.Email)) == e.Node)
				}
				facets, err := c.Facets(directory.UserFacetAccessLevel, 5)
				if err != nil {
					panic(err)
				}
				for _, x := range facets {
					out += fmt.Sprint(*x)
				}
			}
		}
	}
	for _, name := range slices.Sorted(maps.Keys(lists)) {
		out += fmt.Sprint(lists[name].rows(d))
	}
	return out
}
