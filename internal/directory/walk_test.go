package directory

import (
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// A walk returns the same matches whether it is dense or sparse.
func TestWalk(t *testing.T) {
	t.Parallel()
	ways := map[bool]int{}
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.SampledFrom([]int{0, 1, 7, 64, 150, 300}).Draw(t, "items")
		perm := make([]uint32, n)
		for i := range perm {
			perm[i] = uint32(i)
		}
		perm = rapid.Permutation(perm).Draw(t, "order")
		matches := everything(n)
		if !rapid.Bool().Draw(t, "all") {
			matches = newSet(n)
			if n > 0 {
				matches.addAll(rapid.SliceOfN(rapid.Uint32Range(0, uint32(n-1)), 0, rapid.SampledFrom([]int{3, 8, 300}).Draw(t, "most")).Draw(t, "matches"))
			}
		}
		var want []int // positions of the matches
		for p, i := range perm {
			if matches.has(i) {
				want = append(want, p)
			}
		}
		w := newWalk(matches, matches.size(), perm, ranks(perm))
		if len(want) > 1 {
			ways[w.sparse]++
		}
		lo, hi := rapid.IntRange(0, n).Draw(t, "lo"), rapid.IntRange(0, n).Draw(t, "hi")
		if len(want) > 0 && rapid.Bool().Draw(t, "around a match") {
			lo = rapid.SampledFrom(want).Draw(t, "match")
			hi = lo + 1
		}
		lo, hi = min(lo, hi), max(lo, hi)
		size := rapid.IntRange(0, n+1).Draw(t, "size")
		var within []uint32
		for _, p := range want {
			if p >= lo && p < hi {
				within = append(within, perm[p])
			}
		}
		items, more := w.up(lo, hi, size)
		if k := min(size, len(within)); !slices.Equal(items, within[:k]) || more != (k < len(within)) {
			t.Errorf("up gives %v, more %v; of %v", items, more, within)
		}
		items, more = w.down(hi, lo, size)
		slices.Reverse(items)
		if k := max(0, len(within)-size); !slices.Equal(items, within[k:]) || more != (k > 0) {
			t.Errorf("down gives %v, more %v; of %v", items, more, within)
		}
		if got := w.any(lo, hi); got != (len(within) > 0) {
			t.Errorf("any says %v of %v", got, within)
		}
	})
	if ways[true] == 0 || ways[false] == 0 {
		t.Errorf("dense or sparse was never tested: %v", ways)
	}
}

func TestSet(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(0, 200).Draw(t, "items")
		draw := func(label string) (*set, map[uint32]bool) {
			model := map[uint32]bool{}
			if rapid.Bool().Draw(t, label+" is everything") {
				for i := range n {
					model[uint32(i)] = true
				}
				return everything(n), model
			}
			s := newSet(n)
			if n > 0 {
				items := rapid.SliceOf(rapid.Uint32Range(0, uint32(n-1))).Draw(t, label)
				s.addAll(items)
				for _, i := range items {
					model[i] = true
				}
			}
			return s, model
		}
		a, am := draw("a")
		b, bm := draw("b")
		switch rapid.IntRange(0, 2).Draw(t, "do") {
		case 0:
			a.intersect(b)
			for i := range am {
				if !bm[i] {
					delete(am, i)
				}
			}
		case 1:
			if b.all() {
				b.materialize()
			}
			a.subtract(b)
			for i := range bm {
				delete(am, i)
			}
		default:
			for i := range a.items {
				if i%3 == 0 {
					a.remove(i)
					delete(am, i)
				}
			}
		}
		var got []uint32
		for i := range a.items {
			got = append(got, i)
			if !am[i] || !a.has(i) {
				t.Errorf("%d is in it", i)
			}
		}
		if len(got) != len(am) || a.size() != len(am) || !slices.IsSorted(got) {
			t.Errorf("holds %v, size %d, want %d of them", got, a.size(), len(am))
		}
	})
}
