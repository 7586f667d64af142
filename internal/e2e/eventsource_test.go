package e2e_test

import (
	"context"
	"net/http"
	"strings"
	"testing"

	"roster/internal/sandbox"
	"roster/web/browsertest"
)

// A browser's EventSource is told that it has to read everything again, and that the server is full, and each time connects again by itself.
func TestEventSourceConnectsAgain(t *testing.T) {
	t.Parallel()
	s := system(t, sandbox.Worksection, smallCompany)
	settings := settingsOf(reading(sourceSettings(s.Sources()[0]), "1s", "1s"))
	settings["limits"] = map[string]any{"streams": 4}
	p := serve(t, settings)
	p.awaitFirstReading(t)
	ctx, free := context.WithCancel(t.Context())
	defer free()
	for full := false; !full; {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, p.url+"/changes", nil)
		if err != nil {
			t.Fatal(err)
		}
		resp, err := (&http.Client{Transport: &http.Transport{}}).Do(req)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		full = resp.StatusCode != http.StatusOK
	}
	page := browsertest.Open(t, p.url+"/playground")
	page.Follow("/changes?kinds=USER&after=elsewhere.1", "ready", "problem", "change")
	told := page.WaitEvents(2)
	for i, code := range []string{"CURSOR_EXPIRED", "LIMIT_EXCEEDED"} {
		if !strings.HasPrefix(told[i], "problem ") || !strings.Contains(told[i], code) {
			t.Fatalf("%q, want the problem %s", told[i], code)
		}
	}
	free()
	for n := 3; !strings.HasPrefix(told[len(told)-1], "ready "); n++ {
		told = page.WaitEvents(n)
	}
	s.Rename("Firstly")
	for n := len(told) + 1; !strings.Contains(told[len(told)-1], "Firstly"); n++ {
		told = page.WaitEvents(n)
	}
}
