package directory

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"roster/connectors"
	"roster/internal/address"
)

// accountEmail is an address of an account that can be somebody's.
type accountEmail struct {
	shown, key string // see address.Address
	trust      connectors.Trust
	shared     bool // a shared mailbox: it joins nobody
}

// texts adds the spellings by which a search finds the address: those of an internationalised domain have both forms.
func (e *accountEmail) texts(add func(string)) {
	add(e.shown)
	if readable := address.Readable(e.key); readable != e.key {
		add(e.key)
		add(readable)
	}
}

// joiner decides which accounts are one person's. Accounts are known by their numbers; what is decided does not depend on their order.
type joiner struct {
	accounts []*AccountCore
	byRef    map[connectors.Ref]int
	holders  map[string][]holder // by address
	split    map[[2]int]bool
}

// holder is an account that holds an address.
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
	for _, refs := range rules.Splits {
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

// known gives the numbers of those accounts that exist.
func (j *joiner) known(refs []connectors.Ref) []int {
	var out []int
	for _, r := range refs {
		if i, ok := j.byRef[r]; ok {
			out = append(out, i)
		}
	}
	return out
}

// groups gives for each account the number of its person.
//
// The operator's links come first. Then addresses join what both sides vouch for, unless that would make one person of two accounts of one
// source, or of accounts that the operator has split: such a chain is wrong somewhere, nobody can tell where, and so none of it is believed.
func (j *joiner) groups(links [][]connectors.Ref) []int {
	linked := newUnion(len(j.accounts))
	for _, refs := range links {
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
	refused := j.refused(joined, linked)
	out := make([]int, len(j.accounts))
	for i := range out {
		if g := joined.find(i); refused[g] {
			out[i] = linked.find(i)
		} else {
			out[i] = g
		}
	}
	return out
}

// joining gives those of an address's holders that it joins: those that vouch for it, or none where it cannot be one person's.
func (j *joiner) joining(hs []holder, linked *union) []holder {
	if len(hs) < 2 {
		return nil
	}
	vouched := make([]holder, 0, len(hs))
	for _, h := range hs {
		if h.trust == connectors.TrustNone {
			continue
		}
		for _, other := range vouched { // no more than there are sources, or accounts that the operator linked
			if j.apart(h.account, other.account) && linked.find(h.account) != linked.find(other.account) {
				return nil
			}
		}
		vouched = append(vouched, h)
	}
	return vouched
}

// apart says whether two accounts cannot be one person's unless the operator links them: those of one source, and those that are split.
func (j *joiner) apart(a, b int) bool {
	return j.accounts[a].Source == j.accounts[b].Source || j.split[[2]int{a, b}]
}

// refused gives the persons, by their number in joined, that cannot be.
func (j *joiner) refused(joined, linked *union) map[int]bool {
	type seat struct{ group, source int }
	seats := make(map[seat]int, len(j.accounts))
	refused := make(map[int]bool)
	for i, a := range j.accounts {
		s := seat{joined.find(i), a.Source.index}
		if other, ok := seats[s]; ok && linked.find(other) != linked.find(i) {
			refused[s.group] = true
		}
		seats[s] = i
	}
	for pair := range j.split {
		if g := joined.find(pair[0]); g == joined.find(pair[1]) && linked.find(pair[0]) != linked.find(pair[1]) {
			refused[g] = true
		}
	}
	return refused
}

// maxDuplicateHolders is how many people may hold an address before it says nothing about any of them, such as one that everybody enters.
const maxDuplicateHolders = 20

// linkDuplicates sets PossibleDuplicates: people who hold one address, where one side does not vouch for it.
func (j *joiner) linkDuplicates() {
	duplicates := make(map[*User]map[*User]bool)
	for _, hs := range j.holders {
		if len(hs) < 2 {
			continue
		}
		vouched := make(map[*User]bool, len(hs)) // by everyone who holds it
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

// splitUsers says whether the operator has said that these are two people.
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

// mailboxes tells shared mailboxes by their local parts.
type mailboxes map[string]bool

func newMailboxes(localParts []string) mailboxes {
	if localParts == nil {
		localParts = DefaultSharedMailboxes
	}
	m := make(mailboxes, len(localParts))
	for _, p := range localParts {
		m[address.Local(p)] = true
	}
	return m
}

// shared says whether the address with that key is a shared mailbox's, also with a tag as in info+web@.
func (m mailboxes) shared(key string) bool {
	local, _, _ := strings.Cut(key[:strings.LastIndexByte(key, '@')], "+")
	return m[local]
}

// union is a disjoint-set forest whose sets are named by their smallest member, so that names do not depend on the order of joining.
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
