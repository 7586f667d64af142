package browsertest

import (
	"context"
	_ "embed"
	"encoding/json"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// Dashboard is the dashboard, open in a window with nothing stored in it. Places are CSS selectors. Every method that meets a fault ends the test.
type Dashboard struct{ *Page }

// OpenDashboard opens the dashboard at url, as Open opens the playground.
func OpenDashboard(t testing.TB, url string, look Look) *Dashboard {
	t.Helper()
	return &Dashboard{open(t, url, look, ".head")}
}

// OpenPlayground opens the playground at url in the same tab of the browser.
func (d *Dashboard) OpenPlayground(url string) *Page {
	d.t.Helper()
	d.ready = playgroundParts
	d.Visit(url)
	return d.Page
}

// Wait waits until a place shows that text.
func (d *Dashboard) Wait(place, text string) {
	d.t.Helper()
	d.WaitFor(`[...document.querySelectorAll(` + quoted(place) + `)].some((e) => e.innerText.includes(` + quoted(text) + `))`)
}

// WaitGone waits until no place shows that text.
func (d *Dashboard) WaitGone(place, text string) {
	d.t.Helper()
	d.WaitFor(`![...document.querySelectorAll(` + quoted(place) + `)].some((e) => e.innerText.includes(` + quoted(text) + `))`)
}

// WaitFor waits until an expression of JavaScript is true.
func (d *Dashboard) WaitFor(expression string) {
	d.t.Helper()
	d.wait("wait for "+expression, `() => `+expression)
}

// Read returns the texts of all places.
func (d *Dashboard) Read(place string) []string {
	d.t.Helper()
	return get[[]string](d.Page, "read "+place, `[...document.querySelectorAll(`+quoted(place)+`)].map((e) => e.innerText.trim())`)
}

// Links returns the addresses of all links that a selector finds, relative to the server.
func (d *Dashboard) Links(place string) []string {
	d.t.Helper()
	return get[[]string](d.Page, "read "+place, `[...document.querySelectorAll(`+quoted(place)+`)].map((e) => e.href.replace(location.origin, ''))`)
}

// Click presses the first place whose text or name begins with that.
func (d *Dashboard) Click(place, text string) {
	d.t.Helper()
	find := `[...document.querySelectorAll(` + quoted(place) + `)].find((e) => e.offsetParent !== null &&
		((e.innerText ?? '').trim().startsWith(` + quoted(text) + `) || e.ariaLabel?.startsWith(` + quoted(text) + `)))`
	d.WaitFor(`(` + find + `) !== undefined`)
	d.do("press "+place+" with "+text, chromedp.Evaluate[chromedp.Void](`(`+find+`).click()`))
}

// Fill replaces the text of an input, as if it was typed.
func (d *Dashboard) Fill(place, text string) {
	d.t.Helper()
	d.WaitFor(`document.querySelector(` + quoted(place) + `) !== null`)
	d.do("select the text of "+place, chromedp.Evaluate[chromedp.Void](`(() => { const e = document.querySelector(`+quoted(place)+`); e.focus(); e.select() })()`))
	if text == "" {
		d.Press(kb.Delete)
		return
	}
	d.insert(text)
}

// Press presses keys, one after another. The keys are those of the package kb, or characters.
func (d *Dashboard) Press(keys ...string) {
	d.t.Helper()
	for _, key := range keys {
		d.do("press a key", chromedp.KeyEvent(key))
	}
}

// TabTo presses Tab until an expression of JavaScript is true, such as one on document.activeElement.
func (d *Dashboard) TabTo(expression string) {
	d.t.Helper()
	for range 300 {
		if get[bool](d.Page, "see where the focus is", `Boolean(`+expression+`)`) {
			return
		}
		d.Press(kb.Tab)
	}
	d.t.Fatalf("Tab does not lead to %s", expression)
}

// Focused returns the text or the name of what has the focus.
func (d *Dashboard) Focused() string {
	d.t.Helper()
	return get[string](d.Page, "see where the focus is", `(() => { const e = document.activeElement; return e.ariaLabel ?? e.innerText?.trim() ?? e.tagName })()`)
}

// Address returns the path and the search of the page's address.
func (d *Dashboard) Address() string {
	d.t.Helper()
	return get[string](d.Page, "read the address", `location.pathname + location.search`)
}

// Back presses the back button.
func (d *Dashboard) Back() {
	d.t.Helper()
	d.do("go back", chromedp.Evaluate[chromedp.Void](`history.back()`))
}

// EnterDashboardKey types a credential into the open dialog, and Enter.
func (d *Dashboard) EnterDashboardKey(key string) {
	d.t.Helper()
	d.WaitFor(`document.querySelector('.credential[open]') !== null`)
	d.Fill("#credential-value", key)
	d.Press(kb.Enter)
}

// Evaluate returns the value of an expression of JavaScript, as JSON.
func (d *Dashboard) Evaluate(expression string) string {
	d.t.Helper()
	return get[string](d.Page, "evaluate "+expression, `(async () => JSON.stringify((await (`+expression+`)) ?? null))()`, chromedp.EvalAwaitPromise)
}

// Widens reports whether the page is wider than the window.
func (d *Dashboard) Widens() bool {
	d.t.Helper()
	return get[bool](d.Page, "measure the page", `document.documentElement.scrollWidth > innerWidth || document.querySelector('main').scrollWidth > document.querySelector('main').clientWidth`)
}

// Picture returns the page as it looks, as a PNG.
func (d *Dashboard) Picture() []byte {
	d.t.Helper()
	ctx, cancel := context.WithTimeout(d.ctx, patience)
	defer cancel()
	png, err := chromedp.Run(ctx, chromedp.CaptureScreenshot())
	if err != nil {
		d.t.Fatalf("take a screenshot: %v", err)
	}
	return png
}

// axe is axe-core, which checks pages for faults that keep people with disabilities out.
//
//go:embed testdata/axe.min.js
var axe string

// Inaccessible returns the serious faults that axe-core finds: its rule, and where.
func (d *Dashboard) Inaccessible() []string {
	d.t.Helper()
	if !get[bool](d.Page, "look for axe", `'axe' in window`) {
		d.do("load axe", chromedp.Evaluate[chromedp.Void](axe+"; undefined"))
	}
	return get[[]string](d.Page, "run axe", `axe.run().then(({ violations }) => violations
		.filter(({ impact }) => impact === 'serious' || impact === 'critical')
		.flatMap(({ id, nodes }) => nodes.map(({ target, failureSummary }) => id + ': ' + target.join(' ') + ': ' + failureSummary)))`,
		chromedp.EvalAwaitPromise)
}

// quoted writes a text in JavaScript.
func quoted(text string) string {
	b, err := json.Marshal(text)
	if err != nil {
		panic(err) // no text is refused
	}
	return strings.ReplaceAll(string(b), "\u2028", `\u2028`)
}
