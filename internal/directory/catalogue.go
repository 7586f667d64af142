package directory

import (
	"roster/connectors"
	"roster/internal/names"
)

// catalogue is the teams, roles or folders of one source during a build: those with records, and those that other records only mention. All IDs are
// added before any name is looked up, so the order of mentions does not matter.
type catalogue[T any] struct {
	create func(id, name string) *T
	naming func(*T) (name *string, said *statements[string])
	all    []*T
	byID   map[string]*T
	byName map[string]*T // by the key of the name
}

func newCatalogue[T any](create func(id, name string) *T, naming func(*T) (*string, *statements[string])) *catalogue[T] {
	return &catalogue[T]{create: create, naming: naming, byID: make(map[string]*T)}
}

// withID returns the entry with the ID, and creates it if necessary. Name is what a record calls it: an account, or its own record if by is nil. An entry
// without a name has its ID in that place, so a name that is the ID is none.
func (c *catalogue[T]) withID(by *connectors.Account, id, name string) *T {
	x := c.byID[id]
	if x == nil {
		x = c.create(id, id)
		c.byID[id] = x
		c.all = append(c.all, x)
	}
	if name = names.Clean(name); name != "" && name != id {
		shown, said := c.naming(x)
		said.add(by, name, sameName)
		*shown = said.value(id)
	}
	return x
}

// indexNames indexes the entries by name. Of several entries with one name, it takes the first.
func (c *catalogue[T]) indexNames() {
	c.byName = make(map[string]*T, len(c.all))
	for _, x := range c.all {
		name, _ := c.naming(x)
		if key := names.Key(*name); key != "" && c.byName[key] == nil {
			c.byName[key] = x
		}
	}
}

// named creates an entry with the name, unless there is one or the name is blank.
func (c *catalogue[T]) named(by *connectors.Account, name string) {
	key := names.Key(name)
	if key == "" || c.byName[key] != nil {
		return
	}
	name = names.Clean(name)
	x := c.create("", name)
	_, said := c.naming(x)
	said.add(by, name, sameName)
	c.byName[key] = x
	c.all = append(c.all, x)
}

// find returns the entry to which a reference points, or nil.
func (c *catalogue[T]) find(id, name string) *T {
	if id != "" {
		return c.byID[id]
	}
	return c.byName[names.Key(name)]
}
