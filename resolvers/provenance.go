package resolvers

import (
	"context"
	"slices"
	"time"

	"roster/connectors"
	"roster/internal/access"
	"roster/internal/directory"
	"roster/internal/echo"
	"roster/internal/nearest"
	"roster/internal/snapshot"
)

// provenance explains the fields that are named, each once, or all known ones if fields is nil.
func provenance(fields, known []string, explain func(field string) *directory.FieldProvenance) ([]*directory.FieldProvenance, error) {
	if fields == nil {
		fields = known
	}
	out := make([]*directory.FieldProvenance, 0, len(fields))
	for i, name := range fields {
		if !slices.Contains(known, name) {
			return nil, &directory.InputError{Argument: "fields", Message: "there is no provenance of a field " + echo.Quoted(name) + nearest.Hint(name, known)}
		}
		if !slices.Contains(fields[:i], name) {
			out = append(out, explain(name))
		}
	}
	return out, nil
}

// sightOf returns what the caller of an operation sees of the objects of a type.
func sightOf(ctx context.Context, object string) directory.Sight {
	op, caller := operationOf(ctx), access.FromContext(ctx)
	return directory.Sight{
		Denied: func(field string) bool { return !op.policy.maySee(caller, object, field) },
		Fetched: func(s *directory.Source, c connectors.Collection) (directory.Fetched, time.Time) {
			st, at := op.view.Collection(snapshot.Key{Source: s.Name, Collection: c})
			switch {
			case st == nil:
				return directory.FetchedNever, at
			case st.State < snapshot.Incomplete:
				return directory.FetchedAll, at
			case st.Err != nil && st.Err.Kind == connectors.KindForbidden:
				return directory.FetchedForbidden, at
			}
			return directory.FetchedPart, at
		},
	}
}
