package httpapi_test

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/google/go-cmp/cmp"

	"roster/internal/access"
	"roster/internal/freshness"
	"roster/internal/httpapi"
)

// Every transport has the same caching headers: a stream must not be stored; an answer only by its client, and only if it is complete; a refusal by nobody.
// All vary by the same headers.
func TestCachingHeaders(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		read := time.Now()
		time.Sleep(20 * time.Second)
		h := httpapi.New(httpapi.Options{
			API: api{exec: func(ctx context.Context) *graphql.Response {
				freshness.FromContext(ctx).Answer = &freshness.Answer{OldestAt: read, FreshUntil: read.Add(time.Minute)}
				return &graphql.Response{Data: json.RawMessage(`{}`)}
			}},
			Access: guard{"Bearer bad": access.ErrInvalid},
		})
		const kept = "private, max-age=60" // until then it is fresh: 20 s old already, and 40 s to go
		ann := func(more ...string) []string { return append([]string{"Authorization", "Bearer ann"}, more...) }
		for name, tc := range map[string]struct {
			request      *http.Request
			status       int
			age, control string
			inside       string // what the answer says itself
		}{
			"POST":              {post(hello, ann()...), 200, "20", kept, ""},
			"GET":               {get("query={hello}", ann()...), 200, "20", kept, ""},
			"the newer type":    {post(hello, ann("Accept", "application/graphql-response+json")...), 200, "20", kept, ""},
			"events":            {post(hello, ann("Accept", events)...), 200, "", "no-store", `"Age":20,"Cache-Control":"private, max-age=60"`},
			"events by GET":     {get("query={hello}", ann("Accept", events)...), 200, "", "no-store", `"Age":20,"Cache-Control":"private, max-age=60"`},
			"no GraphQL":        {post("x", ann()...), 400, "", "no-store", ""},
			"no events":         {post("x", ann("Accept", events)...), 400, "", "no-store", ""},
			"a document":        {post(`{"query":"{ helo }"}`, ann()...), 200, "", "no-store", ""},
			"nobody":            {post(hello), 200, "20", kept, ""},
			"somebody":          {post(hello, "Authorization", "Bearer bad"), 401, "", "no-store", ""},
			"a hash of nothing": {post(`{"extensions":{"persistedQuery":{"version":1,"sha256Hash":"x"}}}`, ann()...), 200, "", "no-store", ""},
			"another method":    {func() *http.Request { r := post(hello, ann()...); r.Method = "PUT"; return r }(), 405, "", "no-store", ""},
			"another site":      {post(hello, ann("Origin", "https://evil.example")...), 403, "", "no-store", ""},
			"a mutation by GET": {get("query=mutation{change}", ann()...), 405, "", "no-store", ""},
			"a preflight":       {func() *http.Request { r := post("", ann()...); r.Method = "OPTIONS"; return r }(), 204, "", "no-store", ""},
		} {
			rec := do(h, tc.request)
			got := map[string][]string{}
			for _, name := range []string{"Age", "Cache-Control", "Vary", "Etag", "Expires", "Last-Modified"} {
				if values := rec.Header()[name]; values != nil {
					got[name] = values
				}
			}
			want := map[string][]string{"Cache-Control": {tc.control}, "Vary": {"Accept, Accept-Encoding, Authorization, X-Roster-Source-Token, X-Roster-Worksection-Token, X-Roster-Source-Errors"}}
			if tc.age != "" {
				want["Age"] = []string{tc.age}
			}
			if name == "GET" {
				want["Etag"] = []string{`"7fb9d166d1a15bce0b9f085f3818946f"`}
			}
			if diff := cmp.Diff(want, got); diff != "" || rec.Code != tc.status {
				t.Errorf("%s: HTTP %d, want %d (-want +got):\n%s", name, rec.Code, tc.status, diff)
			}
			if !strings.Contains(rec.Body.String(), tc.inside) {
				t.Errorf("%s: the answer is %s, want %s in it", name, rec.Body, tc.inside)
			}
		}
	})
}
