package conntest

import (
	"slices"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"roster/connectors"
)

// healthy checks what an operation yields while nothing is wrong.
func (s Subject) healthy(t *testing.T, op operation) {
	t.Run("healthy", func(t *testing.T) {
		t.Parallel()
		st := s.start(t)
		source := st.open(t, nil)
		var told []reading
		var kept [][]string
		got, err := ask(t, op, source, func(r reading) {
			told = append(told, r)
			kept = append(kept, slices.Clone(r.ids))
		})
		if err != nil {
			t.Fatal(err)
		}
		if !got.complete {
			t.Error("the result is not complete")
		}
		st.noSecret(t, "the result", text(t, got.records))
		if op.lists {
			checkIDs(t, got)
			checkRecords(t, got.records)
			checkProgress(t, told, kept, got)
		}
		again, err := ask(t, op, source, nil)
		if err != nil {
			t.Fatalf("the second time: %v", err)
		}
		if diff := cmp.Diff(got.records, again.records); diff != "" {
			t.Errorf("the second reading differs (-first +second):\n%s", diff)
		}
	})
	t.Run("healthy, many at a time", func(t *testing.T) {
		t.Parallel()
		st := s.start(t)
		source := st.open(t, nil)
		want, err := ask(t, op, source, nil)
		if err != nil {
			t.Fatal(err)
		}
		var readers sync.WaitGroup
		for range 4 {
			readers.Go(func() {
				got, err := op.read(t.Context(), source, func(reading) {})
				if err != nil || !got.complete {
					t.Errorf("one of several: complete %v, %v", got.complete, err)
				}
				if diff := cmp.Diff(want.records, got.records); diff != "" {
					t.Errorf("one of several differs (-alone +beside others):\n%s", diff)
				}
			})
		}
		readers.Wait()
	})
}

func checkIDs(t *testing.T, got reading) {
	t.Helper()
	if len(got.ids) == 0 {
		t.Error("no records: the fake must have some in every collection")
	}
	seen := make(map[string]bool, len(got.ids))
	for _, id := range got.ids {
		if id == "" || seen[id] {
			t.Errorf("the ID %q is empty or comes twice", id)
		}
		seen[id] = true
	}
	if got.expected != nil && *got.expected != len(got.ids) {
		t.Errorf("complete with %d records of %d", len(got.ids), *got.expected)
	}
}

// checkProgress checks the listings that came before the last.
func checkProgress(t *testing.T, told []reading, kept [][]string, last reading) {
	t.Helper()
	for i, r := range told {
		if r.complete {
			t.Errorf("listing %d of %d calls itself complete before the end", i+1, len(told))
		}
		next := last
		if i+1 < len(told) {
			next = told[i+1]
		}
		if missing := without(r.ids, next.ids); len(missing) > 0 {
			t.Errorf("listing %d has %v, which the one after it has not", i+1, missing)
		}
		if now := erasedAgain(r); !slices.Equal(now, kept[i]) {
			t.Errorf("listing %d was changed after it had been handed out: %v, then %v", i+1, kept[i], now)
		}
	}
}

// erasedAgain reads the IDs from the records as they are now.
func erasedAgain(r reading) []string {
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
