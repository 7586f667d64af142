package directory_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"roster/connectors"
	"roster/internal/directory"
)

// The reasons that a person has are those that a plain reading of the rules gives, and they connect all accounts of the person.
func TestIdentityOfRandomCompanies(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		r, data := company(t)
		d, w := directory.Build(r, data), newNaive(r, data)
		explained := d.Identities()
		for _, u := range everyone(d) {
			links, apart := reasonsOf(t, explained, u)
			wantLinks, wantApart := w.reasons(u)
			if diff := cmp.Diff(wantLinks, links, cmpopts.EquateEmpty(), cmpopts.SortSlices(strings.Compare)); diff != "" {
				t.Fatalf("the links of %v (-want +got):\n%s", accountsOf(u), diff)
			}
			if diff := cmp.Diff(wantApart, apart, cmpopts.EquateEmpty(), cmpopts.SortSlices(strings.Compare)); diff != "" {
				t.Fatalf("what is held apart from %v (-want +got):\n%s", accountsOf(u), diff)
			}
			connected(t, explained, u)
		}
	})
}

// reasonsOf returns the reasons as lines of text.
func reasonsOf(t rapid.TB, explained *directory.Identities, u *directory.User) (links, apart []string) {
	t.Helper()
	x := explained.Of(u)
	l, err := x.Links(directory.MaxPageSize)
	if err != nil {
		t.Fatal(err)
	}
	h, err := x.HeldApart(directory.MaxPageSize)
	if err != nil {
		t.Fatal(err)
	}
	for _, link := range l {
		var refs []string
		for _, a := range link.Accounts {
			refs = append(refs, refOf(a).String())
		}
		slices.Sort(refs)
		trust := ""
		if link.Trust != nil {
			trust = fmt.Sprintf(" trust %d", *link.Trust)
		}
		links = append(links, fmt.Sprintf("rule %d %q%s: %s", link.Rule, evidence(link.Evidence, link.AnchorValue), trust, strings.Join(refs, " ")))
	}
	for _, a := range slices.Concat(x.HeldApartByAnchor(), h) {
		if (a.Trust != nil) != (a.Rule == directory.SameEmail) {
			t.Fatalf("rule %d with the trust %v", a.Rule, a.Trust)
		}
		apart = append(apart, fmt.Sprintf("%s: rule %d %q, reason %d of %d", refOf(a.Account), a.Rule, evidence(a.Evidence, a.AnchorValue), a.Reason, a.People))
	}
	return links, apart
}

func evidence(shown, value directory.Text) string {
	return strings.TrimSpace(strings.ToLower(strings.TrimSpace(string(shown)) + " " + strings.TrimSpace(string(value))))
}

// connected fails if the links of a person do not connect all of their accounts.
func connected(t rapid.TB, explained *directory.Identities, u *directory.User) {
	t.Helper()
	links, _ := explained.Of(u).Links(directory.MaxPageSize)
	reached := map[connectors.Ref]bool{refOf(u.Accounts[0]): true}
	for range u.Accounts {
		for _, l := range links {
			if slices.ContainsFunc(l.Accounts, func(a directory.Account) bool { return reached[refOf(a)] }) {
				for _, a := range l.Accounts {
					reached[refOf(a)] = true
				}
			}
		}
	}
	if len(reached) != len(u.Accounts) {
		t.Fatalf("the links of %v connect only %v", accountsOf(u), slices.Collect(maps.Keys(reached)))
	}
}

// reasons returns what reasonsOf should return.
func (w *naive) reasons(u *directory.User) (links, apart []string) {
	var own []int
	for i, n := range w.nodes {
		if slices.ContainsFunc(u.Accounts, func(a directory.Account) bool { return refOf(a) == n.ref }) {
			own = append(own, i)
		}
	}
	addLink := func(rule directory.IdentityRule, evidence, trust string, nodes []int) {
		if len(nodes) < 2 || !slices.Contains(own, nodes[0]) {
			return
		}
		var refs []string
		for _, i := range nodes {
			refs = append(refs, w.nodes[i].ref.String())
		}
		slices.Sort(refs)
		links = append(links, fmt.Sprintf("rule %d %q%s: %s", rule, evidence, trust, strings.Join(refs, " ")))
	}
	for _, list := range w.rules.Links {
		var known []int
		for i, n := range w.nodes {
			if slices.Contains(list, n.ref) {
				known = append(known, i)
			}
		}
		addLink(directory.LinkedByOperator, "", "", known)
	}
	for _, s := range w.stages {
		keys := map[string]bool{}
		for _, i := range own {
			for key, vouched := range s.keys(w.nodes[i]) {
				keys[key] = keys[key] || vouched
			}
		}
		for key, ownVouched := range keys {
			var vouched, others []int
			people := map[int]bool{}
			for i, n := range w.nodes {
				v, has := s.keys(n)[key]
				if !has {
					continue
				}
				people[w.people[i]] = true
				if v {
					vouched = append(vouched, i)
				}
				if !slices.Contains(own, i) {
					others = append(others, i)
				}
			}
			if s.believed[key] && len(vouched) > 1 && !s.refused[s.joined[vouched[0]]] {
				trust := ""
				if s.rule == directory.SameEmail {
					trust = fmt.Sprintf(" trust %d", w.lowest(key, vouched))
				}
				addLink(s.rule, key, trust, vouched)
			}
			for _, other := range others {
				reason := directory.Chain
				switch {
				case w.splitPeople(own, other):
					reason = directory.SplitByOperator
				case isShared(key):
					reason = directory.SharedMailbox
				case !ownVouched || !s.keys(w.nodes[other])[key]:
					reason = directory.Untrusted
				case !s.believed[key] && len(people) > 20:
					reason = directory.Placeholder
				case !s.believed[key]:
					reason = directory.Ambiguous
				}
				apart = append(apart, fmt.Sprintf("%s: rule %d %q, reason %d of %d", w.nodes[other].ref, s.rule, key, reason, min(21, len(people))))
			}
		}
	}
	return links, apart
}

// splitPeople reports whether a split names an account of each of two people.
func (w *naive) splitPeople(own []int, other int) bool {
	for _, a := range own {
		for b := range w.nodes {
			if w.people[b] == w.people[other] && w.split(a, b) {
				return true
			}
		}
	}
	return false
}

// lowest returns the lowest trust of the accounts in an address.
func (w *naive) lowest(address string, nodes []int) connectors.Trust {
	lowest := connectors.TrustVerified
	for _, i := range nodes {
		lowest = min(lowest, w.nodes[i].trust[address])
	}
	return lowest
}
