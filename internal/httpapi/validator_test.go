package httpapi_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"

	"github.com/99designs/gqlgen/graphql"
	"github.com/andybalholm/brotli"
	"github.com/klauspost/compress/zstd"

	"roster/internal/freshness"
	"roster/internal/httpapi"
	"roster/internal/responsecache"
)

// sized is a graph whose answers have a length that a test sets, and that can be cached or not.
func sized(length *int, cached bool) http.Handler {
	from := &origin{}
	return httpapi.New(httpapi.Options{Responses: responsecache.New(64<<20, nil), API: api{exec: func(ctx context.Context) *graphql.Response {
		if cached {
			freshness.FromContext(ctx).Reusable = from
		}
		return &graphql.Response{Data: json.RawMessage(`{"hello":"` + strings.Repeat("x", *length) + `"}`)}
	}}})
}

func decoded(t *testing.T, rec *httptest.ResponseRecorder) string {
	t.Helper()
	var from io.Reader
	switch coding := rec.Header().Get("Content-Encoding"); coding {
	case "":
		return rec.Body.String()
	case "gzip":
		z, err := gzip.NewReader(rec.Body)
		if err != nil {
			t.Fatal(err)
		}
		from = z
	case "br":
		from = brotli.NewReader(rec.Body)
	case "zstd":
		z, err := zstd.NewReader(rec.Body)
		if err != nil {
			t.Fatal(err)
		}
		defer z.Close()
		from = z
	default:
		t.Fatalf("the coding %q", coding)
	}
	text, err := io.ReadAll(from)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// The coding of an answer is one that the client accepts, whether the answer is made, kept, or repeated.
func TestAcceptEncoding(t *testing.T) {
	t.Parallel()
	const none = "\x00" // no header
	for accept, want := range map[string]string{
		none: "", "": "", "identity": "", "gzip": "gzip", "GZIP": "gzip", "x-gzip": "gzip", "br": "br", "zstd": "zstd", "deflate": "", "deflate, gzip": "gzip",
		"gzip, deflate, br, zstd": "zstd", "gzip, deflate, br": "br", "gzip;q=1.0, br;q=0.5": "gzip", "gzip;q=0": "", "gzip;q=0, br": "br",
		"gzip;q=0.2, identity;q=0.5": "", "gzip;q=0.5, identity;q=0.5": "gzip", "*": "", "*;q=0": "", "*;q=0, gzip": "gzip", "identity;q=0": "",
		"identity;q=0, *": "zstd", "identity;q=0, gzip": "gzip", "zstd;q=0, *": "", "zstd;q=0, identity;q=0, *": "br", "gzip;q=x": "", "gzip;q=0.001": "gzip",
		"*;q=0.5, gzip;q=0.1": "",
	} {
		for _, length := range []int{2 << 10, 2 << 20} {
			for _, cached := range []bool{true, false} {
				h := sized(&length, cached)
				for range 2 {
					r := post(hello)
					if accept != none {
						r.Header.Set("Accept-Encoding", accept)
					}
					rec := do(h, r)
					if got := rec.Header().Get("Content-Encoding"); got != want {
						t.Errorf("%q: the coding is %q, want %q", accept, got, want)
					}
					if n := rec.Header().Get("Content-Length"); n != "" && n != strconv.Itoa(rec.Body.Len()) {
						t.Errorf("%q: Content-Length is %s of %d bytes", accept, n, rec.Body.Len())
					}
					if got := decoded(t, rec); got != `{"data":{"hello":"`+strings.Repeat("x", length)+`"}}` {
						t.Errorf("%q: the answer is %.60q, %d bytes", accept, got, len(got))
					}
				}
			}
		}
	}
}

// Short answers, refusals and streams are not compressed.
func TestNotCompressed(t *testing.T) {
	t.Parallel()
	length := 900
	for _, cached := range []bool{true, false} {
		h := sized(&length, cached)
		for name, r := range map[string]*http.Request{
			"a short answer": post(hello, "Accept-Encoding", "gzip"), "a refusal": post("x", "Accept-Encoding", "gzip, identity;q=0"),
			"a stream": post(hello, "Accept-Encoding", "gzip, identity;q=0", "Accept", events),
		} {
			if rec := do(h, r); rec.Header().Get("Content-Encoding") != "" || !strings.Contains(rec.Body.String(), `{"`) {
				t.Errorf("%s: %v %q", name, rec.Header(), rec.Body)
			}
		}
		if rec := do(h, post(hello, "Accept-Encoding", "gzip, identity;q=0")); rec.Header().Get("Content-Encoding") != "gzip" {
			t.Errorf("a short answer for a client that excludes identity: %v", rec.Header())
		}
	}
}

// A client that has an answer gets no other copy. Each representation has a tag of its own.
func TestIfNoneMatch(t *testing.T) {
	t.Parallel()
	for _, cached := range []bool{true, false} {
		length := 2 << 10
		h := sized(&length, cached)
		seen := map[string]bool{}
		for _, accept := range []string{"application/json", "application/graphql-response+json"} {
			for _, coding := range []string{"identity", "gzip", "br", "zstd"} {
				asks := func(method, match string) *httptest.ResponseRecorder {
					r := get("query={hello}", "Accept", accept, "Accept-Encoding", coding)
					if r.Method = method; match != "" {
						r.Header.Set("If-None-Match", match)
					}
					return do(h, r)
				}
				first := asks("GET", "")
				tag := first.Header().Get("Etag")
				if first.Code != http.StatusOK || seen[tag] || len(tag) < 34 || tag[0] != '"' {
					t.Fatalf("HTTP %d with the tag %s", first.Code, tag)
				}
				seen[tag] = true
				for match, status := range map[string]int{tag: 304, "W/" + tag: 304, `"x", ` + tag: 304, "*": 304, `"x"`: 200, tag[1 : len(tag)-1]: 200, "": 200} {
					for _, method := range []string{"GET", "HEAD"} {
						rec := asks(method, match)
						if rec.Code != status || rec.Header().Get("Etag") != tag || !strings.Contains(rec.Header().Get("Vary"), "Accept-Encoding") {
							t.Errorf("%s with If-None-Match %s: HTTP %d %v", method, match, rec.Code, rec.Header())
						}
						if h := rec.Header(); status == 304 && (rec.Body.Len() > 0 || h.Get("Content-Length")+h.Get("Content-Encoding")+h.Get("Content-Type") != "") {
							t.Errorf("304 with content: %v", h)
						}
						if status == 304 && cached && rec.Header().Get("Age") == "" {
							t.Error("304 without an age")
						}
					}
				}
			}
		}
		if rec := do(h, post(hello, "If-None-Match", "*")); rec.Code != http.StatusOK || rec.Header().Get("Etag") != "" {
			t.Errorf("POST: HTTP %d %v", rec.Code, rec.Header())
		}
		if rec := do(h, get("query={helo}", "If-None-Match", "*")); rec.Code != http.StatusOK || rec.Header().Get("Etag") != "" {
			t.Errorf("a refusal: HTTP %d %v", rec.Code, rec.Header())
		}
	}
	length := 10
	h := sized(&length, false)
	tag := do(h, get("query={hello}")).Header().Get("Etag")
	length++
	if rec := do(h, get("query={hello}", "If-None-Match", tag)); rec.Code != http.StatusOK || rec.Header().Get("Etag") == tag {
		t.Errorf("an answer that has changed: HTTP %d", rec.Code)
	}
}

// The compressed bytes of a cached answer are kept beside it, and count.
func TestCompressedBytesAreKept(t *testing.T) {
	t.Parallel()
	cache := responsecache.New(1<<20, nil)
	a := cache.NewAnswer("key", &origin{}, bytes.Repeat([]byte("x"), 5000))
	cache.Put(a, true)
	before, made := cache.Stats().Bytes, 0
	for range 3 {
		cache.Encoded(a, 1, func([]byte) []byte {
			made++
			return make([]byte, 512) // a size of which Go allocates nothing more
		})
	}
	if got := cache.Stats().Bytes - before; got != 512 || made != 1 || cache.Find([]byte("key")) != a {
		t.Errorf("compressed %d times, which takes %d bytes", made, got)
	}
}
