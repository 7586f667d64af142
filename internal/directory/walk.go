package directory

import (
	"slices"
	"sort"
)

// walk goes through the matches in an order. Where matches are dense it steps along the order; where they are sparse it has sorted them, so
// that no page of a few looks at the whole list.
type walk struct {
	matches *set
	perm    []uint32
	places  []uint32 // of the matches in the order, sorted; nil where dense
	sparse  bool
	empty   bool
}

// sparseShare is how many items there are to a match where sorting the matches is cheaper than stepping over the others.
const sparseShare = 32

func newWalk(matches *set, total int, perm, rank []uint32) *walk {
	w := &walk{matches: matches, perm: perm, empty: total == 0, sparse: total*sparseShare < len(perm)}
	if w.sparse {
		w.places = make([]uint32, 0, total)
		for i := range matches.items {
			w.places = append(w.places, rank[i])
		}
		slices.Sort(w.places)
	}
	return w
}

// up gives the first n matches in [lo, hi), and whether there are more.
func (w *walk) up(lo, hi, n int) (items []uint32, more bool) {
	for p := w.next(lo); p < hi; p = w.next(p + 1) {
		if len(items) == n {
			return items, true
		}
		items = append(items, w.perm[p])
	}
	return items, false
}

// down gives the last n matches in [lo, hi), the last one first, and whether there are more.
func (w *walk) down(hi, lo, n int) (items []uint32, more bool) {
	for p := w.previous(hi - 1); p >= lo; p = w.previous(p - 1) {
		if len(items) == n {
			return items, true
		}
		items = append(items, w.perm[p])
	}
	return items, false
}

// any says whether there is a match in [lo, hi).
func (w *walk) any(lo, hi int) bool { return lo < hi && w.next(lo) < hi }

// next gives the place of the first match at p or after it; len(perm) where there is none.
func (w *walk) next(p int) int {
	switch {
	case w.empty:
		return len(w.perm)
	case w.sparse:
		k := sort.Search(len(w.places), func(k int) bool { return int(w.places[k]) >= p })
		if k == len(w.places) {
			return len(w.perm)
		}
		return int(w.places[k])
	}
	for ; p < len(w.perm) && !w.matches.has(w.perm[p]); p++ {
	}
	return p
}

// previous gives the place of the last match at p or before it; -1 where there is none.
func (w *walk) previous(p int) int {
	switch {
	case w.empty:
		return -1
	case w.sparse:
		k := sort.Search(len(w.places), func(k int) bool { return int(w.places[k]) > p })
		if k == 0 {
			return -1
		}
		return int(w.places[k-1])
	}
	for ; p >= 0 && !w.matches.has(w.perm[p]); p-- {
	}
	return p
}
