// Package web serves the playground: a page to write queries in, built from the sources beside this file and embedded in the program.
// It owns the page's files and the headers they go out with, which let the page speak to the server it came from and to nobody else.
// It knows nothing of the graph but the prefix of its names: the page finds the graph at /graphql as any client does.
package web

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"embed"
	"errors"
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

//go:embed all:dist
var dist embed.FS

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
	tag          string
	gzipped      func() []byte // made when first asked for
}

// pagePath is the path of the page.
const pagePath = "/"

// prefixMark is where the page says which prefix the graph's names have. The page has no other way to know it while the schema cannot be read.
const prefixMark = `<meta name="roster-prefix" content="`

// Handler serves the page at / and its files under /assets/, and answers 404 to all other paths. The page's examples use names that begin with prefix,
// which is the setting federation.prefix.
func Handler(prefix string) http.Handler {
	files, err := loadOnce()
	if err == nil {
		files, err = withPrefix(files, prefix)
	}
	if err != nil {
		panic(fmt.Sprintf("web: the embedded files are broken: %v", err))
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		setPolicy(w.Header())
		f, ok := files[r.URL.Path]
		if !ok {
			http.NotFound(w, r)
			return
		}
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			w.Header().Set("Allow", "GET, HEAD")
			http.Error(w, "method not allowed", http.StatusMethodNotAllowed)
			return
		}
		f.serve(w, r)
	})
}

// withPrefix returns the files with a page that names the prefix.
func withPrefix(files map[string]*file, prefix string) (map[string]*file, error) {
	page, ok := files[pagePath]
	if !ok {
		return nil, errors.New("no page")
	}
	before, after, ok := bytes.Cut(page.body, []byte(prefixMark))
	if !ok {
		return nil, fmt.Errorf("the page has no %s", prefixMark)
	}
	body := slices.Concat(before, []byte(prefixMark+html.EscapeString(prefix)), after)
	files = maps.Clone(files)
	files[pagePath] = newFile(body, page.contentType, page.cacheControl)
	return files, nil
}

var loadOnce = sync.OnceValues(load)

// load reads the embedded files and gives each under the path it is asked for by.
func load() (map[string]*file, error) {
	files := map[string]*file{}
	err := fs.WalkDir(dist, "dist", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		body, err := dist.ReadFile(name)
		if err != nil {
			return err
		}
		contentType, ok := contentTypes[path.Ext(name)]
		if !ok {
			return fmt.Errorf("no content type for %s", name)
		}
		at, cacheControl := strings.TrimPrefix(name, "dist"), "no-cache"
		switch {
		case at == "/index.html":
			at = pagePath
		case strings.HasPrefix(at, "/assets/"):
			// The build puts a hash of the content into these names: under one name the content never changes.
			cacheControl = "public, max-age=31536000, immutable"
		}
		files[at] = newFile(body, contentType, cacheControl)
		return nil
	})
	return files, err
}

func newFile(body []byte, contentType, cacheControl string) *file {
	return &file{
		body: body, contentType: contentType, cacheControl: cacheControl, tag: fmt.Sprintf("%x", sha256.Sum256(body))[:32],
		gzipped: sync.OnceValue(func() []byte { return compress(body) }),
	}
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
