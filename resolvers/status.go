package resolvers

import (
	"context"
	"math"
	"sync"
	"time"

	"roster/connectors"
	"roster/graph/model"
	"roster/internal/directory"
	"roster/internal/generation"
	"roster/internal/snapshot"
)

// statuses are the statuses of all collections, read when they are first needed.
type statuses struct {
	once sync.Once
	list []snapshot.Status
}

func (s *statuses) of(p *generation.Publisher) []snapshot.Status {
	s.once.Do(func() { s.list = p.Statuses() })
	return s.list
}

// statusesOf returns the statuses of a source's collections. They are the same for all fields of an operation.
func (r *Resolver) statusesOf(ctx context.Context, s *directory.Source) []snapshot.Status {
	var out []snapshot.Status
	for _, st := range operationOf(ctx).statuses.of(r.Publisher) {
		if st.Source == s.Name {
			out = append(out, st)
		}
	}
	return out
}

func (r *Resolver) sourceCollection(st snapshot.Status) *model.SourceCollection {
	c := &model.SourceCollection{
		Kind: st.Collection, State: st.State, Count: st.Count, ExpectedCount: st.Expected, SyncedAt: known(st.SyncedAt), TriedAt: known(st.TriedAt),
		FreshFor: int(math.Ceil(st.FreshFor.Seconds())), Reads: st.Fetches, Waits: st.Waits,
	}
	for i := range st.Anomalies {
		c.Anomalies = append(c.Anomalies, &st.Anomalies[i])
	}
	for _, u := range r.Keeper.StatsOf(st.Key).Tiers {
		c.Tiers = append(c.Tiers, sourceTier(u))
	}
	if st.Err != nil {
		c.Error = &model.SourceError{Message: reason(st.Err), Code: st.Err.Kind, RetryAt: known(st.RetryAt)}
	} else if st.Short != nil {
		c.Error = &model.SourceError{Message: st.Short.Detail, Code: st.Short.Kind}
	}
	if l := st.Loss; l != nil {
		c.Loss = &model.SourceLoss{Since: l.Since, AcceptedAt: st.AcceptAt, Known: l.Known, Found: l.Found, Lost: l.Lost}
	}
	if p := st.Progress; p != nil {
		c.Fetch = &model.SourceFetch{StartedAt: p.StartedAt, Count: p.Count, ExpectedCount: p.Expected}
		c.Reading = c.Fetch
	}
	return c
}

func sourceTier(u snapshot.TierStats) *model.SourceTier {
	t := &model.SourceTier{Kind: u.Tier, SyncedAt: known(u.SyncedAt), Hits: float64(u.Hits), Misses: float64(u.Misses), Fills: float64(u.Fills),
		Waits: float64(u.Waits)}
	if u.Tier != snapshot.TierSource {
		t.Entries = &u.Count
	}
	if u.Bytes > 0 {
		bytes := float64(u.Bytes)
		t.Bytes = &bytes
	}
	return t
}

func sourceCredential(c connectors.CredentialStatus) *model.SourceCredential {
	out := &model.SourceCredential{State: c.State, ExpiresAt: known(c.ExpiresAt), Renewed: c.Renewed}
	if c.Detail != "" {
		out.Message = &c.Detail
	}
	return out
}

func sourcePause(h connectors.Health, now time.Time) *model.SourcePause {
	e := h.Pause
	if e == nil {
		return nil
	}
	return &model.SourcePause{Until: now.Add(e.RetryAfter), Message: reason(e), Code: e.Kind, Partial: h.PartPaused}
}

// known returns a time, or nil for the zero time.
func known(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}
