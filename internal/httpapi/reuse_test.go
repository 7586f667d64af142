package httpapi_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/google/go-cmp/cmp"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"roster/internal/freshness"
	"roster/internal/httpapi"
	"roster/internal/persisted"
	"roster/internal/responsecache"
)

// origin is the origin of answers that stay correct until they are outdated.
type origin struct {
	outdated, unrecorded atomic.Bool
	reused, recorded     atomic.Int64
}

func (o *origin) Reuse(time.Time) (freshness.Answer, bool) {
	o.reused.Add(1)
	return freshness.Answer{OldestAt: time.Now().Add(-3 * time.Second), FreshUntil: time.Now().Add(time.Minute)}, !o.outdated.Load()
}

func (o *origin) Record(context.Context, time.Time) error {
	o.recorded.Add(1)
	if o.unrecorded.Load() {
		return &gqlerror.Error{Message: "not recorded", Extensions: map[string]any{"code": "ACCESS_LOG_UNAVAILABLE"}}
	}
	return nil
}

// graph counts the operations that are executed. Each answer has their number.
type graph struct {
	origin
	executed atomic.Int64
	hold     chan struct{} // if it is not nil, operations wait for it
	errs     gqlerror.List
}

func (g *graph) api() api {
	return api{exec: func(ctx context.Context) *graphql.Response {
		n := g.executed.Add(1)
		if g.hold != nil {
			select {
			case <-g.hold:
			case <-ctx.Done():
			}
		}
		freshness.FromContext(ctx).Reusable = &g.origin
		return &graphql.Response{Data: json.RawMessage(fmt.Sprintf(`{"hello":"%d"}`, n)), Errors: g.errs}
	}}
}

func (g *graph) handler(documents *persisted.Documents) (http.Handler, *responsecache.Cache) {
	cache := responsecache.New(1<<20, nil)
	return httpapi.New(httpapi.Options{API: g.api(), Responses: cache, Documents: documents}), cache
}

func hashOf(document string) string {
	sum := sha256.Sum256([]byte(document))
	return hex.EncodeToString(sum[:])
}

// Which requests get the answer of an earlier one.
func TestRepeatedRequests(t *testing.T) {
	t.Parallel()
	const named = `{"query":"query A { hello } query B { hello nickname }","operationName":"`
	persist := func(document string, text bool) string {
		query := ""
		if text {
			query = `"query":"` + document + `",`
		}
		return `{` + query + `"extensions":{"persistedQuery":{"version":1,"sha256Hash":"` + hashOf(document) + `"}}}`
	}
	for name, tc := range map[string]struct {
		first, second *http.Request
		repeated      bool
	}{
		"the same":                     {post(hello), post(hello), true},
		"by GET":                       {get("query={hello}"), get("query={hello}"), true},
		"by HEAD":                      {get("query={hello}"), func() *http.Request { r := get("query={hello}"); r.Method = "HEAD"; return r }(), true},
		"by GET and POST":              {get("query={%20hello%20}"), post(hello), true},
		"another spelling of JSON":     {post(hello), post(`{"variables":{}, "query":"{ hello }"}`), true},
		"another media type":           {post(hello), post(hello, "Accept", "application/graphql-response+json"), true},
		"another document":             {post(hello), post(`{"query":"{ hello nickname }"}`), false},
		"another operation":            {post(named + `A"}`), post(named + `B"}`), false},
		"the same operation":           {post(named + `A"}`), post(`{"operationName":"A",` + named[1:len(named)-18] + `}`), true},
		"another place of errors":      {post(hello), post(hello, "X-Roster-Source-Errors", "errors"), false},
		"its cost":                     {post(hello), post(`{"query":"{ hello }","extensions":{"cost":true}}`), false},
		"a freshness requirement":      {post(hello), post(hello, "Cache-Control", "max-age=1"), false},
		"a requirement in extensions":  {post(hello), post(`{"query":"{ hello }","extensions":{"Cache-Control":"no-cache"}}`), false},
		"only if cached":               {post(hello), post(hello, "Cache-Control", "only-if-cached"), false},
		"a token for a source":         {post(hello), post(hello, "X-Roster-Source-Token", "a=b"), false},
		"a stream":                     {post(hello), post(hello, "Accept", "text/event-stream"), false},
		"a mutation":                   {post(`{"query":"mutation { change }"}`), post(`{"query":"mutation { change }"}`), false},
		"a text and its hash":          {post(persist("{ hello }", true)), post(persist("{ hello }", false)), true},
		"a variable":                   {post(`{"query":"query($n: String) { hello(name: $n) }","variables":{"n":"a"}}`), post(`{"query":"query($n: String) { hello(name: $n) }","variables":{"n":"b"}}`), false},
		"a variable that is not given": {post(`{"query":"query($n: String) { hello(name: $n) }","variables":{"n":null}}`), post(`{"query":"query($n: String) { hello(name: $n) }"}`), false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := &graph{}
			h, cache := g.handler(persisted.New(persisted.Options{Recent: persisted.NewRecent(nil)}))
			for _, r := range []*http.Request{tc.first, tc.second} {
				if rec := do(h, r); rec.Code != http.StatusOK || !strings.Contains(rec.Body.String(), `"data"`) {
					t.Fatalf("HTTP %d %s", rec.Code, rec.Body)
				}
			}
			if got := g.executed.Load() == 1; got != tc.repeated {
				t.Errorf("%d operations were executed", g.executed.Load())
			}
			if stats := cache.Stats(); tc.repeated != (stats.Hits == 1) {
				t.Errorf("%+v", stats)
			}
		})
	}
}

// A repeated answer has the age of the present data, and is recorded for each caller.
func TestRepeatedAnswer(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		g := &graph{}
		h, cache := g.handler(nil)
		do(h, post(hello))
		rec := do(h, post(hello))
		want := map[string]string{"Age": "3", "Cache-Control": "private, max-age=63", "Content-Type": "application/json"}
		got := map[string]string{}
		for name := range want {
			got[name] = rec.Header().Get(name)
		}
		if diff := cmp.Diff(want, got); diff != "" || rec.Body.String() != `{"data":{"hello":"1"}}` || rec.Header().Get("Ratelimit") == "" {
			t.Errorf("%s (-want +got):\n%s", rec.Body, diff)
		}
		if g.recorded.Load() != 1 {
			t.Errorf("%d repeated answers are recorded, want 1", g.recorded.Load())
		}
		g.unrecorded.Store(true)
		if rec := do(h, post(hello)); g.executed.Load() != 1 || rec.Code != http.StatusServiceUnavailable || !strings.Contains(rec.Body.String(), `{"errors":[{"message":"not recorded"`) {
			t.Errorf("an answer that cannot be recorded: HTTP %d %s, %d were executed", rec.Code, rec.Body, g.executed.Load())
		}
		g.unrecorded.Store(false)
		g.outdated.Store(true)
		if do(h, post(hello)); g.executed.Load() != 2 {
			t.Error("an answer is repeated that is not correct any more")
		}
		if stats := cache.Stats(); stats.Hits != 1 || stats.Misses != 2 || stats.Bytes == 0 || stats.Size != 1<<20 {
			t.Errorf("%+v", stats)
		}
	})
}

// An answer has the date on which it is sent, and its length, also if net/http counts it.
func TestDateAndLengthOfAnswers(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		g := &graph{}
		s := serveOn(t, httpapi.Options{API: g.api(), Responses: responsecache.New(1<<20, nil)})
		defer s.end(t)
		query := "http://localhost/graphql?query=" + url.QueryEscape("{ hello }")
		etag := ""
		for _, method := range []string{http.MethodPost, http.MethodPost, http.MethodGet, http.MethodHead, http.MethodGet} {
			time.Sleep(2 * time.Second) // of the test's clock
			r, err := http.NewRequestWithContext(t.Context(), method, query, nil)
			if method == http.MethodPost {
				r, err = http.NewRequestWithContext(t.Context(), method, "http://localhost/graphql", strings.NewReader(hello))
				r.Header.Set("Content-Type", "application/json")
			}
			if err != nil {
				t.Fatal(err)
			}
			if etag != "" && method == http.MethodGet {
				r.Header.Set("If-None-Match", etag)
			}
			resp, err := s.client.Do(r)
			if err != nil {
				t.Fatal(err)
			}
			body, err := io.ReadAll(resp.Body)
			if err != nil {
				t.Fatal(err)
			}
			resp.Body.Close()
			etag = resp.Header.Get("Etag")
			want := http.Header{"Date": {time.Now().UTC().Format(http.TimeFormat)}, "Content-Length": {"22"}}
			if resp.StatusCode == http.StatusNotModified {
				want["Content-Length"] = nil
			}
			got := http.Header{"Date": resp.Header["Date"], "Content-Length": resp.Header["Content-Length"]}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("%s: HTTP %d %s (-want +got):\n%s", method, resp.StatusCode, body, diff)
			}
		}
		if etag == "" {
			t.Error("the last answer has no ETag")
		}
	})
}

// Answers with errors that pass by are not repeated.
func TestErrorsThatPassBy(t *testing.T) {
	t.Parallel()
	for code, executed := range map[string]int64{"TIMEOUT": 2, "INTERNAL_SERVER_ERROR": 2, "LIMIT_EXCEEDED": 2, "FORBIDDEN": 1, "SOURCE_UNAVAILABLE": 1} {
		g := &graph{errs: gqlerror.List{{Message: "x", Extensions: map[string]any{"code": code}}}}
		h, _ := g.handler(nil)
		for range 2 {
			do(h, post(hello))
		}
		if g.executed.Load() != executed {
			t.Errorf("%s: %d operations are executed, want %d", code, g.executed.Load(), executed)
		}
	}
}

// Identical operations that are in flight are executed once.
func TestIdenticalOperations(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		cancel   bool // the first client leaves
		outdated bool // the answer is not correct any more when it is there
		executed int64
	}{"once": {false, false, 1}, "the first client leaves": {true, false, 5}, "something changes": {false, true, 5}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				g := &graph{hold: make(chan struct{})}
				h, _ := g.handler(nil)
				ctx, leave := context.WithCancel(t.Context())
				defer leave()
				var clients sync.WaitGroup
				for i := range 5 {
					clients.Go(func() {
						r := post(hello)
						if i == 0 {
							r = r.WithContext(ctx)
						}
						if rec := do(h, r); (i > 0 || !tc.cancel) && rec.Code != http.StatusOK {
							t.Errorf("HTTP %d %s", rec.Code, rec.Body)
						}
					})
					synctest.Wait()
				}
				if g.executed.Load() != 1 {
					t.Errorf("%d operations are executed at a time", g.executed.Load())
				}
				g.outdated.Store(tc.outdated)
				if tc.cancel {
					leave()
					synctest.Wait()
				}
				close(g.hold)
				clients.Wait()
				if g.executed.Load() != tc.executed {
					t.Errorf("%d operations are executed, want %d", g.executed.Load(), tc.executed)
				}
			})
		})
	}
}

// An operation waits for another one no longer than it may take itself.
func TestOperationThatWaitsForAnother(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		g := &graph{hold: make(chan struct{})}
		limits := httpapi.DefaultLimits()
		h := httpapi.New(httpapi.Options{API: g.api(), Responses: responsecache.New(1<<20, nil), Limits: limits})
		var clients sync.WaitGroup
		clients.Go(func() { do(h, post(hello)) })
		synctest.Wait()
		ctx, leave := context.WithTimeout(t.Context(), time.Second)
		defer leave()
		began := time.Now()
		do(h, post(hello).WithContext(ctx))
		if took := time.Since(began); took != time.Second {
			t.Errorf("a client that leaves after a second has waited %s", took)
		}
		clients.Wait()
	})
}

// Only trusted documents run, whatever has been answered before.
func TestRepeatedRequestsOfTrustedDocuments(t *testing.T) {
	t.Parallel()
	manifest, err := persisted.Parse([]byte(`{"x":"{ hello }"}`))
	if err != nil {
		t.Fatal(err)
	}
	g := &graph{}
	h, _ := g.handler(persisted.New(persisted.Options{Manifest: manifest, Enforce: true}))
	for range 3 {
		if rec := do(h, post(hello)); !strings.Contains(rec.Body.String(), `"1"`) {
			t.Errorf("a trusted document: %s", rec.Body)
		}
		if rec := do(h, post(`{"query":"{ hello nickname }"}`)); !strings.Contains(rec.Body.String(), "DOCUMENT_NOT_TRUSTED") {
			t.Errorf("another document: %s", rec.Body)
		}
	}
}

// Answers to a document that is too long to be kept are not kept either, because nobody would find them.
func TestAnswersToLongDocuments(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		g := &graph{}
		h, cache := g.handler(nil)
		body := `{"query":"{ hello } # ` + strings.Repeat("x", 32<<10) + `"}`
		for range 2 {
			if rec := do(h, post(body)); !strings.Contains(rec.Body.String(), `"data"`) {
				t.Fatalf("HTTP %d %.300s", rec.Code, rec.Body)
			}
		}
		if stats := cache.Stats(); g.executed.Load() != 2 || stats.Bytes != 0 {
			t.Errorf("%d were executed, %+v", g.executed.Load(), stats)
		}
	})
}

// An answer that cannot be recorded is one operation, which has failed.
func TestUnrecordedAnswerIsObservedOnce(t *testing.T) {
	t.Parallel()
	g := &graph{}
	var begun, ended int
	h := httpapi.New(httpapi.Options{API: g.api(), Responses: responsecache.New(1<<20, nil), Observer: beginnings{&begun, &ended}})
	do(h, post(hello))
	g.unrecorded.Store(true)
	do(h, post(hello))
	if begun != 2 || ended != 2 {
		t.Errorf("of two operations, %d begin and %d end", begun, ended)
	}
}

// Only answers that do not depend on who asks are public, and only if that is configured.
func TestPublicAnswers(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		for public, want := range map[bool]string{false: "private, max-age=63", true: "public, max-age=63"} {
			g := &graph{}
			answer := func(ctx context.Context) *graphql.Response {
				x := freshness.FromContext(ctx)
				x.Reusable, x.Answer = &g.origin, &freshness.Answer{OldestAt: time.Now().Add(-3 * time.Second), FreshUntil: time.Now().Add(time.Minute)}
				return &graphql.Response{Data: json.RawMessage(`{}`)}
			}
			h := httpapi.New(httpapi.Options{API: api{exec: answer}, Responses: responsecache.New(1<<20, nil), PublicAnswers: public})
			for _, kind := range []string{"first", "repeated"} {
				if got := do(h, get("query={hello}")).Header().Get("Cache-Control"); got != want {
					t.Errorf("public %t, %s: %q, want %q", public, kind, got, want)
				}
			}
			for name, header := range map[string]string{"Cache-Control": "max-age=60", "X-Roster-Source-Token": "a=b"} {
				if got := do(h, get("query={hello}", name, header)).Header().Get("Cache-Control"); got != "private, max-age=63" {
					t.Errorf("public %t, with %s: %q", public, name, got)
				}
			}
		}
	})
}
