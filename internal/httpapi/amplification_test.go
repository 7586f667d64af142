package httpapi_test

import (
	"encoding/json"
	"fmt"
	"runtime"
	"strings"
	"testing"

	"roster/internal/httpapi"
)

func smallServer(tb testing.TB) func(body string) (out string, allocated uint64) {
	tb.Helper()
	h, err := serverOf(50, nil)
	if err != nil {
		tb.Fatal(err)
	}
	return func(body string) (string, uint64) {
		r := post(body)
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		rec := do(h, r)
		runtime.ReadMemStats(&after)
		return rec.Body.String(), after.TotalAlloc - before.TotalAlloc
	}
}

func list(n int, item string) string { return strings.TrimSuffix(strings.Repeat(item+",", n), ",") }

func numbered(n int, format string) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, format, i)
	}
	return b.String()
}

// A request cannot multiply its own length: whatever is wrong with it, the answer is short, and little memory is used.
//
//nolint:paralleltest // it measures what the process allocates
func TestNothingIsMultiplied(t *testing.T) {
	ask := smallServer(t)
	ask(hello) // what is set up by the first request
	name := strings.Repeat("n", 200)
	for name, tc := range map[string]struct {
		body      string
		says      string
		allocated uint64 // MiB
	}{
		"a name of 1 MB with undefined variables": {
			request("query "+strings.Repeat("n", 900<<10)+" {"+numbered(2300, " user(by:{id:$v%d}){id}")+"}", nil), "a name may have 200", 16},
		"long names with undefined variables": {
			request("query "+name+" {"+numbered(90, " a%d: user(by:{id:$v"+name[:190]+"}){id}")+"}", nil), `is not defined by operation`, 16},
		"an alias of 1 MB":                 {request("{ "+strings.Repeat("a", 900<<10)+": users { nope } }", nil), "a name may have 200", 16},
		"a field of 1 MB":                  {request("{ "+strings.Repeat("a", 900<<10)+" }", nil), "a name may have 200", 16},
		"a directive of 1 MB":              {request("{ users @"+strings.Repeat("a", 900<<10)+" { totalCount } }", nil), "a name may have 200", 16},
		"a fragment of 1 MB":               {request("{ ..."+strings.Repeat("a", 900<<10)+" }", nil), "a name may have 200", 16},
		"a text of 1 MB where none may be": {request(`{ users(first: "`+strings.Repeat("a", 900<<10)+`") { totalCount } }`, nil), "GRAPHQL_VALIDATION_FAILED", 32},
		"one in a fragment of many operations": {
			request(`fragment F on Query { users(first: "`+strings.Repeat("a", 500<<10)+`") { totalCount } } `+numbered(300, "query Q%d { ...F } "), nil), "GRAPHQL_VALIDATION_FAILED", 64},
		"200 fields that conflict with each other": {
			request("{ users {"+numbered(200, " "+name[:190]+": no%d")+" } }", nil), "GRAPHQL_VALIDATION_FAILED", 16},
		"a text of 1 MB where the parser expects a name": {request(`{ "`+strings.Repeat("a", 900<<10)+`" }`, nil), "GRAPHQL_PARSE_FAILED", 32},
		"a malformed ID of 250 kB over 100 fields": {
			request("query($r: [_Any!]!) {"+numbered(100, " a%d: _entities(representations: $r) { __typename }")+"}",
				map[string]any{"r": []any{map[string]any{"__typename": "User", "id": strings.Repeat("!", 250<<10)}}}), "is not an ID of this graph", 64},
		"a type of 250 kB over 100 fields": {
			request("query($r: [_Any!]!) {"+numbered(100, " a%d: _entities(representations: $r) { __typename }")+"}",
				map[string]any{"r": []any{map[string]any{"__typename": strings.Repeat("T", 250<<10)}}}), "there is no entity of type", 32},
		"600 malformed representations over 100 fields": {
			request("query($r: [_Any!]!) {"+numbered(100, " a%d: _entities(representations: $r) { __typename }")+"}",
				map[string]any{"r": json.RawMessage("[" + list(600, `{"__typename":"User","id":"!"}`) + "]")}), "is not an ID of this graph", 160},
		"65,000 items in a filter": {
			request("query($f: UserFilter) { users(filter: $f) { totalCount } }",
				map[string]any{"f": map[string]any{"accounts": json.RawMessage("[" + list(65_000, "{}") + "]")}}), `"limit":"list_items"`, 8},
		"items in the document and in variables together": {
			request("query($a: [ID!]!) { nodes(ids: $a) { id } more: nodes(ids: ["+strings.Repeat(`"x" `, 2000)+"]) { id } }",
				map[string]any{"a": json.RawMessage("[" + list(4000, `"x"`) + "]")}), `"actual":6000,"code":"LIMIT_EXCEEDED","limit":"list_items"`, 8},
		"a source's name of 500 kB": {
			request("query($s: String!) {"+numbered(100, " a%d: user(by: {account: {source: $s, externalId: \"1\"}}) { id }")+"}",
				map[string]any{"s": strings.Repeat("s", 500<<10)}), `"errors"`, 32},
		"an alias of 200 bytes in each path": {
			request("{"+numbered(100, " a%d"+name[:190]+": users(first: -1) { totalCount }")+"}", nil), "must be between", 16},
		"errors with long paths": {
			request("{"+numbered(5, " a%d"+name[:190]+": users(first: 50) { "+name+": nodes { t"+name[:190]+": teams { m"+name[:190]+": members(first: -1) { totalCount } } } }")+"}", nil),
			"must be between", 32},
		"names of 500 kB in variables": {
			request("query($f: UserFilter) { users(filter: $f) { totalCount } }", map[string]any{"f": map[string]any{strings.Repeat("k", 400<<10): 1}}), "has no such field", 16},
		"an operation's name of 1 MB in the request": {
			`{"query":"{ users { totalCount } }","operationName":"` + strings.Repeat("o", 900<<10) + `"}`, "no operation of the name", 16},
		"a hash of 1 MB": {
			`{"extensions":{"persistedQuery":{"version":1,"sha256Hash":"` + strings.Repeat("0", 900<<10) + `"}}}`, "PersistedQueryNotSupported", 16},
	} {
		t.Run(name, func(t *testing.T) {
			out, allocated := ask(tc.body)
			most := 80 << 10
			if strings.Contains(out, `"data":{`) { // a null for each item of each field, which is what was asked for
				most = 400 << 10
			}
			if len(out) > most || !strings.Contains(out, tc.says) || !json.Valid([]byte(out)) {
				t.Errorf("%d kB in, %d kB out: %.400s; want at most %d kB, with %q", len(tc.body)>>10, len(out)>>10, out, most>>10, tc.says)
			}
			var answer struct{ Errors json.RawMessage }
			if err := json.Unmarshal([]byte(out), &answer); err != nil || len(answer.Errors) > 72<<10 {
				t.Errorf("%d kB of errors, %v", len(answer.Errors)>>10, err)
			}
			if allocated > tc.allocated<<20 {
				t.Errorf("%d MiB were allocated, want at most %d", allocated>>20, tc.allocated)
			}
		})
	}
}

// An answer that is too long is replaced by one error, and the rest of it is not written.
//
//nolint:paralleltest // it measures what the process allocates
func TestAnswerBytes(t *testing.T) {
	const most = 64 << 10
	h, err := serverOf(50, func(l *httpapi.Limits) { l.AnswerBytes = most })
	if err != nil {
		t.Fatal(err)
	}
	page := func(copies int) string {
		return request("{"+numbered(copies, " a%d: users(first: 50) { nodes { id name emails { address } accounts { id externalId } } }")+"}", nil)
	}
	for _, header := range [][]string{nil, {"Accept", "application/graphql-response+json"}, {"Accept", "text/event-stream"}} {
		if out := do(h, post(page(1), header...)).Body.String(); strings.Contains(out, "LIMIT_EXCEEDED") || !strings.Contains(out, `"nodes":[{`) {
			t.Errorf("%v: a page within the limit gets %.300s", header, out)
		}
		rec := do(h, post(page(40), header...))
		out := strings.TrimPrefix(rec.Body.String(), "event: next\ndata: ")
		if rec.Code != 200 || !strings.HasPrefix(out, `{"errors":[{"message":"the answer is longer than the limit of 65536 bytes`) ||
			!strings.Contains(out, `"limit":"answer_bytes","maximum":65536`) || !strings.Contains(out, `"data":null`) || len(out) > 1000 {
			t.Errorf("%v: HTTP %d %.300s", header, rec.Code, out)
		}
	}
}
