package conntest

import (
	"slices"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"roster/connectors"
)

// healthy checks the result of an operation without faults.
func (s Subject) healthy(t *testing.T, op operation) {
	t.Run("healthy", func(t *testing.T) {
		t.Parallel()
		st := s.start(t)
		source := st.open(t, nil)
		var progress []result
		var idsThen [][]string
		got, err := perform(t, op, source, func(r result) {
			progress = append(progress, r)
			idsThen = append(idsThen, slices.Clone(r.ids))
		})
		if err != nil {
			t.Fatal(err)
		}
		if !got.complete {
			t.Error("the result is not complete")
		}
		st.noSecret(t, "the result", asText(t, got.records))
		if op.lists {
			checkIDs(t, got)
			checkRecords(t, got.records)
			s.checkNever(t, got.records)
			checkProgress(t, progress, idsThen, got)
		}
		again, err := perform(t, op, source, nil)
		if err != nil {
			t.Fatalf("the second time: %v", err)
		}
		if diff := cmp.Diff(got.records, again.records, sameDetails); diff != "" {
			t.Errorf("the second result differs (-first +second):\n%s", diff)
		}
	})
	t.Run("healthy, several at the same time", func(t *testing.T) {
		t.Parallel()
		st := s.start(t)
		source := st.open(t, nil)
		want, err := perform(t, op, source, nil)
		if err != nil {
			t.Fatal(err)
		}
		var readers sync.WaitGroup
		for range 4 {
			readers.Go(func() {
				got, err := op.read(t.Context(), source, func(result) {})
				if err != nil || !got.complete {
					t.Errorf("one of several: complete %v, %v", got.complete, err)
				}
				if diff := cmp.Diff(want.records, got.records, sameDetails); diff != "" {
					t.Errorf("one of several differs (-alone +beside others):\n%s", diff)
				}
			})
		}
		readers.Wait()
	})
}

func checkIDs(t *testing.T, got result) {
	t.Helper()
	if len(got.ids) == 0 {
		t.Error("no records: the fake must have some in every collection")
	}
	seen := make(map[string]bool, len(got.ids))
	for _, id := range got.ids {
		if id == "" || seen[id] {
			t.Errorf("the ID %q is empty or occurs twice", id)
		}
		seen[id] = true
	}
	if got.expected != nil && *got.expected != len(got.ids) {
		t.Errorf("complete with %d records of %d", len(got.ids), *got.expected)
	}
}

// checkProgress checks the listings that were reported before the last one.
func checkProgress(t *testing.T, progress []result, idsThen [][]string, last result) {
	t.Helper()
	for i, r := range progress {
		if r.complete {
			t.Errorf("listing %d of %d is marked as complete before the end", i+1, len(progress))
		}
		next := last
		if i+1 < len(progress) {
			next = progress[i+1]
		}
		if missing := without(r.ids, next.ids); len(missing) > 0 {
			t.Errorf("listing %d has %v, which the next one does not have", i+1, missing)
		}
		if now := currentIDs(r); !slices.Equal(now, idsThen[i]) {
			t.Errorf("listing %d was changed after it had been returned: %v, then %v", i+1, idsThen[i], now)
		}
	}
}

// currentIDs returns the IDs of the records as they are now.
func currentIDs(r result) []string {
	switch records := r.records.(type) {
	case []connectors.Account:
		return keys(records)
	case []connectors.Team:
		return keys(records)
	case []connectors.Role:
		return keys(records)
	case []connectors.Contact:
		return keys(records)
	case []connectors.ContactFolder:
		return keys(records)
	}
	return nil
}

func keys[T connectors.Record](records []T) []string {
	var ids []string
	for _, r := range records {
		ids = append(ids, r.Key())
	}
	return ids
}

func without(ids, others []string) []string {
	in := make(map[string]bool, len(others))
	for _, id := range others {
		in[id] = true
	}
	var rest []string
	for _, id := range ids {
		if !in[id] {
			rest = append(rest, id)
		}
	}
	return rest
}
