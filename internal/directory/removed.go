package directory

import (
	"slices"
	"time"

	"roster/connectors"
	"roster/internal/history"
)

// removedAccount is an account that its source no longer has, and the person to whom it belonged.
type removedAccount struct {
	history.Removal
	source *Source
	user   *User
	linked bool // by the operator, and not by an address or an anchor
	owned  []ownedAddress
}

// ownedAddress is an address or a value of an anchor of a removed account that only its person has now, and that no other removed account of the source had.
type ownedAddress struct {
	hash   [16]byte
	others []removedHolder
}

// removedHolder is a removed account of another source that had it too.
type removedHolder struct {
	source *Source
	at     time.Time
}

// clueHolders are those who have or had an address or a value of an anchor: the one person who has it now, and the removed accounts that had it.
type clueHolders struct {
	owner   *User
	removed []int
}

// collectRemoved finds out to whom the removed accounts belonged. It follows the operator's links and splits, addresses for which the source vouched, and
// values of anchors, if only one person has them. An account of which nobody or more than one person comes into question is left out.
func (b *builder) collectRemoved() {
	var all []removedAccount
	byAddress, byAnchor := make(map[[16]byte][]int), make(map[[16]byte][]int)
	for i, source := range b.dir.sources {
		for _, r := range source.history(connectors.Accounts).Removed() {
			b.step(1)
			if b.dir.accounts[connectors.Ref{Source: source.Name, ID: r.ID}] != nil { // written here again
				continue
			}
			for _, a := range r.Addresses {
				if trust := b.data[i].Trust; trust == TrustAsIs || trust == TrustVerifiedOnly && a.Verified {
					byAddress[a.Hash] = append(byAddress[a.Hash], len(all))
				}
				byAnchor[a.Hash] = append(byAnchor[a.Hash], len(all)) // no address has the hash of a value
			}
			all = append(all, removedAccount{Removal: r, source: source})
		}
	}
	if len(all) == 0 {
		return
	}
	owners := make([]connectors.Distinct[*User], len(all))
	holders := make(map[[16]byte]clueHolders)
	add := func(hash [16]byte, u *User, removed []int) {
		for _, i := range removed {
			owners[i].Add(u)
			holders[hash] = clueHolders{u, removed}
		}
	}
	if len(byAddress) > 0 {
		for key, u := range b.dir.byEmail {
			b.step(1)
			hash := history.HashOf(key)
			add(hash, u, byAddress[hash])
		}
	}
	if len(b.rules.Anchors) > 0 && len(byAnchor) > 0 {
		for _, a := range b.accounts {
			for _, c := range anchorClues(b.rules.Anchors, a) {
				b.step(1)
				hash := history.HashOfAnchor(c.key)
				add(hash, a.User, byAnchor[hash])
			}
		}
	}
	linked := b.linkedOwners()
	for i := range all {
		r := &all[i]
		ref := connectors.Ref{Source: r.source.Name, ID: r.ID}
		if r.user = linked[ref]; r.user != nil {
			r.linked = true
		} else {
			if found := owners[i].Values(); len(found) == 1 && !b.splitFrom(ref, found[0]) {
				r.user = found[0]
				r.owned = r.ownedOf(all, holders)
			}
		}
	}
	b.dir.removed = slices.Clip(slices.DeleteFunc(all, func(r removedAccount) bool { return r.user == nil }))
}

// ownedOf returns the addresses and values that only its person has now. It leaves out those that another removed account of the source had: then they may have
// been those of several people, and joined nobody.
func (r *removedAccount) ownedOf(all []removedAccount, holders map[[16]byte]clueHolders) []ownedAddress {
	var out []ownedAddress
	for _, a := range r.Addresses {
		owned := ownedAddress{hash: a.Hash}
		of := holders[a.Hash]
		alone := of.owner == r.user
		for _, i := range of.removed {
			switch other := &all[i]; {
			case other.source != r.source:
				owned.others = append(owned.others, removedHolder{other.source, other.At})
			case other.ID != r.ID:
				alone = false
			}
		}
		if alone {
			out = append(out, owned)
		}
	}
	return out
}

// linkedOwners returns the people with whose accounts the operator has linked accounts that are not there.
func (b *builder) linkedOwners() map[connectors.Ref]*User {
	out := make(map[connectors.Ref]*User)
	for _, refs := range b.rules.AllLinks() {
		var owner *User
		for _, ref := range refs {
			if a := b.dir.accounts[ref]; a != nil {
				owner = a.Core().User
			}
		}
		for _, ref := range refs {
			if owner != nil && b.dir.accounts[ref] == nil {
				out[ref] = owner
			}
		}
	}
	return out
}

// splitFrom reports whether the operator has said that an account does not belong to the person.
func (b *builder) splitFrom(ref connectors.Ref, u *User) bool {
	for _, refs := range b.rules.AllSplits() {
		if slices.Contains(refs, ref) && slices.ContainsFunc(u.Accounts, func(a Account) bool { return slices.Contains(refs, a.Core().Ref()) }) {
			return true
		}
	}
	return false
}

// RemovedAt returns when the fetches no longer saw the object with this ID: a person by the account of their ID, an account, a team, a role, a contact or a
// contact folder. It returns zero if it is there, and if nothing is known of it (any more).
func (d *Directory) RemovedAt(id string) time.Time {
	kind, source, external, ok := decodeID(id)
	if !ok || d.Node(id) != nil {
		return time.Time{}
	}
	collection, named := map[idKind]connectors.Collection{
		userID: connectors.Accounts, accountID: connectors.Accounts, teamID: connectors.Teams, roleID: connectors.Roles, contactID: connectors.Contacts,
		folderID: connectors.ContactFolders,
	}[kind]
	s := d.SourceNamed(source)
	if !named || s == nil {
		return time.Time{}
	}
	return s.history(collection).RemovedAt(external)
}
