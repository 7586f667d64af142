package resolvers_test

import (
	"bytes"
	"context"
	"encoding/json"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"roster/connectors"
	_ "roster/connectors/registry"
	"roster/graph/model"
	"roster/internal/directory"
	"roster/internal/edits"
	"roster/internal/generation"
	"roster/internal/httpapi"
	"roster/internal/plan"
	"roster/internal/presence"
	"roster/internal/snapshot"
	"roster/internal/writes"
	"roster/resolvers"
)

// testServer is a server over sources in memory. It lives in the synctest bubble of one test.
type testServer struct {
	t       testing.TB
	handler http.Handler
	api     *resolvers.Resolver
	keeper  *snapshot.Keeper
	roster  *generation.Publisher
	// once sends each query once, because the test measures time or counts what queries do. Otherwise gqlgen executes each query too, and the answer must
	// be the same.
	once   bool
	ledger *writes.Ledger
	edits  *editStore
	// readEdits reads them again.
	readEdits func(context.Context) error
	log       strings.Builder
	audit     strings.Builder
}

// newTestServer starts to fetch the sources, without waiting.
func newTestServer(t testing.TB, sources ...*connectors.Source) *testServer {
	t.Helper()
	return newTestServerOf(t, snapshot.Options{Sources: sources})
}

func newTestServerOf(t testing.TB, options snapshot.Options) *testServer {
	t.Helper()
	return newTestServerBy(t, directory.Rules{}, options)
}

// newTestServerBy is newTestServerOf with rules of the operator.
func newTestServerBy(t testing.TB, rules directory.Rules, options snapshot.Options) *testServer {
	t.Helper()
	w := &testServer{t: t, edits: new(editStore)}
	sources := options.Sources
	w.keeper = snapshot.New(options)
	var trusted []generation.Source
	for _, s := range sources {
		trusted = append(trusted, generation.Source{Source: s, Account: model.AccountOf(s.Kind)})
	}
	w.ledger = writes.NewLedger(writes.LedgerOptions{})
	edited := edits.New(edits.Options{Store: w.edits})
	w.readEdits = edited.Read
	w.roster = generation.New(generation.Options{Keeper: w.keeper, Sources: trusted, Rules: rules, Edits: edited, Overlay: w.ledger})
	there := presence.New(sources, presence.Options{})
	w.api = &resolvers.Resolver{Publisher: w.roster, Keeper: w.keeper, Presence: there,
		Writer: writes.New(writes.Options{Keeper: w.keeper, Publisher: w.roster, Ledger: w.ledger, Audit: slog.New(slog.NewTextHandler(&w.audit, nil))}), Logger: slog.New(slog.NewTextHandler(&w.log, nil)), Plans: new(plan.Counts)}
	w.api.Identity = edits.NewEditor(edits.EditorOptions{Edits: edited, Publisher: w.roster, Record: w.api.Writer.Record})
	w.handler = httpapi.New(httpapi.Options{API: w.api, Introspection: true})
	ctx, stop := context.WithCancel(t.Context())
	var running sync.WaitGroup
	running.Go(func() { _ = w.keeper.Run(ctx) })
	running.Go(func() { _ = w.roster.Run(ctx) })
	t.Cleanup(func() {
		stop()
		running.Wait()
		there.Close()
	})
	return w
}

// fetchedOnce returns the options of a server that does not fetch its sources again, for tests in real time.
func fetchedOnce(sources []*connectors.Source) snapshot.Options {
	options := snapshot.Options{Sources: sources, Settings: make(map[snapshot.Key]snapshot.Settings)}
	for _, s := range sources {
		for _, c := range s.Collections() {
			options.Settings[snapshot.Key{Source: s.Name, Collection: c}] = snapshot.Settings{FreshFor: 24 * time.Hour}
		}
	}
	return options
}

// read waits until every collection has been fetched, or its fetch has failed.
func (w *testServer) read() *testServer {
	w.t.Helper()
	if !w.roster.AwaitFirst(w.t.Context()) {
		w.t.Fatal("the first fetch has not ended")
	}
	return w
}

// answer is what a client gets.
type answer struct {
	Data       map[string]any
	Errors     []answerError
	Extensions struct{ Sources []answerError }
}

type answerError struct {
	Message    string
	Path       []any
	Extensions map[string]any
}

// ask runs an operation. Variables are pairs of name and value.
func (w *testServer) ask(document string, variables ...any) answer {
	w.t.Helper()
	a, _ := w.askFor("", document, variables...)
	return a
}

// askFor is ask with a Cache-Control header, and also returns the answer's header.
func (w *testServer) askFor(cacheControl, document string, variables ...any) (answer, http.Header) {
	w.t.Helper()
	header := make(http.Header)
	if cacheControl != "" {
		header.Set("Cache-Control", cacheControl)
	}
	return w.askWith(header, document, variables...)
}

// askWith is ask with further headers, and also returns the answer's header.
func (w *testServer) askWith(header http.Header, document string, variables ...any) (answer, http.Header) {
	w.t.Helper()
	vars := make(map[string]any)
	for i := 0; i < len(variables); i += 2 {
		name, _ := variables[i].(string)
		vars[name] = variables[i+1]
	}
	body, err := json.Marshal(map[string]any{"query": document, "variables": vars})
	if err != nil {
		w.t.Fatal(err)
	}
	header.Set("Content-Type", "application/json")
	_, left := w.api.Planned()
	rec := w.post(header, body)
	if _, now := w.api.Planned(); now > left && !leftToGqlgen.MatchString(document) {
		w.t.Errorf("gqlgen has executed %s", document)
	}
	if !w.once && !strings.Contains(document, "mutation") {
		w.api.WithoutPlans = true
		w.same(rec, w.post(header, body))
		w.api.WithoutPlans = false
	}
	var a answer
	if err := json.Unmarshal(rec.Body.Bytes(), &a); err != nil {
		w.t.Fatalf("the answer %q: %v", rec.Body, err)
	}
	if strings.Contains(rec.Body.String(), "must not be null") {
		w.t.Errorf("a non-null field has no value: %s", rec.Body)
	}
	return a, rec.Header()
}

func (w *testServer) post(header http.Header, body []byte) *httptest.ResponseRecorder {
	req := httptest.NewRequestWithContext(w.t.Context(), http.MethodPost, "/graphql", bytes.NewReader(body))
	req.Header = header
	rec := httptest.NewRecorder()
	w.handler.ServeHTTP(rec, req)
	return rec
}

// leftToGqlgen are documents that have no plan.
var leftToGqlgen = regexp.MustCompile(`mutation|identityPreview|__schema|__type\(|_service`)

// queriesCounted are the fields of sources that count queries.
var queriesCounted = regexp.MustCompile(`"(hits|misses|waits)":[0-9]+`)

// same compares the answer of a plan with that of gqlgen, byte by byte. Gqlgen resolves lists and root fields concurrently, so only the order of errors may
// differ.
func (w *testServer) same(planned, gqlgen *httptest.ResponseRecorder) {
	w.t.Helper()
	type parts struct {
		Data, Extensions json.RawMessage
		Errors           []json.RawMessage
	}
	read := func(rec *httptest.ResponseRecorder) (p parts) {
		if err := json.Unmarshal(queriesCounted.ReplaceAll(rec.Body.Bytes(), []byte(`"$1":0`)), &p); err != nil {
			w.t.Fatalf("the answer %q: %v", rec.Body, err)
		}
		slices.SortFunc(p.Errors, func(a, b json.RawMessage) int { return bytes.Compare(a, b) })
		return p
	}
	if diff := cmp.Diff(read(gqlgen), read(planned), cmp.Transformer("text", func(m json.RawMessage) string { return string(m) })); diff != "" || gqlgen.Code != planned.Code {
		w.t.Errorf("HTTP %d by gqlgen, %d by the plan; (-gqlgen +plan):\n%s", gqlgen.Code, planned.Code, diff)
	}
}

// get runs an operation that must have no error.
func (w *testServer) get(document string, variables ...any) map[string]any {
	w.t.Helper()
	a := w.ask(document, variables...)
	if len(a.Errors) > 0 {
		w.t.Fatalf("%s: %v", document, a.Errors)
	}
	return a.Data
}

// in returns the value at a path of an answer.
func in(v any, path ...any) any {
	for _, p := range path {
		switch p := p.(type) {
		case string:
			m, _ := v.(map[string]any)
			v = m[p]
		case int:
			l, _ := v.([]any)
			if p >= len(l) {
				return nil
			}
			v = l[p]
		}
	}
	return v
}

func text(v any, path ...any) string {
	s, _ := in(v, path...).(string)
	return s
}

// all lists a complete collection.
func all[T connectors.Record](records ...T) connectors.Lister[T] {
	return connectors.ListFunc[T](func(context.Context, connectors.Progress[T]) (connectors.Listing[T], error) {
		return connectors.Listing[T]{Records: records, Complete: true}, nil
	})
}

// short lists an incomplete collection.
func short[T connectors.Record](records ...T) connectors.Lister[T] {
	return connectors.ListFunc[T](func(context.Context, connectors.Progress[T]) (connectors.Listing[T], error) {
		return connectors.Listing[T]{Records: records}, nil
	})
}

func failing[T connectors.Record](e connectors.Error) connectors.Lister[T] {
	return connectors.ListFunc[T](func(context.Context, connectors.Progress[T]) (connectors.Listing[T], error) {
		return connectors.Listing[T]{}, &e
	})
}

// hanging never returns.
func hanging[T connectors.Record]() connectors.Lister[T] {
	return connectors.ListFunc[T](func(ctx context.Context, _ connectors.Progress[T]) (connectors.Listing[T], error) {
		<-ctx.Done()
		return connectors.Listing[T]{}, ctx.Err()
	})
}

func mail(address string) []connectors.Email { return []connectors.Email{{Address: address}} }

// ws, crm, mailer and chat are sources of the four vendors. Ann is in all of them, Ben in the first, and a bot in the last.
func ws() *connectors.Source {
	return &connectors.Source{
		Name: "ws", Kind: "worksection", Mentions: connectors.Mentions{Teams: true, Roles: true, Folders: true},
		Accounts: all(
			connectors.Account{ID: "1", Name: "Ann Lee", Emails: mail("ann@example.com"), Active: true, Access: connectors.AccessOwner,
				Teams: []connectors.TeamRef{{Name: "Sales"}}, Roles: []connectors.RoleRef{{ID: "owner", Access: connectors.AccessOwner}}},
			connectors.Account{ID: "2", Name: "Ben Fox", Emails: mail("ben@example.com"), Active: true, Access: connectors.AccessMember},
		),
		Teams:          all(connectors.Team{ID: "t1", Name: "Sales", Kind: connectors.TeamCompany}),
		Contacts:       all(connectors.Contact{ID: "c1", Name: "Cem Oz", Emails: mail("ben@example.com"), Folder: &connectors.FolderRef{Name: "Clients"}}),
		ContactFolders: all(connectors.ContactFolder{ID: "f1", Name: "Clients"}),
	}
}

func crm() *connectors.Source {
	return &connectors.Source{
		Name: "crm", Kind: "kommo", Mentions: connectors.Mentions{Teams: true, Roles: true},
		Accounts: all(connectors.Account{ID: "10", Name: "Ann", Emails: mail("ann@example.com"), Active: true, Access: connectors.AccessMember,
			Roles: []connectors.RoleRef{{ID: "r1"}}}),
		Roles:    all(connectors.Role{ID: "r1", Name: "Closer", Access: connectors.AccessMember}),
		Contacts: all(connectors.Contact{ID: "c9", Name: "Dee Ray", OwnerID: "10"}),
	}
}

func mailer() *connectors.Source {
	return &connectors.Source{Name: "mailer", Kind: "altcraft",
		Accounts: all(connectors.Account{ID: "ann", Emails: mail("ann@example.com"), Active: true, Access: connectors.AccessAdmin})}
}

func chat() *connectors.Source {
	return &connectors.Source{
		Name: "chat", Kind: "rocketchat", Mentions: connectors.Mentions{Roles: true},
		Accounts: all(
			connectors.Account{ID: "u1", Name: "Ann", Emails: mail("ann@example.com"), Active: true, Access: connectors.AccessMember,
				Roles: []connectors.RoleRef{{ID: "user"}}},
			connectors.Account{ID: "u2", Name: "Helper", Active: true, Bot: true, Access: connectors.AccessMember},
			connectors.Account{ID: "u3", Name: "Old Timer", Access: connectors.AccessMember},
		),
		Teams:    all(connectors.Team{ID: "tm", Name: "Crew", Members: []string{"u1", "u2"}}),
		Roles:    all(connectors.Role{ID: "user", Name: "User", Access: connectors.AccessMember}),
		Presence: &presenceSource{},
	}
}

// presenceSource knows presence, and records for whom it was called. Everyone is online unless stated otherwise.
type presenceSource struct {
	mu       sync.Mutex
	calls    [][]string
	say      map[string]connectors.Presence
	everyone []string
}

func (p *presenceSource) MaxIDs() int { return 100 }

func (p *presenceSource) Presence(_ context.Context, ids []string) (map[string]connectors.Presence, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.calls = append(p.calls, slices.Sorted(slices.Values(ids)))
	out := make(map[string]connectors.Presence)
	if len(ids) == 0 {
		ids = p.everyone
	}
	for _, id := range ids {
		out[id] = connectors.Presence{State: connectors.PresenceOnline}
	}
	maps.Copy(out, p.say)
	return out, nil
}

func (p *presenceSource) asked() [][]string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.calls
}

// elapsed returns the duration of f by the bubble's clock.
func elapsed(f func()) time.Duration {
	start := time.Now()
	f()
	return time.Since(start)
}

// editStore keeps the edits of identities in memory.
type editStore struct {
	mu      sync.Mutex
	value   []byte
	version int
	err     error
}

func (s *editStore) Load(context.Context, string) ([]byte, string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.value == nil {
		return nil, "", s.err
	}
	return s.value, strconv.Itoa(s.version), s.err
}

func (s *editStore) Save(_ context.Context, _ string, value []byte) (string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.value, s.version = value, s.version+1
	return strconv.Itoa(s.version), s.err
}

func (*editStore) Check(context.Context) error { return nil }
func (*editStore) Changed() <-chan struct{}    { return nil }
