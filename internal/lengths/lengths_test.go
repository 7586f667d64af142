package lengths_test

import (
	"slices"
	"testing"

	"pgregory.net/rapid"

	"roster/internal/lengths"
)

// The result is that of sorting all lengths and adding up the greatest.
func TestOfIsTheSumOfTheLongest(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		all := rapid.SliceOf(rapid.IntRange(0, 9)).Draw(t, "lengths")
		count := make(lengths.Count)
		for _, n := range all {
			count.Add(n)
		}
		n, want := rapid.IntRange(-1, len(all)+2).Draw(t, "lists"), 0
		slices.Sort(all)
		for i := range min(n, len(all)) {
			want += all[len(all)-1-i]
		}
		if got := count.Longest().Of(n); got != want {
			t.Errorf("the %d longest of %v have %d items, want %d", n, all, got, want)
		}
	})
}
