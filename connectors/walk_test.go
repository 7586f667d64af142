package connectors_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"roster/connectors"
)

func id(i int) string { return fmt.Sprintf("u%05d", i) }

// TestWalkWhileListChanges holds a walk, which is broken off now and then, against a plain list that changes at random between two pages:
// whoever was there from beginning to end is found, and nobody is who never was.
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
		broken := rapid.IntRange(0, 6).Draw(t, "errors")
		step := rapid.IntRange(1, 3).Draw(t, "pages begin at multiples of")
		tellsLast := step > 1 || rapid.Bool().Draw(t, "tells which page is the last") // what overlaps by more cannot tell by its length
		w := connectors.Walk[string]{
			Fetch: func(_ context.Context, offset int) (connectors.Page[string], error) {
				if calls++; calls > 2000 {
					t.Fatal("it does not end")
				}
				change()
				if broken > 0 && rapid.IntRange(0, 3).Draw(t, "fails") == 0 {
					broken--
					return connectors.Page[string]{}, errors.New("broken off")
				}
				offset -= offset % step
				from := min(offset, len(rows))
				p := connectors.Page[string]{Rows: rows[from:min(from+size+step-1, len(rows))], Offset: offset}
				if total := len(rows); tellsTotal {
					p.Total = &total
				}
				if last := from+len(p.Rows) >= len(rows); tellsLast {
					p.Last = &last
				}
				return p, nil
			},
			Key:   func(r string) string { return r },
			Fail:  func(detail string) error { return errors.New(detail) },
			Begin: func() { got = nil },
			Take:  func(rows []string) { got = append(got, rows...) },
			Tell:  func(*int) {},
		}
		if ordered {
			w.Compare = strings.Compare
		}
		end, err := w.Run(context.Background())
		for err != nil && w.Resumable() {
			end, err = w.Run(context.Background())
		}
		if err != nil && err.Error() == "broken off" {
			return // nothing read yet, or in no order: a reading that begins anew
		}
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
			if end.Whole && !slices.Contains(got, r) {
				t.Fatalf("%s was there all the time and is not found in %v", r, got)
			}
		}
		if ordered && (tellsTotal || tellsLast) && !end.Complete(len(got)) {
			t.Fatalf("%d found in order to the end, and not called complete", len(got))
		}
		if !end.Whole && tellsTotal && ordered && len(always) == count {
			t.Fatal("nobody left, and yet the walk does not call itself whole")
		}
	})
}
