package httpapi_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"roster/connectors"
	"roster/internal/generation"
	"roster/internal/httpapi"
)

// BenchmarkProvenance measures the provenance of a role that 100,000 people have, which a page of 100 people explains 100 times.
func BenchmarkProvenance(b *testing.B) {
	accounts := make([]connectors.Account, 100_000)
	for i := range accounts {
		accounts[i] = connectors.Account{ID: fmt.Sprint(i + 1), Name: fmt.Sprint("Person ", i), Active: true,
			Roles: []connectors.RoleRef{{ID: "user", Name: "User"}}}
	}
	source := &connectors.Source{Name: "chat", Kind: "untyped", Mentions: connectors.Mentions{Roles: true},
		Accounts: connectors.ListFunc[connectors.Account](func(context.Context, connectors.Progress[connectors.Account]) (connectors.Listing[connectors.Account], error) {
			return connectors.Listing[connectors.Account]{Records: accounts, Complete: true}, nil
		})}
	graph := graphOver(b.Context(), []*connectors.Source{source}, []generation.Source{{Source: source}})
	limits := httpapi.DefaultLimits()
	limits.Requests = 1 << 30
	h := httpapi.New(httpapi.Options{Limits: limits, API: graph})
	for name, document := range map[string]string{
		"page of 100 with roles":       `{ users(first: 100) { nodes { roles { name } } } }`,
		"page of 100 with provenances": `{ users(first: 100) { nodes { roles { provenance { field state } } } } }`,
	} {
		body, err := json.Marshal(map[string]string{"query": document})
		if err != nil {
			b.Fatal(err)
		}
		rec := httptest.NewRecorder()
		req := httptest.NewRequestWithContext(b.Context(), http.MethodPost, "/graphql", strings.NewReader(string(body)))
		req.Header.Set("Content-Type", "application/json")
		if h.ServeHTTP(rec, req); rec.Code != 200 || strings.Contains(rec.Body.String(), `"errors"`) {
			b.Fatalf("HTTP %d %.300s", rec.Code, rec.Body)
		}
		b.Run(name, func(b *testing.B) { serve(b, h, body) })
	}
}
