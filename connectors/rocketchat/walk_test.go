package rocketchat

import (
	"context"
	"net/http"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"roster/internal/rest"
)

// TestWalkWhileListChanges holds a walk against a plain list that changes at random between two pages: whoever was there from beginning
// to end is found, and nobody is who never was.
func TestWalkWhileListChanges(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		ordered := rapid.Bool().Draw(t, "ordered")
		size := rapid.IntRange(2, 8).Draw(t, "page size")
		count := rapid.IntRange(0, 60).Draw(t, "rows")
		tellsTotal := rapid.Bool().Draw(t, "tells total")
		var rows []string
		for i := range count {
			rows = append(rows, id(2*i))
		}
		if !ordered {
			rows = rapid.Permutation(rows).Draw(t, "order")
		}
		ever, always := slices.Clone(rows), slices.Clone(rows)
		changes := rapid.IntRange(0, 12).Draw(t, "changes")
		change := func() {
			for ; changes > 0 && rapid.Bool().Draw(t, "change now"); changes-- {
				if len(rows) > 0 && rapid.IntRange(0, 2).Draw(t, "kind") > 0 {
					from := rapid.IntRange(0, len(rows)-1).Draw(t, "delete at")
					to := min(len(rows), from+rapid.IntRange(1, 5).Draw(t, "so many"))
					gone := slices.Clone(rows[from:to])
					rows = slices.Delete(slices.Clone(rows), from, to)
					always = slices.DeleteFunc(always, func(r string) bool { return slices.Contains(gone, r) })
					continue
				}
				r := id(2*rapid.IntRange(0, 60).Draw(t, "insert") + 1)
				if slices.Contains(ever, r) {
					continue
				}
				ever = append(ever, r)
				at := len(rows)
				if ordered {
					at, _ = slices.BinarySearch(rows, r)
				}
				rows = slices.Insert(slices.Clone(rows), at, r)
			}
		}
		var got []string
		calls := 0
		w := walk[string]{
			fetch: func(_ context.Context, offset int) (page[string], error) {
				if calls++; calls > 2000 {
					t.Fatal("it does not end")
				}
				change()
				from := min(offset, len(rows))
				p := page[string]{resp: &rest.Response{Status: http.StatusOK}, rows: rows[from:min(from+size, len(rows))], offset: &offset}
				if total := len(rows); tellsTotal {
					p.total = &total
				}
				return p, nil
			},
			key:     func(r string) string { return r },
			ordered: ordered,
			begin:   func() { got = nil },
			take:    func(rows []string) { got = append(got, rows...) },
			tell:    func(*int) {},
		}
		end, err := w.run(context.Background())
		if err != nil {
			if ordered {
				t.Fatalf("an ordered list can always be read: %v", err)
			}
			return // too many restarts: said, and incomplete
		}
		for _, r := range got {
			if !slices.Contains(ever, r) {
				t.Fatalf("%s was never there", r)
			}
		}
		slices.Sort(got)
		if len(slices.Compact(slices.Clone(got))) != len(got) {
			t.Fatalf("twice in %v", got)
		}
		for _, r := range always {
			if end.whole && !slices.Contains(got, r) {
				t.Fatalf("%s was there all the time and is not found in %v", r, got)
			}
		}
		if !end.whole && tellsTotal && ordered && len(always) == count {
			t.Fatal("nobody left, and yet the walk does not call itself whole")
		}
	})
}
