// Package check asks every source once and reports what its credential can see. It judges nothing beyond that, and changes nothing.
package check

import (
	"context"
	"slices"
	"sync"
	"time"

	"roster/connectors"
)

// Report is what was found out about one source.
type Report struct {
	Source *connectors.Source
	// Reached says that the source answered at all, Accepted that it took the credential.
	Reached, Accepted bool
	// Err is why the source could not be reached or refused the credential.
	Err         *connectors.Error
	Findings    []connectors.Finding
	Collections []Collection
	Took        time.Duration
}

// Collection is what a reading of one collection gave.
type Collection struct {
	Kind connectors.Collection
	// Count is how many records were read, Expected how many there are by the source's own word.
	Count    int
	Expected *int
	Complete bool
	// Anomalies tells what could not be read.
	Anomalies []connectors.Anomaly
	Err       *connectors.Error
}

// limited says that the collection was read as far as the source's limit let it in the time there was, if at all: the source is well.
func (c *Collection) limited() bool {
	return c.Err != nil && c.Err.Kind == connectors.KindRateLimited && !c.Err.Blocked && (c.Count > 0 || c.Err.Unsent)
}

// OK says whether all of the source could be read, but for what its limit did not let through in time.
func (r *Report) OK() bool {
	return r.Reached && r.Accepted && r.Err == nil &&
		!slices.ContainsFunc(r.Collections, func(c Collection) bool { return (c.Err != nil || !c.Complete) && !c.limited() })
}

// Failing gives the names of the sources that are not OK.
func Failing(reports []Report) []string {
	var names []string
	for i := range reports {
		if !reports[i].OK() {
			names = append(names, reports[i].Source.Name)
		}
	}
	return names
}

// Run asks all sources side by side, and the collections of each one after another. What has not been read when ctx ends is reported as far as
// it was. The watch is the one that the sources were opened with; nil for none.
func Run(ctx context.Context, sources []*connectors.Source, w *Watch) []Report {
	reports := make([]Report, len(sources))
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
		}
	}
	r.renewal()
	if r.Reached && r.Accepted {
		for _, c := range s.Collections() {
			r.Collections = append(r.Collections, read(ctx, s, c))
		}
		if s.Prober == nil {
			r.judge()
		}
	}
	if w != nil {
		r.Findings = append(r.Findings, w.findings(s.Name, time.Now())...)
	}
	r.Took = time.Since(start)
	return r
}

// renewal says how the renewing of the source's tokens goes, where it renews any.
func (r *Report) renewal() {
	if r.Source.Credential == nil {
		return
	}
	if c := r.Source.Credential(); c.Renewed {
		r.Findings = append(r.Findings, connectors.Finding{What: "its tokens are renewed", OK: c.Detail == "", Note: c.Detail})
	}
}

// refused notes a probe's failure. An answer of any kind shows that the source was reached.
func (r *Report) refused(e *connectors.Error) {
	r.Err = e
	r.Reached = e.Status != 0
	r.Accepted = r.Reached && !refusesCredential(e)
}

// judge tells from the collections whether the source can be reached, where no probe has told.
func (r *Report) judge() {
	var reached, accepted bool
	for _, c := range r.Collections {
		reached = reached || c.Err == nil || c.Err.Status != 0
		accepted = accepted || c.Err == nil || !refusesCredential(c.Err)
	}
	if len(r.Collections) > 0 {
		r.Reached, r.Accepted = reached, reached && accepted
	}
}

func refusesCredential(e *connectors.Error) bool {
	return e.Kind == connectors.KindUnauthorized || e.Kind == connectors.KindForbidden || e.Blocked
}

func read(ctx context.Context, s *connectors.Source, c connectors.Collection) Collection {
	switch c {
	case connectors.Accounts:
		return list(ctx, s.Name, c, s.Accounts)
	case connectors.Teams:
		return list(ctx, s.Name, c, s.Teams)
	case connectors.Roles:
		return list(ctx, s.Name, c, s.Roles)
	case connectors.Contacts:
		return list(ctx, s.Name, c, s.Contacts)
	default:
		return list(ctx, s.Name, c, s.ContactFolders)
	}
}

func list[T connectors.Record](ctx context.Context, source string, kind connectors.Collection, l connectors.Lister[T]) Collection {
	ctx, end := connectors.WithFetch(ctx)
	defer end()
	listing, err := l.List(ctx, nil)
	return Collection{
		Kind: kind, Count: len(listing.Records), Expected: listing.Expected, Complete: listing.Complete, Anomalies: listing.Anomalies,
		Err: connectors.AsError(source, err),
	}
}
