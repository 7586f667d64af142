package config

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"roster/connectors"
	"roster/internal/address"
	"roster/internal/nearest"
)

// identity returns the accounts that the operator links and splits. A split of accounts that links join, directly or through others, is a fault.
func (d *decoder) identity(f *identityFile, names map[string]bool) Identity {
	id := Identity{Dir: f.Dir}
	id.Link = d.groups(f.Link, "identity.link", names)
	id.Split = d.groups(f.Split, "identity.split", names)
	joined := make(components)
	for _, group := range id.Link {
		for _, ref := range group {
			joined.union(group[0], ref)
		}
	}
	for i, group := range id.Split {
		first := make(map[connectors.Ref]int)
		for j, ref := range group {
			root := joined.find(ref)
			if at, ok := first[root]; ok && group[at] != ref {
				d.fault(fmt.Sprintf("identity.split[%d][%d]", i, j), "identity.link joins it with entry %d of this list", at)
			} else {
				first[root] = j
			}
		}
	}
	if f.SharedMailboxes != nil {
		id.SharedMailboxes = make([]string, 0, len(f.SharedMailboxes))
	}
	for i, local := range f.SharedMailboxes {
		path := fmt.Sprintf("identity.shared_mailboxes[%d]", i)
		if strings.ContainsAny(local, "@ \t\r\n") || local != "" && address.Local(local) == "" {
			d.fault(path, "must be what stands before the @, such as info")
		}
		id.SharedMailboxes = append(id.SharedMailboxes, address.Local(local))
	}
	return id
}

// authority returns the source that decides who works here. It must be a source from which accounts are read.
func (d *decoder) authority(name string, sources []Source, names map[string]bool) string {
	const path = "identity.authority"
	if name == "" || d.faulty(path) {
		return name
	}
	i := slices.IndexFunc(sources, func(s Source) bool { return s.Name == name })
	if i < 0 || !names[name] {
		d.noSource(name, path, names)
		return name
	}
	kind := connectors.KindNamed(sources[i].Kind)
	_, reads := sources[i].Collections[connectors.Accounts]
	switch {
	case kind == nil: // which is a fault of its own
	case kind.Collection(connectors.Accounts) == nil:
		d.fault(path, "this kind of source has no accounts: name a source that lists the people who work here")
	case !reads:
		d.fault(path, "no accounts are read from this source: remove accounts: false from its collections, or name another source")
	default:
		d.guardAuthority(&sources[i], fmt.Sprintf("sources[%d].collections.%s.guard.max_loss", i, connectors.Accounts))
	}
	return name
}

// authorityMaxLoss is the greatest default of max_loss, in per cent, for the accounts of the source that decides who works here: whoever is lost there counts
// as a leaver. Few companies lose more people between two fetches, and a department that the credential may not see any more is often larger.
const authorityMaxLoss = 5

// guardAuthority lowers the max_loss of the accounts, unless the file has one for just these accounts.
func (d *decoder) guardAuthority(s *Source, path string) {
	if c := s.Collections[connectors.Accounts]; !d.inFile(path) {
		c.MaxLoss = min(c.MaxLoss, authorityMaxLoss)
		s.Collections[connectors.Accounts] = c
	}
}

func (d *decoder) groups(lists [][]string, path string, names map[string]bool) [][]connectors.Ref {
	var groups [][]connectors.Ref
	for i, list := range lists {
		sub := fmt.Sprintf("%s[%d]", path, i)
		group := make([]connectors.Ref, 0, len(list))
		seen := make(map[string]bool)
		for j, s := range list {
			at := fmt.Sprintf("%s[%d]", sub, j)
			source, id, ok := strings.Cut(s, "/") // only at the first slash: an ID may contain slashes
			switch {
			case d.faulty(at):
			case !ok || source == "" || id == "":
				d.fault(at, "must be source/id, such as projects/3993")
			case !names[source]:
				d.noSource(source, at, names)
			case seen[s]:
				d.fault(at, "given twice")
			}
			seen[s] = true
			group = append(group, connectors.Ref{Source: source, ID: id})
		}
		if len(list) < 2 && !d.faulty(sub) {
			d.fault(sub, "must name at least two accounts")
		}
		groups = append(groups, group)
	}
	return groups
}

// noSource adds the fault of a name that no source has.
func (d *decoder) noSource(name, path string, names map[string]bool) {
	hint := ""
	if !d.fromEnv[path] {
		hint = nearest.Hint(name, slices.Sorted(maps.Keys(names)))
	}
	d.fault(path, "there is no source with this name%s", hint)
}

// components is a union-find of linked accounts: each account points to another one of its group.
type components map[connectors.Ref]connectors.Ref

func (c components) find(r connectors.Ref) connectors.Ref {
	for {
		next, ok := c[r]
		if !ok || next == r {
			return r
		}
		if after, ok := c[next]; ok {
			c[r] = after // path halving
		}
		r = next
	}
}

func (c components) union(a, b connectors.Ref) {
	if ra, rb := c.find(a), c.find(b); ra != rb {
		c[rb] = ra
	}
}
