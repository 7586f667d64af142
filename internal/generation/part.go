package generation

import (
	"maps"
	"time"
)

// part is the part of a generation that operations with the same required collections use.
type part struct {
	places     []int // of its collections among those of the generation
	loaded     []collection
	lacking    bool
	view       View
	oldestAt   time.Time
	freshUntil time.Time
}

// View returns the view of an operation without a freshness requirement, which must not be changed. It returns false if the operation has to wait for data: then the operation must
// load its collections.
func (g *Generation) View(n Required) (*View, bool) {
	p := g.part(n)
	return &p.view, !p.lacking
}

// Ask counts as the question of an operation that uses the generation as it is, at the present time now.
func (g *Generation) Ask(n Required, now time.Time) { g.observation.Ask(g.part(n).places, now) }

// Waits reports whether an operation has to wait for data.
func (g *Generation) Waits(n Required) bool { return g.part(n).lacking }

// Freshness returns when the oldest of the required data was fetched (zero if there is none), and until when all of it is fresh. It returns false if no
// collection is required.
func (g *Generation) Freshness(n Required) (oldestAt, freshUntil time.Time, ok bool) {
	p := g.part(n)
	return p.oldestAt, p.freshUntil, len(p.loaded) > 0
}

// part returns the part for a set of collections.
func (g *Generation) part(n Required) *part {
	known := g.parts.Load()
	if known != nil {
		if p := (*known)[n]; p != nil {
			return p
		}
	}
	p := &part{}
	for i := range g.collections {
		c := &g.collections[i]
		if !n.of(c.mentions, c.Collection) {
			continue
		}
		p.places, p.loaded = append(p.places, i), append(p.loaded, *c)
		p.lacking = p.lacking || g.lacking[i]
	}
	p.view = View{Directory: g.directory, publication: g.publication, At: g.at, loaded: p.loaded}
	p.oldestAt, p.freshUntil, _ = p.view.Freshness()
	more := make(map[Required]*part)
	if known != nil {
		more = maps.Clone(*known)
	}
	more[n] = p
	g.parts.CompareAndSwap(known, &more) // if another goroutine has added a part meanwhile, this one is added at its next use
	return p
}
