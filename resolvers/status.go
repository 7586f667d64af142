package resolvers

import (
	"context"
	"math"
	"time"

	"roster/connectors"
	"roster/graph/model"
	"roster/internal/directory"
	"roster/internal/snapshot"
)

// statusesOf gives how a source's collections stand, once for an operation.
func statusesOf(ctx context.Context, s *directory.Source) []snapshot.Status {
	var out []snapshot.Status
	for _, st := range operationOf(ctx).statuses() {
		if st.Source == s.Name {
			out = append(out, st)
		}
	}
	return out
}

func sourceCollection(st snapshot.Status) *model.SourceCollection {
	c := &model.SourceCollection{
		Kind: st.Collection, State: st.State, Count: st.Count, ExpectedCount: st.Expected, SyncedAt: known(st.SyncedAt), TriedAt: known(st.TriedAt),
		FreshFor: int(math.Ceil(st.FreshFor.Seconds())), Reads: st.Reads, Waits: st.Waits,
	}
	if st.Err != nil {
		c.Error = &model.SourceError{Message: reason(st.Err), Code: st.Err.Kind, RetryAt: known(st.RetryAt)}
	}
	return c
}

func sourceCredential(c connectors.CredentialStatus) *model.SourceCredential {
	out := &model.SourceCredential{State: c.State, ExpiresAt: known(c.ExpiresAt), Renewed: c.Renewed}
	if c.Detail != "" {
		out.Message = &c.Detail
	}
	return out
}

// known gives a time, nil for the zero one.
func known(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}
