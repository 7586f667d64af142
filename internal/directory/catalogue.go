package directory

import "cmp"

// catalogue is the teams, roles or folders of one source while the directory is made: those with records, and those that other records only
// mention. Whatever has an ID is known before anything is looked for by its name, so that it does not matter who mentions what first.
type catalogue[T any] struct {
	create func(id, name string) *T
	nameOf func(*T) *string
	all    []*T
	byID   map[string]*T
	byName map[string]*T
}

func newCatalogue[T any](create func(id, name string) *T, nameOf func(*T) *string) *catalogue[T] {
	return &catalogue[T]{create: create, nameOf: nameOf, byID: make(map[string]*T)}
}

// withID finds what has the ID, or makes it, and names it where nobody has done so.
func (c *catalogue[T]) withID(id, name string) *T {
	x := c.byID[id]
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
		if name := *c.nameOf(x); c.byName[name] == nil {
			c.byName[name] = x
		}
	}
}

// named finds what has the name, or makes it.
func (c *catalogue[T]) named(name string) *T {
	x := c.byName[name]
	if x == nil {
		x = c.create("", name)
		c.byName[name] = x
		c.all = append(c.all, x)
	}
	return x
}

// find gives what a reference means; nil where it says nothing.
func (c *catalogue[T]) find(id, name string) *T {
	switch {
	case id != "":
		return c.byID[id]
	case name != "":
		return c.byName[name]
	}
	return nil
}
