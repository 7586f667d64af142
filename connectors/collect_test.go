package connectors_test

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"roster/connectors"
)

func TestCollectorKeepsTheLatestOfEachID(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		people := rapid.SliceOfN(rapid.Custom(func(rt *rapid.T) connectors.Account {
			return connectors.Account{
				ID:   rapid.SampledFrom([]string{"", "1", "2", "3", "4", "5"}).Draw(rt, "id"),
				Name: rapid.StringN(0, 3, -1).Draw(rt, "name"),
			}
		}), 0, 30).Draw(rt, "people")

		var all connectors.Collector[connectors.Account]
		var handed, kept []connectors.Listing[connectors.Account]
		latest := map[string]string{}
		var order []string
		nameless := false
		for _, p := range people {
			_, known := latest[p.ID]
			if fresh := all.Add(p); fresh != (p.ID != "" && !known) {
				rt.Fatalf("%q is new: %v", p.ID, fresh)
			}
			if p.ID == "" {
				nameless = true
				continue
			}
			if !known {
				order = append(order, p.ID)
			}
			latest[p.ID] = p.Name
			l := all.Listing(nil, false)
			handed = append(handed, l)
			l.Records = slices.Clone(l.Records)
			kept = append(kept, l)
		}

		var want []connectors.Account
		for _, id := range order {
			want = append(want, connectors.Account{ID: id, Name: latest[id]})
		}
		got := all.Listing(nil, true)
		if diff := cmp.Diff(want, got.Records); diff != "" {
			rt.Errorf("-want +got:\n%s", diff)
		}
		if got.Complete == nameless || all.Whole() == nameless {
			rt.Errorf("complete %v, whole %v; records without an ID: %v", got.Complete, all.Whole(), nameless)
		}
		if all.Len() != len(want) {
			rt.Errorf("%d long, want %d", all.Len(), len(want))
		}
		if diff := cmp.Diff(kept, handed); diff != "" {
			rt.Errorf("listings changed after they had been handed out:\n%s", diff)
		}
	})
}

func TestCollectorListing(t *testing.T) {
	t.Parallel()
	var none connectors.Collector[connectors.Team]
	seven := 7
	tests := map[string]struct {
		got      connectors.Listing[connectors.Team]
		complete bool
	}{
		"nothing, and no more to come":        {none.Listing(nil, true), true},
		"nothing so far":                      {none.Listing(&seven, false), false},
		"complete only if the caller says so": {none.Listing(nil, false), false},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if tt.got.Complete != tt.complete || len(tt.got.Records) != 0 {
				t.Errorf("got %+v", tt.got)
			}
		})
	}
	if got := none.Listing(&seven, false).Expected; got == nil || *got != 7 {
		t.Errorf("expected %v, want 7", got)
	}
}

func TestCollectorListingIsNotWrittenThrough(t *testing.T) {
	t.Parallel()
	var all connectors.Collector[connectors.Team]
	for _, id := range []string{"1", "2", "3"} { // one short of what a slice then has room for
		all.Add(connectors.Team{ID: id})
	}
	first := all.Listing(nil, false)
	all.Add(connectors.Team{ID: "4"})
	last := all.Listing(nil, true)
	_ = append(first.Records, connectors.Team{ID: "a reader's own"})
	if got := last.Records[3].ID; got != "4" {
		t.Errorf("a reader's append became record %q", got)
	}
}
