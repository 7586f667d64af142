package e2e_test

import (
	"fmt"
	"testing"

	"github.com/chromedp/chromedp/kb"

	"roster/connectors/faults"
	"roster/internal/sandbox"
	"roster/web/browsertest"
)

// sourceRow is what the graph says of one collection.
type sourceRow struct {
	Name        string
	Collections []struct {
		Kind, State string
		Count       int
		Error       *struct{ Message string }
		Fetch       *struct{ Count int }
	}
}

func (p *program) sourceRows(t *testing.T) []sourceRow {
	t.Helper()
	var data struct{ Sources []sourceRow }
	p.ask(t, `{ sources { name collections { kind state count error { message } fetch { count } } } }`, nil).into(t, &data)
	return data.Sources
}

// place is where the page shows a collection of a source.
func place(source, collection string) string {
	return fmt.Sprintf(`[data-source=%q] [data-collection=%q]`, source, collection)
}

// Every source has its collections, with the numbers of the graph.
func TestDashboardSources(t *testing.T) {
	t.Parallel()
	p := theDemo(t)
	page := browsertest.OpenDashboard(t, p.url+"/sources", desktop)
	for _, source := range p.sourceRows(t) {
		for _, c := range source.Collections {
			page.Wait(place(source.Name, c.Kind)+" .state", "Fresh")
			page.Wait(place(source.Name, c.Kind)+" .records", thousands(c.Count))
		}
	}
	page.Wait(`[data-source="rocketchat"] .facts`, "presence")
	if problems := page.Read("[data-problem]"); len(problems) > 0 {
		t.Errorf("the page shows the problems %q", problems)
	}
	clean(t, page.Page)
}

// A source that is down says what is wrong in the words of the graph, what to do, and when the next try is. Once it is up, the page shows its data by itself.
func TestDashboardSourceDown(t *testing.T) {
	t.Parallel()
	company := system(t, sandbox.Kommo, 30)
	down := company.Fault(sandbox.Kommo)
	down.Set(faults.Fault{Effect: faults.Reply(503, faults.Empty())})
	p := serve(t, settingsOf(sourceSettings(company.Sources()[0])))
	p.awaitFirstReading(t)
	page := browsertest.OpenDashboard(t, p.url+"/sources", desktop)
	accounts, problem := place("kommo", "ACCOUNTS"), `[data-source="kommo"] [data-problem="ACCOUNTS"]`
	page.Wait(accounts+" .state", "Missing")
	page.Wait(problem, p.sourceRows(t)[0].Collections[0].Error.Message)
	page.Wait(problem, "check whether the source can be reached from the server")
	page.Wait(problem, "Next try:")
	if faults := page.Inaccessible(); len(faults) > 0 {
		t.Errorf("axe-core finds %q", faults)
	}

	down.Clear()
	page.Click(`[data-source="kommo"] button`, "Fetch again")
	page.Wait(accounts+" .state", "Fresh")
	page.Wait(accounts+" .records", thousands(p.sourceRows(t)[0].Collections[0].Count))
	page.WaitFor(`document.querySelector('[data-problem="ACCOUNTS"]') === null`)
	clean(t, page.Page)
}

// The progress of a first fetch can be watched.
func TestDashboardFirstFetch(t *testing.T) {
	t.Parallel()
	company := system(t, sandbox.RocketChat, 300)
	slow := company.Fault(sandbox.RocketChat)
	slow.Set(faults.Fault{On: faults.Path("users.list"), Skip: 2, Effect: faults.Hang()})
	p := serve(t, settingsOf(sourceSettings(company.Sources()[0])))
	page := browsertest.OpenDashboard(t, p.url+"/sources", desktop)
	accounts := place("rocketchat", "ACCOUNTS")
	page.Wait(accounts+" .progress", "Being fetched:")
	eventually(t, "the fetch has two pages", func() bool {
		for _, c := range p.sourceRows(t)[0].Collections {
			if c.Kind == "ACCOUNTS" && c.Fetch != nil && c.Fetch.Count > 0 {
				page.Wait(accounts+" .progress", thousands(c.Fetch.Count))
				return true
			}
		}
		return false
	})
	slow.Clear()
	page.Wait(accounts+" .state", "Fresh")
	page.WaitGone(accounts, "Being fetched:")
	clean(t, page.Page)
}

// A loss that is held back is shown, and an administrator can accept it, by keys alone.
func TestDashboardAcceptsALoss(t *testing.T) {
	t.Parallel()
	company := system(t, sandbox.RocketChat, 60)
	source := sourceSettings(company.Sources()[0])
	source["collections"] = map[string]any{"accounts": map[string]any{"fresh_for": "1s", "min_interval": "1s"}}
	p := serve(t, settingsOf(source))
	p.awaitFirstReading(t)
	company.Fault(sandbox.RocketChat).Set(faults.Fault{On: faults.Path("users.list"),
		Effect: faults.Reply(200, faults.JSON(`{"users":[],"count":0,"offset":0,"total":0,"success":true}`))})
	page := browsertest.OpenDashboard(t, p.url+"/sources", desktop)
	eventually(t, "the loss is held back", func() bool {
		_, all := p.accountsOf(t)
		return all["rocketchat"].Loss != nil
	})
	_, all := p.accountsOf(t)
	accounts, problem := place("rocketchat", "ACCOUNTS"), `[data-source="rocketchat"] [data-problem="ACCOUNTS"]`
	page.Wait(problem, fmt.Sprintf("lacked %s of the %[1]s known ones", thousands(all["rocketchat"].Loss.Known)))
	page.Wait(accounts+" .records", thousands(all["rocketchat"].Count))
	page.Wait(".source button", "Accept the loss")
	page.TabTo(`document.activeElement.innerText?.trim() === 'Accept the loss …'`)
	page.Press(kb.Enter)
	page.Wait("dialog[open]", "Accept the loss of")
	page.TabTo(`document.activeElement.innerText?.trim() === 'Accept the loss'`)
	page.Press(kb.Enter)
	page.WaitFor(`document.querySelector('` + accounts + ` .records').innerText.trim() === '0'`)
	page.Wait(accounts+" .state", "Fresh")
	clean(t, page.Page)
}

// Only who may fetch a source again has the button for it.
func TestDashboardSourcesWithKeys(t *testing.T) {
	t.Parallel()
	reader, readerHash := newKey(t)
	admin, adminHash := newKey(t)
	company := system(t, sandbox.Kommo, 30)
	settings := settingsOf(sourceSettings(company.Sources()[0]))
	settings["access"] = map[string]any{"keys": []any{
		map[string]any{"name": "reader", "hash": readerHash, "scopes": []string{"directory:read"}},
		map[string]any{"name": "admin", "hash": adminHash, "scopes": []string{"directory:read", "directory:admin"}},
	}}
	p := serve(t, settings)
	p.awaitFirstReading(t)
	page := browsertest.OpenDashboard(t, p.url+"/sources", desktop)
	page.Wait(".dialog[open]", "API key or token")
	page.Fill("#credential-value", reader)
	page.Press(kb.Enter)
	page.Wait(place("kommo", "ACCOUNTS")+" .state", "Fresh")
	if buttons := page.Read(".source button"); len(buttons) > 0 {
		t.Errorf("a reader has the buttons %q", buttons)
	}
	page.Click(".viewer", "reader")
	page.Fill("#credential-value", admin)
	page.Press(kb.Enter)
	page.Click(".source button", "Fetch again")
	page.WaitFor(`/^(The fetch |It was fetched so recently)/.test(document.querySelector('.refresh').innerText)`)
	page.WaitFor(`document.querySelector('.severe') === null`)
}
