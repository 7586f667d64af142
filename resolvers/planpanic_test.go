package resolvers_test

import (
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"roster/connectors"
)

// A plan that panics is logged and counted, and not used again: gqlgen executes the operation. There is at most one line a minute.
func TestPlanPanics(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		source := newTeamSource()
		panics := 0
		source.Health = func() connectors.Health {
			if panics > 0 {
				panics--
				panic("broken")
			}
			return connectors.Health{}
		}
		w := newTestServer(t, source).read()
		w.once = true
		ask := func(document string, panicking int) {
			t.Helper()
			panics = panicking
			rec := w.post(http.Header{"Content-Type": {"application/json"}}, []byte(`{"query":"`+document+`"}`))
			if want := `"breaker":"CLOSED"`; !strings.Contains(rec.Body.String(), want) || strings.Contains(rec.Body.String(), "errors") {
				t.Fatalf("the answer is %s", rec.Body)
			}
		}
		check := func(planned, left, panicked int64, lines int) {
			t.Helper()
			stats := w.api.Plans.Stats()
			if stats.Planned != planned || stats.Left != left || stats.Panics != panicked {
				t.Errorf("%+v; want %d, %d and %d", stats, planned, left, panicked)
			}
			if got := strings.Count(w.log.String(), "a plan panicked"); got != lines {
				t.Errorf("%d lines, want %d:\n%s", got, lines, &w.log)
			}
		}
		ask("{ sources { breaker } }", 0)
		check(1, 0, 0, 0)
		ask("{ sources { breaker } }", 1)
		check(1, 1, 1, 1)
		ask("{ sources { breaker } }", 0)
		check(1, 2, 1, 1)
		ask("{ sources { name breaker } }", 1)
		check(1, 3, 2, 1)
		time.Sleep(time.Minute)
		ask("{ sources { kind breaker } }", 1)
		check(1, 4, 3, 2)
		if log := w.log.String(); !strings.Contains(log, "planpanic_test.go") || strings.Contains(log, "broken") {
			t.Errorf("the log is %s", log)
		}
	})
}
