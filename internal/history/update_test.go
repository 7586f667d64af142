package history_test

import (
	"testing"
	"time"
	"unsafe"

	"roster/internal/history"
)

// A recalled removal does not keep the memory of the other history, which can be much larger.
func TestRecallCopiesTheIDs(t *testing.T) {
	t.Parallel()
	begin := time.Date(2026, 5, 1, 0, 0, 0, 0, time.UTC)
	u := history.Begin(begin).Update(begin.Add(time.Hour))
	u.Remove(history.Removal{ID: "7"})
	stored := u.Done(1000 * time.Hour).Encode()
	other, err := history.Decode(stored)
	if err != nil {
		t.Fatal(err)
	}
	h := history.Begin(begin).Recall(other, begin, func(string) bool { return false })
	if got := h.Removed(); len(got) != 1 || got[0].ID != "7" {
		t.Fatalf("removed are %v, want 7", got)
	}
	if unsafe.StringData(h.Removed()[0].ID) == unsafe.StringData(other.Removed()[0].ID) {
		t.Error("the ID is part of the memory of the other history")
	}
}
