package check_test

import (
	"strings"
	"testing"

	"roster/connectors"
	"roster/internal/check"
)

func TestCompare(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		read  check.Collection
		known check.Known
		want  string
	}{
		"as known":                 {check.Collection{Count: 400, Complete: true}, check.Known{Count: 441, MaxLoss: 30}, ""},
		"nothing is known":         {check.Collection{Count: 1, Complete: true}, check.Known{}, ""},
		"far fewer":                {check.Collection{Count: 12, Complete: true}, check.Known{Count: 441, MaxLoss: 30}, "it shows 12, and 441 are known"},
		"few":                      {check.Collection{Complete: true}, check.Known{Count: 19, MaxLoss: 30}, ""},
		"known to be short":        {check.Collection{Count: 12}, check.Known{Count: 441, MaxLoss: 30}, ""},
		"the guard is off":         {check.Collection{Count: 12, Complete: true}, check.Known{Count: 441, MaxLoss: 100}, ""},
		"a loss that is held back": {check.Collection{Count: 12, Complete: true}, check.Known{Count: 441, MaxLoss: 30, Held: "since noon"}, "since noon"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			reports := []check.Report{{Source: &connectors.Source{Name: "a"}, Collections: []check.Collection{tc.read}}}
			check.Compare(reports, func(string, connectors.Collection) check.Known { return tc.known })
			var notes []string
			for _, f := range reports[0].Findings {
				notes = append(notes, f.Note)
			}
			if got := strings.Join(notes, "; "); got != tc.want && (tc.want == "" || !strings.HasPrefix(got, tc.want)) {
				t.Errorf("it finds %q, want %q", got, tc.want)
			}
		})
	}
}
