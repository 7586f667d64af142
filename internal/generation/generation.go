package generation

import (
	"math"
	"slices"
	"sync/atomic"
	"time"

	"roster/connectors"
	"roster/internal/directory"
	"roster/internal/snapshot"
)

// Generation is everything on which the answer to a caller without a freshness requirement depends: the directory, and the state of every collection. It
// is immutable. What was computed from a generation is correct as long as that generation is the current one: see Publisher.Current.
type Generation struct {
	directory   *directory.Directory
	collections []collection
	lacking     []bool // for each collection, whether an operation waits for its data
	version     Version
	at, until   time.Time // when it was computed, and when it changes because time passes; until is zero if it does not

	publisher   *Publisher
	publication *publication
	observation *snapshot.Observation
	parts       atomic.Pointer[map[Required]*part] // read by every operation; a part is added when it is first required
}

// Version identifies the content of a generation among those of one publisher. Two generations with the same numbers give the same answers.
type Version struct {
	// Content changes with the directory, and with the state and the errors of collections.
	Content uint64
	// Times changes with the times at which data was fetched.
	Times uint64
	// Retries changes with the number of seconds until a source that lacks data is fetched again.
	Retries uint64
}

// Shows says what an answer shows besides content.
type Shows uint8

// What an answer can show.
const (
	ShowsTimes Shows = 1 << iota
	ShowsRetries
)

// Of returns the version without the numbers of what is not shown.
func (v Version) Of(shown Shows) Version {
	if shown&ShowsTimes == 0 {
		v.Times = 0
	}
	if shown&ShowsRetries == 0 {
		v.Retries = 0
	}
	return v
}

// Version returns the version of the generation.
func (g *Generation) Version() Version { return g.version }

// Current returns the current generation. It computes a new one only if something has changed, once for all concurrent callers.
func (p *Publisher) Current() *Generation { return p.CurrentAt(time.Now()) }

// CurrentAt is Current for a caller who has just read the clock.
func (p *Publisher) CurrentAt(now time.Time) *Generation {
	if g := p.generation.Load(); g != nil && g.isCurrent(now) {
		return g
	}
	p.computing.Lock()
	defer p.computing.Unlock()
	last := p.generation.Load()
	if last != nil && last.isCurrent(time.Now()) {
		return last
	}
	g := p.compute(last)
	p.generation.Store(g)
	return g
}

// isCurrent reports whether nothing has changed since the generation was computed.
func (g *Generation) isCurrent(now time.Time) bool {
	return (g.until.IsZero() || now.Before(g.until)) && g.publisher.published.Load() == g.publication && g.observation.Current(now)
}

// compute computes the generation of the present. Last is the one before, or nil.
func (p *Publisher) compute(last *Generation) *Generation {
	g := &Generation{publisher: p, publication: p.published.Load(), at: time.Now()}
	g.observation = p.keeper.Observe()
	g.directory, g.until = g.publication.directory, g.observation.Until
	g.collections, g.lacking = make([]collection, len(g.observation.Results)), slices.Clone(g.observation.Waits)
	for i := range g.observation.Results {
		res := &g.observation.Results[i]
		c := g.publication.collection(res)
		if s := p.byName[c.Source]; s != nil {
			c.mentions = s.Mentions
		}
		if res.Snapshot != nil && g.publication.lacks(res.Snapshot, false) {
			g.lacking[i] = true
		}
		if n := secondsUntil(c.retryAt(), g.at); n > 1 { // the number of seconds changes one second after it was rounded up
			if at := c.RetryAt.Add(-time.Duration(n-1) * time.Second); g.until.IsZero() || at.Before(g.until) {
				g.until = at
			}
		}
		g.collections[i] = c
	}
	if last == nil {
		return g
	}
	g.version = last.version
	if g.directory != last.directory || !slices.EqualFunc(g.collections, last.collections, sameContent) {
		g.version.Content++
	}
	if !slices.EqualFunc(g.collections, last.collections, func(a, b collection) bool { return a.fetchedAt.Equal(b.fetchedAt) }) {
		g.version.Times++
	}
	if !slices.EqualFunc(g.collections, last.collections, func(a, b collection) bool {
		return secondsUntil(a.retryAt(), g.at) == secondsUntil(b.retryAt(), last.at)
	}) {
		g.version.Retries++
	}
	return g
}

// sameContent reports whether answers show two collections equally, apart from times. They show errors only of collections that lack data.
func sameContent(a, b collection) bool {
	return a.State == b.State && a.fetchedAt.IsZero() == b.fetchedAt.IsZero() &&
		(a.State < snapshot.Incomplete || sameError(a.Err, b.Err) && sameError(a.Short, b.Short))
}

func sameError(a, b *connectors.Error) bool {
	return (a == nil) == (b == nil) && (a == nil || a.Kind == b.Kind && a.Detail == b.Detail)
}

// retryAt returns when a collection is fetched again, if answers show it; otherwise zero.
func (c *collection) retryAt() time.Time {
	if c.State < snapshot.Incomplete {
		return time.Time{}
	}
	return c.RetryAt
}

// secondsUntil returns the number of seconds until a retry, at least 1; 0 if the time is zero.
func secondsUntil(at, now time.Time) int {
	if at.IsZero() {
		return 0
	}
	return max(1, int(math.Ceil(at.Sub(now).Seconds())))
}
