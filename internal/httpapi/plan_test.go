package httpapi_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"roster/internal/httpapi"
	"roster/internal/sandbox"
)

// Each example has the same answer from its plan and from gqlgen.
func TestExamplesByPlan(t *testing.T) {
	t.Parallel()
	api, err := graphOf(sandbox.DefaultPeople)
	if err != nil {
		t.Fatal(err)
	}
	h := httpapi.New(httpapi.Options{API: api})
	files, err := filepath.Glob("../../examples/*.graphql")
	if err != nil || len(files) == 0 {
		t.Fatalf("no examples: %v", err)
	}
	for _, file := range files {
		document, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains("\n"+string(document), "\nmutation ") || strings.Contains(string(document), "\nsubscription ") {
			continue
		}
		variables, err := os.ReadFile(strings.TrimSuffix(file, ".graphql") + ".variables.json")
		if errors.Is(err, fs.ErrNotExist) {
			variables, err = []byte("{}"), nil
		}
		if err != nil {
			t.Fatal(err)
		}
		body, err := json.Marshal(map[string]any{"query": string(document), "variables": json.RawMessage(variables)})
		if err != nil {
			t.Fatal(err)
		}
		ask := func() string {
			req := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/graphql", bytes.NewReader(body))
			req.Header.Set("Content-Type", "application/json")
			rec := httptest.NewRecorder()
			h.ServeHTTP(rec, req)
			return rec.Body.String()
		}
		before, _ := api.Planned()
		planned := ask()
		if now, _ := api.Planned(); now == before {
			t.Errorf("%s has no plan", file)
		}
		api.WithoutPlans = true
		if diff := cmp.Diff(sortedErrors(t, ask()), sortedErrors(t, planned)); diff != "" {
			t.Errorf("%s (-gqlgen +plan):\n%s", file, diff)
		}
		api.WithoutPlans = false
	}
}

// sortedErrors sorts the errors of an answer: gqlgen resolves root fields concurrently, and collects their errors in any order.
func sortedErrors(t *testing.T, answer string) string {
	t.Helper()
	var response struct {
		Errors           []json.RawMessage `json:"errors,omitempty"`
		Data, Extensions json.RawMessage
	}
	if err := json.Unmarshal([]byte(answer), &response); err != nil {
		t.Fatal(err)
	}
	slices.SortFunc(response.Errors, func(a, b json.RawMessage) int { return bytes.Compare(a, b) })
	sorted, err := json.Marshal(response)
	if err != nil {
		t.Fatal(err)
	}
	return string(sorted)
}
