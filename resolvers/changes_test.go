package resolvers_test

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"roster/connectors"
	"roster/internal/access"
	"roster/internal/changes"
	"roster/internal/httpapi"
	"roster/internal/snapshot"
)

// company is two sources whose accounts a test sets, and a server that follows them.
type company struct {
	*testServer
	log     *changes.Log
	url     string
	ws, crm atomic.Pointer[[]connectors.Account]
}

// newCompany returns the company as soon as its log has told that both sources are there: so tests get only the changes that they make.
func newCompany(t *testing.T, bounds changes.Options) *company {
	t.Helper()
	c := &company{log: changes.NewLog(plenty)}
	c.ws.Store(&[]connectors.Account{{ID: "1", Name: "Ann Lee", Emails: mail("ann@example.com"), Active: true}})
	c.crm.Store(new([]connectors.Account))
	list := func(of *atomic.Pointer[[]connectors.Account]) connectors.Lister[connectors.Account] {
		return connectors.ListFunc[connectors.Account](func(context.Context, connectors.Progress[connectors.Account]) (connectors.Listing[connectors.Account], error) {
			return connectors.Listing[connectors.Account]{Records: *of.Load(), Complete: true}, nil
		})
	}
	options := snapshot.Options{Settings: make(map[snapshot.Key]snapshot.Settings), Sources: []*connectors.Source{
		{Name: "ws", Kind: "worksection", Accounts: list(&c.ws)}, {Name: "crm", Kind: "kommo", Accounts: list(&c.crm)},
	}}
	for _, s := range options.Sources {
		options.Settings[snapshot.Key{Source: s.Name, Collection: connectors.Accounts}] = snapshot.Settings{FreshFor: 10 * time.Millisecond, MinInterval: 5 * time.Millisecond}
	}
	c.testServer = newTestServerOf(t, options)
	c.api.Changes = c.log
	c.handler = httpapi.New(httpapi.Options{API: c.api, Access: callers{}, Introspection: true, Changes: c.log})
	arrivals, err := c.log.Reader("")
	if err != nil {
		t.Fatal(err)
	}
	defer arrivals.Close()
	ctx, stop := context.WithCancel(context.Background())
	var following sync.WaitGroup
	following.Go(func() { c.log.Follow(ctx, c.roster, slog.New(slog.DiscardHandler)) })
	t.Cleanup(func() {
		stop()
		following.Wait()
	})
	c.read()
	waiting, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	for range options.Sources {
		if _, err := arrivals.Next(waiting, func(e *changes.Event) bool { return e.Action == changes.Added && e.Reset }); err != nil {
			t.Fatal(err)
		}
	}
	c.log.Bound(bounds)
	server := httptest.NewServer(c.handler)
	t.Cleanup(server.Close)
	c.url = server.URL
	return c
}

// plenty are bounds that no test reaches.
var plenty = changes.Options{Length: 1000, KeepFor: time.Hour}

// told is a change as a client gets it.
type told struct {
	Cursor, Action, Kind, ID, RelatedID, Label string
	Fields                                     []string
	Reset                                      bool
	Node                                       map[string]any
}

// subscriber returns a function that waits for the next change, by one of the ways to get them, and one that returns the code of the error that ends them.
type subscriber func(c *company, t *testing.T, scopes, arguments string) (next func() told, ends func() string)

const changeSelection = `{ cursor action kind id relatedId label fields reset node { id ... on User { name title } } }`

func bySocket(c *company, t *testing.T, scopes, arguments string) (next func() told, ends func() string) {
	t.Helper()
	conn := connect(t, c.url, "."+scopes)
	t.Cleanup(func() { _ = conn.CloseNow() })
	sendMessage(t, conn, map[string]any{"type": "subscribe", "id": "1", "payload": map[string]any{"query": "subscription { changes" + arguments + changeSelection + " }"}})
	next = func() told {
		t.Helper()
		kind, payload := receive(t, conn)
		if kind != "next" {
			t.Fatalf("%s %s", kind, payload)
		}
		return changeIn(t, payload)
	}
	return next, func() string {
		t.Helper()
		kind, payload := receive(t, conn)
		if kind != "error" {
			t.Fatalf("%s %s", kind, payload)
		}
		return codeIn(t, `{"errors":`+string(payload)+`}`)
	}
}

func changeIn(t *testing.T, payload []byte) told {
	t.Helper()
	var answer struct {
		Data   struct{ Changes told }
		Errors []any
	}
	if err := json.Unmarshal(payload, &answer); err != nil || len(answer.Errors) > 0 {
		t.Fatalf("%s: %v", payload, err)
	}
	return answer.Data.Changes
}

func codeIn(t *testing.T, text string) string {
	t.Helper()
	var answer answer
	if err := json.Unmarshal([]byte(text), &answer); err != nil || len(answer.Errors) == 0 {
		t.Fatalf("%s: %v", text, err)
	}
	code, _ := answer.Errors[0].Extensions["code"].(string)
	return code
}

// event returns the next event of a stream that is not a comment.
func event(t *testing.T, lines *bufio.Scanner) (kind, data string) {
	t.Helper()
	for lines.Scan() {
		line := lines.Text()
		if line == "" && (kind != "" || data != "") {
			return kind, data
		}
		if value, ok := strings.CutPrefix(line, "event: "); ok {
			kind = value
		}
		if value, ok := strings.CutPrefix(line, "data: "); ok {
			data = value
		}
	}
	t.Fatalf("the stream has ended: %v", lines.Err())
	return "", ""
}

// open opens a stream of events, and returns its lines or, if it is refused, the status and the code of the error.
func open(t *testing.T, req *http.Request, scopes string) (lines *bufio.Scanner, status int, code string) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	req = req.WithContext(ctx)
	req.Header.Set("Authorization", "."+scopes)
	resp, err := (&http.Client{Transport: &http.Transport{}}).Do(req)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cancel()
		resp.Body.Close()
	})
	lines = bufio.NewScanner(resp.Body)
	if resp.StatusCode != http.StatusOK {
		lines.Scan()
		return nil, resp.StatusCode, codeIn(t, lines.Text())
	}
	return lines, resp.StatusCode, ""
}

func byEvents(c *company, t *testing.T, scopes, arguments string) (next func() told, ends func() string) {
	t.Helper()
	body, err := json.Marshal(map[string]any{"query": "subscription { changes" + arguments + changeSelection + " }"})
	if err != nil {
		t.Fatal(err)
	}
	var lines *bufio.Scanner
	opens := func() { // the stream begins with its first event
		if lines == nil {
			req, err := http.NewRequest(http.MethodPost, c.url+"/graphql", strings.NewReader(string(body))) //nolint:noctx // open sets the context
			if err != nil {
				t.Fatal(err)
			}
			req.Header.Set("Content-Type", "application/json")
			req.Header.Set("Accept", "text/event-stream")
			lines, _, _ = open(t, req, scopes)
		}
	}
	next = func() told {
		t.Helper()
		opens()
		kind, data := event(t, lines)
		if kind != "next" {
			t.Fatalf("%s %s", kind, data)
		}
		return changeIn(t, []byte(data))
	}
	return next, func() string {
		t.Helper()
		opens()
		_, data := event(t, lines)
		return codeIn(t, data)
	}
}

// cursor reads the cursor of the present state.
func (c *company) cursor(t *testing.T) string {
	t.Helper()
	return text(c.query(t, onlyRead, `{ changeCursor }`), "changeCursor")
}

func (c *company) query(t *testing.T, scopes, document string) map[string]any {
	t.Helper()
	var a answer
	if err := json.Unmarshal([]byte(overHTTP(c.handler)(t, scopes, document, nil)), &a); err != nil {
		t.Fatal(err)
	}
	return a.Data
}

func TestSubscribersGetEachChange(t *testing.T) {
	t.Parallel()
	for name, subscribe := range map[string]subscriber{"WebSocket": bySocket, "server-sent events": byEvents} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := newCompany(t, plenty)
			state := c.query(t, onlyRead, `{ changeCursor users { nodes { id } } }`)
			ann := text(state, "users", "nodes", 0, "id")
			next, _ := subscribe(c, t, onlyRead, `(after: "`+text(state, "changeCursor")+`", kinds: [USER])`)
			title, alone := connectors.Account{ID: "1", Name: "Ann Lee", Emails: mail("ann@example.com"), Active: true, Title: "Head"},
				connectors.Account{ID: "7", Name: "A. Lee", Emails: mail("lee@example.com"), Active: true}
			same := alone
			same.Emails = mail("ann@example.com")
			expect := func(want ...told) {
				t.Helper()
				for _, w := range want {
					got := next()
					got.Cursor = ""
					if diff := cmp.Diff(w, got); diff != "" {
						t.Errorf("(-want +got):\n%s", diff)
					}
				}
			}
			node := func(id, name string, title any) map[string]any {
				return map[string]any{"id": id, "name": name, "title": title}
			}

			c.ws.Store(&[]connectors.Account{title})
			expect(told{Action: "UPDATED", Kind: "USER", ID: ann, Label: "Ann Lee", Fields: []string{"title", "accounts"}, Node: node(ann, "Ann Lee", "Head")})
			c.crm.Store(&[]connectors.Account{alone})
			added := next()
			if added.Action != "ADDED" || added.Label != "A. Lee" || len(added.Fields) > 0 {
				t.Errorf("%+v", added)
			}
			c.crm.Store(&[]connectors.Account{same})
			expect(told{Action: "MERGED", Kind: "USER", ID: added.ID, RelatedID: ann, Label: "A. Lee", Fields: []string{}, Node: node(ann, "Ann Lee", "Head")},
				told{Action: "UPDATED", Kind: "USER", ID: ann, Label: "Ann Lee", Fields: []string{"emails", "accounts"}, Node: node(ann, "Ann Lee", "Head")})
			c.crm.Store(&[]connectors.Account{alone})
			expect(told{Action: "UPDATED", Kind: "USER", ID: ann, Label: "Ann Lee", Fields: []string{"emails", "accounts"}, Node: node(ann, "Ann Lee", "Head")},
				told{Action: "SPLIT", Kind: "USER", ID: added.ID, RelatedID: ann, Label: "A. Lee", Fields: []string{}, Node: node(added.ID, "A. Lee", nil)})
			c.crm.Store(new([]connectors.Account))
			expect(told{Action: "REMOVED", Kind: "USER", ID: added.ID, Label: "A. Lee", Fields: []string{}})

			// Another client that comes later with an earlier cursor gets the same.
			again, _ := subscribe(c, t, onlyRead, `(after: "`+added.Cursor+`", filter: { actions: [MERGED, REMOVED], ids: ["`+added.ID+`"] })`)
			if first, second := again(), again(); first.Action != "MERGED" || second.Action != "REMOVED" {
				t.Errorf("%+v, %+v", first, second)
			}
		})
	}
}

// What a caller may not see does not show in what has changed.
func TestChangesOfDeniedFieldsAreNotTold(t *testing.T) {
	t.Parallel()
	c := newCompany(t, plenty)
	from := `(after: "` + c.cursor(t) + `", kinds: [USER])`
	next, _ := bySocket(c, t, onlyRead, from)
	all, _ := bySocket(c, t, sensitive, from)
	ann := (*c.ws.Load())[0]
	ann.Phones = []connectors.Phone{{Raw: "+1 555 0100"}}
	c.ws.Store(&[]connectors.Account{ann})
	if got := all(); !cmp.Equal(got.Fields, []string{"phones", "accounts"}) {
		t.Errorf("with the scope: %+v", got)
	}
	ann.Phones, ann.Title = nil, "Head"
	c.ws.Store(&[]connectors.Account{ann})
	if got := all(); !cmp.Equal(got.Fields, []string{"title", "phones", "accounts"}) {
		t.Errorf("with the scope: %+v", got)
	}
	if got := next(); !cmp.Equal(got.Fields, []string{"title", "accounts"}) {
		t.Errorf("without: %+v", got)
	}
}

func TestAnExpiredCursorSaysWhatToDo(t *testing.T) {
	t.Parallel()
	c := newCompany(t, changes.Options{Length: 1, KeepFor: time.Hour})
	old := c.cursor(t)
	for i := 0; c.log.Has(old); i++ {
		ann := (*c.ws.Load())[0]
		ann.Title = fmt.Sprint("title ", i)
		c.ws.Store(&[]connectors.Account{ann})
		<-time.After(time.Millisecond)
	}
	for name, subscribe := range map[string]subscriber{"WebSocket": bySocket, "server-sent events": byEvents} {
		for _, cursor := range []string{old, "elsewhere.1", "", "x"} {
			_, ends := subscribe(c, t, onlyRead, `(after: "`+cursor+`")`)
			if code := ends(); code != "CURSOR_EXPIRED" {
				t.Errorf("%s after %q: %s", name, cursor, code)
			}
		}
	}
	before := c.log.Stats().Expired
	req := c.changesRequest(t, url.Values{"after": {old}}, "")
	if _, status, code := open(t, req, onlyRead); status != http.StatusGone || code != "CURSOR_EXPIRED" {
		t.Errorf("/changes: HTTP %d, %s", status, code)
	}
	if got := c.log.Stats(); before == 0 || got.Expired != before+1 || got.Readers > 0 || got.Length > 1 {
		t.Errorf("%d expired before /changes, then %+v", before, got)
	}
}

func (c *company) changesRequest(t *testing.T, query url.Values, lastEventID string) *http.Request {
	t.Helper()
	req, err := http.NewRequest(http.MethodGet, c.url+"/changes?"+query.Encode(), nil) //nolint:noctx // open sets the context
	if err != nil {
		t.Fatal(err)
	}
	if lastEventID != "" {
		req.Header.Set("Last-Event-ID", lastEventID)
	}
	return req
}

// A client without GraphQL reads on where it was, by what browsers send of their own accord.
func TestChangesWithoutGraphQL(t *testing.T) {
	t.Parallel()
	c := newCompany(t, plenty)
	lines, _, _ := open(t, c.changesRequest(t, url.Values{"kinds": {"USER,TEAM"}, "sources": {"ws"}}, ""), onlyRead)
	kind, data := event(t, lines)
	var ready struct{ Cursor string }
	if err := json.Unmarshal([]byte(data), &ready); kind != "ready" || err != nil || ready.Cursor == "" {
		t.Fatalf("%s %s", kind, data)
	}
	c.crm.Store(&[]connectors.Account{{ID: "7", Name: "Elsewhere"}})
	rename := func(title string) {
		ann := (*c.ws.Load())[0]
		ann.Title = title
		c.ws.Store(&[]connectors.Account{ann})
	}
	changed := func(lines *bufio.Scanner) told {
		t.Helper()
		var got told
		if kind, data = event(t, lines); kind != "change" || json.Unmarshal([]byte(data), &got) != nil {
			t.Fatalf("%s %s", kind, data)
		}
		return got
	}
	rename("Head")
	got := changed(lines)
	if got.Action != "UPDATED" || got.Label != "Ann Lee" || !cmp.Equal(got.Fields, []string{"title", "accounts"}) {
		t.Errorf("%+v", got)
	}
	rename("Chief")
	second := changed(lines)
	again, _, _ := open(t, c.changesRequest(t, url.Values{"after": {ready.Cursor}, "kinds": {"USER"}, "sources": {"ws"}}, got.Cursor), onlyRead)
	event(t, again) // that it is ready
	if diff := cmp.Diff(second, changed(again)); diff != "" {
		t.Errorf("(-first time +again):\n%s", diff)
	}

	for name, refused := range map[string]struct {
		query  url.Values
		scopes string
		status int
	}{
		"unknown kind": {url.Values{"kinds": {"PERSON"}}, onlyRead, http.StatusBadRequest},
		"no scope":     {nil, "directory:write", http.StatusForbidden},
	} {
		if _, status, _ := open(t, c.changesRequest(t, refused.query, ""), refused.scopes); status != refused.status {
			t.Errorf("%s: HTTP %d", name, status)
		}
	}
	req := c.changesRequest(t, url.Values{"sources": {"ws,none"}}, "")
	req.Header.Set("Authorization", "."+onlyRead)
	resp, err := (&http.Client{Transport: &http.Transport{DisableKeepAlives: true}}).Do(req.WithContext(t.Context()))
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != http.StatusBadRequest || codeIn(t, string(body)) != "BAD_USER_INPUT" ||
		!strings.Contains(string(body), `sources: there is no source named \"none\": the sources are ws, crm`) {
		t.Errorf("an unknown source: HTTP %d, %s, %v", resp.StatusCode, body, err)
	}
}

// A subscription to an unknown source is refused as other fields refuse it.
func TestChangesOfAnUnknownSource(t *testing.T) {
	t.Parallel()
	c := newCompany(t, plenty)
	for name, subscribe := range map[string]subscriber{"WebSocket": bySocket, "server-sent events": byEvents} {
		if _, ends := subscribe(c, t, onlyRead, `(sources: ["ws", "none"])`); ends() != "BAD_USER_INPUT" {
			t.Error(name)
		}
	}
}

// The access log has a line for each change that somebody gets.
func TestChangesAreRecorded(t *testing.T) {
	t.Parallel()
	c := newCompany(t, plenty)
	path := filepath.Join(t.TempDir(), "access.log")
	log, err := access.OpenLog(access.LogOptions{Path: path})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = log.Close() })
	c.api.AccessLog = log
	lines, _, _ := open(t, c.changesRequest(t, url.Values{"kinds": {"USER"}}, ""), onlyRead)
	event(t, lines) // that it is ready
	for i := range 2 {
		ann := (*c.ws.Load())[0]
		ann.Title = fmt.Sprint("title ", i)
		c.ws.Store(&[]connectors.Account{ann})
		event(t, lines) // a line is written before its change is sent
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		written := strings.Split(strings.TrimSuffix(string(text), "\n"), "\n")
		var got struct {
			Operation, Outcome string
			Fields, Sources    []string
			Items              int
		}
		if err := json.Unmarshal([]byte(written[len(written)-1]), &got); err != nil || len(written) != i+1 {
			t.Fatalf("%d lines: %v", len(written), err)
		}
		if got.Operation != "subscription" || got.Outcome != "answered" || got.Items != 1 || !cmp.Equal(got.Fields, []string{"changes"}) || !cmp.Equal(got.Sources, []string{"ws", "crm"}) {
			t.Errorf("%+v", got)
		}
	}
}

// The streams of subscribers leave nothing behind.
func TestSubscribersAreCounted(t *testing.T) {
	t.Parallel()
	c := newCompany(t, plenty)
	conn := connect(t, c.url, "."+onlyRead)
	sendMessage(t, conn, map[string]any{"type": "subscribe", "id": "1", "payload": map[string]any{"query": "subscription { changes { id } }"}})
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	wait := func(n int64) {
		t.Helper()
		for c.log.Stats().Readers != n {
			if ctx.Err() != nil {
				t.Fatal(c.log.Stats())
			}
			<-time.After(time.Millisecond)
		}
	}
	wait(1)
	sendMessage(t, conn, map[string]any{"type": "complete", "id": "1"})
	wait(0)
	_ = conn.CloseNow()
}
