package edits

import (
	"fmt"
	"slices"
	"strings"

	"roster/connectors"
	"roster/internal/directory"
)

// origin names where a rule comes from, for an error.
func origin(edit, configured string) string {
	if edit == "" {
		return configured + " of the configuration"
	}
	return "the edit " + edit
}

// linked are the links in force, as a graph: each account with the rules that link it.
type linked struct {
	rules    []rule
	byMember map[connectors.Ref][]int // the places in rules
}

type rule struct {
	edit string
	refs []connectors.Ref
}

func linksOf(r *directory.Rules) *linked {
	l := &linked{byMember: make(map[connectors.Ref][]int)}
	for edit, refs := range r.AllLinks() {
		for _, ref := range refs {
			l.byMember[ref] = append(l.byMember[ref], len(l.rules))
		}
		l.rules = append(l.rules, rule{edit, refs})
	}
	return l
}

// path returns the fewest rules that link two accounts, directly or through others; nil if none do.
func (l *linked) path(from, to connectors.Ref) []rule {
	type step struct {
		ref connectors.Ref
		by  int // the rule
		was int // the step before
	}
	steps := []step{{from, -1, -1}}
	seen, used := map[connectors.Ref]bool{from: true}, make(map[int]bool)
	for at := 0; at < len(steps); at++ {
		if s := steps[at]; s.ref == to && s.by >= 0 {
			var path []rule
			for i := at; steps[i].by >= 0; i = steps[i].was {
				path = append(path, l.rules[steps[i].by])
			}
			slices.Reverse(path)
			return path
		}
		for _, by := range l.byMember[steps[at].ref] {
			if used[by] {
				continue
			}
			used[by] = true
			for _, ref := range l.rules[by].refs {
				if !seen[ref] {
					seen[ref] = true
					steps = append(steps, step{ref, by, at})
				}
			}
		}
	}
	return nil
}

// conflict is a split of two accounts, by an edit or the configuration, which links join.
type conflict struct {
	split string // the ID of the edit; empty for the configuration
	a, b  connectors.Ref
	links []rule
}

// conflictOf returns what a new edit, or other rules of the configuration if the edit is empty, brings into conflict; nil for nothing. Was and is are the rules
// before and after. Two accounts that are split must not be linked, not even through others. Rules that contradict each other already, for example since the
// configuration has changed, do not count.
func conflictOf(was, is *directory.Rules, edit string) *conflict {
	before, after := linksOf(was), linksOf(is)
	for by, refs := range is.AllSplits() {
		for i, a := range refs {
			for _, b := range refs[i+1:] {
				path := after.path(a, b)
				if path == nil || before.path(a, b) != nil && (by != edit || edit == "" && separates(was.Splits, a, b)) {
					continue
				}
				return &conflict{by, a, b, path}
			}
		}
	}
	return nil
}

// separates reports whether one of the splits of the configuration has both accounts.
func separates(splits [][]connectors.Ref, a, b connectors.Ref) bool {
	return slices.ContainsFunc(splits, func(refs []connectors.Ref) bool { return slices.Contains(refs, a) && slices.Contains(refs, b) })
}

// contradiction returns what contradicts a new edit, as a sentence; "" if nothing does.
func contradiction(was, is directory.Rules, edit string) string {
	c := conflictOf(&was, &is, edit)
	if c == nil {
		return ""
	}
	return fmt.Sprintf("%s splits %s and %s, and %s links them: undo the edit that is wrong, or change the configuration",
		nameOf(c.split, edit, "identity.split"), c.a, c.b, namesOf(c.links, edit))
}

// Contradiction returns what contradicts other links and splits of the configuration, as a sentence; "" if nothing does. It is what a reload would refuse, or
// what would make an edit ineffective.
func Contradiction(was, is directory.Rules) string {
	c := conflictOf(&was, &is, "")
	if c == nil {
		return ""
	}
	split := "a split"
	if c.split != "" {
		split = "the edit " + c.split
	}
	var links []string
	for _, rule := range c.links {
		name := "a link"
		if rule.edit != "" {
			name = "the edit " + rule.edit
		}
		if !slices.Contains(links, name) {
			links = append(links, name)
		}
	}
	return fmt.Sprintf("%s separates %s and %s, and %s joins them: change the links and splits, or undo the edit that is wrong", split, c.a, c.b, strings.Join(links, " with "))
}

func nameOf(edit, own, configured string) string {
	if edit == own {
		return "this edit"
	}
	return origin(edit, configured)
}

// namesOf names the edits of a path of links, each once.
func namesOf(path []rule, own string) string {
	var names []string
	for _, rule := range path {
		if name := nameOf(rule.edit, own, "identity.link"); !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return strings.Join(names, " with ")
}

// isLinked reports whether the links in force make the accounts of a link one person.
func isLinked(r *directory.Rules, e *Edit) bool {
	l := linksOf(r)
	return !slices.ContainsFunc(e.Accounts[1:], func(ref connectors.Ref) bool { return l.path(e.Accounts[0], ref) == nil })
}

// isSplit reports whether the splits in force keep the account of a split apart from each of the others.
func isSplit(r *directory.Rules, e *Edit) bool {
	account, from := e.Accounts[0], e.From
	apart := make(map[connectors.Ref]bool)
	for _, refs := range r.AllSplits() {
		if slices.Contains(refs, account) {
			for _, ref := range refs {
				apart[ref] = ref != account
			}
		}
	}
	return !slices.ContainsFunc(from, func(ref connectors.Ref) bool { return !apart[ref] })
}
