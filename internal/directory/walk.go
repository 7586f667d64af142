package directory

import (
	"slices"
	"sort"
)

// walk iterates over the matches in an order. If matches are dense, it steps through the order. If they are sparse, it sorts them first, so that a small
// page does not scan the whole list.
type walk struct {
	matches *set
	perm    []uint32
	places  []uint32 // the positions of the matches in the order, sorted; nil if dense
	sparse  bool
	empty   bool
}

// sparseShare is the number of items per match above which sorting the matches is cheaper than scanning all items.
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

// up returns the first n matches in [lo, hi), and whether there are more.
func (w *walk) up(lo, hi, n int) (items []uint32, more bool) {
	items = make([]uint32, 0, max(0, min(n, hi-lo)))
	for p := w.next(lo); p < hi; p = w.next(p + 1) {
		if len(items) == n {
			return items, true
		}
		items = append(items, w.perm[p])
	}
	return items, false
}

// down returns the last n matches in [lo, hi), the last one first, and whether there are more.
func (w *walk) down(hi, lo, n int) (items []uint32, more bool) {
	items = make([]uint32, 0, max(0, min(n, hi-lo)))
	for p := w.previous(hi - 1); p >= lo; p = w.previous(p - 1) {
		if len(items) == n {
			return items, true
		}
		items = append(items, w.perm[p])
	}
	return items, false
}

// any reports whether there is a match in [lo, hi).
func (w *walk) any(lo, hi int) bool { return lo < hi && w.next(lo) < hi }

// next returns the position of the first match at or after p, or len(perm).
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

// previous returns the position of the last match at or before p, or -1.
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
