// Package web serves the pages for a browser: the dashboard at /, and the playground, a page to write queries in. Both are built from the sources
// beside this file and embedded in the program. It owns their files and their HTTP headers, which let a page call only the server that it came from.
// It knows nothing of the graph but the prefix of its names: the pages find the graph at /graphql as any client does.
package web

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"embed"
	"fmt"
	"html"
	"io/fs"
	"maps"
	"net/http"
	"path"
	"slices"
	"strings"
	"sync"
	"time"
)

//go:embed all:dist all:dashboard/dist
var built embed.FS

// site is one built page with its files.
type site struct {
	folder string   // where its build puts them
	paths  []string // of the page; its files are beside it
	policy string
}

var sites = []site{
	{folder: "dashboard/dist", paths: views, policy: dashboardPolicy},
	{folder: "dist", paths: []string{"/playground"}, policy: playgroundPolicy},
}

// views are the paths of the dashboard, as web/dashboard/src/pages/index.ts lists them. The page shows what its path names. Each is one level deep,
// because the page names its files relative to its own path: then a proxy may serve everything under a path of its own.
var views = []string{"/", "/sources", "/people", "/person", "/review", "/teams", "/roles", "/contacts", "/folders"}

// contentTypes names the kinds of files there are. The system's own table differs from machine to machine.
var contentTypes = map[string]string{
	".css":  "text/css; charset=utf-8",
	".html": "text/html; charset=utf-8",
	".js":   "text/javascript; charset=utf-8",
	".md":   "text/markdown; charset=utf-8",
	".svg":  "image/svg+xml",
	".ttf":  "font/ttf",
	".txt":  "text/plain; charset=utf-8",
}

// file is one file of the page, ready to be sent.
type file struct {
	body         []byte
	contentType  string
	cacheControl string
	policy       string
	tag          string
	gzipped      func() []byte // made when first asked for
}

// prefixMark is where a page says which prefix the graph's names have. The page has no other way to know it while the schema cannot be read.
const prefixMark = `<meta name="roster-prefix" content="`

// Handler serves the dashboard at / and the paths of its views, the playground at /playground, and their files under /assets/. It answers 404 to all
// other paths. The pages use names that begin with prefix, which is the setting federation.prefix.
func Handler(prefix string) http.Handler {
	files, err := loadOnce()
	if err == nil {
		files, err = withPrefix(files, prefix)
	}
	if err != nil {
		panic(fmt.Sprintf("web: the embedded files are broken: %v", err))
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		f, ok := files[r.URL.Path]
		if !ok {
			setPolicy(w.Header(), dashboardPolicy)
			http.NotFound(w, r)
			return
		}
		setPolicy(w.Header(), f.policy)
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			w.Header().Set("Allow", "GET, HEAD")
			http.Error(w, "method not allowed", http.StatusMethodNotAllowed)
			return
		}
		f.serve(w, r)
	})
}

// withPrefix returns the files with pages that name the prefix.
func withPrefix(files map[string]*file, prefix string) (map[string]*file, error) {
	files = maps.Clone(files)
	for _, s := range sites {
		page, ok := files[s.paths[0]]
		if !ok {
			return nil, fmt.Errorf("%s has no page", s.folder)
		}
		before, after, ok := bytes.Cut(page.body, []byte(prefixMark))
		if !ok {
			return nil, fmt.Errorf("the page in %s has no %s", s.folder, prefixMark)
		}
		named := newFile(slices.Concat(before, []byte(prefixMark+html.EscapeString(prefix)), after), *page)
		for _, at := range s.paths {
			files[at] = named
		}
	}
	return files, nil
}

var loadOnce = sync.OnceValues(load)

// load reads the embedded files and gives each under the path it is asked for by.
func load() (map[string]*file, error) {
	files := map[string]*file{}
	for _, s := range sites {
		if err := s.load(files); err != nil {
			return nil, err
		}
	}
	return files, nil
}

func (s *site) load(files map[string]*file) error {
	return fs.WalkDir(built, s.folder, func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		body, err := built.ReadFile(name)
		if err != nil {
			return err
		}
		contentType, ok := contentTypes[path.Ext(name)]
		if !ok {
			return fmt.Errorf("no content type for %s", name)
		}
		at := strings.TrimPrefix(name, s.folder)
		f := file{contentType: contentType, cacheControl: "no-cache", policy: s.policy}
		switch {
		case at == "/index.html":
			at = s.paths[0]
		case strings.HasPrefix(at, "/assets/"):
			// The build puts a hash of the content into these names: under one name the content never changes.
			f.cacheControl = "public, max-age=31536000, immutable"
		}
		if other, ok := files[at]; ok && !bytes.Equal(other.body, body) {
			return fmt.Errorf("%s: another page has a file of this name", name)
		}
		files[at] = newFile(body, f)
		return nil
	})
}

// newFile returns a file with that body, and otherwise like the given one.
func newFile(body []byte, like file) *file {
	like.body, like.tag = body, fmt.Sprintf("%x", sha256.Sum256(body))[:32]
	like.gzipped = sync.OnceValue(func() []byte { return compress(body) })
	return &like
}

func (f *file) serve(w http.ResponseWriter, r *http.Request) {
	body, tag := f.body, f.tag
	h := w.Header()
	h.Set("Content-Type", f.contentType)
	h.Set("Cache-Control", f.cacheControl)
	h.Set("Vary", "Accept-Encoding")
	if acceptsGzip(r.Header) {
		body, tag = f.gzipped(), tag+"-gzip"
		h.Set("Content-Encoding", "gzip")
	}
	h.Set("ETag", `"`+tag+`"`)
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(body))
}

func compress(body []byte) []byte {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	// Writing to memory does not fail.
	_, _ = z.Write(body)
	_ = z.Close()
	return b.Bytes()
}

// acceptsGzip says whether the request names gzip among the encodings it takes, and does not name it to refuse it.
func acceptsGzip(h http.Header) bool {
	for encoding := range strings.SplitSeq(strings.Join(h.Values("Accept-Encoding"), ","), ",") {
		name, weight, _ := strings.Cut(encoding, ";")
		if strings.EqualFold(strings.TrimSpace(name), "gzip") {
			q := strings.TrimSpace(weight)
			return strings.Trim(strings.TrimPrefix(q, "q="), "0.") != "" || q == ""
		}
	}
	return false
}
