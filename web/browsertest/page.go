// Package browsertest opens the dashboard or the playground in a real browser for tests: it types, runs and reads what a visitor would, and records
// what the page wrote to the console and which hosts it called. The page can reach no host but the server. The package knows how the pages look, and
// not the graph behind them, so it can test any server.
package browsertest

import (
	"context"
	"os"
	"os/exec"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
)

// patience is how long one step may take. It only ends a test that would else never end.
const patience = 3 * time.Minute

// pages has a place for each page that may be open at a time. More of them would only wait for each other.
var pages = make(chan struct{}, 2)

// Page is a page, open in a window with nothing stored in it. Every method that meets a fault ends the test.
type Page struct {
	t         testing.TB
	ctx       context.Context // the tab's, which is how chromedp names a tab
	artifacts string          // of the test; asked for first, because it may end before the page does
	ready     []string        // selectors of what is there once the page is
	record
}

// Open opens the playground at url, whose host must be 127.0.0.1 or localhost, in a window with nothing stored in it. Where no Chromium is
// installed the test is skipped, but fails when the environment has CI. Whoever opens pages calls Close after the last test.
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

// open opens the page at url in a new window. ready are selectors of what is there once the page is.
func open(t testing.TB, url string, look Look, ready ...string) *Page {
	t.Helper()
	p := &Page{t: t, artifacts: t.ArtifactDir(), ready: ready, record: record{server: url}}
	p.ctx = p.start(findBrowser(t))
	p.Show(look)
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

// start gives the context of a new window's tab, which ends with the test.
func (p *Page) start(path string) context.Context {
	p.t.Helper()
	pages <- struct{}{}
	p.t.Cleanup(func() { <-pages })
	browser, err := running.get(path)
	if err != nil {
		p.t.Fatalf("start the browser: %v", err)
	}
	ctx, cancel := chromedp.NewContext(browser, chromedp.WithNewBrowserContext(), chromedp.WithListener(p.note))
	p.t.Cleanup(func() {
		if p.t.Failed() {
			p.keepScreenshot()
		}
		closing, done := context.WithTimeout(ctx, patience)
		defer done()
		if err := chromedp.Cancel(closing); err != nil {
			p.t.Logf("close the page: %v", err)
		}
		cancel()
	})
	// The window lives as long as the context of the first call, which therefore has no deadline. Other windows do not take its focus.
	err = chromedp.Do(ctx, func(ctx context.Context, _ *chromedp.Target) (chromedp.Void, error) {
		_, err := chromedp.Call(ctx, emulation.SetFocusEmulationEnabled, emulation.SetFocusEmulationEnabledParams{Enabled: true})
		return chromedp.Void{}, err
	})
	if err != nil {
		p.t.Fatalf("open a window: %v", err)
	}
	return ctx
}
