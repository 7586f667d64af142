package web_test

import (
	"compress/gzip"
	"io"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"path"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"roster/web"
)

// ask gives the pages' answer to one request, whose headers come in pairs of name and value.
func ask(t *testing.T, method, target string, headers ...string) *http.Response {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), method, target, nil)
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	web.Handler("").ServeHTTP(w, r)
	return w.Result()
}

func read(t *testing.T, r io.Reader) string {
	t.Helper()
	b, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// built gives the paths of the built files, as a browser asks for them.
func built(t *testing.T) []string {
	t.Helper()
	return append(builtIn(t, "dist", "/playground"), builtIn(t, "dashboard/dist", "/")...)
}

// builtIn gives those of one folder, whose page is at a path.
func builtIn(t *testing.T, folder, page string) []string {
	t.Helper()
	var paths []string
	err := fs.WalkDir(os.DirFS(folder), ".", func(name string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil || entry.IsDir():
		case name == "index.html":
			paths = append(paths, page)
		default:
			paths = append(paths, "/"+name)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return paths
}

func TestHandler(t *testing.T) {
	t.Parallel()
	const brief, forever = "no-cache", "public, max-age=31536000, immutable"
	types := map[string]struct{ contentType, cacheControl string }{
		"":     {"text/html; charset=utf-8", brief},
		".css": {"text/css; charset=utf-8", forever},
		".js":  {"text/javascript; charset=utf-8", forever},
		".md":  {"text/markdown; charset=utf-8", brief},
		".svg": {"image/svg+xml", forever},
		".ttf": {"font/ttf", forever},
		".txt": {"text/plain; charset=utf-8", brief},
	}
	for _, target := range built(t) {
		t.Run(target, func(t *testing.T) {
			t.Parallel()
			resp := ask(t, http.MethodGet, target)
			want, ok := types[path.Ext(target)]
			if !ok {
				t.Fatalf("a file of a kind that no test knows")
			}
			if diff := cmp.Diff(http.StatusOK, resp.StatusCode); diff != "" {
				t.Errorf("status (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(want.contentType, resp.Header.Get("Content-Type")); diff != "" {
				t.Errorf("Content-Type (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(want.cacheControl, resp.Header.Get("Cache-Control")); diff != "" {
				t.Errorf("Cache-Control (-want +got):\n%s", diff)
			}
			plain := read(t, resp.Body)
			packed := ask(t, http.MethodGet, target, "Accept-Encoding", "br, gzip;q=0.8")
			z, err := gzip.NewReader(packed.Body)
			if err != nil {
				t.Fatalf("not compressed for a browser that asks for it: %v", err)
			}
			if read(t, z) != plain {
				t.Error("compressed, it is something else")
			}
			if resp.Header.Get("ETag") == packed.Header.Get("ETag") {
				t.Error("compressed and not, it has the same ETag")
			}
		})
	}
}

// The licences of the packages in the page are served, and of those that its workers only have.
func TestLicences(t *testing.T) {
	t.Parallel()
	for target, names := range map[string][]string{
		"/dashboard-licenses.md": {"react-dom", "@tanstack/react-virtual", "@urql/core", "graphql-ws", "wouter"},
		"/licenses.md":           {"graphiql", "react-dom", "monaco-editor", "graphql-language-service"}, "/notices.txt": {"markedjs", "picomatch-browser"},
	} {
		body, err := io.ReadAll(ask(t, http.MethodGet, target).Body)
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range names {
			if !strings.Contains(string(body), name) {
				t.Errorf("%s does not have %s", target, name)
			}
		}
	}
}

func TestHandlerRefuses(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		method, target string
		want           int
	}{
		"post":              {http.MethodPost, "/", http.StatusMethodNotAllowed},
		"delete an asset":   {http.MethodDelete, "/licenses.md", http.StatusMethodNotAllowed},
		"unknown page":      {http.MethodGet, "/about", http.StatusNotFound},
		"unknown asset":     {http.MethodGet, "/assets/index.js", http.StatusNotFound},
		"folder":            {http.MethodGet, "/assets/", http.StatusNotFound},
		"page by its file":  {http.MethodGet, "/index.html", http.StatusNotFound},
		"out of the folder": {http.MethodGet, "/assets/../../web.go", http.StatusNotFound},
		"page below a page": {http.MethodGet, "/people/1", http.StatusNotFound},
		"source":            {http.MethodGet, "/src/main.jsx", http.StatusNotFound},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			resp := ask(t, tc.method, tc.target)
			if resp.StatusCode != tc.want {
				t.Errorf("status %d, want %d", resp.StatusCode, tc.want)
			}
			if allow := resp.Header.Get("Allow"); tc.want == http.StatusMethodNotAllowed && allow != "GET, HEAD" {
				t.Errorf("Allow: %q, want GET, HEAD", allow)
			}
			if resp.Header.Get("Content-Security-Policy") == "" {
				t.Error("no Content-Security-Policy")
			}
			if strings.Contains(resp.Header.Get("Cache-Control"), "immutable") {
				t.Error("a refusal may be kept for ever")
			}
		})
	}
}

func TestHandlerConditional(t *testing.T) {
	t.Parallel()
	for name, encoding := range map[string]string{"plain": "identity", "compressed": "gzip", "compression refused": "gzip;q=0"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			first := ask(t, http.MethodGet, "/", "Accept-Encoding", encoding)
			if packed := first.Header.Get("Content-Encoding") == "gzip"; packed != (encoding == "gzip") {
				t.Errorf("compressed: %t", packed)
			}
			again := ask(t, http.MethodGet, "/", "Accept-Encoding", encoding, "If-None-Match", first.Header.Get("ETag"))
			if again.StatusCode != http.StatusNotModified {
				t.Errorf("asked again with its ETag: status %d, want %d", again.StatusCode, http.StatusNotModified)
			}
			if got := read(t, ask(t, http.MethodHead, "/", "Accept-Encoding", encoding).Body); got != "" {
				t.Errorf("HEAD has a body of %d bytes", len(got))
			}
		})
	}
}

func TestHandlerHeaders(t *testing.T) {
	t.Parallel()
	const (
		dashboard = "default-src 'none'; script-src 'self'; connect-src 'self'; style-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none'; " +
			"frame-ancestors 'none'"
		playground = "default-src 'none'; script-src 'self'; worker-src 'self'; connect-src 'self'; style-src 'self' 'unsafe-inline'; " +
			"img-src 'self' data:; font-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
	)
	for target, policy := range map[string]string{"/": dashboard, "/people": dashboard, "/nothing": dashboard, "/playground": playground, "/licenses.md": playground} {
		want := map[string]string{
			"Content-Security-Policy":      policy,
			"Cross-Origin-Resource-Policy": "same-origin",
			"Referrer-Policy":              "no-referrer",
			"X-Content-Type-Options":       "nosniff",
		}
		resp := ask(t, http.MethodGet, target)
		got := map[string]string{}
		for name := range want {
			got[name] = resp.Header.Get(name)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", target, diff)
		}
	}
}

// fetched finds the addresses that a browser fetches by itself, in each kind of file. A script may name others: as words, as links.
var fetched = map[string]*regexp.Regexp{
	"":     regexp.MustCompile(`(?:src|href|srcset|action|data|poster|content)="([^"]*)"`),
	".css": regexp.MustCompile(`(?:url\(|@import\s*)["']?([^"')\s]+)`),
	".js": regexp.MustCompile(`(?:from|import|import\(|new URL\(|Worker\(|fetch\(|importScripts\(|sendBeacon\()` +
		"\\s*[\"'`]([^\"'`]+)"),
}

func TestPageNamesNoOtherHost(t *testing.T) {
	t.Parallel()
	for _, target := range built(t) {
		pattern, ok := fetched[path.Ext(target)]
		if !ok {
			continue
		}
		text := read(t, ask(t, http.MethodGet, target).Body)
		for _, found := range pattern.FindAllStringSubmatch(text, -1) {
			if address := found[1]; strings.Contains(address, "//") && !strings.HasPrefix(address, "data:") {
				t.Errorf("%s fetches %s", target, address)
			}
		}
	}
}

func TestPageFindsItsFiles(t *testing.T) {
	t.Parallel()
	for _, target := range []string{"/", "/people", "/playground"} {
		page := read(t, ask(t, http.MethodGet, target).Body)
		if !strings.Contains(page, "<title>Roster</title>") {
			t.Errorf("%s is not called Roster", target)
		}
		references := regexp.MustCompile(`(?:src|href)="\.(/[^"]*)"`).FindAllStringSubmatch(page, -1)
		if len(references) < 3 {
			t.Fatalf("%s names %d files, want an icon, scripts and styles", target, len(references))
		}
		for _, reference := range references {
			if resp := ask(t, http.MethodGet, reference[1]); resp.StatusCode != http.StatusOK {
				t.Errorf("%s names %s: status %d", target, reference[1], resp.StatusCode)
			}
		}
	}
}

// Without the schema, a page has no other way to know how the graph's names begin.
func TestPageNamesPrefix(t *testing.T) {
	t.Parallel()
	for _, target := range []string{"/", "/people", "/playground"} {
		tags := map[string]string{}
		for _, prefix := range []string{"", "Acme_"} {
			w := httptest.NewRecorder()
			web.Handler(prefix).ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, target, nil))
			tags[prefix] = w.Header().Get("ETag")
			if want := `<meta name="roster-prefix" content="` + prefix + `"`; !strings.Contains(w.Body.String(), want) {
				t.Errorf("%s does not say %s", target, want)
			}
		}
		if tags[""] == tags["Acme_"] {
			t.Errorf("%s: two pages have one ETag", target)
		}
	}
}

// The files are part of the program and of every clone.
func TestPageStaysSmall(t *testing.T) {
	t.Parallel()
	for page, site := range map[string]struct {
		folder string
		most   int
	}{
		"/playground": {"dist", 6 << 20},
		"/":           {"dashboard/dist", 1 << 20},
	} {
		total := 0
		for _, target := range builtIn(t, site.folder, page) {
			total += len(read(t, ask(t, http.MethodGet, target).Body))
		}
		if total > site.most {
			t.Errorf("%s has %d bytes, want at most %d", page, total, site.most)
		}
	}
}

// A visitor of the dashboard does not wait for megabytes.
func TestDashboardIsLight(t *testing.T) {
	t.Parallel()
	const most = 300_000
	page := read(t, ask(t, http.MethodGet, "/").Body)
	total := 0
	for _, reference := range regexp.MustCompile(`(?:src|href)="\.(/[^"]*)"`).FindAllStringSubmatch(page, -1) {
		total += len(read(t, ask(t, http.MethodGet, reference[1], "Accept-Encoding", "gzip").Body))
	}
	if total > most {
		t.Errorf("the dashboard loads %d compressed bytes, want at most %d", total, most)
	}
}
