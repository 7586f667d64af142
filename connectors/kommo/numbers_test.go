package kommo_test

import (
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"roster/connectors"
)

// numbered serves rows of every list in pages of 250, with what say adds to a page, and a link to the next page where linked says so.
func numbered(
	t *testing.T, rows int, say func(page int) map[string]any, linked func(page, pages int) bool, change ...func(*connectors.Config),
) *connectors.Source {
	t.Helper()
	return serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		query := r.URL.Query()
		limit, _ := strconv.Atoi(query.Get("limit"))
		page := max(1, positive(query.Get("page")))
		if (page-1)*limit >= rows {
			w.WriteHeader(http.StatusNoContent)
			return
		}
		var shown []map[string]any
		for i := (page - 1) * limit; i < min(page*limit, rows); i++ {
			shown = append(shown, map[string]any{"id": 1000 + i, "name": "N"})
		}
		answer, links := say(page), map[string]any{}
		if linked(page, (rows+limit-1)/limit) {
			query.Set("page", strconv.Itoa(page+1))
			links["next"] = map[string]any{"href": "http://" + r.Host + prefix + r.URL.Path + "?" + query.Encode()}
		}
		answer["_links"], answer["_embedded"] = links, map[string]any{"users": shown, "roles": shown, "contacts": shown}
		if answer["_page"] == nil {
			answer["_page"] = page
		}
		w.Header().Set("Content-Type", "application/hal+json")
		_ = json.NewEncoder(w).Encode(answer)
	}), change...)
}

func positive(text string) int {
	n, _ := strconv.Atoi(text)
	return n
}

// TestNumbersThatContradictTheRows: all that Kommo shows is read, and by numbers that cannot be right it is not the whole.
func TestNumbersThatContradictTheRows(t *testing.T) {
	t.Parallel()
	counts := func(total, pages int) func(int) map[string]any {
		return func(int) map[string]any { return map[string]any{"_total_items": total, "_page_count": pages} }
	}
	nothing := func(int) map[string]any { return map[string]any{} }
	links := func(page, pages int) bool { return page < pages }
	never := func(int, int) bool { return false }
	for name, tc := range map[string]struct {
		rows               int
		say                func(page int) map[string]any
		linked             func(page, pages int) bool
		complete, contacts bool // contacts have no counts
	}{
		"right":                          {600, counts(600, 3), links, true, true},
		"no counts":                      {600, nothing, links, true, true},
		"a full page":                    {250, counts(250, 1), links, true, true},
		"a total of 0":                   {600, counts(0, 3), links, false, true},
		"a negative total":               {600, counts(-1, 3), links, false, true},
		"a total beyond Int":             {600, counts(1<<62, 3), links, false, true},
		"a total below the rows":         {600, counts(599, 3), links, false, true},
		"a total above the rows":         {600, counts(601, 3), links, false, true},
		"fewer pages than there are":     {600, counts(600, 2), links, false, true},
		"no pages, and rows":             {7, counts(7, 0), links, false, true},
		"more pages than there are":      {600, counts(600, 4), links, false, true},
		"no link behind a full page":     {600, nothing, never, false, true},
		"no link, against the counts":    {600, counts(600, 3), never, false, true},
		"always the first page, it says": {600, func(int) map[string]any { return map[string]any{"_page": 1} }, links, false, false},
		"each time another total": {600, func(page int) map[string]any {
			return map[string]any{"_total_items": 599 + page%2}
		}, links, false, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			source := numbered(t, tc.rows, tc.say, tc.linked)
			users, err := source.Accounts.List(t.Context(), nil)
			if err != nil || len(users.Records) != tc.rows || users.Complete != tc.complete {
				t.Errorf("%d of %d users, complete %v, %v; want %v", len(users.Records), tc.rows, users.Complete, err, tc.complete)
			}
			var odd []connectors.Anomaly // one on each page
			if name == "a negative total" || name == "a total beyond Int" {
				odd = []connectors.Anomaly{{Field: "_total_items", Count: 3, Example: "number"}}
			}
			if diff := cmp.Diff(odd, users.Anomalies); diff != "" {
				t.Errorf("anomalies (-want +got):\n%s", diff)
			}
			roles, err := source.Roles.List(t.Context(), nil)
			if err != nil || len(roles.Records) != tc.rows || roles.Complete != tc.complete {
				t.Errorf("%d of %d roles, complete %v, %v; want %v", len(roles.Records), tc.rows, roles.Complete, err, tc.complete)
			}
			contacts, err := source.Contacts.List(t.Context(), nil)
			if err != nil || len(contacts.Records) != tc.rows || contacts.Complete != tc.contacts {
				t.Errorf("%d of %d contacts, complete %v, %v; want %v", len(contacts.Records), tc.rows, contacts.Complete, err, tc.contacts)
			}
		})
	}
}

// TestRowsOfAllPagesAreBounded: each page is within max_rows, and all together are not.
func TestRowsOfAllPagesAreBounded(t *testing.T) {
	t.Parallel()
	nothing := func(int) map[string]any { return map[string]any{} }
	links := func(page, pages int) bool { return page < pages }
	for most, whole := range map[int]bool{600: true, 599: false, 300: false} {
		source := numbered(t, 600, nothing, links, func(c *connectors.Config) { c.Bounds.Rows = most })
		for name, list := range map[string]func() (complete bool, err error){
			"users":    func() (bool, error) { l, err := source.Accounts.List(t.Context(), nil); return l.Complete, err },
			"contacts": func() (bool, error) { l, err := source.Contacts.List(t.Context(), nil); return l.Complete, err },
		} {
			complete, err := list()
			if complete != whole || (err == nil) != whole || !whole && !strings.Contains(err.Error(), "max_rows") {
				t.Errorf("600 %s with max_rows %d: complete %v, %v", name, most, complete, err)
			}
		}
	}
}
