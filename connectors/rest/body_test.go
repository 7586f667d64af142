package rest_test

import (
	"bytes"
	"compress/gzip"
	"io"
	"net/http"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"

	"roster/connectors"
	"roster/connectors/rest"
)

func zipped(t *testing.T, parts ...string) []byte {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	for _, part := range parts {
		if _, err := io.WriteString(w, part); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestDecompressing(t *testing.T) {
	t.Parallel()
	many := `{"people":[` + strings.Repeat("{},", 1<<20) + `{}]}` // 3 MiB, of which 3 kB are sent
	for name, tt := range map[string]struct {
		encoding string
		body     []byte
		bounds   connectors.Bounds
		want     string // the body, or part of the error
		fails    bool
	}{
		"gzip":                  {"gzip", zipped(t, `{"people":[]}`), connectors.Bounds{}, `{"people":[]}`, false},
		"gzip in parts":         {"x-gzip", append(zipped(t, `{"people":`), zipped(t, `[]}`)...), connectors.Bounds{}, `{"people":[]}`, false},
		"no body":               {"gzip", nil, connectors.Bounds{}, "", false},
		"plain":                 {"", []byte(`{"people":[]}`), connectors.Bounds{}, `{"people":[]}`, false},
		"cut off":               {"gzip", zipped(t, strings.Repeat("a", 1000))[:20], connectors.Bounds{}, "connection was cut", true},
		"a short one repeats":   {"gzip", zipped(t, strings.Repeat("a", 1<<20)), connectors.Bounds{}, strings.Repeat("a", 1<<20), false},
		"a long one may not":    {"gzip", zipped(t, many), connectors.Bounds{}, "more than 200 times as long when it is decompressed, which max_ratio", true},
		"unless it is allowed":  {"gzip", zipped(t, many[:2<<20]), connectors.Bounds{Ratio: 2000}, many[:2<<20], false},
		"but not beyond length": {"gzip", zipped(t, many), connectors.Bounds{Ratio: 2000, Bytes: 1 << 20}, "larger than 1048576 bytes, which max_bytes", true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var calls atomic.Int32
			c := client(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				calls.Add(1)
				if r.Header.Get("Accept-Encoding") != "gzip" {
					t.Errorf("asked for the encoding %q", r.Header.Get("Accept-Encoding"))
				}
				if tt.encoding != "" {
					w.Header().Set("Content-Encoding", tt.encoding)
				}
				_, _ = w.Write(tt.body)
			}), func(o *rest.Options) { o.Bounds = tt.bounds })
			resp, err := c.Do(t.Context(), rest.Request{Op: "users.list", Path: "users"})
			if tt.fails {
				if err == nil || !strings.Contains(err.Error(), tt.want) {
					t.Errorf("got %v, want %q", err, tt.want)
				}
				if connectors.IsKind(err, connectors.KindBadResponse) && calls.Load() != 1 {
					t.Errorf("it was asked for %d times", calls.Load())
				}
				return
			}
			if err != nil || string(resp.Body) != tt.want {
				t.Errorf("got %v", err)
			}
		})
	}
}

// An answer beyond a bound takes no more memory than the bound.
func TestBeyondABound(t *testing.T) { //nolint:paralleltest // measures what is allocated
	bomb := bytes.Repeat(zipped(t, strings.Repeat("{},", 1<<18)), 80) // 60 MiB, of which 60 kB are sent
	c := client(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Encoding", "gzip")
		_, _ = w.Write(bomb)
	}), nil)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	_, err := c.Do(t.Context(), rest.Request{Op: "users.list", Path: "users"})
	runtime.ReadMemStats(&after)
	if !connectors.IsKind(err, connectors.KindBadResponse) {
		t.Errorf("got %v", err)
	}
	if took := after.TotalAlloc - before.TotalAlloc; took > 24<<20 {
		t.Errorf("it took %d bytes", took)
	}
}
