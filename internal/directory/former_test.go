package directory_test

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"roster/connectors"
	"roster/internal/directory"
)

// Links and splits join and separate the same people whether they come from the configuration or from edits. The version says that they are others.
func TestEditsAreRules(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		r, data := company(t)
		edited := r
		at := rapid.IntRange(0, len(r.Links)).Draw(t, "links of the configuration")
		to := rapid.IntRange(0, len(r.Splits)).Draw(t, "splits of the configuration")
		edited.Links, edited.Splits = r.Links[:at], r.Splits[:to]
		if edits := (directory.Edit{ID: "e1", Links: r.Links[at:], Splits: r.Splits[to:]}); len(edits.Links)+len(edits.Splits) > 0 {
			edited.Edits = []directory.Edit{edits}
		}
		a, b := directory.Build(r, data), directory.Build(edited, data)
		if diff := cmp.Diff(people(a), people(b)); diff != "" {
			t.Errorf("other people (-configured +edited):\n%s", diff)
		}
		if is := a.Version() == b.Version(); is != (edited.Edits == nil) {
			t.Errorf("the same version: %v, with %d edits", is, len(edited.Edits))
		}
		if is := a.RulesVersion() == b.RulesVersion(); is != (edited.Edits == nil) {
			t.Errorf("the same version of the rules: %v, with %d edits", is, len(edited.Edits))
		}
	})
}

func TestRulesHaveAnOrigin(t *testing.T) {
	t.Parallel()
	one, two := refs("kommo/1 kommo/2"), refs("kommo/3 kommo/4")
	r := directory.Rules{Links: [][]connectors.Ref{one}, Splits: [][]connectors.Ref{two},
		Edits: []directory.Edit{{ID: "e1", Links: [][]connectors.Ref{two}}, {ID: "e2", Links: [][]connectors.Ref{one}, Splits: [][]connectors.Ref{one}}}}
	type rule struct {
		Edit string
		Refs []connectors.Ref
	}
	var links, splits []rule
	for edit, refs := range r.AllLinks() {
		links = append(links, rule{edit, refs})
	}
	for edit, refs := range r.AllSplits() {
		splits = append(splits, rule{edit, refs})
	}
	if diff := cmp.Diff([]rule{{"", one}, {"e1", two}, {"e2", one}}, links); diff != "" {
		t.Errorf("links (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]rule{{"", two}, {"e2", one}}, splits); diff != "" {
		t.Errorf("splits (-want +got):\n%s", diff)
	}
}

// The former IDs of a person are those of accounts that gave somebody the ID before an edit, and that the person has now. Each finds the person.
func TestFormerIDs(t *testing.T) {
	t.Parallel()
	data := []directory.SourceData{worksection(acc("1"), acc("2")), kommo(acc("1"), acc("2"))}
	former := refs("worksection/1 kommo/1 kommo/2 kommo/gone")
	d := directory.Build(directory.Rules{Links: [][]connectors.Ref{refs("worksection/1 kommo/1")}, Former: former}, data)
	got := make(map[string][]string)
	for _, u := range everyone(d) {
		ids := d.FormerIDs(u)
		for _, id := range ids {
			if found, err := d.User(id); found != u || err != nil || id == u.ID {
				t.Errorf("the former ID %s of %s finds %v", id, u.ID, found)
			}
		}
		got[refOf(u.Accounts[0]).String()] = ids
	}
	other := directory.Build(directory.Rules{}, data).UserByAccount(connectors.Ref{Source: "kommo", ID: "1"})
	want := map[string][]string{"worksection/1": {other.ID}, "worksection/2": {}, "kommo/2": {}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	if u := d.UserByAccount(connectors.Ref{Source: "kommo", ID: "1"}); !slices.Equal(d.FormerIDs(u), []string{other.ID}) {
		t.Errorf("former IDs %v, want that which kommo/1 had alone", d.FormerIDs(u))
	}
}
