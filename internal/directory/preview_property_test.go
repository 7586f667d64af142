package directory_test

import (
	"errors"
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

// A preview is the difference between two directories that are built with and without the change. Edits stay in force.
func TestPreviewOfRandomChanges(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		r, data := company(t)
		if rapid.Bool().Draw(t, "edits") {
			edited := rules(t, data)
			r.Edits = []directory.Edit{{ID: "e1", Links: edited.Links}, {ID: "e2", Splits: edited.Splits}}
		}
		c, changed, changedData := change(t, r, data)
		before, after := directory.Build(r, data), directory.Build(changed, changedData)
		p, err := before.PreviewUntil(nil, c, data)
		if err != nil {
			t.Fatal(err)
		}
		if p.People != len(everyone(before)) || p.PeopleAfter != len(everyone(after)) {
			t.Errorf("%d people, then %d; want %d, then %d", p.People, p.PeopleAfter, len(everyone(before)), len(everyone(after)))
		}
		if diff := cmp.Diff(naivePreview(before, after), previewLines(t, p, before), cmpopts.EquateEmpty(), cmpopts.SortSlices(strings.Compare)); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	})
}

// change draws a change, and returns it with the rules and the data that it makes of the present ones.
func change(t *rapid.T, r directory.Rules, data []directory.SourceData) (*directory.Change, directory.Rules, []directory.SourceData) {
	other := rules(t, data)
	c := &directory.Change{Links: other.Links, Splits: other.Splits, Replace: rapid.Bool().Draw(t, "replace"), Trust: map[string]directory.TrustPolicy{}}
	if c.Replace {
		r.Links, r.Splits = c.Links, c.Splits
	} else {
		r.Links, r.Splits = slices.Concat(r.Links, c.Links), slices.Concat(r.Splits, c.Splits)
	}
	if rapid.Bool().Draw(t, "change the anchors") {
		c.Anchors = append([]directory.Anchor{}, other.Anchors...)
		r.Anchors = c.Anchors
	}
	if rapid.Bool().Draw(t, "change the shared mailboxes") {
		c.SharedMailboxes = rapid.SampledFrom([][]string{{}, {"zoe"}, {"zoe", "info"}}).Draw(t, "shared mailboxes")
		r.SharedMailboxes = c.SharedMailboxes
	}
	data = slices.Clone(data)
	for i := range data {
		if rapid.Bool().Draw(t, "change the trust") {
			data[i].Trust = rapid.SampledFrom([]directory.TrustPolicy{directory.TrustAsIs, directory.TrustVerifiedOnly, directory.TrustNothing}).Draw(t, "trust")
			c.Trust[data[i].Name] = data[i].Trust
		}
	}
	return c, r, data
}

// naivePreview compares two directories from account to account.
func naivePreview(before, after *directory.Directory) []string {
	owners := func(d *directory.Directory) map[string]*directory.User {
		of := map[string]*directory.User{}
		for _, u := range everyone(d) {
			for _, a := range u.Accounts {
				of[refOf(a).String()] = u
			}
		}
		return of
	}
	was, is := owners(before), owners(after)
	others := func(u *directory.User, of map[string]*directory.User) map[string]string {
		all := map[string]string{}
		for _, a := range u.Accounts {
			o := of[refOf(a).String()]
			all[o.ID] = personLine(o.ID, o.Name, accountsOf(o))
		}
		return all
	}
	var lines []string
	for _, u := range everyone(after) {
		if len(others(u, was)) > 1 {
			lines = append(lines, "merge "+personLine(u.ID, u.Name, accountsOf(u)))
		}
	}
	for _, u := range everyone(before) {
		if parts := others(u, is); len(parts) > 1 {
			lines = append(lines, "split "+u.ID+" "+strings.Join(slices.Sorted(maps.Values(parts)), " | "))
		}
		if found, err := after.User(u.ID); err != nil || found == nil {
			lines = append(lines, "lost "+u.ID)
		} else if found.ID != u.ID {
			lines = append(lines, "id "+u.ID+" "+found.ID)
		}
	}
	return lines
}

func personLine(id, name string, accounts []string) string {
	return fmt.Sprintf("%s %q %v", id, name, accounts)
}

// previewLines returns a preview in the words of naivePreview. All accounts and people in it must be those of the present directory.
func previewLines(t rapid.TB, p *directory.Preview, before *directory.Directory) []string {
	t.Helper()
	const most = directory.MaxPageSize
	merges, err1 := p.Merges(most)
	splits, err2 := p.Splits(most)
	ids, err3 := p.IDChanges(most)
	if err := errors.Join(err1, err2, err3); err != nil || p.MergeCount() != len(merges) || p.SplitCount() != len(splits) || p.IDChangeCount() != len(ids) {
		t.Fatalf("%d merges, %d splits, %d IDs, %v", len(merges), len(splits), len(ids), err)
	}
	line := func(person *directory.PreviewedPerson) string {
		accounts, err := person.Accounts(most)
		if err != nil {
			t.Fatal(err)
		}
		var refs []string
		for _, a := range accounts {
			if before.Node(a.Core().ID) != directory.Node(a) {
				t.Fatalf("%s is not of the present directory", refOf(a))
			}
			refs = append(refs, refOf(a).String())
		}
		return personLine(person.ID, person.Name, refs)
	}
	var lines []string
	for _, m := range merges {
		lines = append(lines, "merge "+line(m))
	}
	for _, s := range splits {
		people, err := s.People(most)
		if err != nil {
			t.Fatal(err)
		}
		var parts []string
		for _, person := range people {
			parts = append(parts, line(person))
		}
		slices.Sort(parts)
		lines = append(lines, "split "+s.User.ID+" "+strings.Join(parts, " | "))
	}
	for _, c := range ids {
		lines = append(lines, "id "+c.User.ID+" "+c.ID)
	}
	return lines
}

func TestPreviewStopsAndNamesUnknownAccounts(t *testing.T) {
	t.Parallel()
	data := []directory.SourceData{worksection(acc("1")), kommo(acc("7"))}
	d := directory.Build(directory.Rules{}, data)
	c := &directory.Change{Links: [][]connectors.Ref{refs("worksection/1 kommo/404"), refs("kommo/7 kommo/404")}, Splits: [][]connectors.Ref{refs("kommo/7 worksection/x")}}
	if _, err := d.PreviewUntil(func() bool { return true }, c, data); !errors.Is(err, directory.ErrStopped) {
		t.Errorf("a preview that is stopped returns %v", err)
	}
	p, err := d.PreviewUntil(nil, c, data)
	if err != nil {
		t.Fatal(err)
	}
	unknown, err := p.UnknownAccounts(20)
	if diff := cmp.Diff([]string{"kommo/404", "worksection/x"}, unknown); diff != "" || err != nil {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
}
