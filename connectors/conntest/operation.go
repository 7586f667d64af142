package conntest

import (
	"context"
	"slices"
	"testing"

	"roster/connectors"
)

// reading is what any operation yields, in a form that the checks can compare.
type reading struct {
	ids      []string
	records  any
	expected *int
	complete bool
}

// operation is one thing to ask a source for.
type operation struct {
	name string
	read func(ctx context.Context, s *connectors.Source, progress func(reading)) (reading, error)
	// reports says that a fault may also show as an incomplete result without an error: a Prober tells what it found.
	reports bool
	// lists says that it is a collection, with records, paging and progress.
	lists bool
}

// operations are all those that the source can do.
func operations(t *testing.T, s *connectors.Source) []operation {
	t.Helper()
	var ops []operation
	for _, c := range s.Collections() {
		ops = append(ops, operation{name: c.String(), lists: true, read: lister(c)})
	}
	if s.Presence != nil {
		ops = append(ops, presence("presence", accountIDs(t, s)), presence("presence of everyone", nil))
	}
	if s.Prober != nil {
		ops = append(ops, operation{name: "probe", reports: true, read: probe})
	}
	return ops
}

func lister(c connectors.Collection) func(context.Context, *connectors.Source, func(reading)) (reading, error) {
	return func(ctx context.Context, s *connectors.Source, progress func(reading)) (reading, error) {
		switch c {
		case connectors.Accounts:
			return list(ctx, s.Accounts, progress)
		case connectors.Teams:
			return list(ctx, s.Teams, progress)
		case connectors.Roles:
			return list(ctx, s.Roles, progress)
		case connectors.Contacts:
			return list(ctx, s.Contacts, progress)
		default:
			return list(ctx, s.ContactFolders, progress)
		}
	}
}

func list[T connectors.Record](ctx context.Context, l connectors.Lister[T], progress func(reading)) (reading, error) {
	var tell connectors.Progress[T]
	if progress != nil {
		tell = func(l connectors.Listing[T]) { progress(erase(l)) }
	}
	listing, err := l.List(ctx, tell)
	return erase(listing), err
}

func erase[T connectors.Record](l connectors.Listing[T]) reading {
	r := reading{records: l.Records, expected: l.Expected, complete: l.Complete}
	for _, record := range l.Records {
		r.ids = append(r.ids, record.Key())
	}
	return r
}

func accountIDs(t *testing.T, s *connectors.Source) []string {
	t.Helper()
	if s.Accounts == nil {
		t.Fatal("the source tells presence but has no accounts")
	}
	if s.Presence.MaxIDs() < 1 {
		t.Fatalf("presence takes %d IDs at a time, want at least one", s.Presence.MaxIDs())
	}
	l, err := s.Accounts.List(t.Context(), nil)
	if err != nil || len(l.Records) == 0 {
		t.Fatalf("no account to ask the presence of: %v", err)
	}
	var ids []string
	for _, a := range l.Records[:min(len(l.Records), s.Presence.MaxIDs(), 5)] {
		ids = append(ids, a.ID)
	}
	return ids
}

func presence(name string, ids []string) operation {
	return operation{name: name, read: func(ctx context.Context, s *connectors.Source, _ func(reading)) (reading, error) {
		of, err := s.Presence.Presence(ctx, slices.Clone(ids))
		r := reading{records: of, complete: err == nil}
		for id := range of {
			r.ids = append(r.ids, id)
		}
		slices.Sort(r.ids)
		return r, err
	}}
}

func probe(ctx context.Context, s *connectors.Source, _ func(reading)) (reading, error) {
	findings, err := s.Prober.Probe(ctx)
	return reading{
		records:  findings,
		complete: err == nil && !slices.ContainsFunc(findings, func(f connectors.Finding) bool { return !f.OK }),
	}, err
}
