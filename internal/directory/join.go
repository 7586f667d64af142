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
//
// It has stages: first the operator's links, then anchors, then addresses. What a stage has joined stays joined, so a wrong address separates nobody whom
// an anchor joins.
type joiner struct {
	accounts []*AccountCore
	rules    *Rules
	byRef    map[connectors.Ref]int
	split    map[[2]int]string // for two accounts, the ID of the edit that has split them first; empty for the configuration
	links    []operatorLink
	anchors  *stage // nil if there are none
	emails   *stage
}

// operatorLink is a link of the operator.
type operatorLink struct {
	edit     string // the ID of the edit that has made it; empty for the configuration
	accounts []int  // those that exist
}

// stage joins accounts by one kind of evidence: addresses, or anchors.
type stage struct {
	rule    IdentityRule
	holders map[string][]holder // by address, or by anchor and value, in the form in which these are compared
	// base has what was joined before this stage, and joined what the stage joins in addition.
	base, joined *union
	// contradictory has the groups of joined, by their number, that cannot be one person. Of such a group, only base counts.
	contradictory map[int]bool
}

// holder is an account that has an address, or a value of an anchor.
type holder struct {
	account int
	trust   connectors.Trust
	shared  bool // the address is a shared mailbox
}

func newJoiner(accounts []*AccountCore, rules *Rules) *joiner {
	j := &joiner{
		accounts: accounts,
		rules:    rules,
		byRef:    make(map[connectors.Ref]int, len(accounts)),
		split:    make(map[[2]int]string),
		emails:   &stage{rule: SameEmail, holders: make(map[string][]holder, len(accounts))},
	}
	for i, a := range accounts {
		j.byRef[connectors.Ref{Source: a.Source.Name, ID: a.ExternalID}] = i
		for _, e := range a.emails {
			j.emails.holders[e.key] = append(j.emails.holders[e.key], holder{account: i, trust: e.trust, shared: e.shared})
		}
	}
	if len(rules.Anchors) > 0 {
		j.anchors = &stage{rule: SameAnchor, holders: make(map[string][]holder)}
		for i, a := range accounts {
			for _, c := range anchorClues(rules.Anchors, a) {
				j.anchors.holders[c.key] = append(j.anchors.holders[c.key], holder{account: i, trust: c.trust})
			}
		}
	}
	for edit, refs := range rules.AllSplits() {
		known := j.known(refs)
		for _, a := range known {
			for _, b := range known {
				if _, known := j.split[[2]int{a, b}]; a != b && !known {
					j.split[[2]int{a, b}] = edit
				}
			}
		}
	}
	for edit, refs := range rules.AllLinks() {
		j.links = append(j.links, operatorLink{edit, j.known(refs)})
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

// join returns which accounts are one person.
func (j *joiner) join() *union {
	people := newUnion(len(j.accounts))
	for _, link := range j.links {
		for i := 1; i < len(link.accounts); i++ {
			people.join(link.accounts[0], link.accounts[i])
		}
	}
	for _, s := range j.stages() {
		people = j.run(s, people)
	}
	return people
}

// stages returns the stages after the links, in their order.
func (j *joiner) stages() []*stage {
	if j.anchors == nil {
		return []*stage{j.emails}
	}
	return []*stage{j.anchors, j.emails}
}

// run joins accounts by the evidence of a stage, and returns what is joined after it.
//
// If the evidence would join two accounts of one source, or accounts that the operator has split, some of it is wrong, and it is unknown which. Then none of
// it counts for that group.
func (j *joiner) run(s *stage, base *union) *union {
	s.base, s.joined = base, base.clone()
	for _, hs := range s.holders {
		if len(hs) < 2 {
			continue
		}
		if d := j.decide(hs, base); d.verdict == joins {
			for i := 1; i < len(d.vouched); i++ {
				s.joined.join(d.vouched[0].account, d.vouched[i].account)
			}
		}
	}
	s.contradictory = j.findContradictory(s.joined, base)
	after := &union{parent: make([]int, len(j.accounts))}
	for i := range after.parent {
		if g := s.joined.find(i); s.contradictory[g] {
			after.parent[i] = base.find(i)
		} else {
			after.parent[i] = g
		}
	}
	return after
}

// verdict is whether an address, or a value of an anchor, joins those who have it.
type verdict uint8

const (
	// joins: it joins the vouched holders.
	joins verdict = iota
	// sharedMailbox: it is an address of several people.
	sharedMailbox
	// ambiguous: two of the vouched holders cannot be one person.
	ambiguous
)

// decision is what one address, or one value of an anchor, says of those who have it. Both joining and explaining use it.
type decision struct {
	verdict verdict
	vouched []holder // the holders whose sources vouch for it; not all of them if it is ambiguous
}

// decide returns what the holders have in common by one address, or by one value of an anchor.
func (j *joiner) decide(hs []holder, base *union) decision {
	if hs[0].shared {
		return decision{verdict: sharedMailbox}
	}
	vouched := make([]holder, 0, len(hs))
	for _, h := range hs {
		if h.trust == connectors.TrustNone {
			continue
		}
		for _, other := range vouched { // at most as many as sources and joined accounts
			if j.mustDiffer(h.account, other.account) && base.find(h.account) != base.find(other.account) {
				return decision{verdict: ambiguous, vouched: vouched}
			}
		}
		vouched = append(vouched, h)
	}
	return decision{vouched: vouched}
}

// mustDiffer reports whether two accounts cannot belong to one person unless the operator links them: they are of one source, or are split.
func (j *joiner) mustDiffer(a, b int) bool {
	_, split := j.split[[2]int{a, b}]
	return split || j.accounts[a].Source == j.accounts[b].Source
}

// findContradictory returns the groups, by their number in joined, whose accounts cannot belong to one person.
func (j *joiner) findContradictory(joined, base *union) map[int]bool {
	type groupSource struct{ group, source int }
	accounts := make(map[groupSource]int, len(j.accounts))
	found := make(map[int]bool)
	for i, a := range j.accounts {
		s := groupSource{joined.find(i), a.Source.index}
		if other, ok := accounts[s]; ok && base.find(other) != base.find(i) {
			found[s.group] = true
		}
		accounts[s] = i
	}
	for pair := range j.split {
		if g := joined.find(pair[0]); g == joined.find(pair[1]) && base.find(pair[0]) != base.find(pair[1]) {
			found[g] = true
		}
	}
	return found
}

// maxHolders is the number of people with one address beyond which it says nothing about them. Such an address is a placeholder.
const maxHolders = 20

// linkDuplicates sets PossibleDuplicates: people with a common address for which not all of their sources vouch.
func (j *joiner) linkDuplicates() {
	duplicates := make(map[*User]map[*User]bool)
	for _, hs := range j.emails.holders {
		if len(hs) < 2 || hs[0].shared {
			continue
		}
		vouched := make(map[*User]bool, len(hs)) // for every user with the address
		for _, h := range hs {
			u := j.accounts[h.account].User
			vouched[u] = vouched[u] || h.trust > connectors.TrustNone
		}
		if len(vouched) < 2 || len(vouched) > maxHolders {
			continue
		}
		for a := range vouched {
			for b := range vouched {
				if a == b || (vouched[a] && vouched[b]) {
					continue
				}
				if _, split := j.splitUsers(a, b); split {
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

// splitUsers reports whether the operator has split the two people, and returns the ID of the edit that has done it.
func (j *joiner) splitUsers(a, b *User) (edit string, split bool) {
	if len(j.split) == 0 {
		return "", false
	}
	for _, x := range a.Accounts {
		for _, y := range b.Accounts {
			if edit, split = j.split[[2]int{j.number(x), j.number(y)}]; split {
				return edit, true
			}
		}
	}
	return "", false
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
