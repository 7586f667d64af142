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
	// user is the person to whom it belonged, and open the one of whom the operator's links and addresses alone say so, which everybody may see. Nil is nobody.
	user, open *User
}

// clueHolder is an account that has an address or a value of an anchor, and since when.
type clueHolder struct {
	account *AccountCore
	since   time.Time
}

// before reports whether a fetch had seen that before a time. Only then can it have joined the account with one that was removed at that time: addresses and
// numbers are given to others after somebody has left.
func (h clueHolder) before(at time.Time) bool { return h.since.Before(at) && h.account.seenBefore(at) }

// owner is who comes into question as the person to whom a removed account belonged.
type owner struct {
	had   connectors.Distinct[*User] // those who had one of its addresses or values before the removal
	shown bool                       // only they had it then, and only they have it now
}

// clear returns the person, if it is clear who it is.
func (o *owner) clear() *User {
	if found := o.had.Values(); len(found) == 1 && o.shown {
		return found[0]
	}
	return nil
}

// removedAccounts are the removed accounts of all sources.
type removedAccounts struct {
	all []removedAccount
	// byAddress are the accounts that had an address for which the source vouched, and byAnchor those that had a value of an anchor.
	byAddress, byAnchor map[[16]byte][]int
	// open are their owners by addresses, and owners by values of anchors too.
	open, owners []owner
}

// collectRemoved finds out to whom the removed accounts belonged. It follows the operator's links and splits, addresses for which the source vouched, and
// values of anchors. An account of which nobody or more than one person comes into question is left out.
func (b *builder) collectRemoved() {
	r := removedAccounts{byAddress: make(map[[16]byte][]int), byAnchor: make(map[[16]byte][]int)}
	for i, source := range b.dir.sources {
		for _, removal := range source.history(connectors.Accounts).Removed() {
			b.step(1)
			if b.dir.accounts[connectors.Ref{Source: source.Name, ID: removal.ID}] != nil { // written here again
				continue
			}
			for _, a := range removal.Addresses {
				if trust := b.data[i].Trust; trust == TrustAsIs || trust == TrustVerifiedOnly && a.Verified {
					r.byAddress[a.Hash] = append(r.byAddress[a.Hash], len(r.all))
				}
				r.byAnchor[a.Hash] = append(r.byAnchor[a.Hash], len(r.all)) // no address has the hash of a value
			}
			r.all = append(r.all, removedAccount{Removal: removal, source: source})
		}
	}
	if len(r.all) == 0 {
		return
	}
	r.open, r.owners = make([]owner, len(r.all)), make([]owner, len(r.all))
	for key, u := range b.dir.byEmail {
		b.step(1)
		if removed := r.byAddress[history.HashOf(key)]; len(removed) > 0 {
			holders := holdersOf(key, u)
			r.add(r.open, removed, holders)
			r.add(r.owners, removed, holders)
		}
	}
	for hash, holders := range b.holdersOfAnchors(r.byAnchor) {
		r.add(r.owners, r.byAnchor[hash], holders)
	}
	linked := b.linkedOwners()
	for i := range r.all {
		a := &r.all[i]
		ref := connectors.Ref{Source: a.source.Name, ID: a.ID}
		if a.user = linked[ref]; a.user != nil {
			a.open = a.user
			continue
		}
		a.user, a.open = b.unlessSplit(ref, r.owners[i].clear()), b.unlessSplit(ref, r.open[i].clear())
	}
	b.dir.removed = slices.Clip(slices.DeleteFunc(r.all, func(a removedAccount) bool { return a.user == nil && a.open == nil }))
}

// add adds those who have an address or a value now to the owners of the removed accounts that had it.
func (r *removedAccounts) add(owners []owner, removed []int, holders []clueHolder) {
	alone := !slices.ContainsFunc(holders, func(h clueHolder) bool { return h.account.User != holders[0].account.User })
	for _, i := range removed {
		for _, h := range holders {
			if h.before(r.all[i].At) {
				owners[i].had.Add(h.account.User)
				owners[i].shown = owners[i].shown || alone && !r.shared(i, removed, h)
			}
		}
	}
}

// shared reports whether another of the removed accounts that had an address or a value was in the same source, or in that of its holder at the same time. Then
// it may have been that of several people, and joined nobody.
func (r *removedAccounts) shared(i int, removed []int, h clueHolder) bool {
	return slices.ContainsFunc(removed, func(j int) bool {
		a, other := &r.all[i], &r.all[j]
		return other.source == a.source && other.ID != a.ID || other.source != a.source && other.source == h.account.Source && h.before(other.At)
	})
}

// holdersOf returns the accounts of a person that have an address.
func holdersOf(key string, u *User) []clueHolder {
	var out []clueHolder
	for _, account := range u.Accounts {
		if c := account.Core(); slices.ContainsFunc(c.emails, func(e accountEmail) bool { return e.key == key }) {
			out = append(out, clueHolder{c, c.ChangedAt(FieldEmail)})
		}
	}
	return out
}

// holdersOfAnchors returns the accounts that have a value of an anchor which a removed account had.
func (b *builder) holdersOfAnchors(wanted map[[16]byte][]int) map[[16]byte][]clueHolder {
	if len(b.rules.Anchors) == 0 || len(wanted) == 0 {
		return nil
	}
	out := make(map[[16]byte][]clueHolder)
	for _, a := range b.accounts {
		for i := range b.rules.Anchors {
			b.step(1)
			n := &b.rules.Anchors[i]
			c, has := n.clue(a)
			if !has {
				continue
			}
			if hash := history.HashOfAnchor(c.key); len(wanted[hash]) > 0 {
				out[hash] = append(out[hash], clueHolder{a, a.anchorChangedAt(n.Fields[a.Source.Name])})
			}
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

// unlessSplit returns the person, unless the operator has said that the account does not belong to them.
func (b *builder) unlessSplit(ref connectors.Ref, u *User) *User {
	if u == nil {
		return nil
	}
	for _, refs := range b.rules.AllSplits() {
		if slices.Contains(refs, ref) && slices.ContainsFunc(u.Accounts, func(a Account) bool { return slices.Contains(refs, a.Core().Ref()) }) {
			return nil
		}
	}
	return u
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
