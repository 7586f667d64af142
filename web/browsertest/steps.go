package browsertest

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"github.com/chromedp/cdproto"
	"github.com/chromedp/cdproto/input"
	cdpruntime "github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// Where things are on the page.
const (
	queryEditor   = ".graphiql-query-editor"
	resultViewer  = ".graphiql-response"
	executeButton = ".graphiql-execute-button"
	tabButtons    = `[id^="graphiql-session-tab-"]`
	docsPane      = ".graphiql-plugin"
	docsButton    = `button[aria-label="Show Documentation Explorer"]`
)

// shown is a script's function that gives the text an editor shows. The editor keeps its lines in no order, has only those in view, and
// writes spaces as no-break spaces.
const shown = `const shown = (editor) => [...document.querySelectorAll(editor + ' .view-line')]
	.sort((a, b) => parseFloat(a.style.top) - parseFloat(b.style.top))
	.map((line) => line.textContent.replaceAll('\u00a0', ' ')).join('\n');`

// Tabs gives the titles of the open tabs, from left to right.
func (p *Page) Tabs() []string {
	p.t.Helper()
	return get[[]string](p, "read the tabs", `[...document.querySelectorAll('`+tabButtons+`')].map((tab) => tab.textContent)`)
}

// Query gives what the query editor shows of its text.
func (p *Page) Query() string {
	p.t.Helper()
	return get[string](p, "read the query", `(() => {`+shown+` return shown('`+queryEditor+`') })()`)
}

// Type replaces the open tab's query, as a visitor does who marks everything and types.
func (p *Page) Type(query string) {
	p.t.Helper()
	// Focused and not clicked: the middle of a text with long lines lies behind buttons.
	p.do("mark the old query", chromedp.Focus(chromedp.CSS(queryEditor+" textarea")), chromedp.KeyEvent("a", command()))
	// All at once: typed key by key, the editor would add closing brackets and take suggestions in between.
	p.insert(query)
}

// insert writes text where the focus is.
func (p *Page) insert(text string) {
	p.t.Helper()
	p.do("type "+text, func(ctx context.Context, _ *chromedp.Target) (chromedp.Void, error) {
		_, err := chromedp.Call(ctx, input.InsertText, input.InsertTextParams{Text: text})
		return chromedp.Void{}, err
	})
}

// RunByKeys runs the query as a visitor does whose hands are on the keyboard.
func (p *Page) RunByKeys() {
	p.t.Helper()
	p.do("press Ctrl-Enter", chromedp.Focus(chromedp.CSS(queryEditor+" textarea")), chromedp.KeyEvent(kb.Enter, command()))
}

// LeaveEditorByKeys moves the focus out of the query editor, in which Tab writes until Ctrl-M has it move the focus. It reports whether
// that has worked.
func (p *Page) LeaveEditorByKeys() bool {
	p.t.Helper()
	toggle := chromedp.KeyModifiers(kb.ModifierCtrl)
	if runtime.GOOS == "darwin" {
		toggle = chromedp.KeyModifiers(kb.ModifierCtrl | kb.ModifierShift)
	}
	p.do("press Ctrl-M and Tab", chromedp.Focus(chromedp.CSS(queryEditor+" textarea")), chromedp.KeyEvent("m", toggle), chromedp.KeyEvent(kb.Tab))
	return get[bool](p, "see where the focus is", `!document.activeElement.closest('`+queryEditor+` .monaco-editor')`)
}

// command is the key that begins shortcuts.
func command() chromedp.KeyOption {
	if runtime.GOOS == "darwin" {
		return chromedp.KeyModifiers(kb.ModifierMeta)
	}
	return chromedp.KeyModifiers(kb.ModifierCtrl)
}

// Run presses the button that runs the query.
func (p *Page) Run() {
	p.t.Helper()
	p.do("press run", chromedp.Click(chromedp.CSS(executeButton)))
}

// WaitResult waits until the result shows that text, and gives what is shown. Only lines in view count: let queries ask for little.
func (p *Page) WaitResult(text string) string {
	p.t.Helper()
	p.wait("wait for the result "+text, `(viewer, text) => {`+shown+` return shown(viewer).includes(text) }`, resultViewer, text)
	return get[string](p, "read the result", `(() => {`+shown+` return shown('`+resultViewer+`') })()`)
}

// OpenDocs opens the description of the graph, and waits until it shows that text.
func (p *Page) OpenDocs(text string) {
	p.t.Helper()
	p.do("open the documentation", chromedp.Click(chromedp.CSS(docsButton)))
	p.wait("wait for the documentation of "+text, `(text) => document.querySelector('`+docsPane+`').innerText.includes(text)`, text)
}

// WaitMistake waits until the query editor marks a mistake, which it finds by the graph's schema.
func (p *Page) WaitMistake() {
	p.t.Helper()
	p.wait("wait for a marked mistake", `(editor) => document.querySelector(editor + ' .squiggly-error')`, queryEditor)
}

// Try runs a script in the page and gives what it, or the promise it gives, comes to; "refused" when that fails.
func (p *Page) Try(script string) string {
	p.t.Helper()
	return get[string](p, "run "+script, `(async () => { try { return String(await (`+script+`)) } catch { return 'refused' } })()`,
		chromedp.EvalAwaitPromise, underPolicy)
}

// underPolicy leaves a script no more than the page's own policy does; the browser's tools may else run strings.
func underPolicy(p *cdpruntime.EvaluateParams) {
	p.AllowUnsafeEvalBlockedByCSP = new(bool)
}

// Reload loads the page again, as a visitor who comes back, once the page has kept the query.
func (p *Page) Reload() {
	p.t.Helper()
	p.wait("wait until the query is kept", `(editor) => {`+shown+`
		const [, kept] = Object.entries(localStorage).find(([key]) => key.endsWith(':tabState')) ?? [];
		const { tabs, activeTabIndex } = JSON.parse(kept ?? '{"tabs":[{}],"activeTabIndex":0}');
		return tabs[activeTabIndex].query?.startsWith(shown(editor).trimEnd());
	}`, queryEditor)
	p.do("reload", chromedp.Reload())
	p.waitReady()
}

// Visit opens the page at url in the same tab of the browser.
func (p *Page) Visit(url string) {
	p.t.Helper()
	p.do("open "+url, chromedp.Navigate(url))
	p.waitReady()
}

// Screenshot gives the page as it looks, as a PNG, once the editors have coloured their texts.
func (p *Page) Screenshot() []byte {
	p.t.Helper()
	p.wait("wait for colours", `(...editors) => editors.every((editor) =>
		new Set([...document.querySelectorAll(editor + ' .view-line span[class^=mtk]')].map((word) => word.classList[0])).size > 1)`,
		queryEditor, resultViewer)
	png, err := chromedp.Run(p.ctx, chromedp.CaptureScreenshot())
	if err != nil {
		p.t.Fatalf("take a screenshot: %v", err)
	}
	return png
}

// waitReady waits until the page is there.
func (p *Page) waitReady() {
	p.t.Helper()
	p.wait("wait for the page", `(...parts) => parts.every((part) => document.querySelector(part))`, anyOf(p.ready)...)
}

func anyOf(texts []string) []any {
	all := make([]any, len(texts))
	for i, text := range texts {
		all[i] = text
	}
	return all
}

// keepScreenshot leaves the page's looks with the test's artifacts, for whoever has to find out why it failed.
func (p *Page) keepScreenshot() {
	ctx, cancel := context.WithTimeout(p.ctx, patience)
	defer cancel()
	png, err := chromedp.Run(ctx, chromedp.CaptureScreenshot())
	if err != nil {
		p.t.Logf("no screenshot: %v", err)
		return
	}
	path := filepath.Join(p.artifacts, strings.ReplaceAll(p.t.Name(), "/", "_")+".png")
	if err := os.WriteFile(path, png, 0o600); err != nil {
		p.t.Logf("no screenshot: %v", err)
		return
	}
	p.t.Logf("the page as it was: %s", path)
}

// do takes steps, or ends the test.
func (p *Page) do(what string, steps ...chromedp.Action[chromedp.Void]) {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.ctx, patience)
	defer cancel()
	p.succeeds(what, chromedp.Do(ctx, steps...))
}

// succeeds ends the test if there is an error.
func (p *Page) succeeds(what string, err error) {
	p.t.Helper()
	switch {
	case err == nil:
	case p.ctx.Err() != nil:
		p.t.Fatalf("%s: the browser has ended", what)
	default:
		p.t.Fatalf("%s: %v; console: %q", what, err, p.ConsoleErrors())
	}
}

// pollEvery is how often a page is looked at. With each frame, as it would be without, looking takes as much time as what is awaited.
const pollEvery = 50 * time.Millisecond

// wait waits until the script's function says yes, or ends the test. If another page is loaded meanwhile, the function runs there.
func (p *Page) wait(what, function string, args ...any) {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.ctx, patience)
	defer cancel()
	poll := chromedp.PollFunction[chromedp.Void](function, chromedp.WithPollingArgs(args...), chromedp.WithPollingInterval(pollEvery),
		chromedp.WithPollingTimeout(patience))
	err := chromedp.Do(ctx, poll)
	for leftPage(err) {
		err = chromedp.Do(ctx, poll)
	}
	p.succeeds(what, err)
}

// leftPage reports whether a script could not run to its end because another page was loaded.
func leftPage(err error) bool {
	e, ok := errors.AsType[*cdproto.Error](err)
	return ok && (strings.Contains(e.Message, "context") || strings.Contains(e.Message, "navigated"))
}

// get gives the value of a script's expression, or ends the test.
func get[T any](p *Page, what, expression string, options ...chromedp.EvaluateOption) T {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.ctx, patience)
	defer cancel()
	value, err := chromedp.Run(ctx, chromedp.Evaluate[T](expression, options...))
	if err != nil {
		p.t.Fatalf("%s: %v; console: %q", what, err, p.ConsoleErrors())
	}
	return value
}
