package resolvers

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"roster/connectors"
	"roster/graph/model"
	"roster/internal/access"
	"roster/internal/directory"
	"roster/internal/echo"
	"roster/internal/generation"
	"roster/internal/nearest"
	"roster/internal/snapshot"
)

// explainable has, for each type with a provenance, the names of its fields that have one.
var explainable = map[string][]string{
	"User": directory.UserProvenanceFields(), "Team": directory.TeamProvenanceFields(), "Role": directory.RoleProvenanceFields(),
	"Contact": directory.ContactProvenanceFields(),
}

// unexplainable returns an error for the first name that is in the argument of one of the fields provenance and has no provenance. The operation is refused:
// otherwise each object of a page would have the error.
func unexplainable(provenances []*ast.Field, variables map[string]any) gqlerror.List {
	for _, f := range provenances {
		known := explainable[f.ObjectDefinition.Name]
		for _, v := range listed(f.ArgumentMap(variables)["fields"]) {
			if name, _ := v.(string); !slices.Contains(known, name) {
				e := &gqlerror.Error{Message: "fields: there is no provenance of a field " + echo.Quoted(name) + nearest.Hint(name, known)}
				if f.Position != nil {
					e.Locations = []gqlerror.Location{{Line: f.Position.Line, Column: f.Position.Column}}
				}
				setCode(e, codeBadInput)
				e.Extensions["argument"] = "fields"
				return gqlerror.List{e}
			}
		}
	}
	return nil
}

// provenance explains the fields that are named, each once, or all of the type if fields is nil.
func provenance(object string, fields []string, explain func(field string) *directory.FieldProvenance) []*directory.FieldProvenance {
	if fields == nil {
		fields = explainable[object]
	}
	out := make([]*directory.FieldProvenance, 0, len(fields))
	for i, name := range fields {
		if !slices.Contains(fields[:i], name) {
			out = append(out, explain(name))
		}
	}
	return out
}

// fetches are how far the collections of an operation's view have been fetched, found out when it is first needed.
type fetches struct {
	once sync.Once
	by   map[snapshot.Key]fetch
}

type fetch struct {
	state directory.Fetched
	at    time.Time
}

func (f *fetches) of(v *generation.View, key snapshot.Key) (directory.Fetched, time.Time) {
	f.once.Do(func() {
		f.by = make(map[snapshot.Key]fetch)
		v.Collections(func(st *snapshot.Status, at time.Time) {
			state := directory.FetchedAll
			switch {
			case st.State < snapshot.Incomplete:
			case st.Err != nil && st.Err.Kind == connectors.KindForbidden:
				state = directory.FetchedForbidden
			default:
				state = directory.FetchedPart
			}
			f.by[st.Key] = fetch{state, at}
		})
	})
	if found, ok := f.by[key]; ok {
		return found.state, found.at
	}
	return directory.FetchedNever, time.Time{}
}

// sightOf returns what the caller of an operation sees of the objects of a type.
func sightOf(ctx context.Context, object string) directory.Sight {
	op, caller := operationOf(ctx), access.FromContext(ctx)
	return directory.Sight{
		Denied: func(field string) bool { return !op.policy.maySee(caller, object, field) },
		Fetched: func(s *directory.Source, c connectors.Collection) (directory.Fetched, time.Time) {
			return op.fetches.of(op.view, snapshot.Key{Source: s.Name, Collection: c})
		},
	}
}

// typeOf has the type in the graph of the records of a collection, whose fields decide who may see a coverage.
var typeOf = [len(connectors.AllCollections)]string{
	connectors.Accounts: "User", connectors.Teams: "Team", connectors.Roles: "Role", connectors.Contacts: "Contact", connectors.ContactFolders: "ContactFolder",
}

// fillings are those of the directory that was last asked for them.
type fillings struct {
	mu      sync.Mutex
	version string
	of      map[string]*directory.Fillings
}

func (f *fillings) in(d *directory.Directory) map[string]*directory.Fillings {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.of == nil || f.version != d.Version() {
		f.version, f.of = d.Version(), d.Fillings()
	}
	return f.of
}

// coverageOf lists which fields a source has.
func (r *Resolver) coverageOf(ctx context.Context, s *directory.Source) []*model.FieldCoverage {
	kind, counted := connectors.KindNamed(s.Kind), r.fillings.in(operationOf(ctx).view.Directory)[s.Name]
	var out []*model.FieldCoverage
	for _, c := range connectors.AllCollections {
		sight := sightOf(ctx, typeOf[c])
		fetched, _ := sight.Fetched(s, c)
		for _, f := range counted[c] {
			state := f.Coverage(kind, c, fetched == directory.FetchedForbidden, fetched == directory.FetchedAll, fetched == directory.FetchedNever)
			field := &model.FieldCoverage{Type: c, Field: string(f.Field), State: state}
			if !sight.Denied(field.Field) {
				field.FillRate = f.Rate(state)
			}
			out = append(out, field)
		}
	}
	return out
}
