package connectors

import "slices"

// Distinct gathers values, each once, in the order in which they come. What it takes grows with how many there are, and not with the square of that:
// nothing bounds how often a source says the same. The zero value is ready to use.
type Distinct[T comparable] struct {
	values []T
	places map[T]int // of the values, where there are more than a few
}

// few is how many values are found faster by looking at each.
const few = 16

// Add adds a value unless it is there. It gives the value's place, and whether it is new.
func (d *Distinct[T]) Add(v T) (place int, added bool) {
	if d.places == nil {
		place = slices.Index(d.values, v)
	} else if at, ok := d.places[v]; ok {
		place = at
	} else {
		place = -1
	}
	if place >= 0 {
		return place, false
	}
	d.values = append(d.values, v)
	place = len(d.values) - 1
	switch {
	case d.places != nil:
		d.places[v] = place
	case len(d.values) > few:
		d.places = make(map[T]int, 2*few)
		for i, known := range d.values {
			d.places[known] = i
		}
	}
	return place, true
}

// Values returns the values; nil if there is none.
func (d *Distinct[T]) Values() []T { return d.values }
