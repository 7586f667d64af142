package resolvers_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"roster/connectors"
	"roster/internal/directory"
	"roster/internal/httpapi"
	"roster/internal/responsecache"
	"roster/internal/snapshot"
)

// Operations use the memory of earlier ones. Each client gets the answer to its own request, while others ask the same or something else at the same time.
func TestOperationsUseMemoryAgain(t *testing.T) {
	t.Parallel()
	people := &connectors.Source{Name: "changing", Kind: "worksection", Accounts: new(numbered)}
	steady := snapshot.Settings{FreshFor: time.Hour, MinInterval: time.Hour}
	server := newTestServerOf(t, snapshot.Options{Sources: []*connectors.Source{people}, Settings: map[snapshot.Key]snapshot.Settings{
		{Source: "changing", Collection: connectors.Accounts}: steady,
	}}).read()
	limits := httpapi.DefaultLimits()
	limits.Requests, limits.CallerShare, limits.CallerOperations = 0, 100, 64
	limits.OperationTime = time.Hour // the machine may be busy
	cache := responsecache.New(64<<20, nil)
	h := httpapi.New(httpapi.Options{API: server.api, Limits: limits, Responses: cache})
	view, _ := server.roster.Current().View(0)
	everyone, err := view.Directory.Users(nil, directory.UserOrder{}, directory.PageArgs{First: new(12)})
	if err != nil {
		t.Fatal(err)
	}
	ids := make([]string, 0, 12)
	for _, u := range everyone.Nodes() {
		ids = append(ids, u.ID)
	}
	var clients sync.WaitGroup
	for client := range 8 {
		clients.Go(func() {
			for n := range 300 {
				id := ids[(n+client/4)%len(ids)] // four clients ask the same
				body := fmt.Sprintf(`{"query":"query P%d($id: ID!) { user(by: { id: $id }) { id } }","variables":{"id":%q}}`, n/len(ids), id)
				req := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/graphql", strings.NewReader(body))
				req.Header.Set("Content-Type", "application/json")
				rec := httptest.NewRecorder()
				h.ServeHTTP(rec, req)
				if want := fmt.Sprintf(`{"data":{"user":{"id":%q}}}`, id); rec.Code != http.StatusOK || strings.TrimSpace(rec.Body.String()) != want {
					t.Errorf("HTTP %d %s, want %s", rec.Code, rec.Body, want)
				}
			}
		})
	}
	clients.Wait()
	if stats := cache.Stats(); stats.Misses == 0 || stats.Hits == 0 {
		t.Errorf("%+v", stats)
	}
}
