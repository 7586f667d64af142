package web_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"roster/web/browsertest"
)

// The page shows the answers of a subscription as they come, and ends the request when the visitor stops it.
func TestPlaygroundSubscribes(t *testing.T) {
	t.Parallel()
	next, stopped := make(chan int), make(chan struct{})
	graph := newGraph(t, func() string { return "" }, func(string) {})
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !strings.HasPrefix(r.Header.Get("Accept"), "text/event-stream") {
			graph.ServeHTTP(w, r)
			return
		}
		w.Header().Set("Content-Type", "text/event-stream")
		for {
			select {
			case n := <-next:
				fmt.Fprintf(w, ": ping\n\nevent: next\ndata: {\"data\":{\"ticks\":%d}}\n\n", n)
				http.NewResponseController(w).Flush() //nolint:errcheck // the test then waits in vain
			case <-r.Context().Done():
				close(stopped)
				return
			}
		}
	}))
	t.Cleanup(server.Close)
	page := browsertest.Open(t, server.URL+"/playground")
	page.WaitResult("Grace Hopper")
	page.Type("subscription { ticks }")
	page.Run()
	for n := range 3 {
		within(t, "the page does not subscribe", func(late <-chan time.Time) bool {
			select {
			case next <- n:
				return true
			case <-late:
				return false
			}
		})
		page.WaitResult(fmt.Sprintf(`"ticks": %d`, n))
	}
	page.Run() // again, which stops it
	within(t, "the page does not stop", func(late <-chan time.Time) bool {
		select {
		case <-stopped:
			return true
		case <-late:
			return false
		}
	})
}

// within ends the test if a step does not end, which would else end all tests.
func within(t *testing.T, fault string, step func(late <-chan time.Time) bool) {
	t.Helper()
	late := time.NewTimer(3 * time.Minute)
	defer late.Stop()
	if !step(late.C) {
		t.Fatal(fault)
	}
}
