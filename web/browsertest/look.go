package browsertest

import (
	"context"
	"encoding/json"

	"github.com/chromedp/cdproto/accessibility"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
)

// Look is how a browser loads and shows a page.
type Look struct {
	// Width and Height are the size of the page in CSS pixels.
	Width, Height int64
	// Dark is the system's preference for dark colours.
	Dark bool
	// Print shows the page as it is printed.
	Print bool
	// Compressed asks for compressed answers, as browsers do. Without it, a server with the race detector needs seconds less to start a page.
	Compressed bool
	// Hurried has the page's timers of 10 s and longer end after a twentieth of their time.
	Hurried bool
}

// Show shows the open page in another look, as when its window or the system's theme changes.
func (p *Page) Show(look Look) {
	p.t.Helper()
	if look.Hurried {
		p.do("hurry its timers", func(ctx context.Context, _ *chromedp.Target) (chromedp.Void, error) {
			_, err := chromedp.Call(ctx, page.AddScriptToEvaluateOnNewDocument, page.AddScriptToEvaluateOnNewDocumentParams{
				Source: `const wait = setTimeout; window.setTimeout = (f, ms, ...args) => wait(f, ms >= 10_000 ? ms / 20 : ms, ...args)`,
			})
			return chromedp.Void{}, err
		})
	}
	theme := "light"
	if look.Dark {
		theme = "dark"
	}
	media := ""
	if look.Print {
		media = "print"
	}
	p.do("set the look", chromedp.EmulateViewport(look.Width, look.Height), func(ctx context.Context, _ *chromedp.Target) (chromedp.Void, error) {
		_, err := chromedp.Call(ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
			Media:    media,
			Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: theme}},
		})
		return chromedp.Void{}, err
	}, func(ctx context.Context, _ *chromedp.Target) (chromedp.Void, error) {
		headers := network.Headers{}
		if !look.Compressed {
			headers["Accept-Encoding"] = "identity"
		}
		_, err := chromedp.Call(ctx, network.SetExtraHTTPHeaders, network.SetExtraHTTPHeadersParams{Headers: headers})
		return chromedp.Void{}, err
	})
}

// Scrolls reports whether the page itself can be scrolled, or shows a scroll bar.
func (p *Page) Scrolls() bool {
	p.t.Helper()
	return get[bool](p, "measure the page", `(() => {
		const page = document.documentElement;
		return [page, document.body].some((e) => e.scrollWidth > page.clientWidth || e.scrollHeight > page.clientHeight)
			|| page.clientWidth !== innerWidth || page.clientHeight !== innerHeight;
	})()`)
}

// Pane is a part of the page.
type Pane string

// The panes.
const (
	QueryEditor Pane = queryEditor
	Result      Pane = resultViewer
	Docs        Pane = docsPane
)

// Rect is where a pane is, in CSS pixels from the page's upper left corner.
type Rect struct{ Left, Top, Right, Bottom float64 }

// Where returns where a pane is. ok reports whether it is shown: in the window as a whole, with nothing before its middle.
func (p *Page) Where(pane Pane) (at Rect, ok bool) {
	p.t.Helper()
	found := get[struct {
		Rect  Rect
		Shown bool
	}](p, "find "+string(pane), `(() => {
		const pane = document.querySelector('`+string(pane)+`');
		const { left, top, right, bottom } = pane.getBoundingClientRect();
		const middle = document.elementFromPoint((left + right) / 2, (top + bottom) / 2);
		const inside = left >= 0 && top >= 0 && right <= innerWidth && bottom <= innerHeight;
		return { Rect: { Left: left, Top: top, Right: right, Bottom: bottom }, Shown: inside && pane.contains(middle) };
	})()`)
	return found.Rect, found.Shown
}

// brightness is a script's function that gives how bright the background of a pane is.
const brightness = `(pane) => {
	let colour = [0, 0, 0, 0];
	for (let e = document.querySelector(pane); e && (colour[3] ?? 1) < 0.5; e = e.parentElement)
		colour = getComputedStyle(e).backgroundColor.match(/[\d.]+/g).map(Number);
	return (colour[0] + colour[1] + colour[2]) / 3 / 255;
}`

// Brightness returns how bright the background of a pane is, from 0 to 1.
func (p *Page) Brightness(pane Pane) float64 {
	p.t.Helper()
	return get[float64](p, "look at "+string(pane), `(`+brightness+`)('`+string(pane)+`')`)
}

// WaitTheme waits until the panes have the theme of a look, which the page follows in its own time.
func (p *Page) WaitTheme(look Look) {
	p.t.Helper()
	p.wait("wait for the theme", `(dark, ...panes) => panes.every((pane) => ((`+brightness+`)(pane) < 0.5) === dark)`, look.Dark, string(QueryEditor), string(Result))
}

// named are the roles of what a visitor operates.
var named = map[string]bool{"button": true, "checkbox": true, "combobox": true, "dialog": true, "link": true, "tab": true, "textbox": true}

// Nameless returns the roles of what a visitor can operate, and what a screen reader has no name for.
func (p *Page) Nameless() []string {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.ctx, patience)
	defer cancel()
	tree, err := chromedp.Run(ctx, func(ctx context.Context, _ *chromedp.Target) (accessibility.GetFullAXTreeResult, error) {
		return chromedp.Call(ctx, accessibility.GetFullAXTree, accessibility.GetFullAXTreeParams{})
	})
	if err != nil {
		p.t.Fatalf("read the accessibility tree: %v", err)
	}
	var nameless []string
	for _, n := range tree.Nodes {
		if n.Ignored || n.Role == nil {
			continue
		}
		if role := textOf(n.Role); named[role] && (n.Name == nil || textOf(n.Name) == "") {
			nameless = append(nameless, role)
		}
	}
	return nameless
}

func textOf(v *accessibility.Value) (s string) {
	if json.Unmarshal(v.Value, &s) != nil {
		return ""
	}
	return s
}
