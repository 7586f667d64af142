package directory

import (
	"fmt"
	"time"
)

// Completeness says which sources a list lacks or has only as stale data.
type Completeness struct {
	Complete bool
	Missing  []*Source
	Stale    []*Source
	AsOf     time.Time // when the oldest of the data was fetched; zero if there is none
}

// pick returns the page's items from the list of all.
func pick[T any](p *page, all []T) []T {
	out := make([]T, len(p.items))
	for k, i := range p.items {
		out[k] = all[i]
	}
	return out
}

// edges returns the page's items with their cursors.
func edges[T, E any](p *page, all []T, edge func(item T, cursor string) E) []E {
	out := make([]E, len(p.items))
	for k, i := range p.items {
		out[k] = edge(all[i], p.cursor(i))
	}
	return out
}

// facets counts all matching items, not only the page's, by an attribute.
func (p *page) facets(attr, first int) ([]*Facet, error) {
	if first < 0 || first > MaxPageSize {
		return nil, &InputError{"first", fmt.Sprintf("must be between 0 and %d, not %d", MaxPageSize, first)}
	}
	matches := *p.matches
	matches.check = p.matches.check.fork() // several facets may be counted at the same time
	counts := p.table.attrs[attr].count(&matches, first)
	return counts, matches.check.err()
}
