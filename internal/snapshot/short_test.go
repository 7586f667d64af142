package snapshot_test

import (
	"log/slog"
	"strings"
	"testing"
	"time"

	"roster/internal/snapshot"
)

// If the source's own count contradicts a fetch, the log states the reason once, and the status until the data is complete. Another fetch
// in progress does not change it.
func TestAShortReadingTellsWhy(t *testing.T) {
	t.Parallel()
	seven := 7
	s := scripted(step{ids: numbered(5), short: true, want: &seven, takes: 10 * time.Second, pages: 5}, step{ids: numbered(6), short: true, want: &seven, takes: time.Second},
		step{ids: numbered(7)})
	var log strings.Builder
	opt := one(s)
	opt.Logger = slog.New(slog.NewTextHandler(&log, nil))
	bubble(t, opt, func(t *testing.T, k *snapshot.Keeper) {
		pass(5 * time.Second)
		if st := k.Statuses()[0]; st.State != snapshot.Incomplete || st.Short != nil {
			t.Errorf("under way it is %s, and tells %v", st.State, st.Short)
		}
		pass(6 * time.Second)
		for range 5 * 60 {
			st := k.Statuses()[0]
			if st.State == snapshot.Fresh {
				break
			}
			if st.Short == nil || !strings.Contains(st.Short.Detail, "the source counts 7 of them, and ") {
				t.Fatalf("it is %s, and tells %v", st.State, st.Short)
			}
			k.Take([]snapshot.Key{accounts})
			pass(time.Second)
		}
		if st := k.Statuses()[0]; st.State != snapshot.Fresh || st.Short != nil || st.Count != 7 {
			t.Errorf("in the end it is %s with %d, and tells %v", st.State, st.Count, st.Short)
		}
		if told := strings.Count(log.String(), "collection is incomplete"); told != 1 || !strings.Contains(log.String(), "counts 7 of them, and 5 have been read") {
			t.Errorf("the log tells it %d times:\n%s", told, log.String())
		}
	})
}
