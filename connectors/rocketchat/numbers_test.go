package rocketchat

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"testing"

	"roster/connectors"
)

// lying serves 120 rows of every list in pages of 50 at most, with numbers that say chooses: count, offset, total.
func lying(t *testing.T, say func(offset, rows int) map[string]any) *connectors.Source {
	t.Helper()
	page := func(name string, row func(i int) map[string]any, all int) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			offset, _ := strconv.Atoi(r.URL.Query().Get("offset"))
			rows := []map[string]any{}
			for i := offset; i < min(offset+50, all); i++ {
				rows = append(rows, row(i))
			}
			answer := say(offset, len(rows))
			answer[name], answer["success"] = rows, true
			w.Header().Set("Content-Type", "application/json")
			_ = json.NewEncoder(w).Encode(answer)
		}
	}
	mux := http.NewServeMux()
	mux.Handle("/api/v1/users.list", page("users", func(i int) map[string]any { return map[string]any{"_id": id(i)} }, 120))
	mux.Handle("/api/v1/teams.listAll", page("teams", func(i int) map[string]any { return map[string]any{"_id": id(i), "name": "Team"} }, 1))
	mux.Handle("/api/v1/teams.members", page("members", func(i int) map[string]any { return map[string]any{"user": map[string]any{"_id": id(i)}} }, 120))
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	source, err := Open(config(server.URL))
	if err != nil {
		t.Fatal(err)
	}
	return source
}

// TestNumbersThatContradictTheRows: whatever the server counts, all that it shows is read, and by numbers that cannot be right it is not the whole.
func TestNumbersThatContradictTheRows(t *testing.T) {
	t.Parallel()
	total := func(n int) func(int, int) map[string]any {
		return func(offset, rows int) map[string]any {
			return map[string]any{"count": rows, "offset": offset, "total": n}
		}
	}
	for name, tc := range map[string]struct {
		say      func(offset, rows int) map[string]any
		complete bool
	}{
		"right":                         {total(120), true},
		"none but the rows":             {func(int, int) map[string]any { return map[string]any{} }, true},
		"0 in all":                      {total(0), false},
		"fewer in all than in one page": {total(7), false},
		"fewer in all than in two":      {total(80), false},
		"more in all":                   {total(121), false},
		"negative":                      {total(-1), false},
		"beyond Int":                    {total(1 << 62), false},
		"as many in all as in one page": {total(50), false},
		"another count of the rows": {func(offset, rows int) map[string]any {
			return map[string]any{"count": rows + 1, "offset": offset, "total": 120}
		}, false},
		"each time another": {func(offset, rows int) map[string]any {
			return map[string]any{"count": rows, "offset": offset, "total": 120 - 60*(offset/49%2)}
		}, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			source := lying(t, tc.say)
			users, err := source.Accounts.List(t.Context(), nil)
			if err != nil || len(users.Records) != 120 || users.Complete != tc.complete {
				t.Errorf("%d of 120 users, complete %v, %v", len(users.Records), users.Complete, err)
			}
			if odd := name == "negative" || name == "beyond Int"; odd != counted(users.Anomalies, "total") {
				t.Errorf("users have the anomalies %+v", users.Anomalies)
			}
			teams, err := source.Teams.List(t.Context(), nil)
			if err != nil || len(teams.Records) != 1 {
				t.Fatalf("%d teams, %v", len(teams.Records), err)
			}
			if odd := name == "negative" || name == "beyond Int"; odd != counted(teams.Anomalies, "total") {
				t.Errorf("teams have the anomalies %+v", teams.Anomalies)
			}
			if n := len(teams.Records[0].Members); n != 120 || teams.Complete && !tc.complete {
				t.Errorf("%d of 120 members, complete %v", n, teams.Complete)
			}
		})
	}
}

// TestMembersThatContradict: a team that cannot be read whole by its own numbers makes the list of teams incomplete.
func TestMembersThatContradict(t *testing.T) {
	t.Parallel()
	source := lying(t, func(offset, rows int) map[string]any {
		total := rows
		if rows > 1 {
			total = 0
		}
		return map[string]any{"count": rows, "offset": offset, "total": total}
	})
	got, err := source.Teams.List(t.Context(), nil)
	if err != nil || got.Complete || len(got.Records) != 1 || len(got.Records[0].Members) != 120 {
		t.Errorf("%d teams, complete %v, %v", len(got.Records), got.Complete, err)
	}
}

func counted(anomalies []connectors.Anomaly, field string) bool {
	return slices.ContainsFunc(anomalies, func(a connectors.Anomaly) bool { return a.Field == field && a.Example == "number" })
}

// One person may be in every team: max_rows bounds the members of all teams together, whether a team's first page or a later team goes beyond.
func TestMembersOfAllTeamsAreBounded(t *testing.T) {
	t.Parallel()
	const teams, each = 3, 4
	rows := func(n int, row func(i int) map[string]any) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			offset, _ := strconv.Atoi(r.URL.Query().Get("offset"))
			shown := []map[string]any{}
			for i := min(offset, n); i < n; i++ {
				shown = append(shown, row(i))
			}
			w.Header().Set("Content-Type", "application/json")
			_ = json.NewEncoder(w).Encode(map[string]any{"success": true, "teams": shown, "members": shown, "count": len(shown), "offset": offset, "total": n})
		}
	}
	mux := http.NewServeMux()
	mux.Handle("/api/v1/teams.listAll", rows(teams, func(i int) map[string]any { return map[string]any{"_id": id(i), "name": "Team"} }))
	mux.Handle("/api/v1/teams.members", rows(each, func(i int) map[string]any { return map[string]any{"user": map[string]any{"_id": id(i)}} }))
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	for most := each; most <= teams*each+1; most++ {
		cfg := config(server.URL)
		cfg.Bounds.Rows = most
		source, err := Open(cfg)
		if err != nil {
			t.Fatal(err)
		}
		got, err := source.Teams.List(t.Context(), nil)
		if most >= teams*each {
			if err != nil || len(got.Records) != teams || !got.Complete {
				t.Errorf("with max_rows %d: %d teams, complete %v, %v", most, len(got.Records), got.Complete, err)
			}
			continue
		}
		e, ok := errors.AsType[*connectors.Error](err)
		if want := fmt.Sprintf("more than %d members together, which max_rows", most); !ok || e.Kind != connectors.KindBadResponse || !strings.Contains(e.Detail, want) || got.Complete {
			t.Errorf("with max_rows %d: complete %v, %v", most, got.Complete, err)
		}
	}
}
