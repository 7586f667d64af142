package httpapi_test

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/99designs/gqlgen/graphql"

	"roster/internal/access"
	"roster/internal/httpapi"
)

// guard authenticates by the whole Authorization header.
type guard map[string]error

func (g guard) Authenticate(_ context.Context, authorization string) (*access.Principal, error) {
	if err, ok := g[authorization]; ok && err != nil {
		return nil, err
	}
	return &access.Principal{Method: access.ByKey, Subject: authorization, Scopes: access.Scopes{access.ScopeRead}}, nil
}

func TestAuthentication(t *testing.T) {
	t.Parallel()
	var asked string
	h := httpapi.New(httpapi.Options{
		Access: guard{
			"": access.ErrMissing, "Bearer bad": access.ErrInvalid, "Bearer old": access.ErrExpired, "Basic x": access.ErrMalformed,
			"Bearer weak": access.ErrForbidden, "Bearer soon": access.ErrUnavailable,
		},
		API: api{exec: func(ctx context.Context) *graphql.Response {
			asked = access.FromContext(ctx).Subject + " " + access.SourceTokensOf(ctx).For("ws", "worksection").Reveal()
			return &graphql.Response{Data: json.RawMessage(`{"hello":"world"}`)}
		}},
		Pages: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusOK) }),
	})
	const realm = `Bearer realm="roster"`
	for name, tc := range map[string]struct {
		request   *http.Request
		status    int
		code      string
		challenge string // its beginning
		asked     string
	}{
		"nothing shown":           {post(hello), 401, "UNAUTHENTICATED", realm, ""},
		"nothing shown, by GET":   {get("query={hello}"), 401, "UNAUTHENTICATED", realm, ""},
		"before a body is read":   {post("{"), 401, "UNAUTHENTICATED", realm, ""},
		"a wrong credential":      {post(hello, "Authorization", "Bearer bad"), 401, "UNAUTHENTICATED", realm + `, error="invalid_token"`, ""},
		"a token that was good":   {post(hello, "Authorization", "Bearer old"), 401, "UNAUTHENTICATED", realm + `, error="invalid_token"`, ""},
		"another scheme":          {post(hello, "Authorization", "Basic x"), 400, "UNAUTHENTICATED", realm + `, error="invalid_request"`, ""},
		"an empty header":         {post(hello, "Authorization", ""), 400, "UNAUTHENTICATED", realm + `, error="invalid_request"`, ""},
		"two headers":             {twice(post(hello, "Authorization", "Bearer good")), 400, "UNAUTHENTICATED", realm + `, error="invalid_request"`, ""},
		"without the scope":       {post(hello, "Authorization", "Bearer weak"), 403, "FORBIDDEN", realm + `, error="insufficient_scope", scope="directory:read"`, ""},
		"while it is unavailable": {post(hello, "Authorization", "Bearer soon"), 503, "AUTHENTICATION_UNAVAILABLE", "", ""},
		"a good credential":       {post(hello, "Authorization", "Bearer good"), 200, "", "", "Bearer good "},
		"with a token of theirs":  {post(hello, "Authorization", "Bearer good", "X-Roster-Worksection-Token", " t1 "), 200, "", "", "Bearer good t1"},
	} {
		t.Run(name, func(t *testing.T) {
			asked = ""
			rec := do(h, tc.request)
			if rec.Code != tc.status || asked != tc.asked {
				t.Errorf("HTTP %d, asked as %q; want %d, %q", rec.Code, asked, tc.status, tc.asked)
			}
			got := rec.Header().Get("WWW-Authenticate")
			if !strings.HasPrefix(got, tc.challenge) || (tc.challenge == "") != (got == "") {
				t.Errorf("WWW-Authenticate %q, want %q", got, tc.challenge)
			}
			if tc.status == 200 {
				return
			}
			var answer struct {
				Data   any
				Errors []struct{ Extensions struct{ Code string } }
			}
			if err := json.Unmarshal(rec.Body.Bytes(), &answer); err != nil || len(answer.Errors) != 1 || answer.Errors[0].Extensions.Code != tc.code {
				t.Errorf("the answer is %s, want one error %s", rec.Body, tc.code)
			}
			if strings.Contains(rec.Body.String(), "data") || rec.Header().Get("Cache-Control") != "no-store" {
				t.Errorf("the answer is %s %v", rec.Body, rec.Header())
			}
		})
	}
	for _, path := range []string{"/", "/healthz", "/readyz"} { // these contain no personal data
		r := get("")
		r.URL.Path = path
		if rec := do(h, r); rec.Code != 200 {
			t.Errorf("%s: HTTP %d", path, rec.Code)
		}
	}
	options := post("")
	options.Method = http.MethodOptions
	if rec := do(h, options); rec.Code != http.StatusNoContent {
		t.Errorf("OPTIONS: HTTP %d", rec.Code)
	}
}

func twice(r *http.Request) *http.Request {
	r.Header.Add("Authorization", "Bearer bad")
	return r
}

func TestHosts(t *testing.T) {
	t.Parallel()
	h := httpapi.New(httpapi.Options{API: api{}, LocalOnly: true, Hosts: []string{"roster.example", "192.0.2.7", "::1"}})
	for host, want := range map[string]int{
		"roster.example": 200, "Roster.Example:8080": 200, "192.0.2.7:80": 200, "[::1]:80": 200,
		"evil.example": 421, "127.0.0.1:8080": 421, "roster.example.evil.example": 421, "": 421,
	} {
		for path, want := range map[string]int{"/graphql?query={__typename}": want, "/healthz": 200, "/readyz": 200} {
			r := get("")
			r.Host = host
			r.URL.Path, r.URL.RawQuery, _ = strings.Cut(path, "?")
			if rec := do(h, r); rec.Code != want {
				t.Errorf("%s at host %q: HTTP %d, want %d", path, host, rec.Code, want)
			}
		}
	}
}
