package resolvers_test

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"pgregory.net/rapid"

	"roster/connectors"
	"roster/internal/directory"
	"roster/internal/generation"
	"roster/internal/httpapi"
	"roster/internal/randdoc"
	"roster/internal/responsecache"
	"roster/internal/snapshot"
	"roster/resolvers"
)

// numbered are people whom each fetch finds changed: all their texts have the number of the fetch.
type numbered struct{ fetches atomic.Int64 }

// numberIn matches a number in a text.
var numberIn = regexp.MustCompile(`·(\d+)·`)

const canary = "canary"

func (n *numbered) List(context.Context, connectors.Progress[connectors.Account]) (connectors.Listing[connectors.Account], error) {
	mark := fmt.Sprintf(" ·%d·", n.fetches.Add(1))
	l := connectors.Listing[connectors.Account]{Complete: true}
	for i := range 12 {
		l.Records = append(l.Records, connectors.Account{
			ID: strconv.Itoa(i), Name: fmt.Sprintf("Person %d", i) + mark, FirstName: "Ann" + mark, Username: "user" + mark, Title: "Seller" + mark, Department: "Sales" + mark,
			Emails: mail(fmt.Sprintf("p%d@acme.example", i)), Active: true, Access: connectors.AccessMember,
			Phones: []connectors.Phone{{Raw: canary + mark}}, Addresses: []string{canary + mark},
			Teams: []connectors.TeamRef{{ID: "t", Name: "Team" + mark}}, Roles: []connectors.RoleRef{{ID: "r", Name: "Role" + mark}},
		})
	}
	return l, nil
}

// now returns the number of the fetch that the current generation shows.
func now(t testing.TB, p *generation.Publisher) int {
	view, _ := p.Current().View(0)
	person, err := view.Directory.Users(&directory.UserFilter{In: []string{"changing"}}, directory.UserOrder{}, directory.PageArgs{First: new(1)})
	if err != nil || len(person.Nodes()) == 0 {
		t.Errorf("there are no people: %v", err)
		return 0
	}
	return numbersIn(person.Nodes()[0].Name)[0]
}

// numbersIn returns the numbers in a text, each once.
func numbersIn(text string) []int {
	found := make(map[int]bool)
	for _, m := range numberIn.FindAllStringSubmatch(text, -1) {
		n, _ := strconv.Atoi(m[1])
		found[n] = true
	}
	return slices.Sorted(maps.Keys(found))
}

// While each fetch changes all people, and another source is fetched without news, each answer is that of one generation that was current during the
// request, and only callers with the scope see what is sensitive. CACHE_GENERATIONS is the number of generations, one in a second: see `make test-cache`.
func TestCachedAnswersAreOfOneGeneration(t *testing.T) {
	t.Parallel()
	generations, every := int64(20), 50*time.Millisecond
	if asked := fromEnvironment(t, "CACHE_GENERATIONS", 0); asked > 0 {
		generations, every = asked, time.Second
	}
	people, changing := new(numbered), &connectors.Source{Name: "changing", Kind: "worksection", Mentions: connectors.Mentions{Teams: true, Roles: true}}
	changing.Accounts = people
	steady := crm()
	often := snapshot.Settings{FreshFor: every, MinInterval: every}
	server := newTestServerOf(t, snapshot.Options{Sources: []*connectors.Source{changing, steady}, Settings: map[snapshot.Key]snapshot.Settings{
		{Source: "changing", Collection: connectors.Accounts}: often, {Source: "crm", Collection: connectors.Accounts}: often,
		{Source: "crm", Collection: connectors.Contacts}: often,
	}}).read()
	limits := httpapi.DefaultLimits()
	limits.Requests, limits.CallerShare, limits.CallerOperations = 0, 100, 64
	limits.OperationTime = time.Hour // the machine may be busy
	limiter := httpapi.NewLimiter(limits, nil)
	cache := responsecache.New(64<<20, nil)
	h := httpapi.New(httpapi.Options{API: server.api, Access: callers{}, Introspection: true, Limits: limits, Limiter: limiter, Responses: cache})
	requests := randomRequests(t, h, 1_000)
	last := int64(now(t, server.roster)) + generations
	var answers atomic.Int64
	var clients sync.WaitGroup
	for client := range uint64(64) {
		clients.Go(func() {
			dice := rand.New(rand.NewPCG(client, 5))
			for begin := now(t, server.roster); (int64(begin) < last || cache.Stats().Hits == 0) && !t.Failed(); begin = now(t, server.roster) {
				r := requests[dice.IntN(1+dice.IntN(1+dice.IntN(len(requests))))] // some of them often
				scopes := [...]string{onlyRead, sensitive}[dice.IntN(2)]
				rec := r.send(h, dice.IntN(2) == 0, scopes)
				end, text := now(t, server.roster), rec.Body.String()
				if rec.Code >= http.StatusTooManyRequests {
					t.Errorf("HTTP %d %s", rec.Code, text)
				}
				numbers := numbersIn(text)
				if len(numbers) > 1 || len(numbers) == 1 && (numbers[0] < begin || numbers[0] > end) {
					t.Errorf("from generation %d to %d, the answer has %d: %s", begin, end, numbers, text)
				}
				if scopes == onlyRead && strings.Contains(text, canary) {
					t.Errorf("a caller without the scope sees %s", text)
				}
				if len(numbers) > 0 {
					answers.Add(1)
				}
			}
		})
	}
	clients.Wait()
	stats := cache.Stats()
	t.Logf("%d fetches; %d answers with people; %d hits, %d misses", people.fetches.Load(), answers.Load(), stats.Hits, stats.Misses)
	if stats.Hits == 0 || stats.Misses == 0 || answers.Load() == 0 {
		t.Errorf("%d hits, %d misses, %d answers with people", stats.Hits, stats.Misses, answers.Load())
	}
	for _, use := range httpapi.StatsOf(limiter) {
		if use.Held != 0 {
			t.Errorf("when all operations are over, %d of %s are held", use.Held, use.Limit)
		}
	}
}

// randomRequest is a random document that anyone may send.
type randomRequest struct{ randdoc.Document }

func randomRequestOf(text string) randomRequest {
	return randomRequest{randdoc.Document{Text: text, Variables: "{}"}}
}

func (r randomRequest) variables(t rapid.TB) map[string]any {
	t.Helper()
	var out map[string]any
	if err := json.Unmarshal([]byte(r.Variables), &out); err != nil {
		t.Fatal(err)
	}
	return out
}

func jsonOf(t rapid.TB, v any) string {
	t.Helper()
	text, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// aboutPeople are queries whose answers show much of what changes and of what is sensitive.
var aboutPeople = []string{
	`{ users(first: 50) { nodes { name title phones { raw } addresses teams { name } roles { name } accounts { name username } } } }`,
	`{ user(by: {account: {source: "changing", externalId: "3"}}) { name department phones { raw } } }`,
	`{ a: users(first: 5) { nodes { name } } teams { nodes { name members { nodes { name addresses } } } } roles { nodes { name holders { nodes { title } } } } }`,
	`{ users { totalCount facets(by: DEPARTMENT) { label value count } nodes { name asOf } completeness { asOf complete } } }`,
	`{ _entities(representations: [{__typename: "User", email: "p1@acme.example"}]) { ... on User { name accounts { name ... on WorksectionAccount { phones { raw } } } } } }`,
}

// randomRequests writes documents over the people whom a server has. What changes does not occur in them.
func randomRequests(t testing.TB, h http.Handler, count int) []randomRequest {
	t.Helper()
	survey := randomRequestOf(randdoc.Survey).send(h, false, onlyRead).Body.String()
	world := randdoc.NewWorld(parsed(t, numberIn.ReplaceAllString(survey, "")).Data)
	schema := withoutCounts((&resolvers.Resolver{}).Schema().Schema())
	out := make([]randomRequest, count)
	for i := range out {
		if i < len(aboutPeople) {
			out[i] = randomRequestOf(aboutPeople[i])
			continue
		}
		out[i] = randomRequest{randdoc.New(schema, rand.New(rand.NewPCG(uint64(i), 6)), world)}
	}
	return out
}

// send sends the document by GET or POST, without a network.
func (r randomRequest) send(h http.Handler, get bool, scopes string) *httptest.ResponseRecorder {
	rec := httptest.NewRecorder()
	h.ServeHTTP(rec, r.request(get, scopes))
	return rec
}

func (r randomRequest) request(get bool, scopes string) *http.Request {
	ctx := context.Background()
	var out *http.Request
	if get {
		query := url.Values{"query": {r.Text}, "variables": {r.Variables}}
		if r.OperationName != "" {
			query.Set("operationName", r.OperationName)
		}
		out = httptest.NewRequestWithContext(ctx, http.MethodGet, "/graphql?"+query.Encode(), http.NoBody)
	} else {
		body, _ := json.Marshal(map[string]any{"query": r.Text, "variables": json.RawMessage(r.Variables), "operationName": r.OperationName}) //nolint:errchkjson // texts
		out = httptest.NewRequestWithContext(ctx, http.MethodPost, "/graphql", strings.NewReader(string(body)))
		out.Header.Set("Content-Type", "application/json")
	}
	out.Header.Set("Authorization", "."+scopes)
	return out
}
