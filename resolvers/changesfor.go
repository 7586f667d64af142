package resolvers

import (
	"roster/graph/generated"
	"roster/internal/access"
	"roster/internal/changes"
)

// ChangesFor returns a function that says which fields of a change a reader may see who has the scope for reading and, if sensitive is set, that for
// sensitive fields, and whether the reader gets the change at all: as a subscriber of changes with these kinds and sources does. Nil stands for all.
func ChangesFor(sensitive bool, kinds []changes.Kind, sources []string) (func(*changes.Event) (fields []string, ok bool), error) {
	p, err := newPolicy(generated.NewExecutableSchema(generated.Config{}).Schema())
	if err != nil {
		return nil, err
	}
	reader := &access.Principal{Scopes: access.Scopes{access.ScopeRead}}
	if sensitive {
		reader.Scopes = append(reader.Scopes, access.ScopeSensitive)
	}
	f := newChangeFilter(kinds, sources, nil)
	return func(e *changes.Event) ([]string, bool) {
		if !f.selects(e) {
			return nil, false
		}
		fields := p.visible(reader, e)
		return fields, e.Action != changes.Updated || len(fields) > 0
	}, nil
}
