package export

import (
	"fmt"
	"slices"
	"strings"

	"github.com/vektah/gqlparser/v2/ast"

	"roster/internal/access"
	"roster/internal/echo"
)

// list is a list of the graph that can be exported.
type list struct {
	name     string // in the address
	root     string // the field of Query
	item     string // the type of its items
	defaults string // the columns by default
}

var all = []list{
	{"people", "users", "User", "id name firstName lastName title department email emails.address phones.raw addresses locale active bot accessLevel createdAt " +
		"teams.name roles.name accounts.source.name accounts.externalId"},
	{"teams", "teams", "Team", "id source.name externalId name kind"},
	{"roles", "roles", "Role", "id source.name externalId name description accessLevel"},
	{"contacts", "contacts", "Contact", "id source.name externalId name firstName lastName title email emails phones.raw addresses folder.name tags owner.name " +
		"owner.email url createdAt updatedAt user.id"},
	{"contact-folders", "contactFolders", "ContactFolder", "id source.name externalId name kind"},
}

// Lists are the lists that can be exported.
type Lists struct {
	// Schema has the types by their own names.
	Schema *ast.Schema
	// TypeName and RootField return the names by which clients know a type, and a field of Query.
	TypeName, RootField func(own string) string
	// MaySee reports whether a caller may see a field.
	MaySee func(p *access.Principal, object, field string) bool
	// Sources returns the names of all sources.
	Sources func() []string
}

// InputError is what is wrong with a parameter of a request.
type InputError struct{ Parameter, Message string }

// Error returns the parameter and the message.
func (e *InputError) Error() string { return e.Parameter + ": " + e.Message }

// Table returns the export of a list with these columns, or with those that the caller may see if columns is nil. It returns nil if there is no such list. The
// error is an InputError.
func (l *Lists) Table(name string, columns []string, p *access.Principal) (*Table, error) {
	i := slices.IndexFunc(all, func(of list) bool { return of.name == name })
	if i < 0 {
		return nil, nil //nolint:nilnil // there is no table
	}
	of := all[i]
	byDefault := columns == nil
	if byDefault {
		columns = strings.Fields(of.defaults)
	}
	t := &Table{root: l.Schema.Query.Fields.ForName(of.root)}
	for _, text := range columns {
		c, err := l.column(of.item, text)
		if err != nil {
			return nil, err
		}
		if slices.ContainsFunc(t.columns, func(other column) bool { return other.name == c.name }) {
			return nil, &InputError{"columns", echo.Quoted(c.name) + " is there twice"}
		}
		if byDefault && slices.ContainsFunc(c.path, func(s step) bool { return !l.MaySee(p, s.object, s.field) }) {
			continue
		}
		t.columns = append(t.columns, c)
	}
	t.document = l.document(t, of)
	return t, nil
}

// column is a column of a table: the path of a field.
type column struct {
	name string
	path []step
}

// step is a field on a path.
type step struct {
	object, field string
	source        string // only the items of this source; empty for all
}

// column reads the path of a column of a type. After a field with objects of several sources, the path may have the name of a source.
func (l *Lists) column(item, text string) (column, error) {
	c, def := column{name: text}, l.Schema.Types[item]
	fault := func(format string, args ...any) (column, error) {
		return column{}, &InputError{"columns", echo.Quoted(text) + ": " + fmt.Sprintf(format, args...)}
	}
	for name := range strings.SplitSeq(text, ".") {
		if def.IsLeafType() {
			return fault("there is nothing below a value")
		}
		field := def.Fields.ForName(name)
		if field == nil || strings.HasPrefix(name, "_") {
			if len(c.path) > 0 && c.path[len(c.path)-1].source == "" && def.Fields.ForName("source") != nil && slices.Contains(l.Sources(), name) {
				c.path[len(c.path)-1].source = name
				continue
			}
			return fault("%s is not a field of %s", echo.Quoted(name), l.TypeName(def.Name))
		}
		if needsRaw(field) {
			return fault("%s is not exported, because a file can be passed on", echo.Quoted(name))
		}
		if len(field.Arguments) > 0 {
			return fault("%s is a list of its own, which cannot be a column", echo.Quoted(name))
		}
		c.path = append(c.path, step{object: def.Name, field: name})
		def = l.Schema.Types[field.Type.Name()]
	}
	if !def.IsLeafType() {
		return fault("name a field of it")
	}
	return c, nil
}

// needsRaw reports whether a field shows what a source said, as it said it.
func needsRaw(field *ast.FieldDefinition) bool {
	d := field.Directives.ForName("requiresScopes")
	return d != nil && strings.Contains(d.Arguments.ForName("scopes").Value.String(), access.ScopeRaw)
}
