package command

import (
	"fmt"
	"strings"

	"roster/internal/app"
	"roster/internal/progress"
	"roster/internal/snapshot"
)

// progressOf returns how far the fetch of each source is, in the order of the configuration.
func progressOf(statuses []snapshot.Status) []progress.Source {
	var all []progress.Source
	for i := range statuses {
		st := &statuses[i]
		if len(all) == 0 || all[len(all)-1].Name != st.Source {
			all = append(all, progress.Source{Name: st.Source, Done: true})
		}
		s := &all[len(all)-1]
		count, expected := st.Count, st.Expected
		if p := st.Progress; p != nil {
			count, expected = max(count, p.Count), p.Expected
		}
		s.Count += count
		s.Expected += count
		if expected != nil {
			s.Expected += max(0, *expected-count)
		}
		switch {
		case st.Fetching:
			s.Doing, s.Done = both(s.Doing, st.Collection.String()), false
		case st.TriedAt.IsZero():
			s.Done = false
		case st.Err != nil:
			s.Failed = append(s.Failed, st.Collection.String())
		}
	}
	return all
}

// both joins what is fetched at the same time.
func both(a, b string) string {
	if a == "" {
		return b
	}
	return a + ", " + b
}

// fetchOver says how the first fetch of all collections has ended.
func fetchOver(statuses []snapshot.Status) string {
	var failed []string
	for i := range statuses {
		if statuses[i].Err != nil {
			failed = append(failed, statuses[i].Source+" "+statuses[i].Collection.String())
		}
	}
	const beginning = "Every collection has been read, or tried."
	if len(failed) == 0 {
		return fmt.Sprintf("%s None of %d failed.", beginning, len(statuses))
	}
	return fmt.Sprintf("%s %d of %d failed, and are tried again: %s. The log says why.", beginning, len(failed), len(statuses), strings.Join(failed, ", "))
}

// showing shows the progress of the first fetch.
func showing(state app.FetchState) func() []progress.Source {
	return func() []progress.Source { return progressOf(state()) }
}
