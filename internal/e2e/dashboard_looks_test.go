package e2e_test

import (
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/chromedp/kb"

	"roster/web/browsertest"
)

// dashboardPictures are the looks of the dashboard that the documents show. They are written with -update.
var dashboardPictures = map[string]string{
	"overview 1440 light": "dashboard.png", "people 1440 dark": "dashboard-people.png", "person 1440 light": "dashboard-person.png",
	"overview 390 light": "dashboard-narrow.png",
}

// Each page fits windows of both widths, in both themes, and keeps nobody out: those in which it begins, and those to which the visitor changes.
func TestDashboardLooks(t *testing.T) {
	t.Parallel()
	p := theDemo(t)
	zoe := nodes[struct{ ID string }](t, p, `{ users(first: 1, filter: { search: "zoe mul" }) { nodes { id } } }`)[0]
	pages := []struct{ name, address, place, text string }{
		{"overview", "/", ".complete", "Complete."},
		{"people", "/people?department=Sales&level=MANAGER", ".table-body", "@"},
		{"person", "/person?id=" + url.QueryEscape(zoe.ID), ".compare", "9100003"},
		{"sources", "/sources", place("rocketchat", "ACCOUNTS"), "Fresh"},
		{"review", "/review", "#roles .count", "roles"},
	}
	for _, l := range dashboardLists {
		pages = append(pages, struct{ name, address, place, text string }{l.list, l.path, ".count", l.noun})
	}
	narrow := browsertest.Look{Width: 390, Height: 844}
	for _, shown := range pages {
		t.Run(shown.name, func(t *testing.T) {
			show := func(page *browsertest.Dashboard, look browsertest.Look, theme string) {
				look.Dark = theme == "dark"
				page.Show(look)
				looksRight(t, page, fmt.Sprintf("%s %d %s", shown.name, look.Width, theme), look)
			}
			page := browsertest.OpenDashboard(t, p.url+shown.address, narrow)
			ready := func() {
				page.Wait(shown.place, shown.text)
				page.Wait(".connection", "Live")
			}
			ready()
			show(page, narrow, "light")
			show(page, desktop, "light")
			dark := desktop
			dark.Dark = true
			page.Show(dark)
			page.Visit(p.url + shown.address)
			ready()
			show(page, desktop, "dark")
			show(page, narrow, "dark")
			clean(t, page.Page)
		})
	}
}

// The colours that a visitor chooses are there again when the page is loaded, also against those of the system.
func TestDashboardKeepsTheColours(t *testing.T) {
	t.Parallel()
	p := theDemo(t)
	page := browsertest.OpenDashboard(t, p.url+"/", desktop)
	page.Wait(".complete", "Complete.")
	for _, theme := range []string{"dark", "light", "system"} { // the system's are light
		page.Evaluate(`document.querySelector('select.theme').focus()`)
		page.Press(theme[:1])
		page.WaitFor(fmt.Sprintf(`document.documentElement.dataset.theme === %q`, theme))
		page.Visit(p.url + "/")
		page.Wait(".complete", "Complete.")
		if bright := page.Brightness("main"); (bright < 0.5) != (theme == "dark") {
			t.Errorf("%s: the page has the brightness %.2f", theme, bright)
		}
		if got := page.Evaluate(`document.querySelector('select.theme').value`); got != `"`+theme+`"` {
			t.Errorf("after %s was chosen, the page has %s", theme, got)
		}
	}
	clean(t, page.Page)
}

func looksRight(t *testing.T, page *browsertest.Dashboard, name string, look browsertest.Look) {
	t.Helper()
	if page.Widens() {
		t.Errorf("%s: the page is wider than the window", name)
	}
	if bright := page.Brightness("main"); (bright < 0.5) != look.Dark {
		t.Errorf("%s: the page has the brightness %.2f", name, bright)
	}
	if faults := page.Inaccessible(); len(faults) > 0 {
		t.Errorf("%s: axe-core finds: %s", name, strings.Join(faults, "\n"))
	}
	if nameless := page.Nameless(); len(nameless) > 0 {
		t.Errorf("%s: without a name for a screen reader: %q", name, nameless)
	}
	paths := []string{filepath.Join(t.ArtifactDir(), strings.ReplaceAll(name, " ", "-")+".png")}
	if file, ok := dashboardPictures[name]; ok && *update {
		paths = append(paths, filepath.Join(repository, "docs", file))
	}
	picture := page.Picture()
	for _, path := range paths {
		if err := os.WriteFile(path, picture, 0o600); err != nil {
			t.Error(err)
		}
	}
}

// In a narrow window, each menu opens within the window, where everything in it can be reached.
func TestDashboardMenusFit(t *testing.T) {
	t.Parallel()
	p := theDemo(t)
	page := browsertest.OpenDashboard(t, p.url+"/people", browsertest.Look{Width: 390, Height: 844})
	page.Wait(".table-body", "@")
	page.WaitFor(`document.querySelectorAll('.filters .choice').length > 0`)
	menus := page.Read(".list .menu summary")
	if len(menus) < 5 {
		t.Fatalf("the page has the menus %q", menus)
	}
	for i, menu := range menus {
		page.Evaluate(fmt.Sprintf(`document.querySelectorAll('.list .menu summary')[%d].focus()`, i))
		page.Press(kb.Enter)
		page.WaitFor(`(() => {
			const open = [...document.querySelectorAll('.menu[open] .menu-pane')];
			if (open.length !== 1) return false;
			const { left, top, right, bottom } = open[0].getBoundingClientRect();
			return left >= 0 && top >= 0 && right <= innerWidth && bottom <= innerHeight && right - left > 200;
		})()`)
		if faults := page.Inaccessible(); len(faults) > 0 {
			t.Errorf("%s: axe-core finds: %s", menu, strings.Join(faults, "\n"))
		}
		page.Press(kb.Escape)
		page.WaitFor(`document.querySelector('.menu[open]') === null`)
	}
	clean(t, page.Page)
}
