// Package lengths knows how long the lists of many objects are, and how many items the longest of them have together. It is pure, and knows neither
// the objects nor the items.
package lengths

import (
	"maps"
	"math"
	"slices"
)

// Count counts lists by their length.
type Count map[int]int

// Add counts a list.
func (c Count) Add(length int) {
	if length > 0 {
		c[length]++
	}
}

// Longest gives what has been counted so far, the longest lists first. There are no more different lengths than the square root of twice the items.
func (c Count) Longest() Longest {
	l := make(Longest, 0, len(c))
	for _, length := range slices.Backward(slices.Sorted(maps.Keys(c))) {
		l = append(l, run{length: length, lists: c[length]})
	}
	return l
}

// Longest is how long lists are, the longest first. The zero value is for lists that are all empty.
type Longest []run

// run is lists of one length.
type run struct{ length, lists int }

// Of gives how many items that many lists have together at most: those of the longest ones.
func (l Longest) Of(lists int) int {
	items := 0
	for _, r := range l {
		n := min(lists, r.lists)
		if n <= 0 {
			break
		}
		items += n * r.length
		lists -= n
	}
	return items
}

// Always gives lists that all have one length, however many there are.
func Always(length int) Longest {
	return Longest{{length: length, lists: math.MaxInt}}
}
