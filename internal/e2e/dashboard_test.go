package e2e_test

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/chromedp/chromedp/kb"
	"github.com/google/go-cmp/cmp"

	"roster/internal/sandbox"
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

// By keys alone, a visitor gets to the last of 10,000 people.
func TestDashboardReachesEveryone(t *testing.T) {
	t.Parallel()
	p := serve(t, settingsOf(sourceSettings(system(t, sandbox.RocketChat, 12_000).Sources()[0])))
	p.awaitFirstReading(t)
	page := browsertest.OpenDashboard(t, p.url+"/people", desktop)
	total := p.count(t, "users", "")
	if total < 10_000 {
		t.Errorf("there are %d people, want more", total)
	}
	page.Wait(".count", thousands(total))
	page.TabTo(`document.activeElement.role === 'grid'`)
	const requests = `performance.getEntriesByType('resource').filter(({ name }) => name.endsWith('/graphql')).length`
	before := page.Evaluate(requests)
	page.Press(kb.End)
	ends := lastNames(t, p, 1000)
	place := fmt.Sprintf(`[aria-rowindex="%d"].active[data-loaded="true"]`, total+1)
	page.Wait(place, ends[len(ends)-1])
	page.WaitFor(fmt.Sprintf(`%s - %s <= 6`, requests, before)) // not page by page
	for range 40 {
		page.Press(kb.PageUp)
	}
	page.WaitFor(`document.querySelector('.active[data-loaded="true"]') !== null`)
	var row int
	if err := json.Unmarshal([]byte(page.Evaluate(`Number(document.querySelector('.active').ariaRowIndex)`)), &row); err != nil {
		t.Fatal(err)
	}
	up := total + 1 - row
	if up < 550 || up >= len(ends) {
		t.Fatalf("40 times Page Up go %d rows up", up)
	}
	page.Wait(`.active`, ends[len(ends)-1-up])
	page.Press(kb.Home)
	first := nodes[struct{ Name string }](t, p, `{ users(first: 1) { nodes { name } } }`)[0]
	page.Wait(`[aria-rowindex="2"].active`, first.Name)
	for range 30 {
		page.Press(kb.ArrowDown)
	}
	page.WaitFor(`(() => {
		const row = document.querySelector('[aria-rowindex="32"].active')?.getBoundingClientRect();
		const table = document.querySelector('.table'), head = document.querySelector('.table-head').getBoundingClientRect();
		return row && row.top >= head.bottom - 1 && row.bottom <= table.getBoundingClientRect().top + table.clientHeight + 2;
	})()`)
	clean(t, page.Page)
}

// lastNames returns the names of the last people, in their order.
func lastNames(t *testing.T, p *program, count int) []string {
	t.Helper()
	var names []string
	for before := "null"; len(names) < count; {
		var data struct {
			Users struct {
				Nodes    []struct{ Name string }
				PageInfo struct{ StartCursor string }
			}
		}
		p.ask(t, fmt.Sprintf(`{ users(last: 500, before: %s) { nodes { name } pageInfo { startCursor } } }`, before), nil).into(t, &data)
		var page []string
		for _, person := range data.Users.Nodes {
			page = append(page, person.Name)
		}
		names = append(page, names...)
		before = strconv.Quote(data.Users.PageInfo.StartCursor)
	}
	return names
}

// A menu finds a value by a part of its name, also one that few people have.
func TestDashboardFindsAFilter(t *testing.T) {
	t.Parallel()
	p := theDemo(t)
	var data struct {
		Users struct {
			Facets []struct {
				Value, Label string
				Count        int
			}
		}
	}
	p.ask(t, `{ users(first: 0) { facets(by: TEAM, first: 500) { value label count } } }`, nil).into(t, &data)
	rarest := data.Users.Facets[len(data.Users.Facets)-1]
	page := browsertest.OpenDashboard(t, p.url+"/people", desktop)
	page.Click(".filters summary", "Team")
	page.Fill(".menu[open] .find", strings.ToUpper(rarest.Label))
	page.WaitFor(fmt.Sprintf(`[...document.querySelectorAll('.menu[open] .choice-label')].every((e) => e.innerText.toUpperCase().includes(%q))`, strings.ToUpper(rarest.Label)))
	page.Click(".menu[open] .choice", rarest.Label)
	page.Wait(".chips", "Team: "+rarest.Label)
	page.WaitFor(fmt.Sprintf(`document.querySelector('.count')?.dataset.total === '%d'`, rarest.Count))
	clean(t, page.Page)
}

// Every number of the overview is what the graph answers, and opens the list of what it counts.
func TestDashboardOverview(t *testing.T) {
	t.Parallel()
	p := theDemo(t)
	page := browsertest.OpenDashboard(t, p.url+"/", browsertest.Look{Width: 1440, Height: 900, Compressed: true})
	page.Wait(`.complete`, "Complete.")
	type facets []struct {
		Value, Label string
		Count        int
	}
	var want struct {
		People struct {
			TotalCount                int
			Sets, Levels, Departments facets
		}
		Active, Bots, Teams, Roles, Contacts struct{ TotalCount int }
		Newest                               struct{ Nodes []struct{ Name string } }
	}
	p.ask(t, `{
		people: users(first: 0, filter: { bot: false }) {
			totalCount
			sets: facets(by: SOURCE_SET, first: 100) { value label count }
			levels: facets(by: ACCESS_LEVEL) { value label count }
			departments: facets(by: DEPARTMENT, first: 10) { value label count }
		}
		active: users(first: 0, filter: { bot: false, active: true }) { totalCount }
		bots: users(first: 0, filter: { bot: true }) { totalCount }
		teams(first: 0) { totalCount } roles(first: 0) { totalCount } contacts(first: 0) { totalCount }
		newest: users(first: 8, filter: { bot: false }, orderBy: { field: CREATED_AT, direction: DESC }) { nodes { name } }
	}`, nil).into(t, &want)
	for tile, count := range map[string]int{
		"people": want.People.TotalCount, "active": want.Active.TotalCount, "bots": want.Bots.TotalCount,
		"teams": want.Teams.TotalCount, "roles": want.Roles.TotalCount, "contacts": want.Contacts.TotalCount,
	} {
		if diff := cmp.Diff([]string{thousands(count)}, page.Read(`[data-tile="`+tile+`"] dd`)); diff != "" {
			t.Errorf("%s (-graph +page):\n%s", tile, diff)
		}
	}
	opens := make(map[string]string) // the count in the table behind each link
	for label, bars := range map[string]facets{
		"People by set of sources": want.People.Sets, "People by access level": want.People.Levels, "People by department": want.People.Departments,
	} {
		list := `[aria-label="` + label + `"] `
		var counts []string
		for _, bar := range bars {
			counts = append(counts, thousands(bar.Count))
		}
		if diff := cmp.Diff(counts, page.Read(list+".bar-count")); diff != "" {
			t.Errorf("%s (-graph +page):\n%s", label, diff)
		}
		for i, link := range page.Links(list + "a") {
			opens[link] = counts[i]
		}
	}
	var newest []string
	for _, person := range want.Newest.Nodes {
		newest = append(newest, person.Name)
	}
	if diff := cmp.Diff(newest, page.Read(`[aria-labelledby="newest-title"] li a`)); diff != "" {
		t.Errorf("the newest people (-graph +page):\n%s", diff)
	}
	for link, count := range opens {
		page.Visit(p.url + link)
		page.WaitFor(fmt.Sprintf(`document.querySelector('.count')?.dataset.total === '%s'`, strings.ReplaceAll(count, ",", "")))
	}
	clean(t, page.Page)
}

// What changes in a source is on the page without a reload, in the table, on the page of the person and in the numbers.
func TestDashboardIsLive(t *testing.T) {
	t.Parallel()
	s := system(t, sandbox.Worksection, smallCompany)
	p := serve(t, settingsOf(reading(sourceSettings(s.Sources()[0]), "1s", "1s")))
	p.awaitFirstReading(t)
	people := browsertest.OpenDashboard(t, p.url+"/people", desktop)
	people.Wait(".connection", "Live")
	people.Wait(".table-body", "@")
	people.Evaluate(`window.sameDocument = true`)
	s.Rename("Changedname")
	people.Fill(".search", "changedname")
	people.Wait(".table-body", "Changedname")
	people.Click(".table-body a", "Changedname")
	people.Wait("h1", "Changedname")
	s.Rename("Othername")
	people.Wait("h1", "Othername")
	if got := people.Evaluate(`window.sameDocument`); got != "true" {
		t.Error("the page was loaded again")
	}
	clean(t, people.Page)
}

// The CSV file of a view has what the query for the view has.
func TestDashboardSavesCSV(t *testing.T) {
	t.Parallel()
	p := theDemo(t)
	page := browsertest.OpenDashboard(t, p.url+"/people?level=ADMIN&sort=-EMAIL&columns=name,email,level", desktop)
	page.Wait(".table-body", "@")
	page.Evaluate(`(() => {
		const real = URL.createObjectURL;
		URL.createObjectURL = (blob) => { blob.text().then((text) => { window.saved = text }); return real(blob) };
	})()`)
	page.Click(".list-head button", "CSV")
	page.WaitFor(`window.saved !== undefined`)
	var text string
	if err := json.Unmarshal([]byte(page.Evaluate(`window.saved`)), &text); err != nil {
		t.Fatal(err)
	}
	got, err := csv.NewReader(strings.NewReader(strings.TrimPrefix(text, "\ufeff"))).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	want := [][]string{{"name", "email", "accessLevel"}}
	for _, person := range nodes[struct{ Name, Email, AccessLevel string }](t, p,
		`{ users(first: 500, filter: { accessLevels: [ADMIN] }, orderBy: { field: EMAIL, direction: DESC }) { nodes { name email accessLevel } } }`) {
		want = append(want, []string{person.Name, person.Email, person.AccessLevel})
	}
	if diff := cmp.Diff(want, got); diff != "" || len(want) < 10 {
		t.Errorf("the file (-graph +file):\n%s", diff)
	}
	clean(t, page.Page)
}

// A server with keys: the page asks for one, says who the visitor is, and shows what the key lets them see. A source is down meanwhile.
func TestDashboardWithKeys(t *testing.T) {
	t.Parallel()
	reader, readerHash := newKey(t)
	full, fullHash := newKey(t)
	up, down := system(t, sandbox.Worksection, smallCompany), system(t, sandbox.Kommo, smallCompany)
	settings := settingsOf(sourceSettings(up.Sources()[0]), sourceSettings(down.Sources()[0]))
	if err := down.Close(); err != nil {
		t.Fatal(err)
	}
	settings["access"] = map[string]any{"keys": []any{
		map[string]any{"name": "reader", "hash": readerHash, "scopes": []string{"directory:read"}},
		map[string]any{"name": "full", "hash": fullHash, "scopes": []string{"directory:read", "directory:sensitive", "directory:write", "directory:admin"}},
	}}
	p := serve(t, settings)
	p.awaitFirstReading(t)
	page := browsertest.OpenDashboard(t, p.url+"/people", desktop)
	page.Wait(".dialog[open]", "API key or token")
	page.EnterDashboardKey("wrong")
	page.Wait(".dialog[open]", "is not accepted")
	page.EnterDashboardKey(reader)
	page.Wait(".viewer", "reader")
	page.Wait(".connection", "Live")
	page.Wait(".notice", "data of kommo is missing")
	if got := page.Read(".list-head button"); slices.Contains(got, "Invite") {
		t.Error("somebody who may not write is offered to invite")
	}
	page.Click(".table-body a", "")
	page.Wait(".panel", "Phone numbers need the scope directory:sensitive.")
	page.Wait(`[data-field="phones"][data-state="DENIED"]`, "Ask whoever operates Roster for the scope")
	page.WaitFor(`document.querySelector('.severe') === null`) // the page asks for nothing that the visitor may not see
	if text := strings.Join(page.Read("main"), " "); strings.Contains(text, "(202) 555") {
		t.Error("the page shows a phone number")
	}

	page.Click(".viewer", "reader")
	page.EnterDashboardKey("Bearer " + full)
	page.Wait(".viewer", "full")
	page.WaitGone(".panel", "Phone numbers need")
	page.WaitFor(`document.querySelector('[data-state="DENIED"]') === null`)
	page.Visit(p.url + "/people")
	page.Click(".list-head button", "Invite")
	page.Fill(`[name="email"]`, "new.person@corvidlark.test")
	page.Click(".dialog button", "Rehearse")
	page.Wait(".outcome", "The input has no fault. Nothing was sent.")
	if lasting, session := page.Kept(); strings.Contains(lasting, full) || !strings.Contains(session, full) {
		t.Errorf("for later visits and in its address, the page keeps %q, for this one %q", lasting, session)
	}
	if diff := cmp.Diff([]string(nil), page.ForeignRequests()); diff != "" {
		t.Errorf("requests to other servers (-want +got):\n%s", diff)
	}
}

// The page works behind a proxy that serves it under a path of its own, and with other names in the graph. Its query is the playground's first one.
func TestDashboardBehindProxyWithPrefix(t *testing.T) {
	t.Parallel()
	settings := settingsOf(sourceSettings(system(t, sandbox.Worksection, smallCompany).Sources()[0]))
	settings["federation"] = map[string]any{"prefix": "Acme_"}
	p := serve(t, settings)
	p.awaitFirstReading(t)
	target, err := url.Parse(p.url)
	if err != nil {
		t.Fatal(err)
	}
	proxy := &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) {
		r.SetURL(target)
		r.Out.Host = r.In.Host // else a WebSocket seems to come from a page of another origin
	}}
	server := httptest.NewServer(http.StripPrefix("/directory", proxy))
	t.Cleanup(server.Close)
	page := browsertest.OpenDashboard(t, server.URL+"/directory/", desktop)
	page.Click("nav a", "People")
	page.Wait(".table-body", "@")
	page.Click(".table-body a", "")
	page.Wait(".compare thead", "worksection")
	if got := page.Address(); !strings.HasPrefix(got, "/directory/person?id=") {
		t.Errorf("the page of a person is at %s", got)
	}
	page.Back()
	page.Wait(".list-head a", "Show this as a query")
	link := page.Links(".list-head a.button")[0]
	clean(t, page.Page)
	playground := page.OpenPlayground(server.URL + link)
	playground.WaitResult(`"totalCount"`)
	if query := playground.Query(); !strings.Contains(query, "acme_users(") || !strings.Contains(query, "Acme_UserFilter") {
		t.Errorf("the query in the playground is %s", query)
	}
	clean(t, playground)
}

// count asks the graph for the number of items of a list.
func (p *program) count(t *testing.T, list, arguments string) int {
	t.Helper()
	var data struct{ List struct{ TotalCount int } }
	p.ask(t, fmt.Sprintf(`{ list: %s(first: 0 %s) { totalCount } }`, list, arguments), nil).into(t, &data)
	return data.List.TotalCount
}

// nodes asks the graph for the nodes of a list.
func nodes[T any](t *testing.T, p *program, query string) []T {
	t.Helper()
	var data map[string]struct{ Nodes []T }
	p.ask(t, query, nil).into(t, &data)
	for _, list := range data {
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
