package httpapi_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"roster/internal/httpapi"
)

// Requests from pages of foreign origins are refused, unless the origin is allowed. Other clients than browsers are not checked.
func TestOrigins(t *testing.T) {
	t.Parallel()
	h := httpapi.New(httpapi.Options{API: api{}, Origins: []string{"https://people.example.com"}})
	for name, tc := range map[string]struct {
		header  []string
		refused bool
	}{
		"no browser":                          {nil, false},
		"the page itself":                     {[]string{"Origin", "http://example.com", "Sec-Fetch-Site", "same-origin"}, false},
		"the page behind a proxy":             {[]string{"Origin", "https://roster.example.com", "Sec-Fetch-Site", "same-origin"}, false},
		"the page in an old browser":          {[]string{"Origin", "http://example.com"}, false},
		"the page where a proxy ends TLS":     {[]string{"Origin", "https://Example.com"}, false},
		"typed by hand":                       {[]string{"Sec-Fetch-Site", "none"}, false},
		"an allowed origin":                   {[]string{"Origin", "https://people.example.com", "Sec-Fetch-Site", "same-site"}, false},
		"an allowed origin in an old browser": {[]string{"Origin", "https://people.example.com"}, false},
		"an allowed origin's other port":      {[]string{"Origin", "https://people.example.com:8443"}, true},
		"an allowed origin without TLS":       {[]string{"Origin", "http://people.example.com"}, true},
		"a longer name":                       {[]string{"Origin", "https://people.example.com.evil.example"}, true},
		"somebody":                            {[]string{"Origin", "https://evil.example", "Sec-Fetch-Site", "cross-site"}, true},
		"somebody in an old browser":          {[]string{"Origin", "https://evil.example"}, true},
		"a neighbour":                         {[]string{"Origin", "http://wiki.example.com", "Sec-Fetch-Site", "same-site"}, true},
		"another port of this machine":        {[]string{"Origin", "http://example.com:3000", "Sec-Fetch-Site", "same-site"}, true},
		"nobody knows who":                    {[]string{"Origin", "null"}, true},
		"a picture on somebody's page":        {[]string{"Sec-Fetch-Site", "cross-site", "Sec-Fetch-Mode", "no-cors", "Sec-Fetch-Dest", "image"}, true},
		"a link on somebody's page":           {[]string{"Sec-Fetch-Site", "cross-site", "Sec-Fetch-Mode", "navigate"}, true},
		"what a browser may say one day":      {[]string{"Sec-Fetch-Site", "elsewhere"}, true},
	} {
		for way, r := range map[string]*http.Request{"POST": post(hello, tc.header...), "GET": get("query={hello}", tc.header...)} {
			rec := do(h, r)
			want := http.StatusOK
			if tc.refused {
				want = http.StatusForbidden
			}
			if rec.Code != want || strings.Contains(rec.Body.String(), "world") == tc.refused {
				t.Errorf("%s by %s: HTTP %d %s, want %d", name, way, rec.Code, rec.Body, want)
			}
			if given := rec.Header().Get("Access-Control-Allow-Origin"); tc.refused && given != "" {
				t.Errorf("%s by %s: refused, and allowed to read the answer as %q", name, way, given)
			}
		}
	}
}

func TestCORS(t *testing.T) {
	t.Parallel()
	cors := func(h http.Header) http.Header {
		out := make(http.Header)
		for name, values := range h {
			if strings.HasPrefix(name, "Access-Control-") || name == "Vary" {
				out[name] = values
			}
		}
		return out
	}
	ask := func(r *http.Request) *http.Request {
		r.Method = http.MethodOptions
		return r
	}
	const friend, foe = "https://people.example.com", "https://evil.example"
	exposed := http.Header{
		"Access-Control-Allow-Origin": {friend}, "Access-Control-Expose-Headers": {"Age, ETag, RateLimit, RateLimit-Policy, Retry-After, X-Request-Id"},
		"Vary": {"Accept, Accept-Encoding, Authorization, X-Roster-Source-Token, X-Roster-Worksection-Token, X-Roster-Source-Errors", "Origin"},
	}
	varies := http.Header{"Vary": {"Accept, Accept-Encoding, Authorization, X-Roster-Source-Token, X-Roster-Worksection-Token, X-Roster-Source-Errors", "Origin"}}
	for name, tc := range map[string]struct {
		origins []string
		request *http.Request
		want    http.Header
	}{
		"nobody is allowed": {nil, post(hello, "Origin", friend), http.Header{"Vary": {"Accept, Accept-Encoding, Authorization, X-Roster-Source-Token, X-Roster-Worksection-Token, X-Roster-Source-Errors"}}},
		"a friend":          {[]string{friend}, post(hello, "Origin", friend), exposed},
		"a friend's fault":  {[]string{friend}, post("", "Origin", friend), exposed},
		"a foe":             {[]string{friend}, post(hello, "Origin", foe), varies},
		"no browser":        {[]string{friend}, post(hello), varies},
		"a foe asks first":  {[]string{friend}, ask(post("", "Origin", foe, "Access-Control-Request-Method", "POST")), varies},
		"no preflight":      {[]string{friend}, ask(post("", "Origin", friend)), exposed},
		"a friend asks first": {[]string{friend}, ask(post("", "Origin", friend, "Access-Control-Request-Method", "POST")), http.Header{
			"Access-Control-Allow-Origin": {friend}, "Access-Control-Allow-Methods": {"GET, POST"}, "Access-Control-Max-Age": {"600"},
			"Access-Control-Allow-Headers": {"Accept, Authorization, Content-Type, Cache-Control, If-None-Match, GraphQL-Require-Preflight, Apollo-Require-Preflight, " +
				"X-Apollo-Operation-Name, ApolloGraphQL-Client-Name, ApolloGraphQL-Client-Version, X-Request-Id, Traceparent, Tracestate, " +
				"X-Roster-Source-Token, X-Roster-Worksection-Token, X-Roster-Source-Errors"},
			"Vary": {"Accept, Accept-Encoding, Authorization, X-Roster-Source-Token, X-Roster-Worksection-Token, X-Roster-Source-Errors", "Origin"},
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			rec := httptest.NewRecorder()
			httpapi.New(httpapi.Options{API: api{}, Origins: tc.origins}).ServeHTTP(rec, tc.request)
			if diff := cmp.Diff(tc.want, cors(rec.Header())); diff != "" {
				t.Errorf("HTTP %d (-want +got):\n%s", rec.Code, diff)
			}
			if rec.Header().Get("Access-Control-Allow-Credentials") != "" {
				t.Error("cookies are allowed")
			}
		})
	}
}

func TestIntrospection(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		document string
		schema   bool
	}{
		"the schema":      {`{ __schema { queryType { name } } }`, true},
		"a type":          {`{ __type(name: \"Query\") { name } }`, true},
		"in a fragment":   {`{ ...F } fragment F on Query { ... { alias: __schema { queryType { name } } } }`, true},
		"beside the one":  {`query A { hello } query B { __schema { queryType { name } } }`, true},
		"the type's name": {`{ __typename hello }`, false},
	} {
		for _, allowed := range []bool{false, true} {
			h := httpapi.New(httpapi.Options{API: api{}, Introspection: allowed})
			rec := do(h, post(`{"operationName":"`+map[bool]string{true: "A"}[name == "beside the one"]+`","query":"`+tc.document+`"}`))
			if refused := strings.Contains(rec.Body.String(), "INTROSPECTION_DISABLED"); refused != (tc.schema && !allowed) || rec.Code != http.StatusOK {
				t.Errorf("%s, allowed %v: HTTP %d %s", name, allowed, rec.Code, rec.Body)
			}
		}
	}
}

func TestNotAcceptable(t *testing.T) {
	t.Parallel()
	for _, accept := range []string{"text/html", "application/json;q=0", "text/event-stream;q=0", "image/*, text/event-stream;q=0", "application/graphql-response+json;q=0"} {
		rec := do(httpapi.New(httpapi.Options{API: api{}}), post(hello, "Accept", accept))
		if rec.Code != http.StatusNotAcceptable || strings.Contains(rec.Body.String(), "world") || rec.Header().Get("Content-Type") != "application/json" {
			t.Errorf("%s: HTTP %d %v %s, want 406 in JSON", accept, rec.Code, rec.Header(), rec.Body)
		}
	}
}
