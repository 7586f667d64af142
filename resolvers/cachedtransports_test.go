package resolvers_test

import (
	"compress/gzip"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"roster/internal/access"
	"roster/internal/httpapi"
	"roster/internal/responsecache"
)

// Over all transports, in any order, each caller gets the answer that a server without a cache gives, and only callers with the scope see what is sensitive.
func TestCachedAnswersOverAllTransports(t *testing.T) {
	t.Parallel()
	server := newTestServerOf(t, fetchedOnce(private(canary).company())).read()
	limits := httpapi.DefaultLimits()
	limits.Requests = 0
	cache := responsecache.New(64<<20, nil)
	options := httpapi.Options{API: server.api, Access: callers{}, Introspection: true, Limits: limits}
	plain := overHTTP(httpapi.New(options))
	options.Responses = cache
	h := httpapi.New(options)
	get := &conditionalGet{handler: h, bodies: make(map[string]string), last: make(map[string]string)}
	transports := []send{overHTTP(h), get.send, overEvents(t, h), overSocket(t, h)}
	requests := randomRequests(t, h, 60)
	requests = append(requests, randomRequestOf(`{ users { nodes { name phones { raw } accounts { ... on WorksectionAccount { rate chats { value } } ... on RocketChatAccount { customFields } } } } }`),
		randomRequestOf(`{ contacts { nodes { id phones { raw number } addresses owner { addresses } } } }`))
	scopes := []string{onlyRead, sensitive, onlyRead + " " + access.ScopeAdmin, sensitive + " " + access.ScopeAdmin}
	shown := 0
	dice := rand.New(rand.NewPCG(1, 7))
	for range 800 {
		r := requests[len(requests)-1-dice.IntN(1+dice.IntN(len(requests)))]
		if r.OperationName != "" {
			continue
		}
		caller, transport := scopes[dice.IntN(len(scopes))], dice.IntN(len(transports))
		want, got := plain(t, caller, r.Text, r.variables(t)), transports[transport](t, caller, r.Text, r.variables(t))
		if strings.TrimSpace(got) != strings.TrimSpace(want) {
			t.Fatalf("transport %d, %s, %s %s:\nwith a cache %s\nwithout %s", transport, caller, r.Text, r.Variables, got, want)
		}
		if secret := strings.Contains(got, canary) || strings.Contains(got, "7.7000"); secret {
			shown++
			if !strings.Contains(caller, access.ScopeSensitive) {
				t.Fatalf("%s sees %s", caller, got)
			}
		}
	}
	stats := cache.Stats()
	t.Logf("%d hits, %d misses; %d answers have sensitive values; %d are 304", stats.Hits, stats.Misses, shown, get.unchanged)
	if stats.Hits == 0 || stats.Misses == 0 || shown == 0 || get.unchanged == 0 {
		t.Errorf("%d hits, %d misses, %d answers with sensitive values, %d with 304", stats.Hits, stats.Misses, shown, get.unchanged)
	}
}

// conditionalGet sends by GET, with the last ETag that anyone got for the document, and takes gzip. For a 304 it returns the body that had the ETag.
type conditionalGet struct {
	handler   http.Handler
	bodies    map[string]string // by ETag
	last      map[string]string // ETag by document
	unchanged int
}

func (g *conditionalGet) send(t rapid.TB, scopes, document string, variables map[string]any) string {
	t.Helper()
	r := randomRequestOf(document)
	r.Variables = jsonOf(t, variables)
	request := r.request(true, scopes)
	request.Header.Set("Accept-Encoding", "gzip")
	if tag := g.last[document]; tag != "" {
		request.Header.Set("If-None-Match", tag)
	}
	rec := httptest.NewRecorder()
	g.handler.ServeHTTP(rec, request)
	if rec.Code == http.StatusNotModified {
		g.unchanged++
		return g.bodies[g.last[document]]
	}
	body := rec.Body.String()
	if rec.Header().Get("Content-Encoding") == "gzip" {
		unzip, err := gzip.NewReader(rec.Body)
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(unzip)
		if err != nil {
			t.Fatal(err)
		}
		body = string(text)
	}
	if tag := rec.Header().Get("ETag"); tag != "" {
		g.bodies[tag], g.last[document] = body, tag
	}
	return body
}
