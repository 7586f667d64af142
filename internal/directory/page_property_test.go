package directory_test

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"golang.org/x/text/collate"
	"golang.org/x/text/language"
	"pgregory.net/rapid"

	"roster/connectors"
	"roster/internal/directory"
)

// row is an item of any list as the oracle sees it.
type row struct {
	id      string
	sources []string
	values  []sortValue // by order field
}

// sortValue is what an item is sorted by.
type sortValue struct {
	none bool
	name string // compared as people sort names
	text string
	n    int64
}

func time0(t time.Time) sortValue { return sortValue{none: t.IsZero(), n: t.UnixMicro()} }

func text0(s string) sortValue { return sortValue{none: s == "", text: s} }

// cut is a page of any list.
type cut struct {
	IDs, Cursors []string
	Info         directory.PageInfo
	Total        int
}

// list is one of the five, in the terms that all share. Its filter is the name of a source, or nothing.
type list struct {
	fields int
	rows   func(d *directory.Directory) []row
	page   func(d *directory.Directory, source string, field int, desc bool, args directory.PageArgs) (cut, error)
}

type connection[T any, E any] interface {
	Nodes() []T
	Edges() []E
	PageInfo() directory.PageInfo
	TotalCount() int
}

func cutOf[T, E any](c connection[T, E], id func(T) string, edge func(E) (T, string)) cut {
	out := cut{Info: c.PageInfo(), Total: c.TotalCount()}
	edges := c.Edges()
	for i, n := range c.Nodes() {
		node, cursor := edge(edges[i])
		if id(node) != id(n) {
			panic("an edge holds another node than the page")
		}
		out.IDs, out.Cursors = append(out.IDs, id(n)), append(out.Cursors, cursor)
	}
	return out
}

func some(source string) []string {
	if source == "" {
		return nil
	}
	return []string{source}
}

// every gives all items of a list, page after page.
func every[T any](page func(args directory.PageArgs) ([]T, directory.PageInfo)) []T {
	var out []T
	args := directory.PageArgs{First: new(directory.MaxPageSize)}
	for {
		items, info := page(args)
		out = append(out, items...)
		if !info.HasNextPage {
			return out
		}
		args.After = (*string)(&info.EndCursor)
	}
}

var lists = map[string]list{
	"users": {
		fields: 5,
		rows: func(d *directory.Directory) (out []row) {
			for _, u := range every(func(args directory.PageArgs) ([]*directory.User, directory.PageInfo) {
				c, err := d.Users(nil, directory.UserOrder{}, args)
				if err != nil {
					panic(err)
				}
				return c.Nodes(), c.PageInfo()
			}) {
				r := row{id: u.ID, values: []sortValue{
					{name: u.Name}, text0(string(u.Email)), time0(u.CreatedAt), {n: int64(u.AccessLevel)}, {n: int64(len(u.Accounts))},
				}}
				for _, a := range u.Accounts {
					r.sources = append(r.sources, a.Core().Source.Name)
				}
				out = append(out, r)
			}
			return out
		},
		page: func(d *directory.Directory, source string, field int, desc bool, args directory.PageArgs) (cut, error) {
			c, err := d.Users(&directory.UserFilter{In: some(source)},
				directory.UserOrder{Field: directory.UserOrderField(field), Direction: directory.Direction(desc)}, args)
			if err != nil {
				return cut{}, err
			}
			return cutOf(c, func(u *directory.User) string { return u.ID }, func(e *directory.UserEdge) (*directory.User, string) { return e.Node, e.Cursor }), nil
		},
	},
	"contacts": {
		fields: 4,
		rows: func(d *directory.Directory) (out []row) {
			for _, x := range every(func(args directory.PageArgs) ([]*directory.Contact, directory.PageInfo) {
				c, err := d.Contacts(nil, directory.ContactOrder{}, args)
				if err != nil {
					panic(err)
				}
				return c.Nodes(), c.PageInfo()
			}) {
				out = append(out, row{id: x.ID, sources: some(x.Source.Name), values: []sortValue{{name: x.Name}, text0(string(x.Email)), time0(x.CreatedAt), time0(x.UpdatedAt)}})
			}
			return out
		},
		page: func(d *directory.Directory, source string, field int, desc bool, args directory.PageArgs) (cut, error) {
			c, err := d.Contacts(&directory.ContactFilter{Sources: some(source)},
				directory.ContactOrder{Field: directory.ContactOrderField(field), Direction: directory.Direction(desc)}, args)
			if err != nil {
				return cut{}, err
			}
			return cutOf(c, func(x *directory.Contact) string { return x.ID }, func(e *directory.ContactEdge) (*directory.Contact, string) { return e.Node, e.Cursor }), nil
		},
	},
	"teams": {
		fields: 1,
		rows: func(d *directory.Directory) (out []row) {
			for _, x := range every(func(args directory.PageArgs) ([]*directory.Team, directory.PageInfo) {
				c, err := d.Teams(nil, args)
				if err != nil {
					panic(err)
				}
				return c.Nodes(), c.PageInfo()
			}) {
				out = append(out, row{id: x.ID, sources: some(x.Source.Name), values: []sortValue{{name: x.Name}}})
			}
			return out
		},
		page: func(d *directory.Directory, source string, _ int, _ bool, args directory.PageArgs) (cut, error) {
			c, err := d.Teams(&directory.TeamFilter{Sources: some(source)}, args)
			if err != nil {
				return cut{}, err
			}
			return cutOf(c, func(x *directory.Team) string { return x.ID }, func(e *directory.TeamEdge) (*directory.Team, string) { return e.Node, e.Cursor }), nil
		},
	},
	"roles": {
		fields: 1,
		rows: func(d *directory.Directory) (out []row) {
			for _, x := range every(func(args directory.PageArgs) ([]*directory.Role, directory.PageInfo) {
				c, err := d.Roles(nil, args)
				if err != nil {
					panic(err)
				}
				return c.Nodes(), c.PageInfo()
			}) {
				out = append(out, row{id: x.ID, sources: some(x.Source.Name), values: []sortValue{{name: x.Name}}})
			}
			return out
		},
		page: func(d *directory.Directory, source string, _ int, _ bool, args directory.PageArgs) (cut, error) {
			c, err := d.Roles(&directory.RoleFilter{Sources: some(source)}, args)
			if err != nil {
				return cut{}, err
			}
			return cutOf(c, func(x *directory.Role) string { return x.ID }, func(e *directory.RoleEdge) (*directory.Role, string) { return e.Node, e.Cursor }), nil
		},
	},
	"contactFolders": {
		fields: 1,
		rows: func(d *directory.Directory) (out []row) {
			for _, x := range every(func(args directory.PageArgs) ([]*directory.ContactFolder, directory.PageInfo) {
				c, err := d.ContactFolders(nil, args)
				if err != nil {
					panic(err)
				}
				return c.Nodes(), c.PageInfo()
			}) {
				out = append(out, row{id: x.ID, sources: some(x.Source.Name), values: []sortValue{{name: x.Name}}})
			}
			return out
		},
		page: func(d *directory.Directory, source string, _ int, _ bool, args directory.PageArgs) (cut, error) {
			c, err := d.ContactFolders(&directory.ContactFolderFilter{Sources: some(source)}, args)
			if err != nil {
				return cut{}, err
			}
			return cutOf(c, func(x *directory.ContactFolder) string { return x.ID }, func(e *directory.ContactFolderEdge) (*directory.ContactFolder, string) { return e.Node, e.Cursor }), nil
		},
	},
}

// collators are not safe for concurrent use, and costly to make.
var collators = sync.Pool{New: func() any { return collate.New(language.Und) }}

// before says which of two rows comes first in an order.
func before(a, b row, field int, desc bool) int {
	x, y := a.values[field], b.values[field]
	if x.none != y.none {
		if y.none {
			return -1
		}
		return 1
	}
	c := 0
	if !x.none {
		collator := collators.Get().(*collate.Collator)
		defer collators.Put(collator)
		c = cmp.Or(collator.CompareString(x.name, y.name), strings.Compare(x.text, y.text), cmp.Compare(x.n, y.n))
	}
	if desc {
		c = -c
	}
	return cmp.Or(c, strings.Compare(a.id, b.id))
}

// sized invents sources with about n records a collection. Many have one name, some have no address or date, and altcraft has next to none.
func sized(rng *rand.Rand, n int) []directory.SourceData {
	data := []directory.SourceData{worksection(), kommo(), altcraft()}
	for i := range data {
		of := n
		if data[i].Name == "altcraft" {
			of = min(n, 2)
		}
		for id := range of {
			mutate(rng, &data[i], fmt.Sprint(id))
		}
	}
	return data
}

// mutate puts new records with this ID into every collection of a source, in the place of those that had it.
func mutate(rng *rand.Rand, d *directory.SourceData, id string) {
	name := []string{"Zoe", "zoë", "Adam", "ádám", "Łukasz", "山田", "O'Neil", "Wei " + id, ""}[rng.IntN(9)]
	date := func() time.Time {
		if rng.IntN(3) == 0 {
			return time.Time{}
		}
		return time.Unix(int64(rng.IntN(5)-2)*1e6, 0).UTC()
	}
	a := acc(id)
	a.Name, a.CreatedAt, a.Access, a.Active = name, date(), connectors.AccessLevel(1+rng.IntN(7)), rng.IntN(4) > 0 //nolint:gosec // small
	if rng.IntN(3) > 0 {
		a.Emails = []connectors.Email{{Address: fmt.Sprintf("p%s@x.example", id)}}
	}
	put(&d.Accounts, a)
	put(&d.Contacts, connectors.Contact{ID: id, Name: name, Emails: a.Emails, CreatedAt: date(), UpdatedAt: date()})
	put(&d.Teams, connectors.Team{ID: id, Name: name})
	put(&d.Roles, connectors.Role{ID: id, Name: name})
	put(&d.ContactFolders, connectors.ContactFolder{ID: id, Name: name})
}

func put[T connectors.Record](records *[]T, r T) {
	*records = append(without(*records, r.Key()), r)
}

func without[T connectors.Record](records []T, id string) []T {
	return slices.DeleteFunc(slices.Clone(records), func(r T) bool { return r.Key() == id })
}

// changed gives the sources some time later: people and groups have come, gone, and changed.
func changed(rng *rand.Rand, data []directory.SourceData, n int) []directory.SourceData {
	data = slices.Clone(data)
	for range 1 + rng.IntN(5) {
		d, id := &data[rng.IntN(len(data))], fmt.Sprint(rng.IntN(n+n/4+1))
		switch rng.IntN(3) {
		case 0:
			d.Accounts, d.Contacts = without(d.Accounts, id), without(d.Contacts, id)
			d.Teams, d.Roles, d.ContactFolders = without(d.Teams, id), without(d.Roles, id), without(d.ContactFolders, id)
		default:
			mutate(rng, d, id)
		}
	}
	return data
}

func TestPagesAreStretchesOfTheSortedList(t *testing.T) {
	t.Parallel()
	for name, l := range lists {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			rapid.Check(t, func(t *rapid.T) {
				rng := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "company"), 0)) //nolint:gosec // invented data
				n := rapid.SampledFrom([]int{0, 1, 3, 12, 80}).Draw(t, "records")
				d := directory.Build(directory.Rules{}, sized(rng, n))
				rows := l.rows(d)
				field, desc := rapid.IntRange(0, l.fields-1).Draw(t, "field"), l.fields > 1 && rapid.Bool().Draw(t, "descending")
				source := rapid.SampledFrom([]string{"", "worksection", "altcraft"}).Draw(t, "source")

				slices.SortFunc(rows, func(a, b row) int { return before(a, b, field, desc) })
				matching := slices.DeleteFunc(slices.Clone(rows), func(r row) bool { return source != "" && !slices.Contains(r.sources, source) })
				lo, hi := 0, len(matching)
				var args directory.PageArgs
				// A cursor may come from a list with another filter.
				anyCursor := func(label string) (string, int) {
					at := rapid.IntRange(0, len(rows)-1).Draw(t, label)
					page, err := l.page(d, "", field, desc, directory.PageArgs{First: new(directory.MaxPageSize)})
					if err != nil {
						t.Fatal(err)
					}
					place, found := slices.BinarySearchFunc(matching, rows[at], func(a, b row) int { return before(a, b, field, desc) })
					if label == "after" && found {
						place++
					}
					return page.Cursors[at], place
				}
				if len(rows) > 0 && rapid.Bool().Draw(t, "has after") {
					cursor, place := anyCursor("after")
					args.After, lo = &cursor, place
				}
				if len(rows) > 0 && rapid.Bool().Draw(t, "has before") {
					cursor, place := anyCursor("before")
					args.Before, hi = &cursor, place
				}
				hi = max(lo, hi)
				from, to := lo, hi
				size := rapid.SampledFrom([]int{0, 1, 2, 7, 100, 500}).Draw(t, "size")
				switch rapid.IntRange(0, 2).Draw(t, "way") {
				case 0:
					args.First = &size
					to = min(hi, lo+size)
				case 1:
					args.Last = &size
					from = max(lo, hi-size)
				default:
					to = min(hi, lo+directory.DefaultPageSize)
				}

				got, err := l.page(d, source, field, desc, args)
				if err != nil {
					t.Fatal(err)
				}
				want := cut{Total: len(matching), Cursors: got.Cursors, Info: directory.PageInfo{HasPreviousPage: from > 0, HasNextPage: to < len(matching)}}
				for _, r := range matching[from:to] {
					want.IDs = append(want.IDs, r.id)
				}
				if len(got.Cursors) > 0 {
					want.Info.StartCursor, want.Info.EndCursor = directory.Text(got.Cursors[0]), directory.Text(got.Cursors[len(got.Cursors)-1])
				}
				if diff := gocmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" {
					t.Fatalf("-want +got:\n%s", diff)
				}
			})
		})
	}
}

// While records change between the pages, whoever did not change comes exactly once.
func TestPagingWhileRecordsChange(t *testing.T) {
	t.Parallel()
	for name, l := range lists {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			rapid.Check(t, func(t *rapid.T) {
				rng := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "company"), 0)) //nolint:gosec // invented data
				n := rapid.IntRange(0, 60).Draw(t, "records")
				data := sized(rng, n)
				field, desc := rapid.IntRange(0, l.fields-1).Draw(t, "field"), l.fields > 1 && rapid.Bool().Draw(t, "descending")
				source := rapid.SampledFrom([]string{"", "worksection", "altcraft"}).Draw(t, "source")
				backwards := rapid.Bool().Draw(t, "backwards")
				size := rapid.IntRange(1, 10).Draw(t, "size")

				same := map[string]sortValue{} // those in the list who have not changed so far
				left := map[string]bool{}
				seen := map[string]int{}
				args := directory.PageArgs{First: &size}
				if backwards {
					args = directory.PageArgs{Last: &size}
				}
				for page := 0; ; page++ {
					d := directory.Build(directory.Rules{}, data)
					now := map[string]sortValue{}
					for _, r := range l.rows(d) {
						if source == "" || slices.Contains(r.sources, source) {
							now[r.id] = r.values[field]
						}
					}
					if page == 0 {
						for id, v := range now {
							same[id] = v
						}
					}
					for id, v := range same {
						if w, there := now[id]; !there || w != v {
							left[id] = true
						}
					}
					got, err := l.page(d, source, field, desc, args)
					if err != nil {
						t.Fatalf("page %d: %v", page, err)
					}
					for _, id := range got.IDs {
						seen[id]++
					}
					more := got.Info.HasNextPage
					if backwards {
						more = got.Info.HasPreviousPage
					}
					if !more {
						break
					}
					if page > 10*n+10 {
						t.Fatal("the pages do not end")
					}
					if backwards {
						args.Before = (*string)(&got.Info.StartCursor)
					} else {
						args.After = (*string)(&got.Info.EndCursor)
					}
					data = changed(rng, data, n)
				}
				for id := range same {
					if !left[id] && seen[id] != 1 {
						t.Errorf("%s did not change and came %d times", id, seen[id])
					}
				}
			})
		})
	}
}
