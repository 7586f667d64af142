package resolvers_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"roster/internal/changes"
	"roster/resolvers"
)

// Who reads changes without the graph sees of them what a subscriber with the same scopes sees.
func TestChangesFor(t *testing.T) {
	t.Parallel()
	updated := func(fields ...string) changes.Event {
		return changes.Event{Change: changes.Change{Kind: changes.User, Action: changes.Updated, Fields: fields, Sources: []string{"ws"}}}
	}
	for name, tt := range map[string]struct {
		sensitive bool
		kinds     []changes.Kind
		sources   []string
		event     changes.Event
		fields    []string
		ok        bool
	}{
		"all fields":              {false, nil, nil, updated("title", "accounts"), []string{"title", "accounts"}, true},
		"a sensitive field":       {false, nil, nil, updated("title", "phones", "accounts.phones"), []string{"title"}, true},
		"only sensitive fields":   {false, nil, nil, updated("phones", "accounts.phones"), []string{}, false},
		"with the scope":          {true, nil, nil, updated("phones", "accounts.phones"), []string{"phones", "accounts"}, true},
		"another kind":            {false, []changes.Kind{changes.Team}, nil, updated("title"), nil, false},
		"another source":          {false, nil, []string{"crm"}, updated("title"), nil, false},
		"this kind, this source":  {false, []changes.Kind{changes.Team, changes.User}, []string{"crm", "ws"}, updated("title"), []string{"title"}, true},
		"a reset of another kind": {false, []changes.Kind{changes.Team}, nil, changes.Event{Change: changes.Change{Kind: changes.Source, Reset: true}}, []string{}, true},
		"a removal":               {false, nil, nil, changes.Event{Change: changes.Change{Kind: changes.Contact, Action: changes.Removed}}, []string{}, true},
	} {
		see, err := resolvers.ChangesFor(tt.sensitive, tt.kinds, tt.sources)
		if err != nil {
			t.Fatal(err)
		}
		fields, ok := see(&tt.event)
		if diff := cmp.Diff(tt.fields, fields); diff != "" || ok != tt.ok {
			t.Errorf("%s: %t (-want +got):\n%s", name, ok, diff)
		}
	}
}
