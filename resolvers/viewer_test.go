package resolvers_test

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"roster/connectors"
)

func TestViewer(t *testing.T) {
	t.Parallel()
	two := ws()
	two.Name = "ws2"
	two.Accounts = all(connectors.Account{ID: "9", Emails: mail("twin@example.com")}, connectors.Account{ID: "8", Emails: mail("twin@example.com")})
	ask := overHTTP(newTestServer(t, ws(), two).read().withAuthentication())
	for caller, want := range map[string]string{
		onlyRead:                `{"subject":"directory:read","scopes":["directory:read"],"user":null}`,
		sensitive:               `{"subject":"directory:read directory:sensitive","scopes":["directory:read","directory:sensitive"],"user":null}`,
		"as Ann@Example.com":    `{"subject":"as Ann@Example.com","scopes":["directory:read"],"user":{"name":"Ann Lee","phones":null}}`,
		"as nobody@example.com": `{"subject":"as nobody@example.com","scopes":["directory:read"],"user":null}`,
		"as twin@example.com":   `{"subject":"as twin@example.com","scopes":["directory:read"],"user":null}`,
	} {
		text := ask(t, caller, `{viewer{subject scopes user{name phones{raw}}}}`, nil)
		var got struct {
			Data struct{ Viewer json.RawMessage }
		}
		if err := json.Unmarshal([]byte(text), &got); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, string(got.Data.Viewer)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", caller, diff)
		}
	}
}

// Without authentication, everyone has all scopes and no name.
func TestViewerOfAnOpenServer(t *testing.T) {
	t.Parallel()
	got := newTestServer(t, ws()).read().get(`{viewer{subject scopes user{name} worksection{name}}}`)
	want := map[string]any{"viewer": map[string]any{"subject": nil, "user": nil, "worksection": nil,
		"scopes": []any{"directory:read", "directory:sensitive", "directory:write", "directory:admin", "directory:schema", "directory:raw"}}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

// owners knows the owners of tokens, and records its calls.
type owners struct {
	mu    sync.Mutex
	asked []string
}

func (o *owners) Self(_ context.Context, token connectors.Secret) (connectors.Account, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.asked = append(o.asked, token.Reveal())
	switch token.Reveal() {
	case "of-ann":
		return connectors.Account{ID: "1", Name: "Ann Lee", Emails: mail("ann@example.com"), Access: connectors.AccessOwner, Phones: []connectors.Phone{{Raw: "canary"}}}, nil
	case "of-eve":
		return connectors.Account{ID: "77", Name: "Eve", Access: connectors.AccessGuest}, nil
	}
	return connectors.Account{}, &connectors.Error{Source: "ws", Op: "me", Kind: connectors.KindUnauthorized, Detail: "the caller's token is not accepted"}
}

// A caller's own token is used only for their own request, not for other requests that come later or at the same time.
func TestViewerInWorksection(t *testing.T) {
	t.Parallel()
	known := &owners{}
	source := ws()
	source.Self = known
	w := newTestServer(t, source, crm()).read()
	handler := w.withAuthentication()
	ask := func(t *testing.T, token, arguments string) (string, http.Header) {
		t.Helper()
		body, err := json.Marshal(map[string]any{"query": `{viewer{a:worksection` + arguments + `{source{name} externalId name email accessLevel account{user{name}}} b:worksection` + arguments + `{name}}}`})
		if err != nil {
			t.Fatal(err)
		}
		req := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/graphql", strings.NewReader(string(body)))
		req.Header.Set("Content-Type", "application/json")
		req.Header.Set("Authorization", onlyRead)
		if token != "" {
			req.Header.Set("X-Roster-Worksection-Token", token)
		}
		rec := httptest.NewRecorder()
		handler.ServeHTTP(rec, req)
		return rec.Body.String(), rec.Header()
	}
	const (
		ann  = `{"data":{"viewer":{"a":{"source":{"name":"ws"},"externalId":"1","name":"Ann Lee","email":"ann@example.com","accessLevel":"OWNER","account":{"user":{"name":"Ann Lee"}}},"b":{"name":"Ann Lee"}}}}`
		eve  = `{"data":{"viewer":{"a":{"source":{"name":"ws"},"externalId":"77","name":"Eve","email":null,"accessLevel":"GUEST","account":null},"b":{"name":"Eve"}}}}`
		none = `{"data":{"viewer":{"a":null,"b":null}}}`
	)
	for _, tc := range []struct{ token, want string }{{"of-ann", ann}, {"of-eve", eve}, {"", none}, {"of-ann", ann}} {
		got, header := ask(t, tc.token, "")
		if diff := cmp.Diff(tc.want, got); diff != "" {
			t.Errorf("token %q (-want +got):\n%s", tc.token, diff)
		}
		if tc.token != "" && header.Get("Cache-Control") != "no-store" {
			t.Errorf("token %q: Cache-Control %q", tc.token, header.Get("Cache-Control"))
		}
	}
	if diff := cmp.Diff([]string{"of-ann", "of-eve", "of-ann"}, known.asked); diff != "" {
		t.Errorf("calls, one for each request (-want +got):\n%s", diff)
	}
	got, _ := ask(t, "canary-token", `(source: "ws")`)
	a := parsed(t, got)
	for _, e := range a.Errors {
		if e.Extensions["code"] != "SOURCE_UNAVAILABLE" || e.Extensions["reason"] != "UNAUTHORIZED" || e.Extensions["source"] != "ws" {
			t.Errorf("the error for a refused token is %+v", e)
		}
	}
	if len(a.Errors) != 2 || strings.Contains(got, "canary") || strings.Contains(w.log.String(), "canary") {
		t.Errorf("the answer for a refused token is %s; the log has %s", got, &w.log)
	}
	for _, source := range []string{"crm", "nowhere"} {
		got, _ := ask(t, "of-ann", `(source: "`+source+`")`)
		if e := parsed(t, got).Errors; len(e) == 0 || e[0].Extensions["code"] != "BAD_USER_INPUT" {
			t.Errorf("source %s gives %s", source, got)
		}
	}
}

// Any source that can tell whose a token is can be asked, each with the token for it.
func TestViewerInSources(t *testing.T) {
	t.Parallel()
	people, sales := &owners{}, &owners{}
	first, second := ws(), crm()
	first.Self, second.Self = people, sales
	handler := newTestServer(t, first, second).read().withAuthentication()
	for name, tc := range map[string]struct{ header, query, want string }{
		"each with its token": {"ws=of-ann, crm=of-eve", `{viewer{a:account(source:"ws"){name account{__typename}} b:account(source:"crm"){externalId account{id}} worksection{name}}}`,
			`{"data":{"viewer":{"a":{"name":"Ann Lee","account":{"__typename":"WorksectionAccount"}},"b":{"externalId":"77","account":null},"worksection":{"name":"Ann Lee"}}}}`},
		"without a token for it": {"crm=of-eve", `{viewer{a:account(source:"ws"){name} worksection{name}}}`, `{"data":{"viewer":{"a":null,"worksection":null}}}`},
		"another kind by name":   {"crm=of-eve", `{viewer{worksection(source:"crm"){name}}}`, `"code":"BAD_USER_INPUT"`},
		"no such source":         {"crm=of-eve", `{viewer{account(source:"nowhere"){name}}}`, `"code":"BAD_USER_INPUT"`},
		"what is no token":       {"canary", `{viewer{subject}}`, `"code":"BAD_REQUEST"`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			body, err := json.Marshal(map[string]any{"query": tc.query})
			if err != nil {
				t.Fatal(err)
			}
			req := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/graphql", strings.NewReader(string(body)))
			req.Header.Set("Content-Type", "application/json")
			req.Header.Set("Authorization", onlyRead)
			req.Header.Set("X-Roster-Source-Token", tc.header)
			rec := httptest.NewRecorder()
			handler.ServeHTTP(rec, req)
			if got := rec.Body.String(); !strings.Contains(got, tc.want) || strings.Contains(got, "canary") {
				t.Errorf("got %s, want %s", got, tc.want)
			}
		})
	}
}
