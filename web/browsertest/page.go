// Package browsertest opens the dashboard or the playground in a real browser for tests: it types, runs and reads what a visitor would, and records
// what the page wrote to the console and which hosts it called. The page can reach no host but the server. The package knows how the pages look, and
// not the graph behind them, so it can test any server.
package browsertest

import (
	"context"
	"os"
	"os/exec"
	"slices"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
)

// patience is how long one step may take. It only ends a test that would else never end.
const patience = 3 * time.Minute

// browsers has a place for each browser that may run at a time. More of them would only wait for each other.
var browsers = make(chan struct{}, 2)

// Page is a page, open in a browser of its own. Every method that meets a fault ends the test.
type Page struct {
	t         testing.TB
	ctx       context.Context // the tab's, which is how chromedp names a tab
	artifacts string          // of the test; asked for first, because it may end before the browser does
	ready     []string        // selectors of what is there once the page is
	record
}

// Open starts a browser with nothing stored in it, and opens the playground at url, whose host must be 127.0.0.1 or localhost. Where
// no Chromium is installed the test is skipped, but fails when the environment has CI.
func Open(t testing.TB, url string) *Page {
	t.Helper()
	return OpenWith(t, url, Look{Width: 1400, Height: 900})
}

// OpenWith is Open with another window, or the dark theme.
func OpenWith(t testing.TB, url string, look Look) *Page {
	t.Helper()
	return open(t, url, look, playgroundParts...)
}

// playgroundParts are there once the playground is: its editors.
var playgroundParts = []string{queryEditor + " .view-lines", resultViewer + " .view-lines"}

// open starts a browser, and opens the page at url. ready are selectors of what is there once the page is.
func open(t testing.TB, url string, look Look, ready ...string) *Page {
	t.Helper()
	p := &Page{t: t, artifacts: t.ArtifactDir(), ready: ready, record: record{server: url}}
	p.ctx = p.start(findBrowser(t))
	p.apply(look)
	p.Visit(url)
	return p
}

// findBrowser gives the path of an installed Chromium or Chrome.
func findBrowser(t testing.TB) string {
	t.Helper()
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome", "google-chrome-stable"} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	if os.Getenv("CI") != "" {
		t.Fatal("no Chromium is installed")
	}
	t.Skip("no Chromium is installed")
	return ""
}

// start gives the context of a new browser's first tab, which ends with the test.
func (p *Page) start(browser string) context.Context {
	p.t.Helper()
	browsers <- struct{}{}
	p.t.Cleanup(func() { <-browsers })
	options := append(slices.Clone(chromedp.DefaultExecAllocatorOptions[:]),
		chromedp.ExecPath(browser),
		chromedp.NoSandbox,
		chromedp.DisableGPU,
		chromedp.Flag("disable-component-update", true),
		chromedp.Flag("disable-quic", true),
		chromedp.Flag("host-resolver-rules", "MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost"),
	)
	// The browser is closed by the cleanup below, which runs after the test's own context has ended.
	allocator, stop := chromedp.NewExecAllocator(context.WithoutCancel(p.t.Context()), options...)
	ctx, cancel := chromedp.NewContext(allocator, chromedp.WithListener(p.note))
	p.t.Cleanup(func() {
		if p.t.Failed() {
			p.keepScreenshot()
		}
		closing, done := context.WithTimeout(ctx, patience)
		defer done()
		if err := chromedp.Cancel(closing); err != nil {
			p.t.Logf("close the browser: %v", err)
		}
		cancel()
		stop()
		chromedp.FromContext(ctx).Allocator.Wait() // until its directory is gone
	})
	// The browser lives as long as the context of the first call, which therefore has no deadline.
	if err := chromedp.Do(ctx); err != nil {
		p.t.Fatalf("start the browser: %v", err)
	}
	return ctx
}
