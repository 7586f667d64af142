package directory

import (
	"cmp"
	"slices"

	"roster/connectors"
)

// attribute is a property by which items are filtered and counted. An item may have several values, or none.
type attribute struct {
	values []attrValue
	byName map[string]uint32 // by the value that the filter accepts
	items  [][]uint32        // the items with each value, in their order
	flat   []uint32          // the values of all items, one item after another
	starts []uint32          // where the values of each item begin in flat
}

// of returns the values of an item.
func (a *attribute) of(i uint32) []uint32 { return a.flat[a.starts[i]:a.starts[i+1]] }

// attrValue is one value: the value that the filter accepts, and its label for users.
type attrValue struct{ value, label string }

// attributeBy builds an attribute of n items. The function values adds each item's values.
func attributeBy(n int, values func(i int, add func(value, label string))) attribute {
	a := attribute{byName: make(map[string]uint32), flat: make([]uint32, 0, n), starts: make([]uint32, 1, n+1)}
	for i := range n {
		values(i, func(value, label string) {
			v, ok := a.byName[value]
			if !ok {
				v = uint32(len(a.values)) //nolint:gosec // see numbered
				a.byName[value] = v
				a.values = append(a.values, attrValue{value, label})
				a.items = append(a.items, nil)
			}
			item := uint32(i) //nolint:gosec // see numbered
			if its := a.items[v]; len(its) > 0 && its[len(its)-1] == item {
				return // the item already has this value
			}
			a.flat = append(a.flat, v)
			a.items[v] = append(a.items[v], item)
		})
		a.starts = append(a.starts, uint32(len(a.flat))) //nolint:gosec // see numbered
	}
	return a
}

// having returns the items with any of these values.
func (a *attribute) having(n int, values []string) *set {
	s := newSet(n)
	var wanted connectors.Distinct[uint32] // values may contain duplicates
	for _, v := range values {
		if i, ok := a.byName[v]; ok {
			if _, added := wanted.Add(i); added {
				s.addAll(a.items[i])
			}
		}
	}
	return s
}

// Facet is the number of items of a list that have one value.
type Facet struct {
	Value string
	Label string
	Count int
}

// count counts the set's items by value, and returns the first few counts, the largest first.
func (a *attribute) count(s *set, first int) []*Facet {
	counts := make([]int, len(a.values))
	if s.all() {
		for v, items := range a.items {
			counts[v] = len(items)
		}
	} else {
		for i := range s.items {
			for _, v := range a.of(i) {
				counts[v]++
			}
		}
	}
	best := largest{a, counts, make([]int, 0, min(first, len(counts)))}
	for v, c := range counts {
		if !s.check.advance(1) {
			return nil
		}
		if c > 0 {
			best.add(v, first)
		}
	}
	out := make([]*Facet, len(best.values))
	for i, v := range best.values {
		out[i] = &Facet{Value: a.values[v].value, Label: a.values[v].label, Count: counts[v]}
	}
	return out
}

// largest keeps the first few values in the order of their counts: an attribute can have as many values as items, so that sorting all of them would take long.
type largest struct {
	attribute *attribute
	counts    []int
	values    []int // in order
}

// add adds a value if it is among the first few so far.
func (l *largest) add(v, few int) {
	from, to := 0, len(l.values)
	if to == few && (few == 0 || l.compare(v, l.values[few-1]) > 0) {
		return
	}
	for from < to { // the place of v is in between
		if middle := (from + to) / 2; l.compare(l.values[middle], v) < 0 {
			from = middle + 1
		} else {
			to = middle
		}
	}
	l.values = slices.Insert(l.values[:min(len(l.values), few-1)], from, v)
}

// compare compares the places of two values: that with the larger count comes first, and of equal ones the first by its label.
func (l *largest) compare(x, y int) int {
	if c := cmp.Compare(l.counts[y], l.counts[x]); c != 0 {
		return c
	}
	a, b := &l.attribute.values[x], &l.attribute.values[y]
	return compareThenID(a.label, b.label, a.value, b.value)
}
