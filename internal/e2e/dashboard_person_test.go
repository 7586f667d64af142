package e2e_test

import (
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"roster/internal/sandbox"
	"roster/web/browsertest"
)

// truth is what the graph says of the origin of a person's values, and of the reasons why the accounts are one person.
type truth struct {
	Name     string
	Accounts []struct {
		ID, ExternalID string
		URL            *string
		Source         struct{ Name string }
	}
	// Provenance has one field after another.
	Provenance []struct {
		Field, State, Rule string
		Conflict           bool
		ChangedAt          *string
		Account            *struct{ ID string }
		Candidates         []struct {
			Account struct{ ID string }
			Value   any
			Chosen  bool
		}
	}
	Attributes []struct {
		Name    string
		Values  []any
		Account struct{ ID string }
	}
	Identity struct {
		Links     []struct{ Rule string }
		HeldApart []struct {
			Reason  string
			Account struct{ User struct{ Name string } }
		}
	}
	// Has are the values of the person, by the names of the fields.
	Has map[string]any
}

func (p *program) truthOf(t *testing.T, id string) truth {
	t.Helper()
	var data struct {
		User truth
		Has  map[string]any
	}
	p.ask(t, fmt.Sprintf(`{ user(by: { id: %[1]q }) {
		name accounts { id externalId url source { name } }
		provenance { field state rule conflict changedAt account { id } candidates { account { id } value chosen } }
		attributes { name values account { id } }
		identity { links { rule } heldApart { reason account { user { name } } } }
	} has: user(by: { id: %[1]q }) {
		name firstName lastName title department email emails { address } phones { raw } addresses avatarUrl locale active bot createdAt
		teams { name } roles { name } accessLevel
	} }`, id), nil).into(t, &data)
	data.User.Has = data.Has
	return data.User
}

// nameOf returns the name of an account on the page.
func (f truth) nameOf(id string) (name string) {
	count := make(map[string]int)
	for _, account := range f.Accounts {
		count[account.Source.Name]++
	}
	for _, account := range f.Accounts {
		if account.ID == id {
			name = account.Source.Name
			if count[name] > 1 {
				name += " (" + account.ExternalID + ")"
			}
		}
	}
	return name
}

// textOf writes a value as the page does. The texts of a list are in the order of the alphabet.
func textOf(t *testing.T, field string, value any) string {
	t.Helper()
	switch value := value.(type) {
	case nil:
		return ""
	case bool:
		return map[bool]string{true: "yes", false: "no"}[value]
	case []any:
		var texts []string
		for _, item := range value {
			texts = append(texts, textOf(t, "", item))
		}
		slices.Sort(texts)
		return inOrder(strings.Join(slices.Compact(texts), ", "))
	case map[string]any:
		for _, part := range []string{"name", "address", "raw"} {
			if text, ok := value[part].(string); ok {
				return text
			}
		}
	case string:
		switch field {
		case "createdAt":
			at, err := time.Parse(time.RFC3339, value)
			if err != nil {
				t.Fatal(err)
			}
			return at.Local().Format("Jan 2, 2006")
		case "accessLevel":
			return value[:1] + strings.ToLower(value[1:])
		case "avatarUrl":
			return "picture ↗"
		}
		return value
	}
	t.Fatalf("%s has the value %v", field, value)
	return ""
}

func inOrder(list string) string {
	texts := strings.Split(list, ", ")
	slices.Sort(texts)
	return strings.Join(texts, ", ")
}

// shownField is one field on the page of a person.
type shownField struct {
	State           string
	Conflict, Dated bool
	Person, From    string
	// Values and Chosen say of each account what it has, and whether the person has its value.
	Values []string
	Chosen []bool
}

// shownFields reads the fields on the page. Each list of texts is in the order of the alphabet.
func shownFields(t *testing.T, page *browsertest.Dashboard, lists func(field string) bool) map[string]shownField {
	t.Helper()
	shown := make(map[string]shownField)
	err := json.Unmarshal([]byte(page.Evaluate(`Object.fromEntries([...document.querySelectorAll('[data-field], [data-attribute]')].map((row) => {
		const text = (place) => place?.querySelector('.value')?.textContent ?? '';
		const [person, ...accounts] = row.querySelectorAll('td');
		const notes = [...(person ?? row).querySelectorAll('.note')].map((note) => note.textContent);
		return [row.dataset.field ?? 'attribute ' + row.dataset.attribute, {
			State: row.dataset.state ?? 'PRESENT', Conflict: row.dataset.conflict === 'true', Dated: notes.some((note) => note.startsWith('first read by Roster')),
			Person: text(person), From: notes.find((note) => note.startsWith('from ')) ?? '',
			Values: accounts.map(text), Chosen: accounts.map((cell) => cell.className === 'chosen'),
		}];
	}))`)), &shown)
	if err != nil {
		t.Fatal(err)
	}
	for name, field := range shown {
		if lists(name) {
			field.Person = inOrder(field.Person)
			for i := range field.Values {
				field.Values[i] = inOrder(field.Values[i])
			}
		}
		shown[name] = field
	}
	return shown
}

// choices are the page's words for the rules that take the value of one account.
var choices = map[string]string{
	"PRECEDENCE": "it is the first in the order for this field",
	"FALLBACK":   "a real name counts before a user name, then the order for this field",
}

// fields are what the page must show.
func (f truth) fields(t *testing.T) map[string]shownField {
	t.Helper()
	expected := make(map[string]shownField)
	for _, from := range f.Provenance {
		value, asked := f.Has[from.Field]
		if !asked {
			t.Errorf("the test does not ask for %s", from.Field)
		}
		field := shownField{State: from.State, Conflict: from.Conflict, Values: []string{}, Chosen: []bool{}}
		if from.State == "PRESENT" {
			field.Person, field.Dated = textOf(t, from.Field, value), from.ChangedAt != nil
			if choice, ok := choices[from.Rule]; ok { // of other rules, the page says what they make of all accounts
				field.From = "from " + f.nameOf(from.Account.ID)
				if len(from.Candidates) > 1 {
					field.From += ": " + choice
				}
			}
		}
		if from.State == "PRESENT" || len(from.Candidates) > 0 {
			field.Values, field.Chosen = make([]string, len(f.Accounts)), make([]bool, len(f.Accounts))
		}
		for _, candidate := range from.Candidates {
			for i, account := range f.Accounts {
				if account.ID == candidate.Account.ID {
					field.Values[i], field.Chosen[i] = textOf(t, from.Field, candidate.Value), candidate.Chosen
				}
			}
		}
		expected[from.Field] = field
	}
	for _, attribute := range f.Attributes {
		text := textOf(t, "", attribute.Values)
		field := shownField{State: "PRESENT", Person: text, From: "from " + f.nameOf(attribute.Account.ID)}
		for _, account := range f.Accounts {
			own := account.ID == attribute.Account.ID
			field.Chosen = append(field.Chosen, own)
			field.Values = append(field.Values, map[bool]string{true: text}[own])
		}
		expected["attribute "+attribute.Name] = field
	}
	return expected
}

// showsTruth compares the page of a person with the graph: each field with its value, its state and those of its accounts, each reason.
func showsTruth(t *testing.T, page *browsertest.Dashboard, want truth) {
	t.Helper()
	page.Wait("h1", want.Name)
	page.WaitFor(fmt.Sprintf(`document.querySelectorAll('.truth [data-account]').length === %d`, len(want.Accounts)))
	var heads, links []string
	for _, account := range want.Accounts {
		head, link := want.nameOf(account.ID), ""
		if account.URL != nil {
			head, link = head+" ↗", *account.URL
		}
		heads, links = append(heads, head), append(links, link)
	}
	isList := func(field string) bool {
		_, list := want.Has[field].([]any)
		return list || strings.HasPrefix(field, "attribute ")
	}
	if diff := cmp.Diff(want.fields(t), shownFields(t, page, isList)); diff != "" {
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
	for place, texts := range map[string][]string{"th.firstChild.textContent": heads, "th.querySelector('a')?.getAttribute('href') ?? ''": links} {
		if diff := cmp.Diff(texts, read(`[...document.querySelectorAll('.truth [data-account]')].map((th) => `+place+`)`)); diff != "" {
			t.Errorf("the heads of the columns of %s (-graph +page):\n%s", want.Name, diff)
		}
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
	page.Wait(`[data-attribute="floor"] td`, "from rocketchat")
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

// A value that does not count is shown with the reason, and nobody is told to enter it once more.
func TestDashboardPersonOfValuesThatDoNotCount(t *testing.T) {
	t.Parallel()
	p := theDemo(t)
	page := browsertest.OpenDashboard(t, p.url+"/sources", desktop)
	advice := map[string]string{
		"email": "None that counts: the source does not vouch for the address. Have it verified there, or have whoever operates Roster trust the source.",
		"roles": "None that counts: the account is not active.",
	}
	for _, person := range nodes[struct {
		ID         string
		Provenance []struct {
			Field, State string
			Candidates   []struct{ Reason string }
		}
	}](t, p, `{ users(first: 300) { nodes { id provenance(fields: ["email", "roles"]) { field state candidates { reason } } } } }`) {
		for _, field := range person.Provenance {
			want, missing := advice[field.Field]
			if !missing || field.State != "EMPTY_AT_SOURCE" || len(field.Candidates) == 0 {
				continue
			}
			delete(advice, field.Field)
			page.Visit(p.url + "/person?id=" + url.QueryEscape(person.ID))
			showsTruth(t, page, p.truthOf(t, person.ID))
			if got := page.Read(fmt.Sprintf(`[data-field=%q] td:nth-child(2)`, field.Field)); len(got) != 1 || got[0] != want {
				t.Errorf("%s: the page says %q, want %q", field.Field, got, want)
			}
		}
	}
	if len(advice) > 0 {
		t.Errorf("nobody has such values: %v", advice)
	}
	clean(t, page.Page)
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
	page.Wait(`[data-field="name"] .conflict`, "The accounts differ") // they are of one source
	if text := strings.Join(page.Read(`[data-field] td:nth-child(n + 3)`), " "); strings.Contains(text, "empty there") {
		t.Errorf("the graph does not say of an account that it has no value, but the page does: %s", text)
	}
	clean(t, page.Page)
}
