package resolvers_test

import (
	"context"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"roster/connectors"
)

func TestSources(t *testing.T) {
	bubble(t, func(t *testing.T) {
		now := time.Now().Format(time.RFC3339)
		partly := mailer()
		expected := 3
		partly.Accounts = connectors.ListFunc[connectors.Account](
			func(_ context.Context, _ connectors.Progress[connectors.Account]) (connectors.Listing[connectors.Account], error) {
				return connectors.Listing[connectors.Account]{Records: []connectors.Account{{ID: "1"}}, Expected: &expected}, nil
			})
		limited := crm()
		limited.Roles = failing[connectors.Role](connectors.Error{Kind: connectors.KindRateLimited, RetryAfter: time.Hour, Detail: "no more calls today"})
		limited.Health = func() connectors.Health { return connectors.Health{Breaker: connectors.BreakerOpen} }
		w := newTestServer(t, chat(), partly, limited).read()
		got := w.get(`{ sources {
			name kind state breaker capabilities
			collections { kind state count expectedCount syncedAt triedAt error { message code retryAt } }
		} }`)
		well := func(kind string, count float64) any {
			return map[string]any{"kind": kind, "state": "FRESH", "count": count, "expectedCount": nil, "syncedAt": now, "triedAt": now, "error": nil}
		}
		want := []any{
			map[string]any{"name": "chat", "kind": "ROCKET_CHAT", "state": "FRESH", "breaker": "CLOSED", "capabilities": []any{"PRESENCE"}, "collections": []any{
				well("ACCOUNTS", 3), well("TEAMS", 1), well("ROLES", 1),
			}},
			map[string]any{"name": "mailer", "kind": "ALTCRAFT", "state": "INCOMPLETE", "breaker": "CLOSED", "capabilities": []any{}, "collections": []any{
				map[string]any{"kind": "ACCOUNTS", "state": "INCOMPLETE", "count": 1., "expectedCount": 3., "syncedAt": now, "triedAt": now, "error": map[string]any{
					"message": "the source counts 3 of them, and 1 have been read. Until it is read whole, nothing counts as removed; roster check shows what the credential may see",
					"code":    "BAD_RESPONSE", "retryAt": nil,
				}},
			}},
			map[string]any{"name": "crm", "kind": "KOMMO", "state": "MISSING", "breaker": "OPEN", "capabilities": []any{}, "collections": []any{
				well("ACCOUNTS", 1),
				map[string]any{"kind": "ROLES", "state": "MISSING", "count": 0., "expectedCount": nil, "syncedAt": nil, "triedAt": now, "error": map[string]any{
					"message": "rate limited: no more calls today", "code": "RATE_LIMITED", "retryAt": time.Now().Add(time.Hour).Format(time.RFC3339),
				}},
				well("CONTACTS", 1),
			}},
		}
		if diff := cmp.Diff(want, got["sources"]); diff != "" {
			t.Errorf("sources (-want +got):\n%s", diff)
		}
	})
}

// Anomalies of a collection have their field and type. If there are none, the list is empty.
func TestAnomaliesOfASource(t *testing.T) {
	bubble(t, func(t *testing.T) {
		odd := mailer()
		odd.Accounts = connectors.ListFunc[connectors.Account](
			func(context.Context, connectors.Progress[connectors.Account]) (connectors.Listing[connectors.Account], error) {
				return connectors.Listing[connectors.Account]{Records: []connectors.Account{{ID: "1"}}, Complete: true, Anomalies: []connectors.Anomaly{
					{Field: "emails.address", Count: 2, Example: "array"}, {Field: "name", Count: 1, Example: "object"},
				}}, nil
			})
		w := newTestServer(t, odd, crm()).read()
		got := w.get(`{ sources { collections { state anomalies { field count example } } } }`)
		well := map[string]any{"state": "FRESH", "anomalies": []any{}}
		want := []any{
			map[string]any{"collections": []any{map[string]any{"state": "FRESH", "anomalies": []any{
				map[string]any{"field": "emails.address", "count": 2., "example": "array"}, map[string]any{"field": "name", "count": 1., "example": "object"},
			}}}},
			map[string]any{"collections": []any{well, well, well}},
		}
		if diff := cmp.Diff(want, got["sources"]); diff != "" {
			t.Errorf("(-want +got)\n%s", diff)
		}
	})
}

func TestTiersOfASource(t *testing.T) {
	bubble(t, func(t *testing.T) {
		w := newTestServer(t, mailer()).read()
		w.once = true
		w.get(`{ users(first: 1) { totalCount } }`) // served from memory
		got := w.get(`{ sources { collections { tiers { kind entries bytes syncedAt hits misses fills waits } } } }`)
		tiers := got["sources"].([]any)[0].(map[string]any)["collections"].([]any)[0].(map[string]any)["tiers"].([]any)
		if bytes, _ := tiers[0].(map[string]any)["bytes"].(float64); bytes < 100 {
			t.Errorf("an account takes %v bytes of memory", bytes)
		}
		delete(tiers[0].(map[string]any), "bytes")
		want := []any{
			map[string]any{"kind": "MEMORY", "entries": 1., "syncedAt": time.Now().Format(time.RFC3339), "hits": 1., "misses": 0., "fills": 1., "waits": 0.},
			map[string]any{"kind": "SOURCE", "entries": nil, "bytes": nil, "syncedAt": nil, "hits": 1., "misses": 0., "fills": 0., "waits": 0.},
		}
		if diff := cmp.Diff(want, tiers); diff != "" {
			t.Errorf("tiers (-want +got):\n%s", diff)
		}
	})
}

func TestSourceCredential(t *testing.T) {
	bubble(t, func(t *testing.T) {
		end := time.Now().Add(5 * 24 * time.Hour)
		ending, renewed := crm(), mailer()
		ending.Credential = func() connectors.CredentialStatus { return connectors.LastingCredential(end, "make a new token") }
		renewed.Credential = func() connectors.CredentialStatus {
			return connectors.CredentialStatus{State: connectors.CredentialRefused, Renewed: true, Detail: "authorise again"}
		}
		w := newTestServer(t, chat(), renewed, ending).read()
		got := w.get(`{ sources { name credential { state expiresAt renewed message } } }`)
		want := []any{
			map[string]any{"name": "chat", "credential": nil},
			map[string]any{"name": "mailer", "credential": map[string]any{
				"state": "REFUSED", "expiresAt": nil, "renewed": true, "message": "authorise again",
			}},
			map[string]any{"name": "crm", "credential": map[string]any{
				"state": "EXPIRING", "expiresAt": end.Format(time.RFC3339), "renewed": false, "message": "make a new token",
			}},
		}
		if diff := cmp.Diff(want, got["sources"]); diff != "" {
			t.Errorf("sources (-want +got):\n%s", diff)
		}
	})
}
