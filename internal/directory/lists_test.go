package directory_test

import (
	"time"

	"roster/internal/directory"
)

// row is an item of any list, as the test's own model has it.
type row struct {
	id      string
	sources []string
	values  []sortValue // by order field
}

// sortValue is a value by which an item is sorted.
type sortValue struct {
	none bool
	name string // compared in collation order
	text string
	n    int64
}

func time0(t time.Time) sortValue { return sortValue{none: t.IsZero(), n: t.UnixMicro()} }

func text0(s string) sortValue { return sortValue{none: s == "", text: s} }

func name0(t directory.Text) sortValue { return sortValue{none: t == "", name: string(t)} }

// cut is a page of any list.
type cut struct {
	IDs, Cursors []string
	Info         directory.PageInfo
	Total        int
}

// list is one of the five lists, in common terms. Its filter is the name of a source, or "".
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

// every returns all items of a list, page after page.
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
		fields: int(directory.UserByDepartment) + 1,
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
					name0(u.LastName), name0(u.Title), name0(u.Department),
				}}
				for _, a := range u.Accounts {
					r.sources = append(r.sources, a.Core().Source.Name)
				}
				out = append(out, r)
			}
			return out
		},
		page: func(d *directory.Directory, source string, field int, desc bool, args directory.PageArgs) (cut, error) {
			c, err := d.Users(&directory.UserFilter{Sources: some(source)},
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
