package e2e_test

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/chromedp/chromedp/kb"
	"github.com/google/go-cmp/cmp"

	"roster/web/browsertest"
)

// dashboardList is a list of the graph on a page of its own.
type dashboardList struct {
	path, list, noun string
	// rows is the query for the first rows, and columns are what the page shows of them.
	rows    string
	columns []string
	// search is a part of a name that some rows have and others do not.
	search string
	// menu and choice are a filter, and filter is what it means.
	menu, choice, filter string
	// opens is the list that a row leads to, with the filter by the row's ID.
	opens, by string
}

var dashboardLists = []dashboardList{
	{
		path: "/teams", list: "teams", noun: "teams", rows: `name source { name } kind members(first: 0) { totalCount }`, columns: []string{"name", "source.name", "kind"},
		search: "sal", menu: "Kind", choice: "Group", filter: `{ kinds: [GROUP] }`, opens: "users", by: "teams",
	},
	{
		path: "/roles", list: "roles", noun: "roles", rows: `name source { name } accessLevel holders(first: 0) { totalCount } description`,
		columns: []string{"name", "source.name", "accessLevel", "description"},
		search:  "adm", menu: "Access level", choice: "Admin", filter: `{ accessLevels: [ADMIN] }`, opens: "users", by: "roles",
	},
	{
		path: "/folders", list: "contactFolders", noun: "folders", rows: `name source { name } kind contacts(first: 0) { totalCount }`, columns: []string{"name", "source.name", "kind"},
		search: "a", menu: "Kind", choice: "Preset", filter: `{ kinds: [PRESET] }`, opens: "contacts", by: "folders",
	},
	{
		path: "/contacts", list: "contacts", noun: "contacts", rows: `name title email folder { name } owner { name } source { name }`,
		columns: []string{"name", "title", "email", "folder.name", "tags", "owner.name", "source.name"},
		search:  "ma", menu: "Source", choice: "kommo", filter: `{ sources: ["kommo"] }`,
	},
}

// Each list has all rows with what the graph says of them, a search, filters in the address, and a CSV file of the same rows.
func TestDashboardLists(t *testing.T) {
	t.Parallel()
	p := theDemo(t)
	for _, l := range dashboardLists {
		t.Run(l.list, func(t *testing.T) {
			t.Parallel()
			page := browsertest.OpenDashboard(t, p.url+l.path, desktop)
			page.Wait(".count", fmt.Sprintf("%s %s", thousands(p.count(t, l.list, "")), l.noun))
			for i, texts := range l.firstRows(t, p, 5) {
				for _, want := range texts {
					page.WaitFor(fmt.Sprintf(`[...document.querySelectorAll('[aria-rowindex="%d"] [role=gridcell]')].some((cell) => cell.innerText.trim() === %q)`, i+2, want))
				}
			}

			page.Fill(".search", l.search)
			page.WaitFor(`location.search === '?search=` + l.search + `'`)
			l.waitCount(t, p, page, fmt.Sprintf(`{ search: %q }`, l.search))
			page.Fill(".search", "")
			page.WaitFor(`location.search === ''`)
			page.Click(".filters summary", l.menu)
			page.Click(".filters .choice", l.choice)
			page.Wait(".chips", l.menu+": "+l.choice)
			l.waitCount(t, p, page, l.filter)

			saved := savedFile(t, page, ".list-head button")
			if got, want := len(saved)-1, p.count(t, l.list, "filter: "+l.filter); got != want {
				t.Errorf("the file has %d rows, and the graph %d", got, want)
			}
			if diff := cmp.Diff(l.columns, saved[0]); diff != "" {
				t.Errorf("the columns of the file (-want +got):\n%s", diff)
			}

			page.Visit(p.url + page.Address())
			l.waitCount(t, p, page, l.filter)
			page.Click(".chips button", "Remove the filter")
			l.waitCount(t, p, page, "{}")
			clean(t, page.Page)
		})
	}
}

// By keys alone, a row of teams, roles and folders opens those who are in it.
func TestDashboardListsOpenWhatTheyCount(t *testing.T) {
	t.Parallel()
	p := theDemo(t)
	for _, l := range dashboardLists {
		if l.opens == "" {
			continue
		}
		t.Run(l.list, func(t *testing.T) {
			t.Parallel()
			row := nodes[struct{ ID, Name string }](t, p, fmt.Sprintf(`{ %s(first: 1) { nodes { id name } } }`, l.list))[0]
			page := browsertest.OpenDashboard(t, p.url+l.path, desktop)
			page.Wait(`[aria-rowindex="2"]`, row.Name)
			for range 60 {
				if page.Evaluate(`document.activeElement.role`) == `"grid"` {
					break
				}
				page.Press(kb.Tab)
			}
			page.Press(kb.Home, kb.Enter)
			page.Wait("h1", map[string]string{"users": "People", "contacts": "Contacts"}[l.opens])
			inside := p.count(t, l.opens, fmt.Sprintf(`filter: { %s: [%q] }`, l.by, row.ID))
			page.WaitFor(fmt.Sprintf(`document.querySelector('.count')?.dataset.total === '%d'`, inside))
			page.Wait(".chips", row.Name)
			page.Back()
			page.Wait(`[aria-rowindex="2"]`, row.Name)
			clean(t, page.Page)
		})
	}
}

func (l *dashboardList) waitCount(t *testing.T, p *program, page *browsertest.Dashboard, filter string) {
	t.Helper()
	page.WaitFor(fmt.Sprintf(`document.querySelector('.count')?.dataset.total === '%d'`, p.count(t, l.list, "filter: "+filter)))
}

// firstRows returns what the graph says of the first rows: the name, and how many are in it.
func (l *dashboardList) firstRows(t *testing.T, p *program, count int) [][]string {
	t.Helper()
	var rows [][]string
	for _, row := range nodes[map[string]any](t, p, fmt.Sprintf(`{ %s(first: %d) { nodes { %s } } }`, l.list, count, l.rows)) {
		name, _ := row["name"].(string)
		texts := []string{name}
		for _, field := range []string{"members", "holders", "contacts"} {
			if list, ok := row[field].(map[string]any); ok {
				total, _ := list["totalCount"].(float64)
				texts = append(texts, thousands(int(total)))
			}
		}
		rows = append(rows, texts)
	}
	return rows
}

// savedFile presses the button for a CSV file and returns the file's rows.
func savedFile(t *testing.T, page *browsertest.Dashboard, button string) [][]string {
	t.Helper()
	page.Evaluate(`(() => {
		const make = URL.createObjectURL.bind(URL);
		delete window.saved;
		URL.createObjectURL = (blob) => { void blob.text().then((text) => { window.saved = text }); return make(blob) };
		return true;
	})()`)
	page.Click(button, "CSV")
	page.WaitFor(`window.saved !== undefined`)
	var text string
	if err := json.Unmarshal([]byte(page.Evaluate(`window.saved`)), &text); err != nil {
		t.Fatal(err)
	}
	rows, err := csv.NewReader(strings.NewReader(strings.TrimPrefix(text, "\ufeff"))).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	return rows
}
