package resolvers_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"roster/connectors"
	"roster/internal/access"
	"roster/internal/httpapi"
	"roster/internal/responsecache"
)

// peopleOf is a list of accounts that a test changes. Each fetch takes some time.
type peopleOf struct {
	mu    sync.Mutex
	names []string
	err   *connectors.Error
	short bool
	takes time.Duration
}

func (p *peopleOf) List(ctx context.Context, _ connectors.Progress[connectors.Account]) (connectors.Listing[connectors.Account], error) {
	p.mu.Lock()
	names, err, short, takes := p.names, p.err, p.short, p.takes
	p.mu.Unlock()
	select {
	case <-time.After(takes):
	case <-ctx.Done():
		return connectors.Listing[connectors.Account]{}, ctx.Err()
	}
	l := connectors.Listing[connectors.Account]{Complete: !short}
	if err != nil {
		return l, err
	}
	for i, name := range names {
		l.Records = append(l.Records, connectors.Account{ID: fmt.Sprint(i), Name: name, Emails: mail(name + "@example.com"), Active: true,
			Phones: []connectors.Phone{{Raw: "+38044" + name, E164: "+38044" + name, Kind: connectors.PhoneMobile}}})
	}
	return l, nil
}

// ask is one request of the model: what is asked, by whom, and how.
type ask struct {
	document, variables string
	scopes, limits      string
	place, media        string
	get, spaced, cost   bool
}

var askedDocuments = []struct {
	text      string
	variables []string
}{
	{`{ users { totalCount nodes { id name phones { raw } } completeness { complete missing { name } stale { name } } } }`, []string{`{}`}},
	{`query($n: Int, $q: String) { users(first: $n, filter: {search: $q}) { nodes { name asOf } completeness { asOf } } }`,
		[]string{`{"n":1}`, `{"n":2}`, `{"n":2,"q":"an"}`, `{"q":"an","n":2}`, `{"n":9999}`, `{"n":"x"}`, `{}`}},
	{`query($with: Boolean!) { teams { nodes { name } } users(first: 1) @include(if: $with) { nodes { name } } }`, []string{`{"with":true}`, `{"with":false}`}},
	{`{ viewer { subject scopes } users { totalCount } }`, []string{`{}`}},
	{`{ sources { name state collections { kind reads syncedAt triedAt } } }`, []string{`{}`}},
	{`{ sources { name capabilities } __typename }`, []string{`{}`}},
	{`{ users { nodes { name presence } } }`, []string{`{}`}},
	{`{ users { nodes { name nonsense } } }`, []string{`{}`}},
	{`{ a: user(by: {email: "ann@example.com"}) { name completeness { asOf stale { name } } } b: node(id: "x") { id } }`, []string{`{}`}},
	{`query($r: [_Any!]!) { _entities(representations: $r) { ... on User { name } } }`,
		[]string{`{"r":[{"__typename":"User","email":"ann@example.com"}]}`, `{"r":[{"__typename":"User","email":"bob@example.com"},7]}`}},
}

var askedAtRandom = rapid.Custom(func(t *rapid.T) ask {
	d := rapid.SampledFrom(askedDocuments).Draw(t, "document")
	return ask{
		document: d.text, variables: rapid.SampledFrom(d.variables).Draw(t, "variables"),
		scopes: rapid.SampledFrom([]string{onlyRead, sensitive, access.ScopeRead + " " + access.ScopeAdmin, "", "as ann@example.com"}).Draw(t, "scopes"),
		limits: rapid.SampledFrom([]string{"", "", "cost 12", "answer 80", "items 0"}).Draw(t, "limits"),
		place:  rapid.SampledFrom([]string{"", "", "errors", "extensions"}).Draw(t, "place"),
		media:  rapid.SampledFrom([]string{"", "application/graphql-response+json"}).Draw(t, "media"),
		get:    rapid.Bool().Draw(t, "get"), spaced: rapid.Bool().Draw(t, "spaced"), cost: rapid.IntRange(0, 3).Draw(t, "cost") == 0,
	}
})

func (a ask) request() *http.Request {
	document, extensions := a.document, `{}`
	if a.spaced {
		document += "\n"
	}
	if a.cost {
		extensions = `{"cost":true}`
	}
	var r *http.Request
	if a.get {
		query := url.Values{"query": {document}, "variables": {a.variables}, "extensions": {extensions}}
		r = httptest.NewRequestWithContext(context.Background(), http.MethodGet, "/graphql?"+query.Encode(), http.NoBody)
	} else {
		text, _ := json.Marshal(document) //nolint:errchkjson // a string
		r = httptest.NewRequestWithContext(context.Background(), http.MethodPost, "/graphql",
			strings.NewReader(fmt.Sprintf(`{"query":%s,"variables":%s,"extensions":%s}`, text, a.variables, extensions)))
		r.Header.Set("Content-Type", "application/json")
	}
	r.Header.Set("Authorization", "."+a.scopes+"|"+a.limits)
	if a.place != "" {
		r.Header.Set("X-Roster-Source-Errors", a.place)
	}
	if a.media != "" {
		r.Header.Set("Accept", a.media)
	}
	return r
}

// limitedCallers is callers with limits of their own, behind a bar.
type limitedCallers struct{ callers }

func (c limitedCallers) Authenticate(ctx context.Context, authorization string) (*access.Principal, error) {
	authorization, limits, _ := strings.Cut(authorization, "|")
	p, err := c.callers.Authenticate(ctx, authorization)
	switch limits {
	case "cost 12":
		p.Limits = &access.Limits{Cost: 12}
	case "answer 80":
		p.Limits = &access.Limits{AnswerBytes: 80}
	case "items 0":
		p.Limits = &access.Limits{ListItems: 1}
	}
	return p, err
}

// answerOf returns everything that a client sees of an answer.
func answerOf(h http.Handler, a ask) string {
	rec := httptest.NewRecorder()
	h.ServeHTTP(rec, a.request())
	for _, own := range []string{"Ratelimit", "Content-Length"} {
		rec.Header().Del(own)
	}
	if rec.Header().Get("Date") == time.Now().UTC().Format(http.TimeFormat) {
		rec.Header().Del("Date") // net/http would add the same
	}
	return fmt.Sprint(rec.Code, rec.Header(), "\n", rec.Body)
}

// deed is one step of the model.
type deed struct {
	kind   int
	source int
	names  []string
	err    *connectors.Error
	short  bool
	takes  time.Duration
	pass   time.Duration
}

const (
	nothing = iota
	theSourceChanges
	aTeamIsMade
	aReload
)

var deeds = rapid.SliceOfN(rapid.Custom(func(t *rapid.T) deed {
	seconds := func(name string, most int) time.Duration {
		return time.Duration(rapid.IntRange(0, most*10).Draw(t, name)) * time.Second / 10
	}
	d := deed{kind: rapid.SampledFrom([]int{nothing, nothing, theSourceChanges, theSourceChanges, theSourceChanges, aTeamIsMade, aReload}).Draw(t, "kind"),
		source: rapid.IntRange(0, 1).Draw(t, "source"), names: rapid.SliceOfN(rapid.SampledFrom([]string{"ann", "bob", "cid"}), 0, 3).Draw(t, "names"),
		short: rapid.IntRange(0, 4).Draw(t, "short") == 0, takes: seconds("takes", 3),
		pass: seconds("pass", rapid.SampledFrom([]int{1, 20, 200, 2000}).Draw(t, "scale"))}
	if rapid.IntRange(0, 3).Draw(t, "fails") == 0 {
		d.err = &connectors.Error{Kind: connectors.KindUnavailable, RetryAfter: seconds("after", 40)}
	}
	return d
}), 1, 25)

// The cache is never wrong: at each step, a server with a cache answers as one without, over the same data.
func TestCachedAnswersAreThoseOfNow(t *testing.T) {
	t.Parallel()
	var hits, misses int64
	rapid.Check(t, func(rt *rapid.T) {
		story, asks := deeds.Draw(rt, "deeds"), rapid.SliceOfN(askedAtRandom, 1, 8).Draw(rt, "asks")
		var fault string
		synctest.Test(t, func(t *testing.T) {
			var stats responsecache.Stats
			fault, stats = playCached(t, story, asks)
			hits, misses = hits+stats.Hits, misses+stats.Misses
		})
		if fault != "" {
			rt.Fatal(fault)
		}
	})
	if hits == 0 || misses == 0 {
		t.Errorf("%d hits and %d misses", hits, misses)
	}
}

// playCached plays the deeds with all requests after each, and returns how a cached answer differs.
func playCached(t *testing.T, story []deed, asks []ask) (fault string, _ responsecache.Stats) {
	t.Helper()
	lists := []*peopleOf{{names: []string{"ann", "bob"}}, {names: []string{"ann"}}}
	teams := newTeamSource()
	teams.Accounts = lists[0]
	other := crm()
	other.Accounts = lists[1]
	w := newTestServer(t, teams, other, chat()).read()
	limits := httpapi.DefaultLimits()
	limits.Requests = 0
	plain := httpapi.New(httpapi.Options{API: w.api, Access: limitedCallers{}, Introspection: true, Limits: limits})
	cache := responsecache.New(1<<20, nil)
	cached := func() http.Handler {
		return httpapi.New(httpapi.Options{API: w.api, Access: limitedCallers{}, Introspection: true, Limits: limits, Responses: cache})
	}
	h := cached()
	for n, d := range story {
		switch d.kind {
		case theSourceChanges:
			l := lists[d.source]
			l.mu.Lock()
			l.names, l.err, l.short, l.takes = d.names, d.err, d.short, d.takes
			l.mu.Unlock()
		case aTeamIsMade:
			w.ask(fmt.Sprintf(`mutation { createTeam(input: {source: "ws", name: "T%d"}) { outcome } }`, n))
		case aReload:
			cache = responsecache.New(1<<20, cache)
			h = cached()
		}
		time.Sleep(d.pass)
		for _, a := range append(asks, asks...) {
			var got, want string
			for range 4 { // a request can start a fetch, so that the next one sees another state
				synctest.Wait()
				if got, want = answerOf(h, a), answerOf(plain, a); got == want {
					break
				}
			}
			if got != want {
				return fmt.Sprintf("step %d, %+v:\nwith a cache %s\nwithout %s", n, a, got, want), cache.Stats()
			}
		}
	}
	return "", cache.Stats()
}
