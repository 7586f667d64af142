package directory

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"roster/connectors"
	"roster/internal/address"
)

// accountEmail is a valid address of an account.
type accountEmail struct {
	shown, key string // see address.Address
	trust      connectors.Trust
	shared     bool // a shared mailbox, which matches nobody
}

// texts adds the spellings by which a search finds the address. An internationalised domain has two of them.
func (e *accountEmail) texts(add func(string)) {
	add(e.shown)
	if readable := address.Readable(e.key); readable != e.key {
		add(e.key)
		add(readable)
	}
}

// joiner decides which accounts belong to one person. It numbers the accounts; its result does not depend on their order.
type joiner struct {
	accounts []*AccountCore
	byRef    map[connectors.Ref]int
	holders  map[string][]holder // by address
	split    map[[2]int]bool
}

// holder is an account that has an address.
type holder struct {
	account int
	trust   connectors.Trust
}

func newJoiner(accounts []*AccountCore, rules *Rules) *joiner {
	j := &joiner{
		accounts: accounts,
		byRef:    make(map[connectors.Ref]int, len(accounts)),
		holders:  make(map[string][]holder, len(accounts)),
		split:    make(map[[2]int]bool),
	}
	for i, a := range accounts {
		j.byRef[connectors.Ref{Source: a.Source.Name, ID: a.ExternalID}] = i
		for _, e := range a.emails {
			if !e.shared {
				j.holders[e.key] = append(j.holders[e.key], holder{account: i, trust: e.trust})
			}
		}
	}
	for _, refs := range rules.AllSplits() {
		known := j.known(refs)
		for _, a := range known {
			for _, b := range known {
				if a != b {
					j.split[[2]int{a, b}] = true
				}
			}
		}
	}
	return j
}

// known returns the numbers of the accounts that exist.
func (j *joiner) known(refs []connectors.Ref) []int {
	var out []int
	for _, r := range refs {
		if i, ok := j.byRef[r]; ok {
			out = append(out, i)
		}
	}
	return out
}

// groups returns for each account the number of its person.
//
// The operator's links come first. Then accounts with a common address are joined if their sources vouch for it. If that would join two accounts of one
// source, or accounts that the operator has split, some address in the chain is wrong, and it is unknown which. Then only the links of that group count.
func (j *joiner) groups(rules *Rules) []int {
	linked := newUnion(len(j.accounts))
	for _, refs := range rules.AllLinks() {
		known := j.known(refs)
		for i := 1; i < len(known); i++ {
			linked.join(known[0], known[i])
		}
	}
	joined := linked.clone()
	for _, hs := range j.holders {
		if hs = j.joining(hs, linked); len(hs) > 1 {
			for _, h := range hs[1:] {
				joined.join(hs[0].account, h.account)
			}
		}
	}
	contradictory := j.contradictory(joined, linked)
	out := make([]int, len(j.accounts))
	for i := range out {
		if g := joined.find(i); contradictory[g] {
			out[i] = linked.find(i)
		} else {
			out[i] = g
		}
	}
	return out
}

// joining returns the holders of an address that it joins: those whose sources vouch for it. It returns none if they cannot be one person.
func (j *joiner) joining(hs []holder, linked *union) []holder {
	if len(hs) < 2 {
		return nil
	}
	vouched := make([]holder, 0, len(hs))
	for _, h := range hs {
		if h.trust == connectors.TrustNone {
			continue
		}
		for _, other := range vouched { // at most as many as sources and linked accounts
			if j.mustDiffer(h.account, other.account) && linked.find(h.account) != linked.find(other.account) {
				return nil
			}
		}
		vouched = append(vouched, h)
	}
	return vouched
}

// mustDiffer reports whether two accounts cannot belong to one person unless the operator links them: they are of one source, or are split.
func (j *joiner) mustDiffer(a, b int) bool {
	return j.accounts[a].Source == j.accounts[b].Source || j.split[[2]int{a, b}]
}

// contradictory returns the groups, by their number in joined, whose accounts cannot belong to one person.
func (j *joiner) contradictory(joined, linked *union) map[int]bool {
	type groupSource struct{ group, source int }
	accounts := make(map[groupSource]int, len(j.accounts))
	found := make(map[int]bool)
	for i, a := range j.accounts {
		s := groupSource{joined.find(i), a.Source.index}
		if other, ok := accounts[s]; ok && linked.find(other) != linked.find(i) {
			found[s.group] = true
		}
		accounts[s] = i
	}
	for pair := range j.split {
		if g := joined.find(pair[0]); g == joined.find(pair[1]) && linked.find(pair[0]) != linked.find(pair[1]) {
			found[g] = true
		}
	}
	return found
}

// maxDuplicateHolders is the number of people with one address beyond which it says nothing about them. Such an address is a placeholder.
const maxDuplicateHolders = 20

// linkDuplicates sets PossibleDuplicates: people with a common address for which not all of their sources vouch.
func (j *joiner) linkDuplicates() {
	duplicates := make(map[*User]map[*User]bool)
	for _, hs := range j.holders {
		if len(hs) < 2 {
			continue
		}
		vouched := make(map[*User]bool, len(hs)) // for every user with the address
		for _, h := range hs {
			u := j.accounts[h.account].User
			vouched[u] = vouched[u] || h.trust > connectors.TrustNone
		}
		if len(vouched) < 2 || len(vouched) > maxDuplicateHolders {
			continue
		}
		for a := range vouched {
			for b := range vouched {
				if a == b || (vouched[a] && vouched[b]) || j.splitUsers(a, b) {
					continue
				}
				if duplicates[a] == nil {
					duplicates[a] = make(map[*User]bool)
				}
				duplicates[a][b] = true
			}
		}
	}
	for u, others := range duplicates {
		u.PossibleDuplicates = slices.SortedFunc(maps.Keys(others), func(x, y *User) int { return cmp.Compare(x.index, y.index) })
	}
}

// splitUsers reports whether the operator has split the two people.
func (j *joiner) splitUsers(a, b *User) bool {
	if len(j.split) == 0 {
		return false
	}
	for _, x := range a.Accounts {
		for _, y := range b.Accounts {
			if j.split[[2]int{j.number(x), j.number(y)}] {
				return true
			}
		}
	}
	return false
}

func (j *joiner) number(a Account) int {
	return j.byRef[connectors.Ref{Source: a.Core().Source.Name, ID: a.Core().ExternalID}]
}

// sharedMailboxes has the local parts of shared mailboxes.
type sharedMailboxes map[string]bool

func newSharedMailboxes(localParts []string) sharedMailboxes {
	if localParts == nil {
		localParts = DefaultSharedMailboxes
	}
	m := make(sharedMailboxes, len(localParts))
	for _, p := range localParts {
		m[address.Local(p)] = true
	}
	return m
}

// shared reports whether the address with that key is a shared mailbox, possibly with a tag as in info+web@.
func (m sharedMailboxes) shared(key string) bool {
	local, _, _ := strings.Cut(key[:strings.LastIndexByte(key, '@')], "+")
	return m[local]
}

// union is a disjoint-set forest. A set's name is its smallest member, so names do not depend on the order of joins.
type union struct{ parent []int }

func newUnion(n int) *union {
	u := &union{parent: make([]int, n)}
	for i := range u.parent {
		u.parent[i] = i
	}
	return u
}

func (u *union) clone() *union { return &union{parent: slices.Clone(u.parent)} }

func (u *union) find(i int) int {
	for u.parent[i] != i {
		u.parent[i] = u.parent[u.parent[i]]
		i = u.parent[i]
	}
	return i
}

func (u *union) join(a, b int) {
	a, b = u.find(a), u.find(b)
	u.parent[max(a, b)] = min(a, b)
}
