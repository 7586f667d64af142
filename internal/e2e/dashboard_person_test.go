package e2e_test

import (
	"encoding/json"
	"fmt"
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"roster/internal/sandbox"
	"roster/web/browsertest"
)

// truth is what the graph says of the origin of a person's values, and of the reasons why the accounts are one person.
type truth struct {
	Name     string
	Accounts []struct{ ID string }
	// Provenance has one field after another.
	Provenance []struct {
		Field, State string
		Conflict     bool
		Account      *struct{ Source struct{ Name string } }
		Candidates   []struct {
			Account struct{ ID string }
			Chosen  bool
		}
	}
	Identity struct {
		Links     []struct{ Rule string }
		HeldApart []struct {
			Reason  string
			Account struct{ User struct{ Name string } }
		}
	}
}

func (p *program) truthOf(t *testing.T, id string) truth {
	t.Helper()
	var data struct{ User truth }
	p.ask(t, fmt.Sprintf(`{ user(by: { id: %q }) {
		name accounts { id }
		provenance { field state conflict account { source { name } } candidates { account { id } chosen } }
		identity { links { rule } heldApart { reason account { user { name } } } }
	} }`, id), nil).into(t, &data)
	return data.User
}

// showsTruth compares the page of a person with the graph: each field with its state and its accounts, each reason.
func showsTruth(t *testing.T, page *browsertest.Dashboard, want truth) {
	t.Helper()
	page.Wait("h1", want.Name)
	page.WaitFor(fmt.Sprintf(`document.querySelectorAll('.truth [data-account]').length === %d`, len(want.Accounts)))
	type field struct {
		State    string
		Conflict bool
		// Has says of each account whether the person has its value.
		Has []bool
	}
	shown := make(map[string]field)
	err := json.Unmarshal([]byte(page.Evaluate(`Object.fromEntries([...document.querySelectorAll('[data-field]')].map((row) => [row.dataset.field, {
		State: row.dataset.state, Conflict: row.dataset.conflict === 'true',
		Has: [...row.querySelectorAll('td')].slice(1).map((cell) => cell.className === 'chosen'),
	}]))`)), &shown)
	if err != nil {
		t.Fatal(err)
	}
	expected := make(map[string]field)
	for _, from := range want.Provenance {
		f := field{State: from.State, Conflict: from.Conflict, Has: []bool{}}
		if from.State == "PRESENT" || len(from.Candidates) > 0 {
			f.Has = make([]bool, len(want.Accounts))
		}
		for _, candidate := range from.Candidates {
			for i, account := range want.Accounts {
				f.Has[i] = f.Has[i] || candidate.Chosen && account.ID == candidate.Account.ID
			}
		}
		expected[from.Field] = f
		if from.Account != nil && (from.Field == "title" || from.Field == "name") {
			page.Wait(fmt.Sprintf(`[data-field=%q]`, from.Field), "from "+from.Account.Source.Name)
		}
	}
	if diff := cmp.Diff(expected, shown); diff != "" {
		t.Errorf("the values of %s (-graph +page):\n%s", want.Name, diff)
	}
	var rules, reasons []string
	for _, link := range want.Identity.Links {
		rules = append(rules, link.Rule)
	}
	for _, other := range want.Identity.HeldApart {
		reasons = append(reasons, other.Reason+" "+other.Account.User.Name)
	}
	read := func(script string) (texts []string) {
		if err := json.Unmarshal([]byte(page.Evaluate(script)), &texts); err != nil {
			t.Fatal(err)
		}
		if len(texts) == 0 {
			return nil
		}
		return texts
	}
	if diff := cmp.Diff(rules, read(`[...document.querySelectorAll('[data-rule]')].map((e) => e.dataset.rule)`)); diff != "" {
		t.Errorf("why the accounts of %s are one person (-graph +page):\n%s", want.Name, diff)
	}
	if diff := cmp.Diff(reasons, read(`[...document.querySelectorAll('[data-reason]')].map((e) => e.dataset.reason + ' ' + e.querySelector('a').innerText)`)); diff != "" {
		t.Errorf("who looks like %s (-graph +page):\n%s", want.Name, diff)
	}
}

// The page of a person has the accounts side by side, and says where each value comes from, why one is missing, and why they are one person.
func TestDashboardPerson(t *testing.T) {
	t.Parallel()
	p := theDemo(t)
	page := browsertest.OpenDashboard(t, p.url+"/people?search=zoe+mul", desktop)
	page.Click(".table-body a", "Zoë Müller")
	page.Wait("h1", "Zoë Müller")
	zoe := nodes[struct{ ID string }](t, p, `{ users(first: 1, filter: { search: "zoe mul" }) { nodes { id } } }`)[0]
	showsTruth(t, page, p.truthOf(t, zoe.ID))
	for _, id := range []string{"3001", "9100003", "12:zoe.muller"} {
		page.Wait(".compare code", id)
	}
	page.Wait(`[data-field="title"]`, "not read from such a system")
	page.Wait(`[data-rule="SAME_EMAIL"]`, "the same address zoe.muller@corvidlark.test")
	page.Back()
	page.Wait(".count", "1 person")
	if page.Address() != "/people?search=zoe+mul" {
		t.Errorf("back leads to %s", page.Address())
	}

	double := nodes[struct{ ID string }](t, p, `{ users(first: 1, filter: { hasPossibleDuplicates: true }) { nodes { id } } }`)[0]
	page.Visit(p.url + "/person?id=" + url.QueryEscape(double.ID))
	want := p.truthOf(t, double.ID)
	showsTruth(t, page, want)
	if len(want.Identity.HeldApart) == 0 {
		t.Error("nobody looks like somebody with possible duplicates")
	}
	page.Wait(`[data-reason]`, "If they are one person, ")

	// Of those whose sources differ, one is enough.
	for _, person := range nodes[struct {
		ID         string
		Provenance []struct{ Conflict bool }
	}](t, p, `{ users(first: 300, filter: { allSources: ["worksection", "kommo"] }) { nodes { id provenance(fields: ["name"]) { conflict } } } }`) {
		if person.Provenance[0].Conflict {
			page.Visit(p.url + "/person?id=" + url.QueryEscape(person.ID))
			showsTruth(t, page, p.truthOf(t, person.ID))
			page.Wait(`[data-field="name"] .conflict`, "The sources differ")
			clean(t, page.Page)
			return
		}
	}
	t.Error("no sources differ")
}

// The page says who has joined the accounts of a person, and which IDs the person had before.
func TestDashboardPersonAfterAnEdit(t *testing.T) {
	t.Parallel()
	settings := settingsOf(sourceSettings(system(t, sandbox.Worksection, smallCompany).Sources()[0]))
	settings["identity"] = map[string]any{"dir": t.TempDir()}
	p := serve(t, settings)
	p.awaitFirstReading(t)
	type user struct {
		ID, Name string
		Accounts []struct{ ID string }
	}
	two := nodes[user](t, p, `{ users(first: 2, filter: { bot: false }) { nodes { id name accounts { id } } } }`)
	var linked struct {
		LinkAccounts struct {
			Edit   struct{ ID string }
			People []struct{ ID string }
		}
	}
	p.ask(t, fmt.Sprintf(`mutation { linkAccounts(input: { accounts: [%q, %q], reason: "one person" }) { edit { id } people { id } } }`,
		two[0].Accounts[0].ID, two[1].Accounts[0].ID), nil).into(t, &linked)
	id := linked.LinkAccounts.People[0].ID
	eventually(t, "the accounts are one person", func() bool { return len(p.truthOf(t, id).Accounts) == 2 })
	page := browsertest.OpenDashboard(t, p.url+"/person?id="+url.QueryEscape(id), desktop)
	page.Wait(`[data-rule="LINKED_BY_OPERATOR"]`, "by the edit "+linked.LinkAccounts.Edit.ID)
	former := two[0].ID
	if former == id {
		former = two[1].ID
	}
	page.Wait(`[aria-labelledby="identity-title"]`, former)
	showsTruth(t, page, p.truthOf(t, id))
	page.Visit(p.url + "/person?id=" + url.QueryEscape(former)) // the ID of before still leads there
	showsTruth(t, page, p.truthOf(t, id))
	if text := strings.Join(page.Read(".truth"), " "); !strings.Contains(text, "The sources differ") {
		t.Errorf("two names, and no sources differ: %s", text)
	}
	clean(t, page.Page)
}
