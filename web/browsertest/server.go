package browsertest

import (
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// Where the page shows what the server says of itself, and asks for a credential.
const (
	problemBar   = ".roster-problem"
	dialogButton = ".roster-credential"
	openDialog   = ".roster-dialog[open]"
	dialogInput  = "#roster-credential-value"
)

const has = `(place, text) => document.querySelector(place)?.innerText.includes(text)`

// WaitProblem waits until the page says that in the message above the editors.
func (p *Page) WaitProblem(text string) {
	p.t.Helper()
	p.wait("wait for the message "+text, has, problemBar, text)
}

// WaitNoProblem waits until there is no message above the editors.
func (p *Page) WaitNoProblem() {
	p.t.Helper()
	p.wait("wait until there is no message", `(place) => !document.querySelector(place)`, problemBar)
}

// TryAgain presses the button for another try.
func (p *Page) TryAgain() {
	p.t.Helper()
	p.do("try again", chromedp.Evaluate[chromedp.Void](`[...document.querySelectorAll('`+problemBar+` button')].find((b) => b.innerText === 'Try again').click()`))
}

// WaitDialog waits until the page asks for a credential and says that.
func (p *Page) WaitDialog(text string) {
	p.t.Helper()
	p.wait("wait for the dialog with "+text, has, openDialog, text)
}

// WaitNoDialog waits until the page asks for nothing.
func (p *Page) WaitNoDialog() {
	p.t.Helper()
	p.wait("wait until there is no dialog", `(place) => !document.querySelector(place)`, openDialog)
}

// OpenDialog opens the dialog for the credential.
func (p *Page) OpenDialog() {
	p.t.Helper()
	p.do("open the dialog", chromedp.Click(chromedp.CSS(dialogButton)))
	p.WaitDialog("API key or token")
}

// OpenDialogByKeys opens the dialog by keys alone: from the beginning of the page, as a visitor without a mouse.
func (p *Page) OpenDialogByKeys() {
	p.t.Helper()
	p.do("go to the beginning", chromedp.Evaluate[chromedp.Void](`document.querySelector('button').focus()`))
	focused := `document.activeElement.matches('` + dialogButton + `')`
	const most = 40
	for range most {
		if get[bool](p, "see where the focus is", focused) {
			p.do("press Enter", chromedp.KeyEvent(kb.Enter))
			p.WaitDialog("API key or token")
			return
		}
		p.do("press Tab", chromedp.KeyEvent(kb.Tab))
	}
	p.t.Fatalf("%d times Tab do not reach the button for the credential", most)
}

// EnterCredential types a credential into the open dialog, and Enter.
func (p *Page) EnterCredential(text string) {
	p.t.Helper()
	p.wait("wait for the focus", `(input) => document.activeElement === document.querySelector(input)`, dialogInput)
	p.insert(text)
	p.do("press Enter", chromedp.KeyEvent(kb.Enter))
}

// ClearCredential removes the credential, in the open dialog.
func (p *Page) ClearCredential() {
	p.t.Helper()
	p.do("clear the credential", chromedp.Evaluate[chromedp.Void](
		`[...document.querySelectorAll('`+openDialog+` button')].find((b) => b.innerText === 'Clear').click()`))
}

// Dismiss closes the open dialog by Escape. The focus then is where it was before.
func (p *Page) Dismiss() {
	p.t.Helper()
	p.do("press Escape", chromedp.KeyEvent(kb.Escape))
	p.WaitNoDialog()
}

// Kept returns what the page keeps: for later visits and in its address, and until the browser's tab is closed.
func (p *Page) Kept() (lasting, session string) {
	p.t.Helper()
	kept := get[[]string](p, "read what is stored", `[JSON.stringify(localStorage) + document.cookie + location.href, JSON.stringify(sessionStorage)]`)
	return kept[0], kept[1]
}

// Example is a query that the page has made, with its variables as JSON; null for none.
type Example struct{ Query, Variables string }

// Examples returns the examples that the page has made for this server.
func (p *Page) Examples() []Example {
	p.t.Helper()
	return get[[]Example](p, "read the examples",
		`JSON.parse(localStorage.getItem('roster:' + new URL('.', document.baseURI).pathname + ':examples')).map(({ query, variables = 'null' }) => ({ Query: query, Variables: variables }))`)
}
