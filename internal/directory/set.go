package directory

import "math/bits"

// set is a set of items of one list.
type set struct {
	bits  []uint64 // nil for all items, so that a list without a filter costs nothing
	n     int      // the number of items in the list
	check *stopCheck
}

// newSet returns an empty set.
func newSet(n int) *set { return &set{bits: make([]uint64, (n+63)/64), n: n} }

// everything returns the set of all n items.
func everything(n int) *set { return &set{n: n} }

// all reports whether the set is represented as all items.
func (s *set) all() bool { return s.bits == nil }

func (s *set) has(i uint32) bool { return s.bits == nil || s.bits[i/64]&(1<<(i%64)) != 0 }

// addAll adds items to a set that is not represented as all items.
func (s *set) addAll(items []uint32) {
	for _, i := range items {
		s.bits[i/64] |= 1 << (i % 64)
	}
}

// add adds an item to a set that is not represented as all items.
func (s *set) add(i uint32) { s.bits[i/64] |= 1 << (i % 64) }

func (s *set) remove(i uint32) {
	s.materialize()
	s.bits[i/64] &^= 1 << (i % 64)
}

// intersect removes the items that are not in other. Other must not be used afterwards.
func (s *set) intersect(other *set) {
	switch {
	case other.all():
	case s.all():
		s.bits = other.bits
	default:
		for i := range s.bits {
			s.bits[i] &= other.bits[i]
		}
	}
}

// subtract removes the items of other, which must not be represented as all items.
func (s *set) subtract(other *set) {
	s.materialize()
	for i := range s.bits {
		s.bits[i] &^= other.bits[i]
	}
}

// materialize allocates the bits of a set of all items, so that items can be removed from it.
func (s *set) materialize() {
	if !s.all() {
		return
	}
	s.bits = make([]uint64, (s.n+63)/64)
	for i := range s.bits {
		s.bits[i] = ^uint64(0)
	}
	if s.n%64 != 0 {
		s.bits[len(s.bits)-1] = 1<<(s.n%64) - 1
	}
}

// size counts the items.
func (s *set) size() int {
	if s.all() {
		return s.n
	}
	c := 0
	for _, b := range s.bits {
		c += bits.OnesCount64(b)
	}
	return c
}

// items yields the items in their order. An item may be removed when it is yielded. If the query is stopped, the other items are not yielded.
func (s *set) items(yield func(uint32) bool) {
	if s.all() {
		for i := range s.n {
			if !s.check.advance(1) || !yield(uint32(i)) {
				return
			}
		}
		return
	}
	for w, b := range s.bits {
		for ; b != 0; b &= b - 1 {
			if !s.check.advance(1) || !yield(uint32(w*64+bits.TrailingZeros64(b))) { //nolint:gosec // see numbered
				return
			}
		}
	}
}
