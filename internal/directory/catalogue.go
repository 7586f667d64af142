package directory

import (
	"cmp"

	"roster/internal/names"
)

// catalogue is the teams, roles or folders of one source during a build: those with records, and those that other records only mention. All IDs are
// added before any name is looked up, so the order of mentions does not matter.
type catalogue[T any] struct {
	create func(id, name string) *T
	nameOf func(*T) *string
	all    []*T
	byID   map[string]*T
	byName map[string]*T // by the key of the name
}

func newCatalogue[T any](create func(id, name string) *T, nameOf func(*T) *string) *catalogue[T] {
	return &catalogue[T]{create: create, nameOf: nameOf, byID: make(map[string]*T)}
}

// withID returns the entry with the ID, and creates it if necessary. If the entry has no name yet, it gets this one.
func (c *catalogue[T]) withID(id, name string) *T {
	x, name := c.byID[id], names.Clean(name)
	if x == nil {
		x = c.create(id, cmp.Or(name, id))
		c.byID[id] = x
		c.all = append(c.all, x)
	} else if n := c.nameOf(x); *n == id && name != "" {
		*n = name
	}
	return x
}

// indexNames indexes the entries by name. Of several entries with one name, it takes the first.
func (c *catalogue[T]) indexNames() {
	c.byName = make(map[string]*T, len(c.all))
	for _, x := range c.all {
		if key := names.Key(*c.nameOf(x)); key != "" && c.byName[key] == nil {
			c.byName[key] = x
		}
	}
}

// named creates an entry with the name, unless there is one or the name is blank.
func (c *catalogue[T]) named(name string) {
	key := names.Key(name)
	if key == "" || c.byName[key] != nil {
		return
	}
	x := c.create("", names.Clean(name))
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
