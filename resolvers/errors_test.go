package resolvers_test

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/99designs/gqlgen/graphql"
	"github.com/google/go-cmp/cmp"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"roster/internal/cost"
	"roster/internal/directory"
	"roster/internal/httpapi"
	"roster/resolvers"
)

func TestErrorPresenter(t *testing.T) {
	t.Parallel()
	input := &directory.InputError{Argument: "first", Message: "is wrong"}
	statement := gqlerror.Errorf("the document is wrong")
	coded := gqlerror.Errorf("the document is wrong")
	coded.Extensions = map[string]any{"code": "GRAPHQL_VALIDATION_FAILED"}
	for name, tc := range map[string]struct {
		err        error
		message    string
		extensions map[string]any
		logged     bool
	}{
		"an argument": {
			gqlerror.WrapPath(ast.Path{ast.PathName("users")}, input), "first: is wrong",
			map[string]any{"code": "BAD_USER_INPUT", "argument": "first", "inputPath": ast.Path{ast.PathName("first")}}, false,
		},
		"about the document":              {statement, "the document is wrong", map[string]any{"code": "BAD_USER_INPUT"}, false},
		"about the document, with a code": {coded, "the document is wrong", map[string]any{"code": "GRAPHQL_VALIDATION_FAILED"}, false},
		"ours":                            {errors.New("key hunter2"), "internal error", map[string]any{"code": "INTERNAL_SERVER_ERROR"}, true},
		"ours, with a place, as gqlgen gives it one": {
			gqlerror.WrapPath(ast.Path{ast.PathName("users")}, errors.New("key hunter2")), "internal error",
			map[string]any{"code": "INTERNAL_SERVER_ERROR"}, true,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var log strings.Builder
			r := &resolvers.Resolver{Logger: slog.New(slog.NewTextHandler(&log, nil))}
			got := r.ErrorPresenter(t.Context(), tc.err)
			if diff := cmp.Diff(tc.message, got.Message); diff != "" {
				t.Errorf("message (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(tc.extensions, got.Extensions); diff != "" {
				t.Errorf("extensions (-want +got):\n%s", diff)
			}
			if (log.Len() > 0) != tc.logged {
				t.Errorf("the log has %q", &log)
			}
		})
	}
}

// bare is a graph without the extension that prepares operations, so that every resolver panics.
type bare struct{ *resolvers.Resolver }

func (bare) Lists() cost.Lists { return nil }

func (bare) Extension(func(context.Context, cost.Lists) gqlerror.List) graphql.HandlerExtension {
	return idle{}
}

type idle struct{}

func (idle) ExtensionName() string                   { return "idle" }
func (idle) Validate(graphql.ExecutableSchema) error { return nil }
func (idle) InterceptResponse(ctx context.Context, next graphql.ResponseHandler) *graphql.Response {
	return next(ctx)
}

// An internal error is logged, and its details are not sent to the client.
func TestPanicIsHidden(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		api  func(*resolvers.Resolver) httpapi.API
		code int
	}{
		"in a resolver":             {func(r *resolvers.Resolver) httpapi.API { return bare{r} }, http.StatusOK},
		"before the first resolver": {func(r *resolvers.Resolver) httpapi.API { return r }, http.StatusInternalServerError},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var log strings.Builder
			r := &resolvers.Resolver{Logger: slog.New(slog.NewTextHandler(&log, nil))}
			req := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/graphql?query={teams{totalCount}}", nil)
			rec := httptest.NewRecorder()
			httpapi.New(httpapi.Options{API: tc.api(r)}).ServeHTTP(rec, req)
			if rec.Code != tc.code || rec.Header().Get("Content-Type") != "application/json" {
				t.Errorf("HTTP %d in %q, want %d in JSON", rec.Code, rec.Header().Get("Content-Type"), tc.code)
			}
			body := rec.Body.String()
			if !strings.Contains(body, `"internal error"`) || !strings.Contains(body, "INTERNAL_SERVER_ERROR") || strings.Contains(body, "resolvers") {
				t.Errorf("the client gets %s", body)
			}
			if !strings.Contains(log.String(), "a resolver panicked") || !strings.Contains(log.String(), "goroutine") {
				t.Errorf("the log has %q, want the panic and its place", &log)
			}
		})
	}
}

// The path of an error about a field is the field's path in the response, for every kind of error.
func TestErrorPaths(t *testing.T) {
	t.Parallel()
	field := func() *graphql.FieldContext {
		return &graphql.FieldContext{Field: graphql.CollectedField{Field: &ast.Field{Name: "users", Alias: "a", Arguments: ast.ArgumentList{{Name: "filter"}}}}}
	}
	resolved := field()
	resolved.Args = map[string]any{}
	at, input := ast.Path{ast.PathName("a")}, ast.Path{ast.PathName("filter"), ast.PathName("sources"), ast.PathIndex(0)}
	for name, tc := range map[string]struct {
		field     *graphql.FieldContext
		err       error
		path      ast.Path
		inputPath any
	}{
		"of a resolver":            {resolved, errors.New("?"), at, nil},
		"with its own code":        {resolved, &gqlerror.Error{Message: "?", Extensions: map[string]any{"code": "TIMEOUT"}}, at, nil},
		"about an argument":        {resolved, &directory.InputError{Argument: "filter.sources[0]", Message: "?"}, at, input},
		"of gqlgen, about a value": {field(), gqlerror.WrapPath(append(at[:1:1], input...), errors.New("?")), at, input},
		"before there is a field":  {nil, gqlerror.Errorf("?"), nil, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ctx := t.Context()
			if tc.field != nil {
				ctx = graphql.WithFieldContext(ctx, tc.field)
			}
			got := (&resolvers.Resolver{Logger: slog.New(slog.DiscardHandler)}).ErrorPresenter(ctx, tc.err)
			if diff := cmp.Diff(tc.path, got.Path); diff != "" {
				t.Errorf("path (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(tc.inputPath, got.Extensions["inputPath"]); diff != "" {
				t.Errorf("inputPath (-want +got):\n%s", diff)
			}
		})
	}
}
