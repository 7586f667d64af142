package httpapi_test

import (
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"roster/internal/access"
	"roster/internal/httpapi"
	"roster/internal/responsecache"
)

// Cached answers take no more memory than they weigh, with all that they keep from being freed, and so no more than cache.response_bytes.
func TestAnswersAreBounded(t *testing.T) { //nolint:paralleltest // it measures memory
	const most = 1 << 20
	fields := repeated(90, fmt.Sprintf(`a#%s: node(id: "x") { id } `, strings.Repeat("x", 150)))
	for name, tc := range map[string]struct {
		request   func(n int) (document, id string)
		documents uint64 // the memory for documents, which is not part of the answers
	}{
		"short answers": {func(n int) (document, id string) { return "query Q($i: ID!) { node(id: $i) { id } }", fmt.Sprint(n) }, 1 << 20},
		"answers with errors": {func(n int) (document, id string) {
			return "query Q($i: ID!) { node(id: $i) { id } users(first: 501) { totalCount } }", fmt.Sprint(n)
		}, 1 << 20},
		"long documents": {func(n int) (document, id string) {
			return "query Q($i: ID!) { node(id: $i) { id } } # " + strings.Repeat("x", 10_000), fmt.Sprint(n)
		}, 16 << 20},
		"long answers": {func(n int) (document, id string) {
			return "query Q($i: ID!) { node(id: $i) { id } " + fields + "}", fmt.Sprint(n)
		}, 16 << 20},
		"long answers with errors": {func(n int) (document, id string) {
			return "query Q($i: ID!) { node(id: $i) { id } " + fields + "users(first: 501) { totalCount } }", fmt.Sprint(n)
		}, 16 << 20},
	} {
		t.Run(name, func(t *testing.T) { //nolint:paralleltest // it measures memory
			api, limits := emptyGraph()
			log, err := access.OpenLog(access.LogOptions{Path: filepath.Join(t.TempDir(), "access.log"),
				Lines: func(io.Writer) *slog.Logger { return slog.New(slog.DiscardHandler) }})
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = log.Close() })
			api.AccessLog = log
			cache := responsecache.New(most, nil)
			h, _ := httpapi.WithDocuments(httpapi.Options{API: api, Limits: limits, Responses: cache}, tc.documents)
			ask := func(n int) {
				document, id := tc.request(n)
				body, err := json.Marshal(map[string]any{"query": document, "variables": map[string]any{"i": id}})
				if err != nil {
					t.Fatal(err)
				}
				for range 4 { // an answer is kept from the second time on, and the request that finds it, so the fourth is found by its text
					r := post(string(body))
					r.Header.Set("Accept-Encoding", "gzip")
					if rec := do(h, r); rec.Code != 200 {
						t.Fatalf("HTTP %d %.300s", rec.Code, rec.Body)
					}
				}
			}
			ask(0) // what is made once is not measured
			before := heap()
			for n := 1; cache.Stats().Evictions < 10; n++ {
				ask(n)
			}
			memory := int64(heap()) - int64(before)
			if s := cache.Stats(); memory > s.Bytes+s.Bytes/20 || s.Bytes > s.Size || s.Size > most {
				t.Errorf("answers take %d bytes: %+v", memory, s)
			}
			runtime.KeepAlive(h)
		})
	}
}
