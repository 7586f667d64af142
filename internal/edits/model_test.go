package edits_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"roster/connectors"
	"roster/internal/directory"
	"roster/internal/edits"
	"roster/internal/writes"
)

// oracle knows who is one person by the plainest means: lists of links and splits, and all pairs of accounts compared again and again.
type oracle struct {
	accounts  []string            // in the order of sources and IDs
	addresses map[string][]string // by account
	// configured are the links and splits of the configuration.
	configured plain
	edits      []*plainEdit
}

// plain are groups of accounts that are linked, and pairs that are split.
type plain struct {
	links  [][]string
	splits [][2]string
}

type plainEdit struct {
	plain
	id     string
	undone bool
	// of a split: the accounts that it concerns, and the groups that share an address
	concerns []string
	together [][]string
}

func (o *oracle) rules() plain {
	r := plain{slices.Clone(o.configured.links), slices.Clone(o.configured.splits)}
	for i, e := range o.edits {
		if e.undone {
			continue
		}
		r.links, r.splits = append(r.links, e.links...), append(r.splits, e.splits...)
		for _, group := range e.together {
			var left []string
			for _, a := range group { // unless a later split concerns it
				if !slices.ContainsFunc(o.edits[i+1:], func(l *plainEdit) bool { return !l.undone && slices.Contains(l.concerns, a) }) {
					left = append(left, a)
				}
			}
			if len(left) > 1 {
				r.links = append(r.links, left)
			}
		}
	}
	return r
}

// with returns an oracle that knows one more edit.
func (o *oracle) with(e *plainEdit) *oracle {
	return &oracle{o.accounts, o.addresses, o.configured, append(slices.Clone(o.edits), e)}
}

// closure joins accounts until nothing changes, and returns for each account the first one of its group.
func (o *oracle) closure(groups [][]string) map[string]string {
	first := make(map[string]string)
	for _, a := range o.accounts {
		first[a] = a
	}
	for changed := true; changed; {
		changed = false
		for _, g := range groups {
			least := first[g[0]]
			for _, a := range g {
				if slices.Index(o.accounts, first[a]) < slices.Index(o.accounts, least) {
					least = first[a]
				}
			}
			for _, a := range g {
				if was := first[a]; was != least {
					for b, f := range first {
						if f == was {
							first[b] = least
						}
					}
					changed = true
				}
			}
		}
	}
	return first
}

// people returns who is one person: see docs/identity.md.
func (o *oracle) people() []string {
	r := o.rules()
	linked := o.closure(r.links)
	differ := func(a, b string) bool {
		if linked[a] == linked[b] || a == b {
			return false
		}
		sameSource := strings.Split(a, "/")[0] == strings.Split(b, "/")[0]
		return sameSource || slices.Contains(r.splits, [2]string{a, b}) || slices.Contains(r.splits, [2]string{b, a})
	}
	any2 := func(group []string, is func(a, b string) bool) bool {
		return slices.ContainsFunc(group, func(a string) bool {
			return slices.ContainsFunc(group, func(b string) bool { return is(a, b) })
		})
	}
	holders := make(map[string][]string)
	for _, a := range o.accounts {
		for _, address := range o.addresses[a] {
			holders[address] = append(holders[address], a)
		}
	}
	groups := slices.Clone(r.links)
	for _, hs := range holders {
		if !any2(hs, differ) {
			groups = append(groups, hs)
		}
	}
	joined := o.closure(groups)
	members := make(map[string][]string)
	for _, a := range o.accounts {
		members[joined[a]] = append(members[joined[a]], a)
	}
	var out []string
	for _, group := range members {
		if !any2(group, differ) {
			out = append(out, strings.Join(group, " "))
			continue
		}
		byLinks := make(map[string][]string)
		for _, a := range group {
			byLinks[linked[a]] = append(byLinks[linked[a]], a)
		}
		for _, part := range byLinks {
			out = append(out, strings.Join(part, " "))
		}
	}
	slices.Sort(out)
	return out
}

// contradicts reports whether an edit would split what is linked, or link what is split.
func (o *oracle) contradicts(e *plainEdit) bool {
	is := o.with(e).rules()
	before, after := o.closure(o.rules().links), o.closure(is.links)
	for _, s := range is.splits {
		if after[s[0]] == after[s[1]] && before[s[0]] != before[s[1]] {
			return true
		}
	}
	return slices.ContainsFunc(e.splits, func(s [2]string) bool { return after[s[0]] == after[s[1]] })
}

func (o *oracle) isLinked(accounts []string) bool {
	links := slices.Clone(o.configured.links)
	for _, e := range o.edits {
		if !e.undone {
			links = append(links, e.links...)
		}
	}
	linked := o.closure(links)
	return !slices.ContainsFunc(accounts, func(a string) bool { return linked[a] != linked[accounts[0]] })
}

func (o *oracle) isSplit(account string, from []string) bool {
	splits := o.rules().splits
	return !slices.ContainsFunc(from, func(f string) bool {
		return !slices.Contains(splits, [2]string{account, f}) && !slices.Contains(splits, [2]string{f, account})
	})
}

// linkOf and splitOf return the effect of an edit.
func linkOf(accounts []string) *plainEdit {
	return &plainEdit{plain: plain{links: [][]string{accounts}}}
}

func (o *oracle) splitOf(person []string, account string, from []string) *plainEdit {
	var stay, leave []string
	for _, a := range person {
		if slices.Contains(from, a) {
			leave = append(leave, a)
		} else {
			stay = append(stay, a)
		}
	}
	e := &plainEdit{concerns: append([]string{account}, from...)}
	for _, side := range [][]string{stay, leave} {
		var addresses [][]string // those who have each
		for _, a := range side {
			for _, address := range o.addresses[a] {
				holders := []string{a}
				for _, b := range side {
					if slices.Contains(o.addresses[b], address) {
						holders = append(holders, b)
					}
				}
				addresses = append(addresses, holders)
			}
		}
		groups := make(map[string][]string)
		first := o.closure(addresses)
		for _, a := range side {
			groups[first[a]] = append(groups[first[a]], a)
		}
		for _, g := range groups {
			if len(g) > 1 && len(leave) > 0 {
				e.together = append(e.together, g)
			}
		}
	}
	for _, f := range from {
		e.splits = append(e.splits, [2]string{account, f})
	}
	return e
}

// world draws accounts of three sources, some with addresses in common, and the rules of a configuration without contradictions.
func world(t *rapid.T) (*oracle, directory.Rules, []directory.SourceData) {
	o := &oracle{addresses: make(map[string][]string)}
	var data []directory.SourceData
	for _, name := range []string{"a", "b", "c"} {
		var accounts []connectors.Account
		for i := range rapid.IntRange(1, 4).Draw(t, "accounts of "+name) {
			id := fmt.Sprint(i + 1)
			mine := rapid.SliceOfNDistinct(rapid.SampledFrom([]string{"u@x.example", "v@x.example", "w@x.example", "z@x.example"}), 0, 2, rapid.ID[string]).Draw(t, "addresses")
			accounts = append(accounts, account(id, mine...))
			ref := name + "/" + id
			o.accounts, o.addresses[ref] = append(o.accounts, ref), mine
		}
		data = append(data, source(name, accounts...))
	}
	var configured directory.Rules
	some := rapid.SliceOfNDistinct(rapid.SampledFrom(o.accounts), 2, 2, rapid.ID[string])
	for range rapid.IntRange(0, 1).Draw(t, "configured links") {
		link := some.Draw(t, "link")
		o.configured.links = append(o.configured.links, link)
		configured.Links = append(configured.Links, refs(link...))
	}
	for range rapid.IntRange(0, 1).Draw(t, "configured splits") {
		split := some.Draw(t, "split")
		if e := (&plainEdit{plain: plain{splits: [][2]string{{split[0], split[1]}}}}); !o.contradicts(e) {
			o.configured.splits = append(o.configured.splits, e.splits...)
			configured.Splits = append(configured.Splits, refs(split...))
		}
	}
	return o, configured, data
}

// Links, splits and undoings in any order give the people that a plain oracle computes, and are refused when it finds a contradiction. Every ID that
// anybody has had finds a person at any time. When all is undone, everybody has their first ID.
func TestEditsInAnyOrder(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		o, configured, data := world(t)
		r := newReplica(&memory{}, configured, data)
		first := userIDs(r.Directory())
		shown := make(map[string]bool) // all IDs under which somebody was shown
		check := func() {
			d := r.Directory()
			if diff := cmp.Diff(o.people(), people(d)); diff != "" {
				t.Fatalf("people (-want +got):\n%s", diff)
			}
			for id := range shown {
				if u, err := d.User(id); u == nil || err != nil {
					t.Fatalf("the old ID %s finds nobody: %v", id, err)
				}
			}
			for _, u := range d.Everything().Users {
				for _, id := range d.FormerIDs(u) {
					if found, _ := d.User(id); found != u || !shown[id] || id == u.ID {
						t.Fatalf("%s has the former ID %s, which was shown: %v, and finds %v", u.ID, id, shown[id], found)
					}
				}
			}
			for _, id := range userIDs(d) {
				shown[id] = true
			}
		}
		check()
		for range rapid.IntRange(1, 12).Draw(t, "edits") {
			o.step(t, r)
			check()
		}
		for _, e := range o.edits {
			if !e.undone {
				if res, err := r.Undo(t.Context(), because("the end"), e.id); err != nil || res.Outcome != writes.Done {
					t.Fatalf("%+v, %v", res, err)
				}
				e.undone = true
				check()
			}
		}
		if diff := cmp.Diff(first, userIDs(r.Directory())); diff != "" {
			t.Errorf("after all is undone, IDs are others (-first +last):\n%s", diff)
		}
	})
}

// step draws an edit, makes it at a replica, and checks the answer.
func (o *oracle) step(t *rapid.T, r *replica) {
	switch rapid.SampledFrom([]string{"link", "link", "split", "split", "undo"}).Draw(t, "edit") {
	case "link":
		accounts := rapid.SliceOfNDistinct(rapid.SampledFrom(o.accounts), 2, 3, rapid.ID[string]).Draw(t, "accounts")
		res, err := r.LinkAccounts(t.Context(), because("link"), r.ids(accounts...))
		o.made(t, linkOf(accounts), o.isLinked(accounts), res, err)
	case "split":
		a := rapid.SampledFrom(o.accounts).Draw(t, "account")
		var person []string
		for _, p := range o.people() {
			if accounts := strings.Split(p, " "); slices.Contains(accounts, a) {
				person = accounts
			}
		}
		others := slices.DeleteFunc(slices.Clone(o.accounts), func(b string) bool { return b == a })
		from := rapid.SliceOfNDistinct(rapid.SampledFrom(others), 0, 2, rapid.ID[string]).Draw(t, "from")
		res, err := r.SplitAccount(t.Context(), because("split"), r.ids(a)[0], r.ids(from...))
		if len(from) == 0 {
			from = slices.DeleteFunc(slices.Clone(person), func(b string) bool { return b == a })
		}
		if len(from) == 0 {
			if codes(res) != "INVALID input.account" {
				t.Fatalf("%s is alone: %+v, %v", a, res, err)
			}
			return
		}
		o.made(t, o.splitOf(person, a, from), o.isSplit(a, from), res, err)
	case "undo":
		if len(o.edits) == 0 {
			return
		}
		e := rapid.SampledFrom(o.edits).Draw(t, "undone")
		want := writes.Done
		if e.undone {
			want = writes.AlreadyDone
		}
		if res, err := r.Undo(t.Context(), because("undo"), e.id); err != nil || res.Outcome != want {
			t.Fatalf("undo: %+v, %v, want %s", res, err, want)
		}
		e.undone = true
	}
}

func (o *oracle) made(t *rapid.T, e *plainEdit, already bool, res edits.Result, err error) {
	want := writes.Done
	switch {
	case already:
		want = writes.AlreadyDone
	case o.contradicts(e):
		want = writes.Rejected
	}
	if err != nil || res.Outcome != want {
		t.Fatalf("%v: %+v, %v, want %s", e, res, err, want)
	}
	if want == writes.Done {
		e.id = res.Edit.ID
		o.edits = append(o.edits, e)
	}
}

// The order in which sets are united does not matter, and uniting twice changes nothing. So replicas that exchange their edits end with the same ones.
func TestUnion(t *testing.T) {
	t.Parallel()
	set := rapid.Custom(func(t *rapid.T) *edits.Set {
		all := make(map[string]*edits.Edit)
		for range rapid.IntRange(0, 5).Draw(t, "edits") {
			id := rapid.SampledFrom([]string{"1", "2", "3", "4"}).Draw(t, "id")
			e := &edits.Edit{ID: id, Kind: edits.Link, Accounts: refs("a/1", "b/"+id), Made: edits.Act{At: time.Unix(int64(len(id)), 0).UTC(), Reason: id}}
			if rapid.Bool().Draw(t, "undone") {
				at := time.Unix(rapid.Int64Range(10, 12).Draw(t, "at"), 0).UTC()
				e.Undone = &edits.Act{At: at, By: rapid.SampledFrom([]string{"ann", "ben"}).Draw(t, "by"), Reason: "undone"}
			}
			all[id] = e
		}
		return edits.SetOf(slices.Collect(maps.Values(all))...)
	})
	rapid.Check(t, func(t *rapid.T) {
		a, b, c := set.Draw(t, "a"), set.Draw(t, "b"), set.Draw(t, "c")
		ab := edits.Union(a, b)
		for name, other := range map[string]*edits.Set{
			"the other order": edits.Union(b, a), "again": edits.Union(ab, a), "both again": edits.Union(ab, edits.Union(b, a)),
		} {
			if diff := cmp.Diff(ab.Text(), other.Text()); diff != "" || !edits.Same(ab, other) {
				t.Errorf("%s:\n%s", name, diff)
			}
		}
		if diff := cmp.Diff(edits.Union(ab, c).Text(), edits.Union(a, edits.Union(b, c)).Text()); diff != "" {
			t.Errorf("other groups:\n%s", diff)
		}
		for _, e := range slices.Concat(a.All(), b.All()) {
			if there := ab.ByID(e.ID); there == nil || e.Undone != nil && there.Undone == nil {
				t.Errorf("the union has lost %+v", e)
			}
		}
	})
}
