package directory

import (
	"cmp"

	"roster/internal/names"
)

// catalogue is the teams, roles or folders of one source while the directory is made: those with records, and those that other records only
// mention. Whatever has an ID is known before anything is looked for by its name, so that it does not matter who mentions what first.
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

// withID finds what has the ID, or makes it, and names it where nobody has done so.
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

// indexNames makes what has an ID known by its name too; of several with one name, the first.
func (c *catalogue[T]) indexNames() {
	c.byName = make(map[string]*T, len(c.all))
	for _, x := range c.all {
		if key := names.Key(*c.nameOf(x)); key != "" && c.byName[key] == nil {
			c.byName[key] = x
		}
	}
}

// named makes what has the name, unless it is known, or nothing of the name can be seen.
func (c *catalogue[T]) named(name string) {
	key := names.Key(name)
	if key == "" || c.byName[key] != nil {
		return
	}
	x := c.create("", names.Clean(name))
	c.byName[key] = x
	c.all = append(c.all, x)
}

// find gives what a reference means; nil where it says nothing.
func (c *catalogue[T]) find(id, name string) *T {
	if id != "" {
		return c.byID[id]
	}
	return c.byName[names.Key(name)]
}
