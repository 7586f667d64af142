package directory

import (
	"fmt"
	"time"
)

// Completeness is what a list could and could not take into account.
type Completeness struct {
	Complete bool
	Missing  []*Source
	Stale    []*Source
	AsOf     time.Time // zero where nothing was read
}

// pick gives the page's items.
func pick[T any](p *page, all []T) []T {
	out := make([]T, len(p.items))
	for k, i := range p.items {
		out[k] = all[i]
	}
	return out
}

// edges gives the page's items with their cursors.
func edges[T, E any](p *page, all []T, edge func(item T, cursor string) E) []E {
	out := make([]E, len(p.items))
	for k, i := range p.items {
		out[k] = edge(all[i], p.cursor(i))
	}
	return out
}

// facets counts all that match by an attribute.
func (p *page) facets(attr, first int) ([]*Facet, error) {
	if first < 0 || first > MaxPageSize {
		return nil, &InputError{"first", fmt.Sprintf("must be between 0 and %d, not %d", MaxPageSize, first)}
	}
	matches := *p.matches
	matches.pace = p.matches.pace.anew() // several may count at a time
	counts := p.table.attrs[attr].count(&matches, first)
	return counts, matches.pace.err()
}
