package directory

import (
	"cmp"
	"slices"

	"roster/connectors"
)

// IdentityRule is why accounts are one person, or look as if they were.
type IdentityRule uint8

// The rules, in the order in which they apply.
const (
	LinkedByOperator IdentityRule = iota
	SameAnchor
	SameEmail
)

// HeldApartReason is why an account that looks like one of a person's belongs to somebody else.
type HeldApartReason uint8

// The reasons. Of several, the first one counts.
const (
	// SplitByOperator: the operator has split an account of the person from one of the other.
	SplitByOperator HeldApartReason = iota
	// SharedMailbox: several people use the address.
	SharedMailbox
	// Untrusted: the source of one of the two accounts does not vouch for the address.
	Untrusted
	// Placeholder: Ambiguous, and so many people have the address or value that it is nobody's own.
	Placeholder
	// Ambiguous: two accounts that cannot be one person have the address or value, so that it is unknown whose it is.
	Ambiguous
	// Chain: the address or value and others together would join accounts that cannot be one person.
	Chain
)

// Identity says why the accounts of a person are one person, and why others that look alike are not.
type Identity struct {
	links          []*IdentityLink
	byEmail, byKey []*HeldApart
}

// IdentityLink is a reason why some accounts of a person are one person.
type IdentityLink struct {
	Accounts []Account // at least two, in the order of the sources
	Rule     IdentityRule
	// Edit is the ID of the edit that has made a link of the operator; empty for the configuration, and for other rules.
	Edit Text
	// Evidence is the address as the first of the accounts shows it, or the name of the anchor; empty for a link of the operator.
	Evidence Text
	// AnchorValue is the value of the anchor, as the first of the accounts shows it.
	AnchorValue Text
	// Trust is the lowest trust of the accounts' sources in the address; nil without one.
	Trust *connectors.Trust
}

// HeldApart is an account of somebody else that has something in common with one of a person's accounts.
type HeldApart struct {
	Account Account
	// Rule is the one that joins accounts in other cases.
	Rule IdentityRule
	// Evidence is the address as the first of the person's accounts shows it, or the name of the anchor. AnchorValue is the value of that.
	Evidence, AnchorValue Text
	// Trust is the trust of the account's source in the address; nil without one.
	Trust  *connectors.Trust
	Reason HeldApartReason
	// Edit is the ID of the edit that has split them; empty for the configuration, and for other reasons.
	Edit Text
	// People is the number of people who have the address or the value, this one included; at most maxHolders+1, which means more than maxHolders.
	People int
}

// Links returns the first reasons why the accounts are one person: the operator's links, then anchors, then addresses.
func (x *Identity) Links(first int) ([]*IdentityLink, error) { return firstOf(x.links, first) }

// HeldApart returns the first accounts of others with a common address. Of those with one address, there are at most maxHolders, those first for whose
// address the source vouches.
func (x *Identity) HeldApart(first int) ([]*HeldApart, error) { return firstOf(x.byEmail, first) }

// maxByAnchor is the number of accounts that HeldApartByAnchor returns at most. Its length is not an argument, because plans have no fields with scopes and
// arguments.
const maxByAnchor = 100

// HeldApartByAnchor returns the first accounts of others with a common value of an anchor. Of those with one value, there are at most maxHolders.
func (x *Identity) HeldApartByAnchor() []*HeldApart {
	return nonNil(x.byKey[:min(maxByAnchor, len(x.byKey))])
}

func firstOf[T any](all []T, first int) ([]T, error) {
	if err := checkSize("first", first); err != nil {
		return nil, err
	}
	return nonNil(all[:min(first, len(all))]), nil
}

// Identities explains the people of one directory. It is immutable.
type Identities struct {
	joiner *joiner
	outer  []Account     // by the joiner's numbers
	links  map[int][]int // for an account, the lists of the operator that link it
	common map[*stage]map[string]*common
}

// common is an address, or a value of an anchor, that several accounts have.
type common struct {
	decision
	joined  bool     // the decision counts: the group is not contradictory
	holders []holder // those with the most trust first
	people  int      // at most maxHolders+1
}

// Identities joins the accounts once more, by the same code, and keeps what the joiner has decided. This takes a tenth of the time of a build. A directory
// does not have it from the beginning, because of the memory.
func (d *Directory) Identities() *Identities {
	x := &Identities{links: make(map[int][]int), common: make(map[*stage]map[string]*common)}
	accounts := make([]*AccountCore, 0, len(d.accounts))
	for _, u := range d.users.all {
		for _, a := range u.Accounts {
			x.outer, accounts = append(x.outer, a), append(accounts, a.Core())
		}
	}
	x.joiner = newJoiner(accounts, &d.joining)
	x.joiner.join()
	for list, link := range x.joiner.links {
		for _, a := range link.accounts {
			x.links[a] = append(x.links[a], list)
		}
	}
	for _, s := range x.joiner.stages() {
		x.common[s] = x.joiner.commonOf(s)
		*s = stage{rule: s.rule} // the rest has served its purpose
	}
	return x
}

// commonOf returns what several accounts have in common by a stage, after join.
func (j *joiner) commonOf(s *stage) map[string]*common {
	all := make(map[string]*common)
	for key, hs := range s.holders {
		if len(hs) < 2 {
			continue
		}
		c := &common{decision: j.decide(hs, s.base), holders: hs}
		c.joined = c.verdict == joins && len(c.vouched) > 1 && !s.contradictory[s.joined.find(c.vouched[0].account)]
		people := make(map[*User]bool)
		for _, h := range hs {
			if people[j.accounts[h.account].User] = true; len(people) > maxHolders {
				break
			}
		}
		c.people = len(people)
		slices.SortStableFunc(c.holders, func(a, b holder) int { return cmp.Compare(b.trust, a.trust) })
		all[key] = c
	}
	return all
}

// Of explains a person of the directory.
func (x *Identities) Of(u *User) *Identity {
	out := &Identity{}
	var lists []int
	for _, a := range u.Accounts {
		lists = append(lists, x.links[x.joiner.number(a)]...)
	}
	slices.Sort(lists)
	for _, list := range slices.Compact(lists) {
		link := &x.joiner.links[list]
		x.link(out, u, IdentityLink{Rule: LinkedByOperator, Edit: Text(link.edit)}, link.accounts)
	}
	for _, s := range x.joiner.stages() {
		for _, c := range x.joiner.clues(s, u) {
			if has := x.common[s][c.key]; has != nil {
				x.linkBy(out, u, s, &c, has)
				x.holdApart(out, u, s, &c, has)
			}
		}
	}
	return out
}

// link adds a link of some accounts of a person, if it has two, and returns it.
func (x *Identities) link(out *Identity, u *User, link IdentityLink, accounts []int) *IdentityLink {
	for _, a := range u.Accounts {
		if slices.Contains(accounts, x.joiner.number(a)) {
			link.Accounts = append(link.Accounts, a)
		}
	}
	if len(link.Accounts) < 2 {
		return nil
	}
	out.links = append(out.links, &link)
	return &link
}

// linkBy adds the link by a common address or value, if it joins accounts of the person.
func (x *Identities) linkBy(out *Identity, u *User, s *stage, c *clue, has *common) {
	if !has.joined || x.joiner.accounts[has.vouched[0].account].User != u {
		return
	}
	accounts := make([]int, 0, len(has.vouched))
	trust := connectors.TrustVerified
	for _, h := range has.vouched {
		accounts, trust = append(accounts, h.account), min(trust, h.trust)
	}
	link := x.link(out, u, IdentityLink{Rule: s.rule}, accounts)
	if link == nil {
		return
	}
	own := x.joiner.cluesOf(s, link.Accounts[0].Core())
	shown := own[slices.IndexFunc(own, func(o clue) bool { return o.key == c.key })]
	link.Evidence, link.AnchorValue = shown.evidence, shown.value
	if s.rule == SameEmail {
		link.Trust = &trust
	}
}

// holdApart adds the accounts of others that have the same address or value.
func (x *Identities) holdApart(out *Identity, u *User, s *stage, c *clue, has *common) {
	listed := 0
	for i := 0; i < len(has.holders) && listed < maxHolders; i++ {
		h := &has.holders[i]
		other := x.joiner.accounts[h.account].User
		if other == u {
			continue
		}
		listed++
		apart := &HeldApart{Account: x.outer[h.account], Rule: s.rule, Evidence: c.evidence, AnchorValue: c.value, People: has.people}
		if edit, split := x.joiner.splitUsers(u, other); split {
			apart.Reason, apart.Edit = SplitByOperator, Text(edit)
		} else {
			apart.Reason = has.reason(min(c.trust, h.trust))
		}
		if s.rule == SameEmail {
			apart.Trust = &h.trust
			out.byEmail = append(out.byEmail, apart)
		} else {
			out.byKey = append(out.byKey, apart)
		}
	}
}

// reason returns why two people are not joined whom nobody has split. Trust is the lower one of the two sides.
func (c *common) reason(trust connectors.Trust) HeldApartReason {
	switch {
	case c.verdict == sharedMailbox:
		return SharedMailbox
	case trust == connectors.TrustNone:
		return Untrusted
	case c.verdict == ambiguous && c.people > maxHolders:
		return Placeholder
	case c.verdict == ambiguous:
		return Ambiguous
	}
	return Chain
}

// clue is an address or a value of an anchor that an account has: in the form in which it is compared, and as it is shown.
type clue struct {
	key             string
	evidence, value Text // see IdentityLink
	trust           connectors.Trust
}

// clues returns the addresses, or the values of anchors, that a person's accounts have, each once, with the highest trust.
func (j *joiner) clues(s *stage, u *User) []clue {
	var all []clue
	for _, a := range u.Accounts {
		for _, c := range j.cluesOf(s, a.Core()) {
			if at := slices.IndexFunc(all, func(known clue) bool { return known.key == c.key }); at >= 0 {
				all[at].trust = max(all[at].trust, c.trust)
			} else {
				all = append(all, c)
			}
		}
	}
	return all
}

// cluesOf returns the addresses, or the values of anchors, that an account has.
func (j *joiner) cluesOf(s *stage, a *AccountCore) []clue {
	if s.rule == SameAnchor {
		return anchorClues(j.rules.Anchors, a)
	}
	all := make([]clue, len(a.emails))
	for i := range a.emails {
		all[i] = clue{key: a.emails[i].key, evidence: Text(a.emails[i].shown), trust: a.emails[i].trust}
	}
	return all
}
