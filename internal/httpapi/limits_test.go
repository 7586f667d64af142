package httpapi_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/google/go-cmp/cmp"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"roster/internal/access"
	"roster/internal/httpapi"
)

// refused is an answer's error about a limit.
type refused struct {
	Message    string
	Extensions struct {
		Code, Limit     string
		Maximum, Actual int
		RetryAfter      int
	}
}

func refusalsOf(t *testing.T, body []byte) []refused {
	t.Helper()
	var a struct {
		Data   json.RawMessage
		Errors []refused
	}
	if err := json.Unmarshal(body, &a); err != nil {
		t.Fatalf("%v: %.300s", err, body)
	}
	return a.Errors
}

func request(document string, variables any) string {
	text, err := json.Marshal(map[string]any{"query": document, "variables": variables})
	if err != nil {
		panic(err)
	}
	return string(text)
}

func TestDocumentLimits(t *testing.T) {
	t.Parallel()
	deep := func(n int) string { return strings.Repeat("{self", n-1) + "{hello}" + strings.Repeat("}", n-1) }
	many := func(n int, format string) string {
		var b strings.Builder
		for i := range n {
			fmt.Fprintf(&b, strings.ReplaceAll(format, "#", "%[1]d"), i)
		}
		return b.String()
	}
	doubling := "{...F0} " + many(20, "fragment F# on Query{a:self{...G#} b:self{...G#}} ") + "fragment F20 on Query{hello}"
	for i := range 20 {
		doubling = strings.ReplaceAll(doubling, fmt.Sprintf("G%d}", i), fmt.Sprintf("F%d}", i+1))
	}
	toNone := "{...F0} " + many(100, "fragment F# on Query{...G# ...G#} ")
	for i := range 100 {
		toNone = strings.ReplaceAll(toNone, fmt.Sprintf("G%d ...G%d}", i, i), fmt.Sprintf("F%d ...F%d}", i+1, i+1))
	}
	for name, tc := range map[string]struct {
		document string
		limit    string
		maximum  int
		actual   int
	}{
		"as deep as allowed":          {deep(12), "", 0, 0},
		"one level deeper":            {deep(13), "depth", 12, 13},
		"deeper by a fragment":        {"{self{...F}} fragment F on Query" + deep(12), "depth", 12, 13},
		"inline fragments":            {"{self{... on Query" + deep(11) + "}}", "", 0, 0},
		"deeper than can be parsed":   {strings.Repeat("{self", 2000), "depth", 12, 0},
		"fragments that double":       {doubling, "depth", 12, 21},
		"that double to none":         {toNone, "fields", 2000, 2147483647},
		"fragments of one name":       {"{...F} fragment F on Query{" + strings.Repeat("nickname ", 150) + "}" + strings.Repeat(" fragment F on Query{...F}", 14), "fields", 2000, 2250},
		"as many tokens as allowed":   {"{hello" + strings.Repeat(" ", 100_000) + "#" + strings.Repeat("x", 100_000) + "\n}", "", 0, 0},
		"too many tokens":             {"{" + strings.Repeat("hello ", 5000) + "}", "tokens", 5000, 0},
		"as many aliases as allowed":  {"{self{" + many(200, "a#:hello ") + "}}", "", 0, 0},
		"too many aliases":            {"{self{" + many(201, "a#:hello ") + "}}", "aliases", 200, 201},
		"aliases in a fragment":       {"{self{...F} b:self{...F}} fragment F on Query{" + many(100, "a#:hello ") + "}", "aliases", 200, 201},
		"too many fields":             {"{" + many(20, "s#:self{...F} ") + "} fragment F on Query{" + strings.Repeat("nickname ", 100) + "}", "fields", 2000, 2020},
		"fields of all operations":    {many(21, "query Q#{...F} ") + "fragment F on Query{" + strings.Repeat("nickname ", 100) + "}", "fields", 2000, 2100},
		"too many directives":         {"{hello" + strings.Repeat(" @include(if:true)", 201) + "}", "directives", 200, 201},
		"too many at the root":        {"{" + many(101, "a#:hello ") + "}", "root_fields", 100, 101},
		"too many fragments":          {"{...F0}" + many(201, "fragment F# on Query{hello} "), "fragments", 200, 201},
		"a field again and again":     {"{self{" + strings.Repeat("hello ", 201) + "}}", "pairs", 20_000, 0},
		"an object again and again":   {"{self{" + strings.Repeat("self{hello nickname} ", 120) + "}}", "pairs", 20_000, 0},
		"a field as often as allowed": {"{self{" + strings.Repeat("hello ", 200) + "}}", "", 0, 0},
		"introspection is shallow":    {"{__schema{types{fields{type{ofType" + strings.Repeat("{ofType", 9) + "{name}" + strings.Repeat("}", 9) + "}}}}}", "", 0, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := httpapi.New(httpapi.Options{API: api{}, Introspection: true})
			for way, r := range map[string]*http.Request{
				"POST": post(request(tc.document, nil)), "GET": get("query=" + url.QueryEscape(tc.document)),
				"newer": post(request(tc.document, nil), "Accept", "application/graphql-response+json"),
			} {
				rec := do(h, r)
				errs := refusalsOf(t, rec.Body.Bytes())
				if tc.limit == "" {
					if len(errs) > 0 && errs[0].Extensions.Code == "LIMIT_EXCEEDED" {
						t.Errorf("%s: %+v", way, errs)
					}
					continue
				}
				want := map[string]int{"POST": 200, "GET": 200, "newer": 400}[way]
				if rec.Code != want || len(errs) != 1 || strings.Contains(rec.Body.String(), `"data"`) {
					t.Fatalf("%s: HTTP %d %.300s, want %d and one error", way, rec.Code, rec.Body, want)
				}
				got := errs[0].Extensions
				if got.Code != "LIMIT_EXCEEDED" || got.Limit != tc.limit || got.Maximum != tc.maximum || got.Actual != tc.actual {
					t.Errorf("%s: %+v, want the limit %s of %d and %d", way, errs[0], tc.limit, tc.maximum, tc.actual)
				}
				if !strings.Contains(errs[0].Message, strconv.Itoa(tc.maximum)) {
					t.Errorf("%s: %q does not name the limit", way, errs[0].Message)
				}
			}
		})
	}
}

func TestFragmentCycle(t *testing.T) {
	t.Parallel()
	rec := do(httpapi.New(httpapi.Options{API: api{}}), post(request("{...F} fragment F on Query{self{...G}} fragment G on Query{self{...F}}", nil)))
	if errs := refusalsOf(t, rec.Body.Bytes()); len(errs) != 1 || errs[0].Extensions.Code != "GRAPHQL_VALIDATION_FAILED" {
		t.Errorf("%s", rec.Body)
	}
}

func TestVariablesLimits(t *testing.T) {
	t.Parallel()
	nested := func(n int) any {
		var v any = "x"
		for range n {
			v = []any{v}
		}
		return map[string]any{"n": v}
	}
	for name, tc := range map[string]struct {
		variables any
		limit     string
		actual    int
	}{
		"small":             {map[string]any{"n": `a "[[[[[[[[[[[[[[[[[[[" b`}, "", 0},
		"as deep as can be": {nested(16), "", 0},
		"too deep":          {nested(17), "variables_depth", 17},
		"far too deep":      {nested(1000), "variables_depth", 1000},
		"too long":          {map[string]any{"n": strings.Repeat("x", 512<<10)}, "variables_bytes", 512<<10 + 8},
	} {
		rec := do(httpapi.New(httpapi.Options{API: api{}}), post(request("query($n: String) { hello(name: $n) }", tc.variables)))
		errs := refusalsOf(t, rec.Body.Bytes())
		if tc.limit == "" {
			if len(errs) > 0 && errs[0].Extensions.Limit != "" {
				t.Errorf("%s: %+v", name, errs)
			}
			continue
		}
		if len(errs) != 1 || errs[0].Extensions.Limit != tc.limit || errs[0].Extensions.Actual != tc.actual {
			t.Errorf("%s: HTTP %d %.300s; want the limit %s and %d", name, rec.Code, rec.Body, tc.limit, tc.actual)
		}
	}
}

func TestErrorsAreCut(t *testing.T) {
	t.Parallel()
	h := httpapi.New(httpapi.Options{API: api{exec: func(context.Context) *graphql.Response {
		resp := &graphql.Response{Data: json.RawMessage(`{}`)}
		for i := range 3000 {
			resp.Errors = append(resp.Errors, gqlerror.Errorf("error %d", i))
		}
		return resp
	}}})
	errs := refusalsOf(t, do(h, post(hello)).Body.Bytes())
	if len(errs) != 101 || errs[99].Message != "error 99" {
		t.Fatalf("%d errors are shown, want 100 and a note", len(errs))
	}
	if note := errs[100].Extensions; note.Code != "LIMIT_EXCEEDED" || note.Limit != "errors" || note.Actual != 3000 || note.Maximum != 100 {
		t.Errorf("the note: %+v", errs[100])
	}
}

func TestCost(t *testing.T) {
	t.Parallel()
	limits := httpapi.DefaultLimits()
	limits.Cost = 5
	h := httpapi.New(httpapi.Options{API: api{}, Limits: limits})
	rec := do(h, post(`{"query":"{ hello self { hello } }","extensions":{"cost":true}}`))
	if diff := cmp.Diff(`{"data":{"hello":"world"},"extensions":{"cost":{"maximum":5,"requested":3}}}`, rec.Body.String()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	errs := refusalsOf(t, do(h, post(`{"query":"{ a: self { self { hello } } b: self { self { hello } } }"}`)).Body.Bytes())
	if len(errs) != 1 || errs[0].Extensions.Limit != "cost" || errs[0].Extensions.Actual != 6 || errs[0].Extensions.Maximum != 5 {
		t.Errorf("%+v", errs)
	}
	if rec := do(h, post(hello)); strings.Contains(rec.Body.String(), "cost") {
		t.Errorf("the cost was not requested: %s", rec.Body)
	}
}

func TestRate(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		limits := httpapi.DefaultLimits()
		limits.Requests, limits.RequestsPer = 2, 10*time.Second
		h := httpapi.New(httpapi.Options{API: api{}, Limits: limits})
		from := func(address string) *httptest.ResponseRecorder {
			r := post(hello)
			r.RemoteAddr = address
			return do(h, r)
		}
		for i, want := range []string{`"caller";r=1;t=5`, `"caller";r=0;t=10`} {
			rec := from("192.0.2.1:1000")
			if rec.Code != 200 || rec.Header().Get("RateLimit") != want || rec.Header().Get("RateLimit-Policy") != "" {
				t.Errorf("request %d: HTTP %d %v", i, rec.Code, rec.Header())
			}
		}
		rec := from("192.0.2.1:1001")
		errs := refusalsOf(t, rec.Body.Bytes())
		if rec.Code != 429 || rec.Header().Get("Retry-After") != "5" || rec.Header().Get("RateLimit-Policy") != `"caller";q=2;w=10` || len(errs) != 1 || errs[0].Extensions.Limit != "requests" || errs[0].Extensions.RetryAfter != 5 {
			t.Errorf("one too many: HTTP %d %v %s", rec.Code, rec.Header(), rec.Body)
		}
		if rec := from("192.0.2.2:1000"); rec.Code != 200 {
			t.Errorf("another caller: HTTP %d", rec.Code)
		}
		time.Sleep(5 * time.Second)
		if rec := from("192.0.2.1:1002"); rec.Code != 200 {
			t.Errorf("after the time in Retry-After: HTTP %d", rec.Code)
		}
	})
}

func TestConcurrency(t *testing.T) {
	t.Parallel()
	limits := httpapi.DefaultLimits()
	limits.Operations, limits.CallerOperations = 3, 2
	under, goOn := make(chan struct{}), make(chan struct{})
	h := httpapi.New(httpapi.Options{Limits: limits, API: api{exec: func(context.Context) *graphql.Response {
		under <- struct{}{}
		<-goOn
		return &graphql.Response{Data: json.RawMessage(`{}`)}
	}}})
	from := func(address string) *http.Request {
		r := post(hello)
		r.RemoteAddr = address
		return r
	}
	var running sync.WaitGroup
	for _, address := range []string{"192.0.2.1:1", "192.0.2.1:2", "192.0.2.2:1"} {
		running.Go(func() {
			if rec := do(h, from(address)); rec.Code != 200 {
				t.Errorf("%s: HTTP %d", address, rec.Code)
			}
		})
		<-under
	}
	for address, want := range map[string]struct {
		status int
		limit  string
	}{"192.0.2.1:3": {429, "caller_operations"}, "192.0.2.3:1": {503, "operations"}} {
		rec := do(h, from(address))
		if errs := refusalsOf(t, rec.Body.Bytes()); rec.Code != want.status || len(errs) != 1 || errs[0].Extensions.Limit != want.limit || rec.Header().Get("Retry-After") != "1" {
			t.Errorf("%s: HTTP %d %v %s, want %+v", address, rec.Code, rec.Header(), rec.Body, want)
		}
	}
	close(goOn)
	running.Wait()
	go func() { <-under }()
	if rec := do(h, from("192.0.2.3:1")); rec.Code != 200 {
		t.Errorf("when there is a free slot again: HTTP %d", rec.Code)
	}
}

// Callers are counted by their names, from any address. Rejected requests are counted by their address.
func TestCallersAreCounted(t *testing.T) {
	t.Parallel()
	limits := httpapi.DefaultLimits()
	limits.Requests = 1
	h := httpapi.New(httpapi.Options{API: api{}, Limits: limits, Access: guard{"Bearer bad": access.ErrInvalid}})
	for _, name := range []string{"ann", "bob"} { // from one address
		for _, want := range []int{200, 429} {
			if rec := do(h, post(hello, "Authorization", "Bearer "+name)); rec.Code != want {
				t.Errorf("%s: HTTP %d %s, want %d", name, rec.Code, rec.Body, want)
			}
		}
	}
	for _, want := range []int{401, 429} {
		if rec := do(h, post(hello, "Authorization", "Bearer bad")); rec.Code != want {
			t.Errorf("who guesses: HTTP %d %s, want %d", rec.Code, rec.Body, want)
		}
	}
}

func refusedList(message string) gqlerror.List { return gqlerror.List{{Message: message}} }
