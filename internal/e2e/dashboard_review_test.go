package e2e_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"roster/internal/sandbox"
	"roster/web/browsertest"
)

// reviewFilters are the parts of the access review with people, and what the graph has to be asked for the same.
var reviewFilters = map[string]string{
	"inactive-worksection": `{ accounts: [{ sources: ["worksection"], active: false }, { sources: ["kommo", "altcraft", "rocketchat"], active: true }] }`,
	"inactive-rocketchat":  `{ accounts: [{ sources: ["rocketchat"], active: false }, { sources: ["kommo", "altcraft", "worksection"], active: true }] }`,
	"leavers":              `{ leaver: true }`,
	"administrators":       `{ accounts: [{ active: true, accessLevels: [ADMIN, OWNER], min: 2 }] }`,
	"single":               `{ active: true, bot: false, maxAccounts: 1 }`,
	"unverified":           `{ active: true, bot: false, hasEmail: false }`,
	"duplicates":           `{ hasPossibleDuplicates: true }`,
}

// Each part of the access review has the people whom the graph answers, at first some and then all of them, and a CSV file and a table of the same.
func TestDashboardReview(t *testing.T) {
	t.Parallel()
	p := theDemo(t)
	page := browsertest.OpenDashboard(t, p.url+"/review", desktop)
	tables := map[string]int{} // the number of people in each table that a part leads to
	for id, filter := range reviewFilters {
		part := "#" + id
		ids := []string{}
		for _, person := range nodes[struct{ ID string }](t, p, fmt.Sprintf(`{ users(first: 500, filter: %s) { nodes { id } } }`, filter)) {
			ids = append(ids, person.ID)
		}
		page.WaitFor(fmt.Sprintf(`document.querySelector('%s .count')?.dataset.total === '%d'`, part, len(ids)))
		page.Wait(fmt.Sprintf(`.contents li:has([href="#%s"])`, id), thousands(len(ids)))
		if len(ids) > 20 {
			page.Wait(part+" .rest", fmt.Sprintf("20 of %s people are shown.", thousands(len(ids))))
			page.Click(part+" .rest button", "Show all")
		}
		page.WaitFor(fmt.Sprintf(`document.querySelectorAll('%s [data-person]').length === %d`, part, len(ids)))
		if got := page.Evaluate(fmt.Sprintf(`[...document.querySelectorAll('%s [data-person]')].map((row) => row.dataset.person)`, part)); got != inYAML(ids) {
			t.Errorf("%s has the people %s, want %v", id, got, ids)
		}
		if rows := savedFile(t, page, part+" button"); len(rows)-1 != len(ids) {
			t.Errorf("the file of %s has %d rows, want %d", id, len(rows)-1, len(ids))
		}
		if len(ids) > 0 {
			tables[page.Links(part + " .list-head a.button")[0]] = len(ids)
		}
	}
	for table, people := range tables {
		page.Visit(p.url + table)
		page.WaitFor(fmt.Sprintf(`document.querySelector('h1')?.innerText === 'People' && document.querySelector('.count').dataset.total === '%d'`, people))
	}
	clean(t, page.Page)
}

// Each role has its holders.
func TestDashboardReviewRoles(t *testing.T) {
	t.Parallel()
	p := theDemo(t)
	page := browsertest.OpenDashboard(t, p.url+"/review?all=roles", desktop)
	roles := nodes[struct {
		ID, Name string
		Holders  struct {
			TotalCount int
			Nodes      []struct{ Name string }
		}
	}](t, p, `{ roles(first: 100) { nodes { id name holders(first: 200) { totalCount nodes { name } } } } }`)
	page.Wait("#roles .count", fmt.Sprintf("%d roles", len(roles)))
	for _, role := range roles {
		row := fmt.Sprintf(`#roles [data-role=%q]`, role.ID)
		page.Wait(row, role.Name)
		page.Wait(row+" td:nth-child(4)", thousands(role.Holders.TotalCount))
		names := []string{}
		for _, holder := range role.Holders.Nodes {
			names = append(names, holder.Name)
		}
		text := strings.Join(names, ", ")
		if rest := role.Holders.TotalCount - len(names); rest > 0 {
			text += fmt.Sprintf(" and %s more", thousands(rest))
		}
		if text != "" {
			page.Wait(row+" .holders", text)
		}
	}
	rows := savedFile(t, page, "#roles button")
	if got, want := len(rows)-1, p.count(t, "users", ""); got != want {
		t.Errorf("the file has %d people, want %d", got, want)
	}
	if diff := cmp.Diff([]string{"name", "email", "active", "roleGrants.role.name", "roleGrants.account.source.name", "roleGrants.active"}, rows[0]); diff != "" {
		t.Errorf("the columns of the file (-want +got):\n%s", diff)
	}
	clean(t, page.Page)
}

// On paper there are all rows that are shown, from edge to edge, in dark on light, and nothing that one would have to press.
func TestDashboardReviewPrints(t *testing.T) {
	t.Parallel()
	p := theDemo(t)
	paper := browsertest.Look{Width: 794, Height: 1123, Dark: true, Print: true} // A4
	page := browsertest.OpenDashboard(t, p.url+"/review?all=single&all=unverified", paper)
	page.WaitFor(fmt.Sprintf(`document.querySelectorAll('#single [data-person]').length === %d`, p.count(t, "users", "filter: "+reviewFilters["single"])))
	page.Wait("#roles .count", "roles")
	page.Wait(".print-only", "Sources: ")
	const pressed = `[...document.querySelectorAll('button, .button, .head, select, summary')].filter((e) => e.checkVisibility()).map((e) => e.innerText)`
	if seen := page.Evaluate(pressed); seen != "[]" {
		t.Errorf("printed: %s", seen)
	}
	if got := page.Evaluate(`[...document.querySelectorAll('main, #dashboard, .scroll')].filter((e) => getComputedStyle(e).overflow !== 'visible').map((e) => e.className)`); got != "[]" {
		t.Errorf("these parts cut off what is in them: %s", got)
	}
	if page.Widens() {
		t.Error("the page is wider than the paper")
	}
	if got := page.Evaluate(`getComputedStyle(document.body).backgroundColor`); got != `"rgb(255, 255, 255)"` {
		t.Errorf("the paper is %s", got)
	}
	clean(t, page.Page)
}

// Somebody who loses one account is in the review as soon as the server knows of it, without a reload. An account of the same source is no reason.
func TestDashboardReviewIsLive(t *testing.T) {
	t.Parallel()
	chat, tasks := system(t, sandbox.RocketChat, 30), system(t, sandbox.Worksection, 30)
	settings := settingsOf(
		reading(sourceSettings(tasks.Sources()[0]), "1s", "1s"),
		reading(sourceSettings(chat.Sources()[0]), "1s", "1s"),
	)
	settings["identity"] = map[string]any{"dir": t.TempDir()}
	p := serve(t, settings)
	p.awaitFirstReading(t)
	page := browsertest.OpenDashboard(t, p.url+"/review", desktop)
	page.Wait(`[data-notice="authority"]`, "name the source that decides who works here with identity.authority")
	const filter = `{ accounts: [{ sources: ["rocketchat"], active: false }, { sources: ["worksection"], active: true }] }`
	before := p.count(t, "users", "filter: "+filter)
	page.WaitFor(fmt.Sprintf(`document.querySelector('#inactive-rocketchat .count')?.dataset.total === '%d'`, before))

	type user struct {
		ID, Name string
		Accounts []struct {
			ID, ExternalID string
			Source         struct{ Name string }
		}
	}
	const fields = `{ nodes { id name accounts { id externalId source { name } } } }`
	alone := nodes[user](t, p, `{ users(first: 2, filter: { active: true, allSources: ["rocketchat"], withoutSources: ["worksection"] }) `+fields+` }`)
	p.ask(t, fmt.Sprintf(`mutation { linkAccounts(input: { accounts: [%q, %q], reason: "one person" }) { outcome } }`,
		alone[0].Accounts[0].ID, alone[1].Accounts[0].ID), nil)
	chat.DeactivateUser(alone[0].Accounts[0].ExternalID)
	eventually(t, "an account of two in one source is inactive", func() bool {
		return p.count(t, "users", `filter: { accounts: [{ sources: ["rocketchat"], active: false }, { sources: ["rocketchat"], active: true }] }`) == 1
	})

	person := nodes[user](t, p, `{ users(first: 1, filter: { accounts: [{ sources: ["worksection"], active: true }, { sources: ["rocketchat"], active: true }] }) `+fields+` }`)[0]
	for _, account := range person.Accounts {
		if account.Source.Name == "rocketchat" {
			chat.DeactivateUser(account.ExternalID)
		}
	}
	page.Wait(fmt.Sprintf(`#inactive-rocketchat [data-person=%q]`, person.ID), person.Name)
	page.Wait(fmt.Sprintf(`#inactive-rocketchat [data-person=%q] .inactive`, person.ID), "rocketchat: inactive")
	page.WaitFor(fmt.Sprintf(`document.querySelector('#inactive-rocketchat .count')?.dataset.total === '%d'`, before+1))
	clean(t, page.Page)
}

// With a source that decides who works here, the review has those who are gone there and still have active accounts, with what these may do.
func TestDashboardReviewLeavers(t *testing.T) {
	t.Parallel()
	chat, tasks := system(t, sandbox.RocketChat, 30), system(t, sandbox.Worksection, 30)
	settings := settingsOf(
		reading(sourceSettings(tasks.Sources()[0]), "1s", "1s"),
		reading(sourceSettings(chat.Sources()[0]), "1s", "1s"),
	)
	settings["identity"] = map[string]any{"authority": "rocketchat"}
	p := serve(t, settings)
	p.awaitFirstReading(t)
	page := browsertest.OpenDashboard(t, p.url+"/review", desktop)
	before := p.count(t, "users", "filter: { leaver: true }")
	page.WaitFor(fmt.Sprintf(`document.querySelector('#leavers .count')?.dataset.total === '%d'`, before))
	person := nodes[struct {
		ID, Name string
		Accounts []struct {
			ExternalID string
			Source     struct{ Name string }
			Roles      []struct{ Name string }
		}
	}](t, p, `{ users(first: 1, filter: { accounts: [{ sources: ["worksection"], active: true }, { sources: ["rocketchat"], active: true }] })
		{ nodes { id name accounts { externalId source { name } roles { name } } } } }`)[0]
	for _, account := range person.Accounts {
		if account.Source.Name == "rocketchat" {
			chat.DeactivateUser(account.ExternalID)
		}
	}
	row := fmt.Sprintf(`#leavers [data-person=%q]`, person.ID)
	page.Wait(row, person.Name)
	page.Wait(row, "inactive")
	for _, account := range person.Accounts {
		if account.Source.Name == "worksection" && len(account.Roles) > 0 {
			page.Wait(row, account.Roles[0].Name)
		}
	}
	page.WaitFor(fmt.Sprintf(`document.querySelector('#leavers .count').dataset.total === '%d'`, before+1))
	page.WaitFor(`document.querySelector('[data-notice="authority"]') === null && document.querySelector('#inactive-rocketchat') === null`)
	if rows := savedFile(t, page, "#leavers button"); len(rows)-1 != before+1 {
		t.Errorf("the file has %d rows, want %d", len(rows)-1, before+1)
	}
	page.Visit(p.url + page.Links("#leavers .list-head a.button")[0])
	page.Wait(".chips", "Has left, and still has active accounts")
	page.WaitFor(fmt.Sprintf(`document.querySelector('.count')?.dataset.total === '%d'`, before+1))
	clean(t, page.Page)
}
