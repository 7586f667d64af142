package edits_test

import (
	"testing"

	"roster/connectors"
	"roster/internal/directory"
	"roster/internal/edits"
)

// Other rules of the configuration must not contradict each other or an edit. What contradicted already is no fault of theirs.
func TestContradiction(t *testing.T) {
	t.Parallel()
	ref := func(id string) connectors.Ref { return connectors.Ref{Source: "hr", ID: id} }
	pair := func(a, b string) [][]connectors.Ref { return [][]connectors.Ref{{ref(a), ref(b)}} }
	linked, split := []directory.Edit{{ID: "e1", Links: pair("1", "2")}}, []directory.Edit{{ID: "e2", Splits: pair("1", "2")}}
	const advice = ": change the links and splits, or undo the edit that is wrong"
	for name, tc := range map[string]struct {
		was, is directory.Rules
		want    string
	}{
		"none": {directory.Rules{}, directory.Rules{Links: pair("1", "2"), Splits: pair("2", "3")}, ""},
		"each other": {directory.Rules{}, directory.Rules{Links: append(pair("1", "2"), pair("2", "3")...), Splits: pair("1", "3")},
			"a split separates hr/1 and hr/3, and a link joins them" + advice},
		"an edit that links": {directory.Rules{Edits: linked}, directory.Rules{Edits: linked, Splits: pair("1", "2")},
			"a split separates hr/1 and hr/2, and the edit e1 joins them" + advice},
		"an edit that splits": {directory.Rules{Edits: split}, directory.Rules{Edits: split, Links: pair("1", "2")},
			"the edit e2 separates hr/1 and hr/2, and a link joins them" + advice},
		"an edit that links, with a link": {directory.Rules{Edits: linked}, directory.Rules{Edits: linked, Links: pair("2", "3"), Splits: pair("1", "3")},
			"a split separates hr/1 and hr/3, and the edit e1 with a link joins them" + advice},
		"an edit, as before": {directory.Rules{Edits: split, Links: pair("1", "2")}, directory.Rules{Edits: split, Links: append(pair("1", "2"), pair("3", "4")...)}, ""},
		"an edit and a split of the configuration, as before": {directory.Rules{Edits: linked, Splits: pair("1", "2")},
			directory.Rules{Edits: linked, Splits: append(pair("1", "2"), pair("3", "4")...)}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := edits.Contradiction(tc.was, tc.is); got != tc.want {
				t.Errorf("it says %q, want %q", got, tc.want)
			}
		})
	}
}
