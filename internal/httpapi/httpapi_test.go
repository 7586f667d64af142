package httpapi_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/google/go-cmp/cmp"
	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"
	"github.com/vektah/gqlparser/v2/validator"
	"github.com/vektah/gqlparser/v2/validator/rules"

	"roster/internal/cost"
	"roster/internal/export"
	"roster/internal/freshness"
	"roster/internal/httpapi"
)

// api is a graph whose answers a test decides.
type api struct {
	exec   func(ctx context.Context) *graphql.Response
	stream func(ctx context.Context) graphql.ResponseHandler // of subscriptions
	waits  func(ctx context.Context)                         // before each answer
}

var schema = gqlparser.MustLoadSchema(&ast.Source{Input: `type Query { hello(name: String): String nickname: String self: Query } type Mutation { change: String } type Subscription { count: Int }`})

func (a api) Schema() graphql.ExecutableSchema { return executable(a) }

func (api) Lists() cost.Lists { return nil }

func (api) CheckSource(string, string) error { return nil }

func (api) Exports() *export.Lists { return nil }

func (api) Reusable(op *ast.OperationDefinition) bool { return op.Operation == ast.Query }

func (a api) Extension(func(context.Context, cost.Lists) gqlerror.List) graphql.HandlerExtension {
	return idle{a.waits}
}

func (api) TypeName(own string) string { return own }

func (api) FieldName(_, own string) string { return own }

func (a api) Prepare(doc *ast.QueryDocument, by *rules.Rules) gqlerror.List {
	return validator.ValidateWithRules(a.Schema().Schema(), doc, by)
}

func (api) ErrorPresenter(ctx context.Context, err error) *gqlerror.Error {
	return graphql.DefaultErrorPresenter(ctx, err)
}

func (api) Recover(context.Context, any) error { return gqlerror.Errorf("internal error") }

type executable api

func (executable) Schema() *ast.Schema { return schema }

func (executable) Complexity(context.Context, string, string, int, map[string]any) (int, bool) {
	return 0, false
}

func (e executable) Exec(ctx context.Context) graphql.ResponseHandler {
	if e.stream != nil && graphql.GetOperationContext(ctx).Operation.Operation == ast.Subscription {
		return e.stream(ctx)
	}
	resp := &graphql.Response{Data: json.RawMessage(`{"hello":"world"}`)}
	if e.exec != nil {
		resp = e.exec(ctx)
	}
	return graphql.OneShot(resp)
}

type idle struct{ waits func(context.Context) }

func (idle) ExtensionName() string                   { return "idle" }
func (idle) Validate(graphql.ExecutableSchema) error { return nil }
func (i idle) InterceptResponse(ctx context.Context, next graphql.ResponseHandler) *graphql.Response {
	if i.waits != nil {
		i.waits(ctx)
	}
	return next(ctx)
}

const hello = `{"query":"{ hello }"}`

func post(body string, header ...string) *http.Request {
	r := httptest.NewRequestWithContext(context.Background(), http.MethodPost, "/graphql", strings.NewReader(body))
	r.Header.Set("Content-Type", "application/json")
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	return r
}

func get(query string, header ...string) *http.Request {
	r := post("", header...)
	r.Method, r.Body, r.ContentLength = http.MethodGet, http.NoBody, 0
	r.URL.RawQuery = query
	r.Header.Del("Content-Type")
	return r
}

func do(h http.Handler, r *http.Request) *httptest.ResponseRecorder {
	rec := httptest.NewRecorder()
	h.ServeHTTP(rec, r)
	return rec
}

// unsized hides the length of a body, like a chunked request.
func unsized(r *http.Request) *http.Request {
	r.Body = io.NopCloser(r.Body)
	r.ContentLength = -1
	return r
}

func large(n int) string {
	return `{"query":"{ hello }","extensions":{"x":"` + strings.Repeat("x", n) + `"}}`
}

func TestRequests(t *testing.T) {
	t.Parallel()
	const world = `{"data":{"hello":"world"}}`
	query := "query=" + url.QueryEscape("query Q($n: String) { hello(name: $n) }")
	for name, tc := range map[string]struct {
		request *http.Request
		status  int
		body    string // the whole of it, or what its only error says
	}{
		"POST":                                 {post(hello), 200, world},
		"POST with everything":                 {post(`{"query":"query Q($n: String) { hello(name: $n) }","variables":{"n":"x"},"operationName":"Q","extensions":{}}`), 200, world},
		"POST with nulls":                      {post(`{"query":"{ hello }","variables":null,"operationName":null,"extensions":null}`), 200, world},
		"POST in UTF-8":                        {post(hello, "Content-Type", "Application/JSON; charset=UTF-8"), 200, world},
		"POST in another charset":              {post(hello, "Content-Type", "application/json; charset=utf-16"), 415, "UTF-8"},
		"POST of a form":                       {post(hello, "Content-Type", "application/x-www-form-urlencoded"), 415, "application/json"},
		"POST of a multipart form":             {post(hello, "Content-Type", "multipart/form-data; boundary=x"), 415, "application/json"},
		"POST of plain text":                   {post(hello, "Content-Type", "text/plain"), 415, "application/json"},
		"POST of nobody knows what":            {post(hello, "Content-Type", ""), 415, "application/json"},
		"POST in utf8":                         {post(hello, "Content-Type", `application/json;charset="utf8"`), 200, world},
		"POST with a byte order mark":          {post("\ufeff" + hello), 200, world},
		"POST with a byte order mark behind":   {post(hello + "\ufeff"), 400, "JSON object"},
		"GET with a byte order mark":           {get("query=%EF%BB%BF%7Bhello%7D"), 200, world},
		"POST of nothing":                      {post(""), 400, "JSON object"},
		"POST of no JSON":                      {post(`{"query": secret`), 400, "JSON object"},
		"POST of a list":                       {post(`[` + hello + `]`), 400, "JSON object"},
		"POST of two":                          {post(hello + hello), 400, "JSON object"},
		"POST of other types":                  {post(`{"query":5}`), 400, "JSON object"},
		"POST with variables in a list":        {post(`{"query":"{ hello }","variables":[]}`), 400, "JSON object"},
		"POST without a query":                 {post(`{}`), 400, "no query"},
		"POST that is too large":               {post(large(1 << 20)), 413, "1048576 bytes"},
		"POST that is too large and unsized":   {unsized(post(large(1 << 20))), 413, "1048576 bytes"},
		"POST too large only behind the value": {unsized(post(hello + strings.Repeat(" ", 1<<20))), 413, "1048576 bytes"},
		"POST that is just not too large":      {unsized(post(large(1<<20 - 60))), 200, world},
		"GET":                                  {get(query), 200, world},
		"GET with everything":                  {get(query + "&variables=" + url.QueryEscape(`{"n":"x"}`) + "&operationName=Q&extensions={}"), 200, world},
		"GET with variables in a list":         {get(query + "&variables=[]"), 400, "variables must be"},
		"GET with something behind":            {get(query + "&extensions={}{}"), 400, "extensions must be"},
		"GET that is not well-formed":          {get("query=%zz"), 400, "well-formed"},
		"GET without a query":                  {get(""), 400, "no query"},
		"GET of a mutation":                    {get("query=" + url.QueryEscape("mutation { change }")), 405, "POST"},
		"a syntax error":                       {post(`{"query":"{"}`), 200, "Expected Name"},
		"an unknown field, with no suggestion": {post(`{"query":"{ helo }"}`), 200, `Cannot query field "helo" on type "Query".`},
		"an unknown argument, as well":         {post(`{"query":"{ hello(nam: 1) }"}`), 200, `Unknown argument "nam" on field "Query.hello".`},
		"an unknown type, as well":             {post(`{"query":"{ hello ... on Quer { hello } }"}`), 200, `Unknown type "Quer".`},
		"a document without an operation":      {post(`{"query":"fragment F on Query { hello }"}`), 200, "no operation"},
		"an operation that is not there":       {post(`{"query":"query A { hello }","operationName":"secret"}`), 200, "no operation of the name"},
		"POST that is not UTF-8":               {post("{\"query\":\"{ hello(name: \\\"\xff\\\") }\"}"), 400, "UTF-8"},
		"GET that is not UTF-8":                {get("query=%7Bhello%7D%23%ff"), 400, "UTF-8"},
		"a requirement":                        {post(hello, "Cache-Control", "max-age=5, stale-if-error=60, x-new=y"), 200, world},
		"an invalid requirement":               {post(hello, "Cache-Control", "max-age=soon"), 400, "max-age"},
		"an invalid requirement, by GET":       {get(query, "Cache-Control", "stale-if-error=-1"), 400, "stale-if-error"},
		"a place of source errors":             {post(hello, "X-Roster-Source-Errors", "errors"), 200, world},
		"an invalid place of source errors":    {post(hello, "X-Roster-Source-Errors", "Errors"), 400, "errors or extensions"},
		"an empty place of source errors":      {get(query, "X-Roster-Source-Errors", ""), 400, "errors or extensions"},
		"a place of source errors, inside":     {post(`{"query":"{ hello }","extensions":{"X-Roster-Source-Errors":"extensions"}}`), 200, world},
		"a place that is not a string":         {post(`{"query":"{ hello }","extensions":{"X-Roster-Source-Errors":1}}`), 400, "errors or extensions"},
		"one of several operations":            {post(`{"query":"query A { hello } query B { hello }"}`), 200, "name one in operationName"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			rec := do(httpapi.New(httpapi.Options{API: api{}}), tc.request)
			if rec.Code != tc.status {
				t.Errorf("HTTP %d, want %d", rec.Code, tc.status)
			}
			want := http.Header{
				"Content-Type": {"application/json"}, "Cache-Control": {"no-store"}, "Vary": {"Accept, Accept-Encoding, Authorization, X-Roster-Source-Token, X-Roster-Worksection-Token, X-Roster-Source-Errors"}, "X-Content-Type-Options": {"nosniff"},
			}
			if tc.request.Method == http.MethodGet && tc.body == world {
				want["Etag"] = []string{`"94523e9f371268cffca1764e09cc2dd8"`}
			}
			got := rec.Header().Clone()
			got.Del("Allow")
			got.Del("Connection")
			got.Del("RateLimit")
			got.Del("RateLimit-Policy")
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("header (-want +got):\n%s", diff)
			}
			if strings.HasPrefix(tc.body, "{") {
				if diff := cmp.Diff(tc.body, rec.Body.String()); diff != "" {
					t.Errorf("answer (-want +got):\n%s", diff)
				}
				return
			}
			var answer struct {
				Errors []struct {
					Message    string
					Extensions struct{ Code string }
				}
			}
			if err := json.Unmarshal(rec.Body.Bytes(), &answer); err != nil {
				t.Fatalf("the answer %q: %v", rec.Body, err)
			}
			if len(answer.Errors) != 1 || !strings.Contains(answer.Errors[0].Message, tc.body) || answer.Errors[0].Extensions.Code == "" {
				t.Errorf("errors %+v, want one with a code that says %q", answer.Errors, tc.body)
			}
			if strings.Contains(rec.Body.String(), "secret") || strings.Contains(rec.Body.String(), "Did you mean") {
				t.Errorf("the answer shows too much: %s", rec.Body)
			}
		})
	}
}

func TestMethods(t *testing.T) {
	t.Parallel()
	h := httpapi.New(httpapi.Options{API: api{}})
	for method, status := range map[string]int{"OPTIONS": 204, "TRACE": 405, "PUT": 405, "DELETE": 405, "PATCH": 405} {
		r := post(hello)
		r.Method = method
		rec := do(h, r)
		if rec.Code != status || rec.Header().Get("Allow") != "GET, HEAD, OPTIONS, POST" {
			t.Errorf("%s: HTTP %d, Allow %q; want %d and what is allowed", method, rec.Code, rec.Header().Get("Allow"), status)
		}
	}
	h = httpapi.New(httpapi.Options{API: api{}})
	head := get("query={hello}")
	head.Method = http.MethodHead
	if asked, got := do(h, head), do(httpapi.New(httpapi.Options{API: api{}}), get("query={hello}")); asked.Code != 200 || !cmp.Equal(asked.Header(), got.Header()) {
		t.Errorf("HEAD: HTTP %d, %v; want what GET has: %v", asked.Code, asked.Header(), got.Header())
	}
}

func TestMediaTypes(t *testing.T) {
	t.Parallel()
	const graph = "application/graphql-response+json"
	for accept, want := range map[string]string{
		"":                                       "application/json",
		"*/*":                                    "application/json",
		"application/*":                          "application/json",
		"application/json":                       "application/json",
		graph:                                    graph,
		graph + ", application/json;q=0.9":       graph,
		"application/json, " + graph:             "application/json",
		"text/html, " + graph + ";charset=utf-8": graph,
		"text/event-stream, application/json":    "application/json",
		";;;":                                    "application/json",
	} {
		h := httpapi.New(httpapi.Options{API: api{}})
		if got := do(h, post(hello, "Accept", accept)).Header().Get("Content-Type"); got != want {
			t.Errorf("Accept %q gives %q, want %q", accept, got, want)
		}
		status := map[string]int{graph: 400, "application/json": 200}[want]
		if rec := do(h, post(`{"query":"{"}`, "Accept", accept)); rec.Code != status {
			t.Errorf("a syntax error in %q: HTTP %d, want %d", want, rec.Code, status)
		}
	}
}

// An answer is written as encoding/json would write it.
func TestAnswers(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		resp *graphql.Response
		want string
	}{
		"data":            {&graphql.Response{Data: json.RawMessage(`{"hello":"<b>"}`)}, `{"data":{"hello":"<b>"}}`},
		"null":            {&graphql.Response{Data: json.RawMessage(`null`)}, `{"data":null}`},
		"data and errors": {&graphql.Response{Data: json.RawMessage(`{"hello":null}`), Errors: gqlerror.List{{Message: "no"}}}, `{"errors":[{"message":"no"}],"data":{"hello":null}}`},
		"errors alone":    {&graphql.Response{Errors: gqlerror.List{{Message: "no"}}}, `{"errors":[{"message":"no"}]}`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := httpapi.New(httpapi.Options{API: api{exec: func(context.Context) *graphql.Response { return tc.resp }}})
			if diff := cmp.Diff(tc.want, do(h, post(hello)).Body.String()); diff != "" {
				t.Errorf("answer (-want +got):\n%s", diff)
			}
		})
	}
}

// Documents that would be expensive to parse are rejected first.
func TestExcessiveDocuments(t *testing.T) {
	t.Parallel()
	h := httpapi.New(httpapi.Options{API: api{}})
	for name, document := range map[string]string{
		"15,001 tokens": "{" + strings.Repeat("hello ", 14_999) + "}",
		"deep":          strings.Repeat("{self", 180_000),
		"in brackets":   "{hello(name:" + strings.Repeat("[", 1_000_000),
		"in braces":     "{hello(name:" + strings.Repeat("{a:", 300_000),
		"one word":      "{" + strings.Repeat("x", 1_000_000) + "}",
	} {
		body, err := json.Marshal(map[string]string{"query": document})
		if err != nil {
			t.Fatal(err)
		}
		rec := do(h, post(string(body)))
		if rec.Code != http.StatusOK || !strings.Contains(rec.Body.String(), `"errors"`) {
			t.Errorf("%s: HTTP %d, want 200 with an error", name, rec.Code)
		}
	}
}

func TestDeadline(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		waits := api{exec: func(ctx context.Context) *graphql.Response {
			<-ctx.Done()
			return &graphql.Response{Data: json.RawMessage(`{}`)}
		}}
		start := time.Now()
		rec := do(httpapi.New(httpapi.Options{API: waits}), post(hello))
		if took := time.Since(start); took != 15*time.Second {
			t.Errorf("the operation had %s, want 15 s", took)
		}
		if rec.Code != http.StatusServiceUnavailable || !strings.Contains(rec.Body.String(), `"TIMEOUT"`) {
			t.Errorf("HTTP %d %s, want 503 with the code TIMEOUT", rec.Code, rec.Body)
		}
	})
}

func TestPanic(t *testing.T) {
	t.Parallel()
	h := httpapi.New(httpapi.Options{API: api{exec: func(context.Context) *graphql.Response { panic("secret") }}})
	rec := do(h, post(hello))
	if rec.Code != 500 || rec.Header().Get("Content-Type") != "application/json" || strings.Contains(rec.Body.String(), "secret") {
		t.Errorf("HTTP %d %q %s, want 500 in JSON without the reason", rec.Code, rec.Header().Get("Content-Type"), rec.Body)
	}
}

func TestOtherPaths(t *testing.T) {
	t.Parallel()
	ready := false
	pages := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "a page") })
	h := httpapi.New(httpapi.Options{API: api{}, Pages: pages, Readiness: func() error {
		if !ready {
			return errors.New("starting")
		}
		return nil
	}})
	fetch := func(method, path string) (int, string) {
		rec := do(h, httptest.NewRequestWithContext(t.Context(), method, path, nil))
		return rec.Code, rec.Body.String()
	}
	for _, tc := range []struct {
		method, path string
		status       int
		says         string
	}{
		{"GET", "/healthz", 200, "ok"},
		{"HEAD", "/healthz", 200, ""},
		{"GET", "/readyz", 503, "not ready"},
		{"GET", "/", 200, "a page"},
		{"GET", "/nothing", 200, "a page"},
	} {
		if status, body := fetch(tc.method, tc.path); status != tc.status || !strings.Contains(body, tc.says) {
			t.Errorf("%s %s: HTTP %d %q, want %d %q", tc.method, tc.path, status, body, tc.status, tc.says)
		}
	}
	ready = true
	if status, body := fetch("GET", "/readyz"); status != 200 || body != "ready\n" {
		t.Errorf("when ready: HTTP %d %q", status, body)
	}
	h = httpapi.New(httpapi.Options{API: api{}})
	if status, _ := fetch("GET", "/"); status != 404 {
		t.Errorf("without pages: HTTP %d, want 404", status)
	}
	if status, _ := fetch("GET", "/readyz"); status != 200 {
		t.Errorf("without Readiness: HTTP %d, want 200", status)
	}
}

// The age of an operation's data is in the header, and only a complete answer may be stored.
func TestAge(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		read := time.Now()
		time.Sleep(20*time.Second + 300*time.Millisecond)
		for name, tc := range map[string]struct {
			answer       *freshness.Answer
			errors       gqlerror.List
			age, control string
		}{
			"no data of a source": {control: "no-store"},
			"none there":          {answer: &freshness.Answer{}, control: "no-store"},
			"fresh":               {answer: &freshness.Answer{OldestAt: read, FreshUntil: read.Add(time.Minute)}, age: "20", control: "private, max-age=59"},
			"past that":           {answer: &freshness.Answer{OldestAt: read, FreshUntil: read.Add(time.Second)}, age: "20", control: "private, max-age=20"},
			"with a fault": {
				answer: &freshness.Answer{OldestAt: read, FreshUntil: read.Add(time.Minute)}, errors: gqlerror.List{{Message: "x"}},
				age: "20", control: "no-store",
			},
		} {
			for way, r := range map[string]*http.Request{
				"POST": post(hello, "Cache-Control", "max-age=7"), "GET": get("query={hello}", "Cache-Control", "max-age=7"),
			} {
				h := httpapi.New(httpapi.Options{API: api{exec: func(ctx context.Context) *graphql.Response {
					e := freshness.FromContext(ctx)
					if want := time.Now().Add(-7 * time.Second); !e.Requirement.NotBefore().Equal(want) {
						t.Errorf("%s by %s: the requirement is for what was fetched by %v, want %v", name, way, e.Requirement.NotBefore(), want)
					}
					e.Answer = tc.answer
					return &graphql.Response{Data: json.RawMessage(`{}`), Errors: tc.errors}
				}}})
				got := do(h, r).Header()
				if got.Get("Age") != tc.age || got.Get("Cache-Control") != tc.control {
					t.Errorf("%s by %s: Age %q, Cache-Control %q; want %q, %q", name, way, got.Get("Age"), got.Get("Cache-Control"), tc.age, tc.control)
				}
			}
		}
	})
}
