package e2e_test

import (
	"encoding/json"
	"fmt"
	"net/url"
	"strings"
	"testing"

	"github.com/chromedp/chromedp/kb"
	"github.com/google/go-cmp/cmp"

	"roster/web/browsertest"
)

var desktop = browsertest.Look{Width: 1440, Height: 900}

// A visitor searches, filters, sorts and goes back; the address holds the whole view, and the table has every person.
func TestDashboardPeople(t *testing.T) {
	t.Parallel()
	p := theDemo(t)
	page := browsertest.OpenDashboard(t, p.url+"/people", desktop)
	page.Wait(".count", fmt.Sprintf("%s people", thousands(p.count(t, "users", ""))))

	page.Fill(".search", "zoe mul")
	page.Wait(".count", fmt.Sprint(p.count(t, "users", `filter: { search: "zoe mul" }`)))
	page.Wait(".table-body", "Zoë Müller")
	if got, want := page.Address(), "/people?search=zoe+mul"; got != want {
		t.Errorf("the address is %s, want %s", got, want)
	}
	page.Fill(".search", "")
	page.WaitFor(`location.search === ''`)

	page.Click(".filters summary", "Access level")
	page.Click(".filters .choice", "Admin")
	page.Wait(".count", fmt.Sprint(p.count(t, "users", `filter: { accessLevels: [ADMIN] }`)))
	page.Click(".sort", "E-mail")
	page.Wait(`[aria-sort="ascending"]`, "E-mail")
	first := nodes[struct{ Email string }](t, p, `{ users(first: 1, filter: { accessLevels: [ADMIN] }, orderBy: { field: EMAIL }) { nodes { email } } }`)[0]
	page.Wait(`[aria-rowindex="2"]`, first.Email)

	view := page.Address()
	page.Visit(p.url + view)
	page.Wait(`[aria-rowindex="2"]`, first.Email)
	page.Back()
	page.WaitFor(`!location.search.includes('sort')`)
	page.Wait(`[aria-sort="ascending"]`, "Name")
	page.Wait(".chips", "Access level: Admin")
	clean(t, page.Page)
}

// By keys alone, a visitor gets to the last of all people.
func TestDashboardReachesEveryone(t *testing.T) {
	t.Parallel()
	p := theDemo(t)
	page := browsertest.OpenDashboard(t, p.url+"/people", desktop)
	total := p.count(t, "users", "")
	page.Wait(".count", thousands(total))
	for !strings.HasPrefix(page.Focused(), "People") || page.Evaluate(`document.activeElement.role`) != `"grid"` {
		page.Press(kb.Tab)
	}
	page.Press(kb.End)
	last := nodes[struct{ Name string }](t, p, `{ users(last: 1) { nodes { name } } }`)[0]
	place := fmt.Sprintf(`[aria-rowindex="%d"].active[data-loaded="true"]`, total+1)
	page.Wait(place, last.Name)
	page.Press(kb.Home)
	first := nodes[struct{ Name string }](t, p, `{ users(first: 1) { nodes { name } } }`)[0]
	page.Wait(`[aria-rowindex="2"].active`, first.Name)
	clean(t, page.Page)
}

// count asks the graph for the number of items of a list.
func (p *program) count(t *testing.T, list, arguments string) int {
	t.Helper()
	answer := p.ask(t, fmt.Sprintf(`{ list: %s(first: 0 %s) { totalCount } }`, list, arguments), nil)
	var data struct {
		Data struct{ List struct{ TotalCount int } }
	}
	if err := json.Unmarshal(answer.Body, &data); err != nil {
		t.Fatal(err)
	}
	return data.Data.List.TotalCount
}

// nodes asks the graph for the nodes of a list.
func nodes[T any](t *testing.T, p *program, query string) []T {
	t.Helper()
	var data struct {
		Data map[string]struct{ Nodes []T }
	}
	if err := json.Unmarshal(p.ask(t, query, nil).Body, &data); err != nil {
		t.Fatal(err)
	}
	for _, list := range data.Data {
		return list.Nodes
	}
	t.Fatal("the answer has no list")
	return nil
}

// thousands writes a number as the dashboard does.
func thousands(n int) string {
	text := fmt.Sprint(n)
	if n < 1000 {
		return text
	}
	return text[:len(text)-3] + "," + text[len(text)-3:]
}

// The dashboard works under a path of a proxy.
var _ = url.Parse
var _ = cmp.Diff
