package connectors

import "slices"

// Collector gathers the records of a paged fetch, each ID once: records move between pages while others are added or removed. A record that comes
// again replaces the earlier one in its place, since it was read later.
type Collector[T Record] struct {
	// Anomalies counts what could not be read on the way.
	Anomalies Anomalies

	records   []T
	at        map[string]int
	withoutID int
	shared    bool // records have been handed out as they are
}

// Add takes a record and reports whether its ID is new. A record without an ID cannot be told from others and is only counted.
func (c *Collector[T]) Add(r T) bool {
	id := r.Key()
	if id == "" {
		c.withoutID++
		return false
	}
	if i, ok := c.at[id]; ok {
		if c.shared { // they must not change under their reader
			c.records, c.shared = slices.Clone(c.records), false
		}
		c.records[i] = r
		return false
	}
	if c.at == nil {
		c.at = make(map[string]int)
	}
	c.at[id] = len(c.records)
	c.records = append(c.records, r)
	return true
}

// Len is how many records there are.
func (c *Collector[T]) Len() int { return len(c.records) }

// Whole reports whether every record so far had an ID.
func (c *Collector[T]) Whole() bool { return c.withoutID == 0 }

// Listing returns what has been gathered, with the anomalies. Later additions do not change it. It is complete only where the caller says so and every record
// had an ID.
func (c *Collector[T]) Listing(expected *int, complete bool) Listing[T] {
	c.shared = true
	return Listing[T]{Records: slices.Clip(c.records), Expected: expected, Complete: complete && c.Whole(), Anomalies: c.Anomalies.All()}
}
