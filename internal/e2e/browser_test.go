package e2e_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"roster/connectors"
	"roster/internal/sandbox"
	"roster/web/browsertest"
)

// A newcomer opens the printed address, finds the answer to the first example, writes a query of their own, and sees what it gives.
func TestPlayground(t *testing.T) {
	t.Parallel()
	page := browsertest.Open(t, theDemo(t).url+"/playground")
	want := []string{"People", "Overview", "Person", "Search", "PeopleOf", "Teams", "Administrators", "Contacts", "Sources", "Invitation", "NewTeam"}
	if diff := cmp.Diff(want, page.Tabs()); diff != "" {
		t.Errorf("the tabs (-want +got):\n%s", diff)
	}
	page.WaitResult(`"totalCount"`)

	page.Type(`query Zoe { user(by: { email: "zoe.muller@corvidlark.test" }) { name nickname } }`)
	page.WaitMistake()
	page.Type(`query Zoe { user(by: { email: "zoe.muller@corvidlark.test" }) { name accessLevel } }`)
	page.RunByKeys()
	page.WaitResult(`"accessLevel": "OWNER"`)
	page.OpenDocs("Account")
	clean(t, page)
}

// clean fails the test if the page has complained, or has spoken to another server.
func clean(t *testing.T, page *browsertest.Page) {
	t.Helper()
	if diff := cmp.Diff([]string(nil), page.ConsoleErrors()); diff != "" {
		t.Errorf("the console (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string(nil), page.ForeignRequests()); diff != "" {
		t.Errorf("requests to other servers (-want +got):\n%s", diff)
	}
}

// screenshots are the looks that the documents show. They are written with -update.
var screenshots = map[browsertest.Look]string{
	{Width: 1440, Height: 900, Compressed: true}:            "playground.png",
	{Width: 800, Height: 900, Dark: true, Compressed: true}: "playground-dark.png",
	{Width: 390, Height: 844, Compressed: true}:             "playground-narrow.png",
}

// The page fits windows of every width, in both themes: nothing scrolls but its panes, and each pane can be reached. It follows the system's theme.
func TestPlaygroundLooks(t *testing.T) {
	t.Parallel()
	p := theDemo(t)
	for _, width := range []int64{390, 800, 1440} {
		t.Run(fmt.Sprintf("%d px", width), func(t *testing.T) {
			look := browsertest.Look{Width: width, Height: 900, Compressed: true}
			if width < 700 {
				look.Height = 844
			}
			page := browsertest.OpenWith(t, p.url+"/playground", look)
			page.WaitResult(`"totalCount"`)
			fits(t, page, look)
			look.Dark = true
			page.Show(look)
			page.WaitTheme(look)
			fits(t, page, look)

			page.Type("query Count { users(first: 0) { count: totalCount } }")
			page.Run()
			page.WaitResult(`"count"`)
			page.OpenDocs("ContactFolder")
			for _, look.Dark = range []bool{true, false} {
				page.Show(look)
				page.WaitTheme(look)
				if docs, shown := page.Where(browsertest.Docs); !shown || docs.Right-docs.Left < 250 || docs.Bottom-docs.Top < 250 {
					t.Errorf("%+v: the documentation is hidden or small: %+v", look, docs)
				}
				if page.Scrolls() {
					t.Errorf("%+v: with the documentation, the page scrolls", look)
				}
			}
			clean(t, page)
		})
	}
}

func fits(t *testing.T, page *browsertest.Page, look browsertest.Look) {
	t.Helper()
	keepLook(t, page, look)
	if page.Scrolls() {
		t.Errorf("%+v: the page scrolls", look)
	}
	editor, shown := page.Where(browsertest.QueryEditor)
	if !shown {
		t.Errorf("%+v: the query editor is hidden: %+v", look, editor)
	}
	result, shown := page.Where(browsertest.Result)
	if !shown {
		t.Errorf("%+v: the result is hidden: %+v", look, result)
	}
	if below := result.Top >= editor.Bottom; below != (look.Width < 700) {
		t.Errorf("%+v: the result is below the query: %t; the query is at %+v, the result at %+v", look, below, editor, result)
	}
	for _, pane := range []browsertest.Pane{browsertest.QueryEditor, browsertest.Result} {
		if bright := page.Brightness(pane); (bright < 0.5) != look.Dark {
			t.Errorf("%+v: %s has the brightness %.2f", look, pane, bright)
		}
	}
	if nameless := page.Nameless(); len(nameless) > 0 {
		t.Errorf("%+v: without a name for a screen reader: %q", look, nameless)
	}
}

// keepLook keeps a screenshot with the artifacts of the test, and for the documents.
func keepLook(t *testing.T, page *browsertest.Page, look browsertest.Look) {
	t.Helper()
	paths := []string{filepath.Join(t.ArtifactDir(), "page.png")}
	if name, ok := screenshots[look]; ok && *update {
		paths = append(paths, filepath.Join(repository, "docs", name))
	}
	png := page.Screenshot()
	for _, path := range paths {
		if err := os.WriteFile(path, png, 0o600); err != nil {
			t.Error(err)
		}
	}
}

// A server with keys and without introspection: the page asks for a key, shows what the server says, and goes on with a key.
func TestPlaygroundWithKeys(t *testing.T) {
	t.Parallel()
	reader, readerHash := newKey(t)
	developer, developerHash := newKey(t)
	source := sourceSettings(system(t, sandbox.Kommo, 30).Sources()[0])
	source["name"] = "sales-north"
	settings := settingsOf(source)
	settings["access"] = map[string]any{"keys": []any{
		map[string]any{"name": "reader", "hash": readerHash, "scopes": []string{"directory:read"}},
		map[string]any{"name": "developer", "hash": developerHash, "scopes": []string{"directory:read", "directory:schema"}},
	}}
	p := serve(t, settings)
	p.awaitFirstReading(t)
	page := browsertest.Open(t, p.url+"/playground#"+url.Values{"query": {"query Linked { users(first: 0) { linked: totalCount } }"}}.Encode())
	page.WaitDialog("API key or token")
	page.WaitProblem("Enter an API key or a token.")
	if strings.Contains(fmt.Sprint(page.Examples()), "sales-north") {
		t.Error("a caller without a key sees the name of a source")
	}
	page.Dismiss()
	page.OpenDialogByKeys()
	if nameless := page.Nameless(); len(nameless) > 0 {
		t.Errorf("in the dialog, without a name for a screen reader: %q", nameless)
	}
	page.EnterCredential("no key")
	page.WaitDialog("A key or token has no spaces")
	page.Dismiss()
	page.OpenDialog()
	page.EnterCredential("wrong")
	page.WaitDialog("is not accepted")

	page.EnterCredential(reader)
	page.WaitNoDialog()
	page.WaitResult(`"linked"`) // of the link, for which the key was missing
	page.WaitProblem("the schema needs the scope directory:schema")
	page.Type("query Mine { viewer { subject } }")
	page.RunByKeys()
	page.WaitResult(`"subject": "reader"`)
	if !page.LeaveEditorByKeys() {
		t.Error("the editor does not let the focus go")
	}

	page.OpenDialog()
	page.EnterCredential("Bearer " + developer)
	page.WaitNoProblem()
	page.OpenDocs("ContactFolder")
	page.RunByKeys()
	page.WaitResult(`"subject": "developer"`)
	if !strings.Contains(fmt.Sprint(page.Examples()), "sales-north") {
		t.Errorf("no example uses the source: %v", page.Examples())
	}
	if lasting, session := page.Kept(); strings.Contains(lasting, developer) || !strings.Contains(session, developer) {
		t.Errorf("for later visits and in its address, the page keeps %q, for this one %q", lasting, session)
	}

	page.Reload()
	page.WaitNoProblem()
	page.OpenDialog()
	page.ClearCredential()
	page.WaitDialog("API key or token")
	page.WaitProblem("Enter an API key or a token.")
	if lasting, session := page.Kept(); strings.Contains(lasting+session, developer) {
		t.Errorf("the page keeps the key after it was removed: %q, %q", lasting, session)
	}
	if diff := cmp.Diff([]string(nil), page.ForeignRequests()); diff != "" {
		t.Errorf("requests to other servers (-want +got):\n%s", diff)
	}
}

// Every example of the page gets an answer without an error, whatever the sources are and however they and the graph's names are called.
func TestPlaygroundExamples(t *testing.T) {
	t.Parallel()
	systems := company(t, 30)
	renamed := func(kind connectors.KindName, name string) map[string]any {
		source := sourceSettings(systems[kind].Sources()[0])
		source["name"] = name
		return source
	}
	for name, tt := range map[string]struct {
		sources []map[string]any
		prefix  string
		want    []string // examples that only some have
	}{
		"Worksection alone": {[]map[string]any{renamed(sandbox.Worksection, "office")}, "", []string{"Teams", "Contacts", "Invitation", "NewTeam"}},
		"Kommo alone":       {[]map[string]any{renamed(sandbox.Kommo, "sales")}, "", []string{"Teams", "Administrators", "Contacts"}},
		"Altcraft alone":    {[]map[string]any{renamed(sandbox.Altcraft, "mail")}, "", nil},
		"Rocket.Chat alone": {[]map[string]any{renamed(sandbox.RocketChat, "chat")}, "", []string{"Teams", "Administrators"}},
		"a prefix": {[]map[string]any{renamed(sandbox.RocketChat, "chat"), renamed(sandbox.Worksection, "office")}, "Acme_",
			[]string{"Teams", "Administrators", "Contacts", "Invitation", "NewTeam"}},
	} {
		t.Run(name, func(t *testing.T) {
			settings := settingsOf(tt.sources...)
			if tt.prefix != "" {
				settings["federation"] = map[string]any{"prefix": tt.prefix}
			}
			p := serve(t, settings)
			p.awaitFirstReading(t)
			page := browsertest.Open(t, p.url+"/playground")
			page.WaitResult(`"totalCount"`)
			page.OpenDocs(tt.prefix + "ContactFolder") // introspection is off, and without access everyone has the scope for the schema
			var names []string
			for _, e := range page.Examples() {
				names = append(names, operationName(e.Query))
				if a := p.ask(t, e.Query, json.RawMessage(e.Variables)); len(a.Errors) > 0 || strings.Contains(string(a.Body), `"userErrors":[{`) {
					t.Errorf("the example %s with %s gets %s", e.Query, e.Variables, a.Body)
				}
			}
			always := []string{"People", "Overview", "Person", "Search", "PeopleOf", "Sources"}
			want, got := append(always, tt.want...), slices.Clone(names)
			slices.Sort(want)
			slices.Sort(got)
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("the examples (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(names, page.Tabs()); diff != "" {
				t.Errorf("the tabs (-want +got):\n%s", diff)
			}
			clean(t, page)
		})
	}
}

// A proxy may serve the playground under a path of its own, and of the rest the graph alone. Then the page reads the schema by introspection.
func TestPlaygroundBehindProxy(t *testing.T) {
	t.Parallel()
	target, err := url.Parse(theDemo(t).url)
	if err != nil {
		t.Fatal(err)
	}
	proxy := &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(target) }}
	server := httptest.NewServer(http.StripPrefix("/directory", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/schema.graphql" {
			http.NotFound(w, r)
			return
		}
		proxy.ServeHTTP(w, r)
	})))
	t.Cleanup(server.Close)
	page := browsertest.Open(t, server.URL+"/directory/playground")
	page.WaitResult(`"totalCount"`)
	page.OpenDocs("ContactFolder")
	page.WaitNoProblem()
	if diff := cmp.Diff([]string(nil), page.ForeignRequests()); diff != "" {
		t.Errorf("requests to other servers (-want +got):\n%s", diff)
	}
}
