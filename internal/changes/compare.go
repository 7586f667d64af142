package changes

import (
	"slices"

	"roster/connectors"
	"roster/internal/directory"
	"roster/internal/snapshot"
)

// comparison is the state of one Compare.
type comparison struct {
	old, new *State
	// resets are the sources of which more has changed than is told, by name. Arriving are those of which a first fetch is in progress: nothing of
	// them is told, and their reset follows when it is over.
	resets, arriving map[string]bool
	changes          []Change
}

// Compare returns what has changed from one state to another: changes of sources first, then of objects.
//
// What a source's data brings when it arrives, or takes away when it is no longer served, is no change of single objects: it is one change of the source,
// with Reset. Objects of such a source are not told one by one. An object that is gone counts as removed only if its source's data is complete.
func Compare(before, after *State) []Change {
	c := &comparison{old: before, new: after, resets: make(map[string]bool), arriving: make(map[string]bool)}
	for _, name := range c.sourceNames() {
		was, is := before.source(name), after.source(name)
		c.resets[name] = !was.sameHoldings(is) || was.Arriving && !is.Arriving // it can end without data, for example because the source is removed
		c.arriving[name] = was.Arriving || is.Arriving
	}
	if before.Directory.Version() != after.Directory.Version() {
		was, is := before.Directory.Everything(), after.Directory.Everything()
		compareObjects(c, was.Teams, is.Teams, &objects[*directory.Team]{Team, teamFields, func(t *directory.Team) object { return object{t.ID, t.Name, t.Source} },
			[]connectors.Collection{connectors.Teams, connectors.Accounts}})
		compareObjects(c, was.Roles, is.Roles, &objects[*directory.Role]{Role, roleFields, func(r *directory.Role) object { return object{r.ID, r.Name, r.Source} },
			[]connectors.Collection{connectors.Roles, connectors.Accounts}})
		compareObjects(c, was.Folders, is.Folders, &objects[*directory.ContactFolder]{ContactFolder, folderFields,
			func(f *directory.ContactFolder) object { return object{f.ID, f.Name, f.Source} }, []connectors.Collection{connectors.ContactFolders, connectors.Contacts}})
		c.comparePeople(was.Users, is.Users)
		compareObjects(c, was.Contacts, is.Contacts, &objects[*directory.Contact]{Contact, contactFields,
			func(x *directory.Contact) object { return object{x.ID, x.Name, x.Source} }, []connectors.Collection{connectors.Contacts}})
	}
	return append(c.compareSources(), c.changes...)
}

// CompareSources is Compare for an earlier state whose directory is not known any more. So each source with other records is a change with Reset, and if
// the rules have changed by which directories are built, all sources are.
func CompareSources(before, after *State, sameRules bool) []Change {
	c := &comparison{old: before, new: after, resets: make(map[string]bool)}
	for _, name := range c.sourceNames() {
		was, is := before.source(name), after.source(name)
		c.resets[name] = !sameRules || was.Content != is.Content || !was.sameHoldings(is) || was.Arriving != is.Arriving
	}
	return c.compareSources()
}

// hides reports whether objects of a source are not told one by one.
func (c *comparison) hides(source string) bool { return c.resets[source] || c.arriving[source] }

// sourceNames lists the sources of both states, in the order of the new one.
func (c *comparison) sourceNames() []string {
	var names []string
	for _, state := range []*State{c.new, c.old} {
		for i := range state.Sources {
			if name := state.Sources[i].Name; !slices.Contains(names, name) {
				names = append(names, name)
			}
		}
	}
	return names
}

// compareSources returns the changes of sources.
func (c *comparison) compareSources() (changes []Change) {
	for _, name := range c.sourceNames() {
		before, after := c.old.source(name), c.new.source(name)
		change := Change{Kind: Source, Action: Updated, ID: before.ID, Label: name, Sources: []string{name}, Reset: c.resets[name]}
		if after.ID != "" {
			change.ID = after.ID
		}
		switch {
		case len(before.Collections) == 0 && len(after.Collections) > 0:
			change.Action = Added
		case len(before.Collections) > 0 && len(after.Collections) == 0:
			change.Action = Removed
		default:
			if stateOf(before) != stateOf(after) {
				change.Fields = append(change.Fields, "state")
			}
			if change.Reset {
				change.Fields = append(change.Fields, "collections")
			}
			if len(change.Fields) == 0 {
				continue
			}
		}
		changes = append(changes, change)
	}
	return changes
}

// stateOf returns the state of a source; Missing if it is not configured.
func stateOf(s *SourceState) snapshot.State {
	if s.ID == "" {
		return snapshot.Missing
	}
	return s.State
}

// object is what all objects of one source have.
type object struct {
	id, name string
	source   *directory.Source
}

// objects says how the objects of a type are compared.
type objects[T comparable] struct {
	kind   Kind
	fields []field[T]
	object func(T) object
	// from are the collections that have such objects, or mention them.
	from []connectors.Collection
}

func compareObjects[T comparable](c *comparison, before, after []T, of *objects[T]) {
	before, after = differing(before, after)
	known := make(map[string]T, len(before))
	for _, x := range before {
		known[of.object(x).id] = x
	}
	var none T
	for _, x := range after {
		o := of.object(x)
		was := known[o.id]
		delete(known, o.id)
		if was == x || c.hides(o.source.Name) {
			continue
		}
		change := Change{Kind: of.kind, Action: Added, ID: o.id, Label: o.name, Sources: []string{o.source.Name}}
		if was != none {
			change.Action, change.Fields = Updated, changed(of.fields, was, x)
			if len(change.Fields) == 0 {
				continue
			}
		}
		c.changes = append(c.changes, change)
	}
	for _, x := range before {
		o := of.object(x)
		if _, gone := known[o.id]; !gone || c.hides(o.source.Name) {
			continue
		}
		if !c.new.source(o.source.Name).complete(of.from...) {
			c.resets[o.source.Name] = true
			continue
		}
		c.changes = append(c.changes, Change{Kind: of.kind, Action: Removed, ID: o.id, Label: o.name, Sources: []string{o.source.Name}})
	}
}

// differing drops what two lists have in common at their beginnings and at their ends. Sources that were not fetched again have the same objects as before.
func differing[T comparable](a, b []T) (x, y []T) {
	for len(a) > 0 && len(b) > 0 && a[0] == b[0] {
		a, b = a[1:], b[1:]
	}
	for len(a) > 0 && len(b) > 0 && a[len(a)-1] == b[len(b)-1] {
		a, b = a[:len(a)-1], b[:len(b)-1]
	}
	return a, b
}
