package directory_test

import (
	"slices"
	"strings"

	"roster/connectors"
	"roster/internal/directory"
)

// naive applies the rules for joining accounts directly, from account to account.
type naive struct {
	rules  directory.Rules
	nodes  []naiveNode
	people []int // for each node, the number of its person
	stages []naiveStage
}

type naiveNode struct {
	ref     connectors.Ref
	source  int
	emails  map[string]bool // by address, whether the source vouches for it
	trust   map[string]connectors.Trust
	anchors map[string]bool // by the anchor's name and the value; always true
}

// naiveStage is what addresses, or anchors, say.
type naiveStage struct {
	rule     directory.IdentityRule
	keys     func(naiveNode) map[string]bool
	believed map[string]bool // the keys that no two accounts have which cannot be one person
	joined   []int           // the groups that the believed keys make
	refused  map[int]bool    // the groups that cannot be one person
}

func newNaive(r directory.Rules, data []directory.SourceData) *naive {
	w := &naive{rules: r}
	for s, d := range data {
		for _, a := range d.Accounts {
			if a.ID == "" {
				continue
			}
			n := naiveNode{ref: connectors.Ref{Source: d.Name, ID: a.ID}, source: s,
				emails: map[string]bool{}, trust: map[string]connectors.Trust{}, anchors: map[string]bool{}}
			for _, e := range a.Emails {
				address := strings.ToLower(strings.TrimSpace(e.Address))
				local, domain, _ := strings.Cut(address, "@")
				verified := e.Verified != nil && *e.Verified
				vouched := d.Trust == directory.TrustAsIs || d.Trust == directory.TrustVerifiedOnly && verified
				if local != "" && domain != "" {
					n.emails[address] = n.emails[address] || vouched && !e.Synthetic
					switch {
					case vouched && !e.Synthetic && verified:
						n.trust[address] = connectors.TrustVerified
					case vouched && !e.Synthetic:
						n.trust[address] = max(n.trust[address], connectors.TrustAsserted)
					}
				}
			}
			for _, anchor := range r.Anchors {
				value := map[string]string{connectors.AccountID: a.ID, connectors.AccountUsername: a.Username}[anchor.Fields[d.Name]]
				if value = strings.ToLower(strings.TrimSpace(value)); value != "" && value != "-" {
					n.anchors[anchor.Name+" "+value] = true
				}
			}
			w.nodes = append(w.nodes, n)
		}
	}
	w.people = w.reach(func(a, b int) bool { return together(r.Links, w.nodes[a].ref, w.nodes[b].ref) })
	w.run(naiveStage{rule: directory.SameAnchor, keys: func(n naiveNode) map[string]bool { return n.anchors }})
	w.run(naiveStage{rule: directory.SameEmail, keys: func(n naiveNode) map[string]bool { return n.emails }})
	return w
}

// run joins the people further.
func (w *naive) run(s naiveStage) {
	base := w.people
	apart := func(a, b int) bool {
		return base[a] != base[b] && (w.nodes[a].source == w.nodes[b].source || w.split(a, b))
	}
	common := func(a, b int, accept func(key string) bool) bool {
		for key, vouched := range s.keys(w.nodes[a]) {
			if vouched && s.keys(w.nodes[b])[key] && accept(key) {
				return true
			}
		}
		return false
	}
	s.believed = map[string]bool{}
	for _, n := range w.nodes {
		for key := range s.keys(n) {
			s.believed[key] = !isShared(key)
		}
	}
	for a := range w.nodes {
		for b := range w.nodes {
			common(a, b, func(key string) bool {
				s.believed[key] = s.believed[key] && !apart(a, b)
				return false
			})
		}
	}
	s.joined = w.reach(func(a, b int) bool {
		return base[a] == base[b] || common(a, b, func(key string) bool { return s.believed[key] })
	})
	s.refused = map[int]bool{}
	for a := range w.nodes {
		for b := range w.nodes {
			if s.joined[a] == s.joined[b] && apart(a, b) {
				s.refused[s.joined[a]] = true
			}
		}
	}
	w.people = make([]int, len(w.nodes))
	for i := range w.nodes {
		if w.people[i] = s.joined[i]; s.refused[s.joined[i]] {
			w.people[i] = len(w.nodes) + base[i]
		}
	}
	w.stages = append(w.stages, s)
}

// reach returns the groups of nodes that these edges connect.
func (w *naive) reach(edge func(a, b int) bool) (group []int) {
	group = make([]int, len(w.nodes))
	for i := range group {
		group[i] = -1
	}
	var visit func(i, g int)
	visit = func(i, g int) {
		if group[i] >= 0 {
			return
		}
		group[i] = g
		for j := range w.nodes {
			if edge(i, j) || edge(j, i) {
				visit(j, g)
			}
		}
	}
	for i := range w.nodes {
		visit(i, i)
	}
	return group
}

func (w *naive) split(a, b int) bool {
	return a != b && together(w.rules.Splits, w.nodes[a].ref, w.nodes[b].ref)
}

func together(lists [][]connectors.Ref, a, b connectors.Ref) bool {
	return slices.ContainsFunc(lists, func(l []connectors.Ref) bool { return slices.Contains(l, a) && slices.Contains(l, b) })
}

func isShared(address string) bool {
	return strings.HasPrefix(address, "info@") || strings.HasPrefix(address, "sales+")
}
