package resolvers

import (
	"strings"

	"roster/internal/access"
	"roster/internal/directory"
	"roster/internal/export"
	"roster/internal/freshness"
	"roster/internal/generation"
)

// Exports returns the lists that can be exported.
func (r *Resolver) Exports() *export.Lists {
	_, schema := r.config()
	p, err := newPolicy(schema)
	if err != nil {
		return nil // validation of the extension reports it
	}
	served := r.servedGraph()
	return &export.Lists{
		Schema: schema, TypeName: served.TypeName, MaySee: p.maySee,
		RootField: func(own string) string {
			return strings.TrimPrefix(served.Coordinate(schema.Query.Name, own), schema.Query.Name+".")
		},
		Sources: func() (names []string) {
			for _, source := range r.Publisher.Directory().Sources() {
				names = append(names, source.Name)
			}
			return names
		},
	}
}

// maySee reports whether a caller may see a field of an object or interface.
func (p *policy) maySee(caller *access.Principal, object, field string) bool {
	at := coordinate{object, field}
	return p.needs[at].metBy(caller) && p.declared[at].metBy(caller)
}

// viewOf returns the view that the operations of an export share; nil before the first of them, and if the operation belongs to none.
func viewOf(s *freshness.Series) *generation.View {
	if s == nil {
		return nil
	}
	view, _ := s.Data.(*generation.View)
	return view
}

// join makes an operation part of an export. The first operation decides which data all of them use.
func (op *operation) join(s *freshness.Series, view *generation.View) {
	if s == nil {
		return
	}
	if op.entry != nil {
		op.entry.Columns = s.Columns
	}
	if s.Data != nil {
		return
	}
	c := view.Completeness(op.required)
	s.Data, s.Missing, s.Stale = view, sourceNames(c.Missing), sourceNames(c.Stale)
}

func sourceNames(sources []*directory.Source) (names []string) {
	for _, source := range sources {
		names = append(names, source.Name)
	}
	return names
}
