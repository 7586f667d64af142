package directory_test

import (
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"roster/connectors"
	"roster/internal/directory"
)

// shuffled returns the same records in another order.
func shuffled(t *rapid.T, data []directory.SourceData) []directory.SourceData {
	rng := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "order"), 0))
	out := slices.Clone(data)
	for i := range out {
		d := &out[i]
		d.Accounts, d.Teams, d.Roles = shuffle(rng, d.Accounts), shuffle(rng, d.Teams), shuffle(rng, d.Roles)
		d.Contacts, d.ContactFolders = shuffle(rng, d.Contacts), shuffle(rng, d.ContactFolders)
	}
	return out
}

func shuffle[T any](rng *rand.Rand, s []T) []T {
	s = slices.Clone(s)
	rng.Shuffle(len(s), func(i, j int) { s[i], s[j] = s[j], s[i] })
	return s
}

func TestOrderOfFetchingDoesNotMatter(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		r, data := company(t)
		a, b := directory.Build(r, data), directory.Build(r, shuffled(t, data))
		if diff := cmp.Diff(people(a), people(b)); diff != "" {
			t.Fatalf("other people:\n%s", diff)
		}
		// Everything is compared: every field, index and order.
		if !reflect.DeepEqual(a, b) {
			t.Fatal("the directories differ outside the people's accounts")
		}
	})
}

func TestWhoIsOnePerson(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		r, data := company(t)
		d := directory.Build(r, data)
		got := people(d)
		if diff := cmp.Diff(naivePeople(r, data), got, cmpopts.EquateEmpty()); diff != "" {
			t.Fatalf("-want +got:\n%s", diff)
		}

		// Every account occurs once, and is found by each ID of its person.
		seen := map[string]bool{}
		for _, u := range everyone(d) {
			for _, a := range u.Accounts {
				ref := refOf(a)
				if seen[ref.String()] {
					t.Errorf("%s is there twice", ref)
				}
				seen[ref.String()] = true
				byAccount, err := d.User(a.Core().ID)
				if d.UserByAccount(ref) != u || byAccount != u || err != nil || a.Core().User != u || d.Node(a.Core().ID) != directory.Node(a) {
					t.Errorf("%s does not lead to its person", ref)
				}
			}
			if found, err := d.User(u.ID); found != u || err != nil || d.Node(u.ID) != directory.Node(u) {
				t.Errorf("%q does not find its person", u.ID)
			}
		}
		for _, s := range data {
			for _, a := range s.Accounts {
				if ref := (connectors.Ref{Source: s.Name, ID: a.ID}); a.ID != "" && !seen[ref.String()] {
					t.Errorf("%s is missing", ref)
				}
			}
		}

		// The relation of possible duplicates is symmetric.
		for _, u := range everyone(d) {
			for _, o := range u.PossibleDuplicates {
				if o == u || !slices.Contains(o.PossibleDuplicates, u) {
					t.Errorf("%s and %s are not duplicates of each other", u.ID, o.ID)
				}
			}
		}

		// Joining people that are already joined changes nothing.
		again := r
		again.Links = nil
		for _, u := range everyone(d) {
			var link []connectors.Ref
			for _, a := range u.Accounts {
				link = append(link, refOf(a))
			}
			again.Links = append(again.Links, link)
		}
		if diff := cmp.Diff(got, people(directory.Build(again, data))); diff != "" {
			t.Errorf("joined twice, -once +twice:\n%s", diff)
		}
	})
}

// naivePeople applies the rules directly, from account to account.
func naivePeople(r directory.Rules, data []directory.SourceData) [][]string {
	w := newNaive(r, data)
	byPerson := map[int][]string{}
	for i, n := range w.nodes {
		byPerson[w.people[i]] = append(byPerson[w.people[i]], n.ref.String())
	}
	var out [][]string
	rank := func(ref string) string {
		source, id, _ := strings.Cut(ref, "/")
		at := slices.IndexFunc(data, func(d directory.SourceData) bool { return d.Name == source })
		if strings.Trim(id, "0123456789") == "" {
			return fmt.Sprintf("%d 0 %09d %s", at, len(id), id)
		}
		return fmt.Sprintf("%d 1 %s", at, id)
	}
	for _, refs := range byPerson {
		slices.SortFunc(refs, func(a, b string) int { return strings.Compare(rank(a), rank(b)) })
		out = append(out, refs)
	}
	slices.SortFunc(out, slices.Compare)
	return out
}

func TestMissingSourceAddsNobody(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		r, data := company(t)
		gone := rapid.IntRange(0, len(data)-1).Draw(t, "gone")
		rest := slices.Clone(data)
		rest[gone] = directory.SourceData{Name: data[gone].Name, Kind: data[gone].Kind, Trust: data[gone].Trust}
		before, after := directory.Build(r, data), directory.Build(r, rest)
		for _, u := range everyone(after) {
			for _, a := range u.Accounts {
				if before.UserByAccount(refOf(a)) == nil || refOf(a).Source == data[gone].Name {
					t.Errorf("%s is in no source", refOf(a))
				}
			}
		}
		for _, u := range everyone(before) {
			if first := refOf(u.Accounts[0]); first.Source == data[gone].Name {
				continue // their ID is that of an account in the missing source
			}
			if found, err := after.User(u.ID); err != nil || found == nil {
				t.Errorf("the ID of %v finds nobody", accountsOf(u))
			}
		}
	})
}

func TestBuildingLeavesTheRecordsAlone(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		r, data := company(t)
		before := fmt.Sprintf("%#v %#v", r, deref(data))
		directory.Build(r, data)
		if after := fmt.Sprintf("%#v %#v", r, deref(data)); before != after {
			t.Fatalf("the records have changed:\n%s", cmp.Diff(before, after))
		}
	})
}

// deref adds what the records point to, so that printing shows it.
func deref(data []directory.SourceData) string {
	var b strings.Builder
	for _, d := range data {
		fmt.Fprintf(&b, "%#v\n", d)
		for _, a := range d.Accounts {
			for _, e := range a.Emails {
				fmt.Fprint(&b, e.Verified != nil && *e.Verified, " ")
			}
		}
		for _, c := range d.Contacts {
			fmt.Fprintf(&b, "%#v %#v\n", c.ID, c.Folder)
			if c.Folder != nil {
				fmt.Fprintf(&b, "%#v ", *c.Folder)
			}
		}
	}
	return b.String()
}
