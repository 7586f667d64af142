package conntest

import (
	"context"
	"errors"
	"slices"
	"testing"

	"roster/connectors"
)

// result is the result of any operation, in a form that the checks can compare.
type result struct {
	ids      []string
	records  any
	expected *int
	complete bool
	state    connectors.State // of a collection
	gone     []string         // of an incremental fetch
}

// operation is one capability of a source.
type operation struct {
	name string
	read func(ctx context.Context, s *connectors.Source, progress func(result)) (result, error)
	// reports is true if a fault may also show as an incomplete result without an error, as in the findings of a Prober.
	reports bool
	// lists is true for a full fetch of a collection, with records, paging and progress.
	lists bool
	// unusable is set for an incremental fetch: it begins at a state that the source cannot use, and read begins at state.
	unusable func(ctx context.Context, s *connectors.Source, progress func(result)) (result, error)
	state    connectors.State
}

var errNoChanges = errors.New("the source does not report changes")

// operations returns all operations of a source.
func operations(t *testing.T, s *connectors.Source) []operation {
	t.Helper()
	var ops []operation
	for _, c := range s.Collections() {
		ops = append(ops, operation{name: c.String(), lists: true, read: lister(c, nil)})
		if op, ok := changes(t, s, c); ok {
			ops = append(ops, op)
		}
	}
	if s.Presence != nil {
		ops = append(ops, presence("presence", accountIDs(t, s)), presence("presence of everyone", nil))
	}
	if s.Prober != nil {
		ops = append(ops, operation{name: "probe", reports: true, read: probe})
	}
	return ops
}

// lister returns the full fetch of a collection or, with a state, the incremental one.
func lister(c connectors.Collection, since *connectors.State) func(context.Context, *connectors.Source, func(result)) (result, error) {
	return func(ctx context.Context, s *connectors.Source, progress func(result)) (result, error) {
		switch c {
		case connectors.Accounts:
			return list(ctx, s.Accounts, since, progress)
		case connectors.Teams:
			return list(ctx, s.Teams, since, progress)
		case connectors.Roles:
			return list(ctx, s.Roles, since, progress)
		case connectors.Contacts:
			return list(ctx, s.Contacts, since, progress)
		default:
			return list(ctx, s.ContactFolders, since, progress)
		}
	}
}

func list[T connectors.Record](ctx context.Context, l connectors.Lister[T], since *connectors.State, progress func(result)) (result, error) {
	var report connectors.Progress[T]
	if progress != nil {
		report = func(l connectors.Listing[T]) { progress(untyped(l)) }
	}
	if since == nil {
		listing, err := l.List(ctx, report)
		return untyped(listing), err
	}
	changing, ok := l.(connectors.ChangeLister[T])
	if !ok {
		return result{}, errNoChanges
	}
	listing, err := changing.Changes(ctx, *since, report)
	return untyped(listing), err
}

func untyped[T connectors.Record](l connectors.Listing[T]) result {
	r := result{records: l.Records, expected: l.Expected, complete: l.Complete, state: l.State, gone: l.Gone}
	for _, record := range l.Records {
		r.ids = append(r.ids, record.Key())
	}
	return r
}

func accountIDs(t *testing.T, s *connectors.Source) []string {
	t.Helper()
	if s.Accounts == nil {
		t.Fatal("the source has presence but no accounts")
	}
	if s.Presence.MaxIDs() < 1 {
		t.Fatalf("presence accepts %d IDs per call, want at least one", s.Presence.MaxIDs())
	}
	l, err := s.Accounts.List(t.Context(), nil)
	if err != nil || len(l.Records) == 0 {
		t.Fatalf("no account for presence: %v", err)
	}
	var ids []string
	for _, a := range l.Records[:min(len(l.Records), s.Presence.MaxIDs(), 5)] {
		ids = append(ids, a.ID)
	}
	return ids
}

func presence(name string, ids []string) operation {
	return operation{name: name, read: func(ctx context.Context, s *connectors.Source, _ func(result)) (result, error) {
		of, err := s.Presence.Presence(ctx, slices.Clone(ids))
		r := result{records: of, complete: err == nil}
		for id := range of {
			r.ids = append(r.ids, id)
		}
		slices.Sort(r.ids)
		return r, err
	}}
}

func probe(ctx context.Context, s *connectors.Source, _ func(result)) (result, error) {
	findings, err := s.Prober.Probe(ctx)
	return result{
		records:  findings,
		complete: err == nil && !slices.ContainsFunc(findings, func(f connectors.Finding) bool { return !f.OK }),
	}, err
}
