package httpapi_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"runtime"
	"strconv"
	"strings"
	"testing"

	"roster/internal/generation"
	"roster/internal/httpapi"
	"roster/internal/presence"
	"roster/internal/snapshot"
	"roster/resolvers"
)

// emptyGraph returns a graph without sources, and limits that refuse no documents of these tests.
func emptyGraph() (*resolvers.Resolver, httpapi.Limits) {
	keeper := snapshot.New(snapshot.Options{})
	limits := httpapi.DefaultLimits()
	limits.Requests, limits.Cost = 0, 1<<40
	return &resolvers.Resolver{Publisher: generation.New(generation.Options{Keeper: keeper}), Keeper: keeper, Presence: presence.New(nil, presence.Options{})}, limits
}

// variants returns a document with an operation Q that has eight plans, by its variables.
func variants(n int, fields, rest string) string {
	const variables = "($a: Boolean!, $b: Boolean!, $c: Boolean!) { x: __typename @include(if: $a) y: __typename @include(if: $b) z: __typename @include(if: $c) "
	return fmt.Sprintf("query Q%s%s } query Other%d { __typename } %s", variables, fields, n, rest)
}

// repeated returns a text so many times, with a number in the place of #.
func repeated(times int, text string) string {
	var b strings.Builder
	for i := range times {
		b.WriteString(strings.ReplaceAll(text, "#", strconv.Itoa(i)))
	}
	return b.String()
}

// askVariants executes Q with all values of its variables.
func askVariants(t *testing.T, h http.Handler, document string) {
	t.Helper()
	for v := range 8 {
		body, err := json.Marshal(map[string]any{"query": document, "operationName": "Q",
			"variables": map[string]bool{"a": v&1 > 0, "b": v&2 > 0, "c": v&4 > 0}})
		if err != nil {
			t.Fatal(err)
		}
		if rec := do(h, post(string(body))); !strings.Contains(rec.Body.String(), `"data":`) {
			t.Fatalf("HTTP %d %.300s", rec.Code, rec.Body)
		}
	}
}

const ofAccounts = " id externalId name username email active accessLevel url user { id } teams { id } source { id } "

var memoryOfDocuments = map[string]func(n int) string{
	"many plans": func(n int) string {
		return variants(n, repeated(15, ` a#: node(id: "") { ... on Account {`+ofAccounts+`} }`), "")
	},
	"plans that are too long": func(n int) string {
		return variants(n, repeated(90, ` a#: node(id: "") { ... on Account {`+ofAccounts+`} }`), "")
	},
	"a fragment used 90 times": func(n int) string {
		return variants(n, repeated(90, ` a#: node(id: "") { ...F }`), "fragment F on Account {"+ofAccounts+"}")
	},
	"many fields":     func(n int) string { return variants(n, "users { nodes { "+strings.Repeat("id ", 150)+"} }", "") },
	"many operations": func(n int) string { return variants(n, "", repeated(90, " query X# { __typename }")) },
	"a long list":     func(n int) string { return variants(n, "nodes(ids: ["+strings.Repeat("1 ", 2000)+"]) { id }", "") },
	"an object in arguments": func(n int) string {
		return variants(n, repeated(15, ` a#: node(id: "") { ... on Team { members(filter: {search: "a", teams: ["a"]}) { totalCount } } }`), "")
	},
}

// Documents and their plans take no more memory than they weigh, and weigh no more than the cache may hold.
func TestDocumentsAreBounded(t *testing.T) { //nolint:paralleltest // it measures memory
	const most = 4 << 20
	for name, document := range memoryOfDocuments {
		t.Run(name, func(t *testing.T) { //nolint:paralleltest // it measures memory
			api, limits := emptyGraph()
			h, kept := httpapi.WithDocuments(httpapi.Options{API: api, Limits: limits}, most)
			askVariants(t, h, variants(0, "", "")) // what is made once is not measured
			before := heap()
			for n := range 12 {
				askVariants(t, h, document(n+1))
				if _, got := kept(); got > most {
					t.Fatalf("%d documents weigh %d, more than %d", n+1, got, most)
				}
			}
			memory := int(heap()) - int(before)
			if documents, weight := kept(); memory > weight {
				t.Errorf("%d documents of %d bytes take %d bytes, and weigh %d", documents, len(document(1)), memory, weight)
			}
			runtime.KeepAlive(h)
		})
	}
}

func heap() uint64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}
