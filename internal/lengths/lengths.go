// Package lengths counts the lengths of lists, and calculates how many items the n longest lists have together. It is pure, and knows neither the
// objects that have the lists nor the items.
package lengths

import (
	"maps"
	"slices"
)

// Count counts lists by their length.
type Count map[int]int

// Add counts one list.
func (c Count) Add(length int) {
	if length > 0 {
		c[length]++
	}
}

// Longest returns the counted lists, the longest first. The number of different lengths is at most the square root of twice the number of items.
func (c Count) Longest() Longest {
	l := make(Longest, 0, len(c))
	for _, length := range slices.Backward(slices.Sorted(maps.Keys(c))) {
		l = append(l, run{length: length, lists: c[length]})
	}
	return l
}

// Longest is the lengths of lists, the longest first. If all lists are empty, it is the zero value.
type Longest []run

// run is all lists of one length.
type run struct{ length, lists int }

// Of returns the greatest number of items in that many lists: the items of the longest ones.
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
