// Package check probes every source once, fetches its collections, and reports what its credential can read. It changes nothing.
package check

import (
	"context"
	"slices"
	"sync"
	"time"

	"roster/connectors"
)

// Report is the result for one source.
type Report struct {
	Source *connectors.Source
	// Reached is true if the source answered at all; Accepted, if it accepted the credential.
	Reached, Accepted bool
	// Err says why the source could not be reached, or why it refused the credential.
	Err *connectors.Error
	// Cut is why the check ended before the source had answered at all: the error of its context; nil if that is not so.
	Cut         error
	Findings    []connectors.Finding
	Collections []Collection
	Took        time.Duration
}

// Collection is the result of one fetch of a collection.
type Collection struct {
	Kind connectors.Collection
	// Count is the number of records that were fetched; Expected, the number that the source states.
	Count    int
	Expected *int
	Complete bool
	// Anomalies are the values that could not be read.
	Anomalies []connectors.Anomaly
	Err       *connectors.Error
	// Cut is the error of the check's context if only its end has ended the fetch, so that nothing is wrong with the source; nil otherwise.
	Cut error

	seen seen // what the records have
}

// short reports whether the fetch ended early although nothing is wrong with the source.
func (c *Collection) short() bool { return c.Cut != nil || c.limited() }

// limited reports whether the fetch failed only because of the source's rate limit, so that nothing is wrong with the source.
func (c *Collection) limited() bool {
	return c.Err != nil && c.Err.Kind == connectors.KindRateLimited && !c.Err.Blocked && (c.Count > 0 || c.Err.Unsent)
}

// OK reports whether the whole source could be read, apart from what was cut short by the time of the check or by the source's rate limit.
func (r *Report) OK() bool {
	return r.Reached && r.Accepted && r.Err == nil &&
		!slices.ContainsFunc(r.Collections, func(c Collection) bool { return (c.Err != nil || !c.Complete) && !c.short() })
}

// Failing returns the names of the sources that are not OK.
func Failing(reports []Report) []string {
	var names []string
	for i := range reports {
		if !reports[i].OK() {
			names = append(names, reports[i].Source.Name)
		}
	}
	return names
}

// Run checks all sources concurrently, and the collections of each source one after another. When ctx ends, it reports what has been fetched until then.
// The watch is the observer with which the sources were opened, or nil.
func Run(ctx context.Context, sources []*connectors.Source, w *Watch) []Report {
	reports := make([]Report, len(sources))
	if w == nil {
		w = new(Watch)
	}
	var wg sync.WaitGroup
	for i, s := range sources {
		wg.Go(func() { reports[i] = one(ctx, s, w) })
	}
	wg.Wait()
	return reports
}

func one(ctx context.Context, s *connectors.Source, w *Watch) Report {
	start := time.Now()
	r := Report{Source: s, Reached: true, Accepted: true}
	if s.Prober != nil {
		findings, err := s.Prober.Probe(ctx)
		r.Findings = findings
		if err != nil {
			r.refused(connectors.AsError(s.Name, err))
			if r.Err.Status == 0 {
				r.Cut = ctx.Err()
			}
		}
	}
	r.renewal()
	if r.Reached && r.Accepted {
		for _, c := range s.Collections() {
			r.Collections = append(r.Collections, fetch(ctx, s, c, w))
		}
		r.countMembers()
		if s.Prober == nil {
			r.inferFromCollections()
		}
	}
	r.Findings = append(r.Findings, w.findings(s.Name, time.Now())...)
	w.end(&r)
	r.Took = time.Since(start)
	return r
}

// renewal adds a finding about the renewal of tokens, if the source's tokens are renewed.
func (r *Report) renewal() {
	if r.Source.Credential == nil {
		return
	}
	if c := r.Source.Credential(); c.Renewed {
		r.Findings = append(r.Findings, connectors.Finding{What: "its tokens are renewed", OK: c.Detail == "", Note: c.Detail})
	}
}

// refused records the failure of a probe. If the source answered at all, it was reached.
func (r *Report) refused(e *connectors.Error) {
	r.Err = e
	r.Reached = e.Status != 0
	r.Accepted = r.Reached && !refusesCredential(e)
}

// inferFromCollections sets Reached and Accepted from the fetches. It is for sources without a prober.
func (r *Report) inferFromCollections() {
	var reached, accepted bool
	for _, c := range r.Collections {
		reached = reached || c.Err == nil || c.Err.Status != 0
		accepted = accepted || c.Err == nil || !refusesCredential(c.Err)
	}
	if len(r.Collections) > 0 {
		r.Reached, r.Accepted = reached, reached && accepted
	}
	for i := range r.Collections {
		if c := &r.Collections[i]; !reached && c.Cut != nil {
			r.Cut = c.Cut
		}
	}
}

func refusesCredential(e *connectors.Error) bool {
	return e.Kind == connectors.KindUnauthorized || e.Kind == connectors.KindForbidden || e.Blocked
}

func fetch(ctx context.Context, s *connectors.Source, c connectors.Collection, w *Watch) Collection {
	switch c {
	case connectors.Accounts:
		return list(ctx, s.Name, c, s.Accounts, w)
	case connectors.Teams:
		return list(ctx, s.Name, c, s.Teams, w)
	case connectors.Roles:
		return list(ctx, s.Name, c, s.Roles, w)
	case connectors.Contacts:
		return list(ctx, s.Name, c, s.Contacts, w)
	default:
		return list(ctx, s.Name, c, s.ContactFolders, w)
	}
}

func list[T connectors.Record](ctx context.Context, source string, kind connectors.Collection, l connectors.Lister[T], w *Watch) Collection {
	fetching, end := connectors.WithFetch(ctx)
	defer end()
	w.fetched(source, kind, 0, nil)
	listing, err := l.List(fetching, func(far connectors.Listing[T]) { w.fetched(source, kind, len(far.Records), far.Expected) })
	w.fetched(source, kind, len(listing.Records), listing.Expected)
	c := Collection{
		Kind: kind, Count: len(listing.Records), Expected: listing.Expected, Complete: listing.Complete, Anomalies: listing.Anomalies,
		Err: connectors.AsError(source, err), seen: look(listing.Records),
	}
	if c.Err != nil && c.Err.Status == 0 { // an answer with an error is the source's own
		c.Cut = ctx.Err()
	}
	return c
}
