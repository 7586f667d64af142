package e2e_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/coder/websocket"
	"github.com/coder/websocket/wsjson"
	"github.com/google/go-cmp/cmp"

	"roster/internal/redis/redistest"
	"roster/internal/sandbox"
	"roster/web/browsertest"
)

// between is a proxy before a program, in which tests make faults. Subscriptions end in it: the test says what comes on them.
type between struct {
	url string

	mu sync.Mutex
	// onQuery gets each query over HTTP, and reports whether it has answered. Nil: the program answers all.
	onQuery func(w http.ResponseWriter, r *http.Request, query string) bool
	// subscribed gets the connection of each subscription for changes.
	subscribed func(ctx context.Context, c *websocket.Conn, id string)
	// ended gets each WebSocket when it is closed; nil: nobody is told.
	ended   func(c *websocket.Conn)
	program http.Handler
	// silent leaves pings without an answer, as a connection does that is dead without having been closed.
	silent bool
}

type socketMessage struct {
	ID      string `json:"id,omitempty"`
	Type    string `json:"type"`
	Payload any    `json:"payload,omitempty"`
}

func newBetween(t *testing.T, p *program) *between {
	t.Helper()
	target, err := url.Parse(p.url)
	if err != nil {
		t.Fatal(err)
	}
	b := &between{program: &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(target) }}}
	server := httptest.NewServer(b)
	t.Cleanup(server.Close)
	b.url = server.URL
	return b
}

func (b *between) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	b.mu.Lock()
	onQuery, subscribed, ended := b.onQuery, b.subscribed, b.ended
	b.mu.Unlock()
	if r.Header.Get("Upgrade") != "" {
		c, err := websocket.Accept(w, r, &websocket.AcceptOptions{Subprotocols: []string{"graphql-transport-ws"}})
		if err != nil {
			return
		}
		defer func() {
			_ = c.CloseNow()
			if ended != nil {
				ended(c)
			}
		}()
		for {
			var m socketMessage
			if wsjson.Read(r.Context(), c, &m) != nil {
				return
			}
			switch m.Type {
			case "connection_init":
				_ = wsjson.Write(r.Context(), c, socketMessage{Type: "connection_ack"})
			case "ping":
				b.mu.Lock()
				silent := b.silent
				b.mu.Unlock()
				if silent {
					continue
				}
				_ = wsjson.Write(r.Context(), c, socketMessage{Type: "pong"})
			case "subscribe":
				subscribed(r.Context(), c, m.ID)
			}
		}
	}
	if r.URL.Path == "/graphql" && onQuery != nil {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
		var request struct{ Query string }
		if json.Unmarshal(body, &request) == nil && onQuery(w, r, request.Query) {
			return
		}
	}
	b.program.ServeHTTP(w, r)
}

// A change that comes while an answer is awaited is shown too: that answer can be older than the change.
func TestDashboardReadsAgainAfterAChange(t *testing.T) {
	t.Parallel()
	s := system(t, sandbox.Worksection, smallCompany)
	p := serve(t, settingsOf(reading(sourceSettings(s.Sources()[0]), "1s", "1s")))
	p.awaitFirstReading(t)
	s.Rename("Beforename")
	find := func(name string) (ids []string) {
		for _, person := range nodes[struct{ ID string }](t, p, fmt.Sprintf(`{ users(first: 1, filter: { search: %q }) { nodes { id } } }`, name)) {
			ids = append(ids, person.ID)
		}
		return ids
	}
	eventually(t, "the person has the first name", func() bool { return len(find("Beforename")) == 1 })
	id := find("Beforename")[0]

	b := newBetween(t, p)
	held, release, change := make(chan struct{}), make(chan struct{}), make(chan struct{})
	var once sync.Once
	b.onQuery = func(w http.ResponseWriter, r *http.Request, query string) (answered bool) {
		if !bytes.Contains([]byte(query), []byte("query Person(")) {
			return false
		}
		once.Do(func() {
			answered = true
			answer := httptest.NewRecorder()
			b.program.ServeHTTP(answer, r)
			close(held)
			<-release
			w.Header().Set("Content-Type", answer.Header().Get("Content-Type"))
			_, _ = w.Write(answer.Body.Bytes())
		})
		return answered
	}
	b.subscribed = func(ctx context.Context, c *websocket.Conn, sub string) {
		go func() {
			select {
			case <-change:
			case <-ctx.Done():
				return
			}
			_ = wsjson.Write(ctx, c, socketMessage{ID: sub, Type: "next", Payload: map[string]any{"data": map[string]any{"changes": map[string]any{
				"cursor": "later", "kind": "USER", "action": "UPDATED", "id": id, "relatedId": nil, "reset": false,
			}}}})
		}()
	}
	page := browsertest.OpenDashboard(t, b.url+"/person?id="+url.QueryEscape(id), desktop)
	<-held
	s.Rename("Aftername")
	eventually(t, "the person has the second name", func() bool { return len(find("Aftername")) == 1 })
	page.Wait(".connection", "Live")
	close(change)
	page.Evaluate(`new Promise((done) => setTimeout(done, 500))`) // the page collects changes for a moment
	close(release)
	page.Wait("h1", "Aftername")
}

// A server that refuses the subscription is not asked again at once, and the page reads on without it.
func TestDashboardPausesAfterARefusal(t *testing.T) {
	t.Parallel()
	b := newBetween(t, theDemo(t))
	var mu sync.Mutex
	var times []time.Time
	b.subscribed = func(ctx context.Context, c *websocket.Conn, id string) {
		mu.Lock()
		times = append(times, time.Now())
		mu.Unlock()
		_ = wsjson.Write(ctx, c, socketMessage{ID: id, Type: "error", Payload: []any{map[string]any{
			"message": "Too many streams.", "extensions": map[string]any{"code": "LIMIT_EXCEEDED"},
		}}})
	}
	page := browsertest.OpenDashboard(t, b.url+"/people", desktop)
	page.Wait(".table-body", "@")
	page.Wait(".connection", "Not live")
	asked := func() []time.Time {
		mu.Lock()
		defer mu.Unlock()
		return slices.Clone(times)
	}
	eventually(t, "the page has asked three times", func() bool { return len(asked()) >= 3 })
	for i, at := range asked()[1:] {
		if pause := at.Sub(asked()[i]); pause < time.Second*9/10 {
			t.Errorf("the page asks again after %s", pause)
		}
	}
}

// An answer that fails for a while is asked for again without the visitor.
func TestDashboardTriesAgain(t *testing.T) {
	t.Parallel()
	b := newBetween(t, theDemo(t))
	b.subscribed = func(context.Context, *websocket.Conn, string) {}
	var mu sync.Mutex
	failed := make(map[string]bool)
	b.onQuery = func(w http.ResponseWriter, _ *http.Request, query string) bool {
		mu.Lock()
		defer mu.Unlock()
		for _, name := range []string{"query People(", "query Overview"} {
			if !failed[name] && bytes.Contains([]byte(query), []byte(name)) {
				failed[name] = true
				w.Header().Set("Retry-After", "1")
				w.WriteHeader(http.StatusServiceUnavailable)
				return true
			}
		}
		return false
	}
	page := browsertest.OpenDashboard(t, b.url+"/", desktop)
	page.Wait(".severe", "503")
	page.Wait(".complete", "Complete.")
	page.WaitFor(`document.querySelector('.severe') === null`)
	page.Visit(b.url + "/people")
	page.Wait(".severe", "503")
	page.Wait(".table-body", "@")
	page.WaitFor(`document.querySelector('.severe') === null`)
}

// An address with values that no filter has shows the list without them.
func TestDashboardBadAddresses(t *testing.T) {
	t.Parallel()
	p := theDemo(t)
	page := browsertest.OpenDashboard(t, p.url+"/", desktop)
	for _, accounts := range []string{`{}`, `5`, `[null]`, `[{"sources":5}]`, `[{"accessLevels":"ADMIN"}]`, `{`} {
		page.Visit(p.url + "/people?accounts=" + url.QueryEscape(accounts))
		page.WaitFor(fmt.Sprintf(`document.querySelector('.count')?.dataset.total === '%d'`, p.count(t, "users", "")))
	}
	clean(t, page.Page)
}

// A connection on which nothing comes any more is given up, and the page connects again.
func TestDashboardNoticesADeadConnection(t *testing.T) {
	t.Parallel()
	b := newBetween(t, theDemo(t))
	var mu sync.Mutex
	var open []*websocket.Conn // those with a subscription, the last one last
	ended := make(map[*websocket.Conn]bool)
	b.subscribed = func(_ context.Context, c *websocket.Conn, _ string) {
		mu.Lock()
		defer mu.Unlock()
		open = append(open, c)
	}
	b.ended = func(c *websocket.Conn) {
		mu.Lock()
		defer mu.Unlock()
		ended[c] = true
	}
	hurried := desktop
	hurried.Hurried = true // it pings every 20 s, and waits 10 s for the answer
	page := browsertest.OpenDashboard(t, b.url+"/people", hurried)
	page.Wait(".connection", "Live")
	b.mu.Lock()
	b.silent = true
	b.mu.Unlock()
	mu.Lock()
	n := len(open)
	last := open[n-1]
	mu.Unlock()
	eventually(t, "the page has closed the dead connection, and has another one", func() bool {
		mu.Lock()
		defer mu.Unlock()
		return ended[last] && len(open) > n
	})
	b.mu.Lock()
	b.silent = false
	b.mu.Unlock()
	page.Wait(".connection", "Live")
}

// While a file comes, the page says how much of it is there.
func TestDashboardShowsHowMuchIsSaved(t *testing.T) {
	t.Parallel()
	b := newBetween(t, theDemo(t))
	b.subscribed = func(context.Context, *websocket.Conn, string) {}
	release := make(chan struct{})
	program := b.program
	b.program = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/export/people.csv" {
			program.ServeHTTP(w, r)
			return
		}
		w.Header().Set("Content-Type", "text/csv; charset=utf-8")
		_, _ = w.Write(bytes.Repeat([]byte("a,b,c\r\n"), 60_000))
		w.(http.Flusher).Flush()
		select {
		case <-release:
		case <-r.Context().Done():
		}
	})
	page := browsertest.OpenDashboard(t, b.url+"/people", desktop)
	page.Wait(".table-body", "@")
	page.Click(".list-head button", "CSV")
	page.Wait(".list-head button", "Saving … 0.4 MB")
	close(release)
	page.Wait(".list-head button", "CSV")
	clean(t, page.Page)
}

// Of two replicas one ends, and the page goes on with the other: with the same changes, and without a reload.
func TestDashboardGoesOnWithAnotherReplica(t *testing.T) {
	t.Parallel()
	redis, s := redistest.Start(t), system(t, sandbox.Worksection, smallCompany)
	settings := settingsOf(reading(sourceSettings(s.Sources()[0]), "1s", "1s"))
	settings["redis"] = map[string]any{"url": "redis://" + redis.Addr + "/0", "dial_timeout": "10s"}
	var replicas []*program
	for range 2 {
		p := serve(t, settings)
		p.awaitConnected(t)
		p.awaitFirstReading(t)
		replicas = append(replicas, p)
	}
	var answering atomic.Int32
	proxy := httptest.NewServer(&httputil.ReverseProxy{ErrorLog: log.New(io.Discard, "", 0), Rewrite: func(r *httputil.ProxyRequest) {
		target, err := url.Parse(replicas[answering.Load()].url)
		if err != nil {
			panic(err) // it was used before
		}
		r.SetURL(target)
		r.Out.Host = r.In.Host
	}})
	t.Cleanup(proxy.Close)
	page := browsertest.OpenDashboard(t, proxy.URL+"/people", desktop)
	page.Wait(".connection", "Live")
	page.Wait(".table-body", "@")
	page.Evaluate(`window.sameDocument = true`)
	answering.Store(1)
	if err := replicas[0].stop(); err != nil {
		t.Error(err)
	}
	s.Rename("Elsewhere")
	page.Fill(".search", "elsewhere")
	page.Wait(".table-body", "Elsewhere")
	page.Wait(".connection", "Live")
	s.Rename("Nowhere")
	page.WaitGone(".table-body", "Elsewhere")
	if got := page.Evaluate(`window.sameDocument`); got != "true" {
		t.Error("the page was loaded again")
	}
	if diff := cmp.Diff([]string(nil), page.ForeignRequests()); diff != "" {
		t.Errorf("requests to other servers (-want +got):\n%s", diff)
	}
}
