package httpapi_test

import (
	"bytes"
	"compress/gzip"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/andybalholm/brotli"
	"github.com/google/go-cmp/cmp"
	"github.com/klauspost/compress/zstd"
	"pgregory.net/rapid"

	"roster/internal/httpapi"
)

// encoded applies content codings in the order of the header.
func encoded(text string, codings ...string) string {
	for _, coding := range codings {
		var b bytes.Buffer
		var w io.WriteCloser
		switch coding {
		case "gzip", "x-gzip":
			w = gzip.NewWriter(&b)
		case "br":
			w = brotli.NewWriter(&b)
		case "zstd":
			w, _ = zstd.NewWriter(&b, zstd.WithEncoderConcurrency(1)) // with a window of 8 MiB, as it does not know the length
		default:
			continue
		}
		for part := range strings.SplitAfterSeq(text, "}") {
			io.WriteString(w, part) //nolint:errcheck // into memory
		}
		w.Close()
		text = b.String()
	}
	return text
}

func TestContentEncodings(t *testing.T) {
	t.Parallel()
	const world = `{"data":{"hello":"world"}}`
	small, longer := encoded(hello, "gzip"), large(2<<20)
	var wide bytes.Buffer
	w, err := zstd.NewWriter(&wide, zstd.WithWindowSize(16<<20), zstd.WithEncoderConcurrency(1))
	if err != nil {
		t.Fatal(err)
	}
	for part := range strings.SplitAfterSeq(large(1000), ":") {
		io.WriteString(w, part) //nolint:errcheck // into memory
		w.Flush()               //nolint:errcheck // as above
	}
	w.Close() //nolint:errcheck // as above
	for name, tc := range map[string]struct {
		coding, body string
		status       int
		want         string // the whole answer, or what its error says
	}{
		"identity":                 {"identity", hello, 200, world},
		"gzip":                     {"gzip", small, 200, world},
		"gzip by its old name":     {"x-gzip", small, 200, world},
		"gzip in capitals":         {"GZIP", small, 200, world},
		"gzip in two parts":        {"gzip", encoded(hello[:5], "gzip") + encoded(hello[5:], "gzip"), 200, world},
		"zstd":                     {"zstd", encoded(hello, "zstd"), 200, world},
		"zstd in two frames":       {"zstd", encoded(hello[:5], "zstd") + encoded(hello[5:], "zstd"), 200, world},
		"br":                       {"br", encoded(hello, "br"), 200, world},
		"one after the other":      {"gzip, identity, br,zstd", encoded(hello, "gzip", "br", "zstd"), 200, world},
		"in another order":         {"br, gzip", encoded(hello, "gzip", "br"), 400, "cannot be decompressed"},
		"too often":                {"gzip, gzip, gzip, gzip", encoded(hello, "gzip", "gzip", "gzip", "gzip"), 415, "at most 3"},
		"unknown":                  {"deflate", hello, 415, "gzip, zstd, br and identity"},
		"unknown beside one known": {"gzip, compress", small, 415, "gzip, zstd, br and identity"},
		"not compressed":           {"gzip", hello, 400, "cannot be decompressed"},
		"gzip with a rest":         {"gzip", small + "x", 400, "cannot be decompressed"},
		"br with a rest":           {"br", encoded(hello, "br") + "x", 400, "cannot be decompressed"},
		"zstd with a rest":         {"zstd", encoded(hello, "zstd") + "x", 400, "cannot be decompressed"},
		"just not too large":       {"gzip", encoded(large(1<<20-60), "gzip"), 200, world},
		"gzip too large":           {"gzip", encoded(longer, "gzip"), 413, "1048576 bytes"},
		"zstd too large":           {"zstd", encoded(longer, "zstd"), 413, "1048576 bytes"},
		"zstd far too large":       {"zstd", encoded(strings.Repeat(" ", 32<<20), "zstd"), 413, "1048576 bytes"},
		"br too large":             {"br", encoded(longer, "br"), 413, "1048576 bytes"},
		"too large in between":     {"br, gzip", encoded(encoded(strings.Repeat(" ", 2<<20), "br")+longer, "gzip"), 413, "1048576 bytes"},
		"too large as it is sent":  {"gzip", small + strings.Repeat("x", 1<<20), 413, "1048576 bytes"},
		"zstd of a wide window":    {"zstd", wide.String(), 400, "8 MiB"},
		"no JSON":                  {"gzip", encoded("hello", "gzip"), 400, "JSON object"},
		"a byte order mark":        {"zstd", encoded("\ufeff"+hello, "zstd"), 200, world},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			rec := do(httpapi.New(httpapi.Options{API: api{}}), post(tc.body, "Content-Encoding", tc.coding))
			if rec.Code != tc.status || !strings.Contains(rec.Body.String(), tc.want) || rec.Header().Get("Content-Type") != "application/json" {
				t.Errorf("HTTP %d %v %s, want %d with %q", rec.Code, rec.Header(), rec.Body, tc.status, tc.want)
			}
			accepts := ""
			if tc.status == http.StatusUnsupportedMediaType {
				accepts = "gzip, zstd, br"
			}
			if got := rec.Header().Get("Accept-Encoding"); got != accepts {
				t.Errorf("Accept-Encoding %q, want %q", got, accepts)
			}
		})
	}
}

// A compressed body is decoded to the original, and a truncated one is rejected.
func TestContentEncodingsProperty(t *testing.T) {
	t.Parallel()
	h := httpapi.New(httpapi.Options{API: api{}})
	rapid.Check(t, func(t *rapid.T) {
		codings := rapid.SliceOfN(rapid.SampledFrom([]string{"gzip", "br", "zstd", "identity"}), 1, 3).Draw(t, "codings")
		body := large(rapid.IntRange(0, 200<<10).Draw(t, "length"))
		text := encoded(body, codings...)
		header := []string{"Content-Encoding", strings.Join(codings, " , ")}
		if rec := do(h, post(text, header...)); rec.Code != http.StatusOK {
			t.Fatalf("HTTP %d %s", rec.Code, rec.Body)
		}
		if rec := do(h, post(text[:rapid.IntRange(0, len(text)-1).Draw(t, "cut")], header...)); rec.Code != http.StatusBadRequest {
			t.Fatalf("cut off: HTTP %d %s", rec.Code, rec.Body)
		}
	})
}

// A body that becomes large by decompression counts as a large body.
func TestDecompressedBodiesCountAsLarge(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := serveOn(t, httpapi.Options{API: api{}})
		defer s.end(t)
		status := func(r *http.Request) int {
			r.URL.Scheme, r.URL.Host, r.RequestURI = "http", "localhost", ""
			resp, err := s.client.Do(r.WithContext(t.Context()))
			if err != nil {
				t.Error(err)
				return 0
			}
			resp.Body.Close()
			return resp.StatusCode
		}
		compressed := func() int { return status(post(encoded(large(80<<10), "zstd"), "Content-Encoding", "zstd")) }
		if got := compressed(); got != http.StatusOK {
			t.Errorf("alone: HTTP %d", got)
		}
		const share = 8 // of 32
		goOn := make(chan struct{})
		ended := make(chan int)
		for range share {
			go func() {
				r := post("")
				r.ContentLength = -1
				r.Body = io.NopCloser(io.MultiReader(strings.NewReader(large(80<<10)), ending(goOn)))
				ended <- status(r)
			}()
		}
		synctest.Wait()
		if got := compressed(); got != http.StatusTooManyRequests {
			t.Errorf("beside as many as may be read: HTTP %d", got)
		}
		if got := status(post(encoded(hello, "zstd"), "Content-Encoding", "zstd")); got != http.StatusOK {
			t.Errorf("a small one: HTTP %d", got)
		}
		close(goOn)
		got := make(map[int]int)
		for range share {
			got[<-ended]++
		}
		if diff := cmp.Diff(map[int]int{http.StatusOK: share}, got); diff != "" {
			t.Errorf("the slow ones (-want +got):\n%s", diff)
		}
	})
}

// ending is the end of a body that arrives late.
type ending <-chan struct{}

func (e ending) Read([]byte) (int, error) {
	<-e
	return 0, io.EOF
}
