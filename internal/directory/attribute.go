package directory

import (
	"cmp"
	"slices"

	"roster/connectors"
)

// attribute is something that items are filtered and counted by. An item may have several values, or none.
type attribute struct {
	values []attrValue
	byName map[string]uint32 // by what the filter takes
	items  [][]uint32        // the items with each value, in their order
	flat   []uint32          // the values of all items, one after the other
	starts []uint32          // where each item's begin
}

// of gives the values of an item.
func (a *attribute) of(i uint32) []uint32 { return a.flat[a.starts[i]:a.starts[i+1]] }

// attrValue is one value: what the filter takes, and what to show a person.
type attrValue struct{ value, label string }

// attributeBy makes an attribute over n items; values gives each item's values.
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
				return // it has this value already
			}
			a.flat = append(a.flat, v)
			a.items[v] = append(a.items[v], item)
		})
		a.starts = append(a.starts, uint32(len(a.flat))) //nolint:gosec // see numbered
	}
	return a
}

// having gives the items with any of these values.
func (a *attribute) having(n int, values []string) *set {
	s := newSet(n)
	var wanted connectors.Distinct[uint32] // a value may be given many times
	for _, v := range values {
		if i, ok := a.byName[v]; ok {
			if _, added := wanted.Add(i); added {
				s.addAll(a.items[i])
			}
		}
	}
	return s
}

// Facet is how many items of a list share one value.
type Facet struct {
	Value string
	Label string
	Count int
}

// count counts the set's items by value, largest first, and gives the first few.
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
	order := make([]int, 0, len(counts))
	for v, c := range counts {
		if c > 0 {
			order = append(order, v)
		}
	}
	slices.SortFunc(order, func(x, y int) int {
		if c := cmp.Compare(counts[y], counts[x]); c != 0 {
			return c
		}
		return compareThenID(a.values[x].label, a.values[y].label, a.values[x].value, a.values[y].value)
	})
	out := make([]*Facet, 0, min(first, len(order)))
	for _, v := range order[:min(first, len(order))] {
		out = append(out, &Facet{Value: a.values[v].value, Label: a.values[v].label, Count: counts[v]})
	}
	return out
}
