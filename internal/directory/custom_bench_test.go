package directory_test

import (
	"fmt"
	"testing"

	"roster/connectors"
	"roster/internal/directory"
)

// withAttributes gives each account a number and a text, of which there are 7 and as many as there are accounts.
func withAttributes(data []directory.SourceData) []directory.SourceData {
	for i := range data {
		data[i].CustomFields = []connectors.CustomField{{Path: "floor", Name: "floor", Type: connectors.CustomNumber}, {Path: "badge", Name: "badge"}}
		data[i].Kind = "" // of any kind
		for n := range data[i].Accounts {
			data[i].Accounts[n].Details = attributes("floor", fmt.Sprint(n%7), "badge", fmt.Sprint("b", i, "-", n))
		}
	}
	return data
}

// BenchmarkAttributes measures the attributes of 100,000 accounts: what their index adds to a build in time and memory, filters, facets and values.
func BenchmarkAttributes(b *testing.B) {
	for name, data := range map[string][]directory.SourceData{"without": bigCompany(100_000), "with": withAttributes(bigCompany(100_000))} {
		b.Run("build "+name, func(b *testing.B) {
			builds(b, data)
		})
	}
	d := directory.Build(directory.Rules{}, withAttributes(bigCompany(100_000)))
	page := func(f *directory.UserFilter) *directory.UserConnection {
		c, err := d.Users(f, directory.UserOrder{}, directory.PageArgs{First: new(100)})
		if err != nil {
			b.Fatal(err)
		}
		return c
	}
	by := func(f directory.AttributeFilter) *directory.UserFilter {
		return &directory.UserFilter{Attributes: []*directory.AttributeFilter{&f}}
	}
	all := page(nil)
	for name, run := range map[string]func(){
		"filter by a department":          func() { page(&directory.UserFilter{Departments: []string{"Department 3"}}) },
		"filter by a value":               func() { page(by(directory.AttributeFilter{Name: "floor", In: []string{"3"}})) },
		"filter by a range":               func() { page(by(directory.AttributeFilter{Name: "floor", Min: new(4.0)})) },
		"filter by existence, all differ": func() { page(by(directory.AttributeFilter{Name: "badge", Exists: new(true)})) },
		"facets": func() {
			if _, err := all.AttributeFacets("floor", 20); err != nil {
				b.Fatal(err)
			}
		},
		"values of a page of 100": func() {
			for _, u := range all.Nodes() {
				if _, err := u.Attributes(nil); err != nil {
					b.Fatal(err)
				}
			}
		},
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				run()
			}
		})
	}
}
