package directory

import "math/bits"

// set is a set of items of one list.
type set struct {
	bits []uint64
	n    int // how many items the list has
}

func newSet(n int) set { return set{bits: make([]uint64, (n+63)/64), n: n} }

// everything is the set of all n items.
func everything(n int) set {
	s := newSet(n)
	for i := range s.bits {
		s.bits[i] = ^uint64(0)
	}
	if n%64 != 0 {
		s.bits[len(s.bits)-1] = 1<<(n%64) - 1
	}
	return s
}

func (s set) has(i uint32) bool { return s.bits[i/64]&(1<<(i%64)) != 0 }

func (s set) add(i uint32) { s.bits[i/64] |= 1 << (i % 64) }

func (s set) remove(i uint32) { s.bits[i/64] &^= 1 << (i % 64) }

func (s set) addAll(items []uint32) {
	for _, i := range items {
		s.add(i)
	}
}

// keep removes what is not in other.
func (s set) keep(other set) {
	for i := range s.bits {
		s.bits[i] &= other.bits[i]
	}
}

// drop removes what is in other.
func (s set) drop(other set) {
	for i := range s.bits {
		s.bits[i] &^= other.bits[i]
	}
}

// size counts the items.
func (s set) size() int {
	c := 0
	for _, b := range s.bits {
		c += bits.OnesCount64(b)
	}
	return c
}

// items yields the items in their order.
func (s set) items(yield func(uint32) bool) {
	for w, b := range s.bits {
		for ; b != 0; b &= b - 1 {
			if !yield(uint32(w*64 + bits.TrailingZeros64(b))) { //nolint:gosec // see numbered
				return
			}
		}
	}
}
