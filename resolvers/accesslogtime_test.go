package resolvers_test

import (
	"bytes"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"roster/internal/access"
	"roster/internal/httpapi"
	"roster/internal/responsecache"
)

// slowBody is a body that comes after a second.
type slowBody struct{ io.Reader }

func (b slowBody) Read(p []byte) (int, error) {
	time.Sleep(time.Second)
	return b.Reader.Read(p)
}

// An entry of the access log says how long an operation took since it arrived, whether it is executed or gets an answer from the cache.
func TestEntriesHaveTimeSinceArrival(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newTestServer(t, newTeamSource()).read()
		var entries bytes.Buffer
		log, err := access.OpenLog(access.LogOptions{Path: filepath.Join(t.TempDir(), "access.log"),
			Lines: func(io.Writer) *slog.Logger { return slog.New(slog.NewTextHandler(&entries, nil)) }})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = log.Close() })
		w.api.AccessLog = log
		cache := responsecache.New(1<<20, nil)
		h := httpapi.New(httpapi.Options{API: w.api, Responses: cache})
		for range 4 { // the answer is kept the second time
			body := slowBody{strings.NewReader(`{"query":"{ users { totalCount } }"}`)}
			req := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/graphql", body)
			req.Header.Set("Content-Type", "application/json")
			h.ServeHTTP(httptest.NewRecorder(), req)
		}
		lines := strings.Split(strings.TrimSpace(entries.String()), "\n")
		if cache.Stats().Hits != 2 || len(lines) != 4 {
			t.Fatalf("%d hits and %d entries", cache.Stats().Hits, len(lines))
		}
		for _, line := range lines {
			if _, took, _ := strings.Cut(line, "took="); took != "2s" { // the body and its end
				t.Errorf("the entry is %s", line)
			}
		}
	})
}
