package conntest

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"roster/connectors"
)

// unusable is a state that no source has returned.
const unusable connectors.State = "not a state"

// changes returns the incremental fetch of a collection, beginning at a state of an earlier source: another process may go on from it. It returns
// false if the source does not report changes.
func changes(t *testing.T, s *connectors.Source, c connectors.Collection) (operation, bool) {
	t.Helper()
	full, err := lister(c, nil)(t.Context(), s, nil)
	if err != nil {
		t.Fatalf("%s: %v", c, err)
	}
	state := full.state
	if _, err := lister(c, &state)(t.Context(), s, nil); errors.Is(err, errNoChanges) {
		return operation{}, false
	}
	return operation{name: "changes of " + c.String(), state: state, read: lister(c, &state), unusable: lister(c, new(unusable))}, true
}

// reportsChanges checks the result of an incremental fetch, and that a state that cannot be used makes the next fetch a full one.
func (s Subject) reportsChanges(t *testing.T, op operation) {
	t.Run("healthy, states", func(t *testing.T) {
		t.Parallel()
		source := s.start(t).open(t, nil)
		if op.state == "" {
			t.Error("a complete listing has no state")
		}
		got, err := perform(t, op, source, nil)
		if err != nil || got.state == "" || len(got.ids) == 0 {
			t.Errorf("%v, %d changes, and the next state is %q", err, len(got.ids), got.state)
		}
		if diff := cmp.Diff(without(got.gone, got.ids), got.gone); diff != "" {
			t.Errorf("IDs are gone and among the records (-not among them +gone):\n%s", diff)
		}
		op.read = op.unusable
		if got, err := perform(t, op, source, nil); !connectors.IsKind(err, connectors.KindUnsupported) || got.complete || got.state != "" {
			t.Errorf("from %q: %v, complete %v, next state %q; want KindUnsupported", unusable, err, got.complete, got.state)
		}
	})
}
