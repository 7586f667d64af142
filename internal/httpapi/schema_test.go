package httpapi_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"
	"github.com/vektah/gqlparser/v2/validator"
	"github.com/vektah/gqlparser/v2/validator/rules"

	"roster/internal/access"
	"roster/internal/httpapi"
)

// byName accepts callers who send the names of their scopes.
type byName struct{}

func (byName) Authenticate(_ context.Context, scopes string) (*access.Principal, error) {
	return &access.Principal{Method: access.ByKey, Subject: scopes, Scopes: strings.Fields(scopes)}, nil
}

// subgraph is a graph with _service.
type subgraph struct{ api }

var subgraphSchema = gqlparser.MustLoadSchema(&ast.Source{Input: `type Query { hello: String _service: _Service! } type _Service { sdl: String }`})

type subgraphExecutable struct{ executable }

func (subgraphExecutable) Schema() *ast.Schema { return subgraphSchema }

func (s subgraph) Schema() graphql.ExecutableSchema { return subgraphExecutable{executable(s.api)} }

func (subgraph) Prepare(doc *ast.QueryDocument, by *rules.Rules) gqlerror.List {
	return validator.ValidateWithRules(subgraphSchema, doc, by)
}

// The schema is for callers with its scope or, with introspection, for everyone. Introspection itself is for everyone or nobody.
func TestWhoMayReadTheSchema(t *testing.T) {
	t.Parallel()
	const service, fields = `{"query":"{ _service { sdl } }"}`, `{"query":"{ __schema { types { name } } }"}`
	const read, schema = access.ScopeRead, access.ScopeRead + " " + access.ScopeSchema
	for name, tc := range map[string]struct {
		introspection        bool
		scopes               string
		service, fields, get string // the code that is refused with; empty if it is answered
	}{
		"a reader":                    {false, read, "FORBIDDEN", "INTROSPECTION_DISABLED", "FORBIDDEN"},
		"with the scope":              {false, schema, "", "INTROSPECTION_DISABLED", ""},
		"a reader with introspection": {true, read, "", "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := httpapi.New(httpapi.Options{API: subgraph{}, Access: byName{}, Introspection: tc.introspection, ClientSchema: "type Query { hello: String }\n"})
			expect := func(what string, r *http.Request, code string) {
				r.Header.Set("Authorization", tc.scopes)
				rec := httptest.NewRecorder()
				h.ServeHTTP(rec, r)
				if code == "" && strings.Contains(rec.Body.String(), `"errors"`) || code != "" && !strings.Contains(rec.Body.String(), `"code":"`+code+`"`) {
					t.Errorf("%s is answered with %s, want code %q", what, rec.Body, code)
				}
			}
			for range 2 { // a document that is known is not therefore allowed
				expect("_service", post(service), tc.service)
			}
			expect("__schema", post(fields), tc.fields)
			expect("/schema.graphql", httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/schema.graphql", nil), tc.get)
		})
	}
}

func TestSchemaFile(t *testing.T) {
	t.Parallel()
	const text = "type Query { hello: String }\n"
	h := httpapi.New(httpapi.Options{API: api{}, ClientSchema: text})
	get := func(header ...string) *httptest.ResponseRecorder {
		r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/schema.graphql", nil)
		for i := 0; i < len(header); i += 2 {
			r.Header.Set(header[i], header[i+1])
		}
		rec := httptest.NewRecorder()
		h.ServeHTTP(rec, r)
		return rec
	}
	first := get()
	if first.Code != http.StatusOK || first.Body.String() != text || !strings.HasPrefix(first.Header().Get("Content-Type"), "text/plain") {
		t.Errorf("got %d %v %q", first.Code, first.Header(), first.Body)
	}
	if again := get("If-None-Match", first.Header().Get("Etag")); again.Code != http.StatusNotModified {
		t.Errorf("asked again it is %d, want 304", again.Code)
	}
	if foreign := get("Origin", "https://elsewhere.example"); foreign.Code != http.StatusForbidden {
		t.Errorf("a page of another origin gets %d", foreign.Code)
	}
}
