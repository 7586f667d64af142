package e2e_test

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"roster/connectors"
	"roster/internal/sandbox"
)

// gate stands before Kommo: it lets in who shows one of the tokens that are good now, and notes each call.
type gate struct {
	*httptest.Server
	real string // the token behind it

	mu    sync.Mutex
	good  []string
	calls []string // the tokens that were shown
	at    []time.Time
	held  chan struct{}
}

func newGate(t *testing.T, good ...string) (*gate, map[string]any) {
	t.Helper()
	source := system(t, sandbox.Kommo, smallCompany).Sources()[0]
	target, err := url.Parse(source.URL)
	if err != nil {
		t.Fatal(err)
	}
	g := &gate{real: fmt.Sprint(sandbox.Credentials(sandbox.Kommo)["access_token"]), good: good}
	path := target.Path
	target.Path = ""
	proxy := &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) {
		r.SetURL(target)
		r.Out.Host = r.In.Host // the links in the answers lead through the gate, too
		r.Out.Header.Set("Authorization", "Bearer "+g.real)
	}}
	g.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		token := strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")
		g.mu.Lock()
		ok, held := slices.Contains(g.good, token), g.held
		g.calls, g.at = append(g.calls, token), append(g.at, time.Now())
		g.mu.Unlock()
		if held != nil {
			select {
			case <-held:
			case <-r.Context().Done():
				return
			}
		}
		if !ok {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		proxy.ServeHTTP(w, r)
	}))
	t.Cleanup(g.Close)
	source.URL = g.URL + path
	settings := reading(sourceSettings(source), "30d", "1s")
	delete(settings, "access_token")
	return g, settings
}

// allow says which tokens are good from now on.
func (g *gate) allow(good ...string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.good = good
}

// hold has calls wait until they are released, or the caller goes.
func (g *gate) hold() (release func()) {
	g.mu.Lock()
	defer g.mu.Unlock()
	held := make(chan struct{})
	g.held = held
	return func() {
		g.mu.Lock()
		defer g.mu.Unlock()
		g.held = nil
		close(held)
	}
}

// seen gives how many calls showed the token, of all so far.
func (g *gate) seen(token string) (n, of int) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, c := range g.calls {
		if c == token {
			n++
		}
	}
	return n, len(g.calls)
}

// reloadable is a program whose configuration changes.
type reloadable struct {
	*program
	path string
}

func serveReloadable(t *testing.T, settings map[string]any) *reloadable {
	t.Helper()
	r := serveUnread(t, settings)
	r.awaitFirstReading(t)
	return r
}

// serveUnread is serveReloadable without waiting until anything has been read.
func serveUnread(t *testing.T, settings map[string]any) *reloadable {
	t.Helper()
	r := &reloadable{path: configFile(t, settings)}
	p, err := launch("serve", "--config", r.path)
	if err != nil {
		t.Fatal(err)
	}
	r.program = p
	t.Cleanup(func() {
		if err := p.stop(); err != nil {
			t.Error(err)
		}
		discreet(t, "the log", p.log.String())
	})
	if err := p.awaitAddress("Roster listens on "); err != nil {
		t.Fatal(err)
	}
	return r
}

// replace puts a file in the place of another, as a careful editor does.
func replace(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path+".new", []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(path+".new", path); err != nil {
		t.Fatal(err)
	}
}

// hangUp sends SIGHUP.
func (r *reloadable) hangUp(t *testing.T) {
	t.Helper()
	if err := r.cmd.Process.Signal(syscall.SIGHUP); err != nil {
		t.Fatal(err)
	}
}

const (
	takenOver    = "configuration applied"
	notTakenOver = "configuration not applied"
)

func (r *reloadable) said(message string) int { return strings.Count(r.log.String(), `msg="`+message) }

// reload takes a configuration over.
func (r *reloadable) reload(t *testing.T, settings map[string]any) {
	t.Helper()
	before := r.said(takenOver)
	replace(t, r.path, inYAML(settings))
	r.hangUp(t)
	eventually(t, "the configuration is taken over:\n"+r.log.String(), func() bool { return r.said(takenOver) > before })
}

// names gives the sources as the graph knows them.
func (r *reloadable) names(t *testing.T) []string {
	t.Helper()
	var data struct{ Sources []named }
	r.ask(t, `{ sources { name } }`, nil).into(t, &data)
	var names []string
	for _, s := range data.Sources {
		names = append(names, s.Name)
	}
	return names
}

// underLoad has queries asked without a pause until the test calls stop, each of which has to be answered whole. It gives how many there were.
func (r *reloadable) underLoad(t *testing.T) (stop func() int) {
	t.Helper()
	var asking sync.WaitGroup
	var over atomic.Bool
	var asked atomic.Int64
	for range 3 {
		asking.Go(func() {
			for !over.Load() {
				a := r.ask(t, `{ users(first: 3) { totalCount completeness { complete missing { name } } } }`, nil)
				var data struct {
					Users struct {
						TotalCount   int
						Completeness struct {
							Complete bool
							Missing  []named
						}
					}
				}
				if err := json.Unmarshal(a.Data, &data); err != nil || a.Status != 200 || len(a.Errors) > 0 || !data.Users.Completeness.Complete || data.Users.TotalCount == 0 {
					t.Errorf("HTTP %d, %s, want a whole answer", a.Status, a.Body)
					return
				}
				asked.Add(1)
			}
		})
	}
	return func() int {
		over.Store(true)
		asking.Wait()
		return int(asked.Load())
	}
}

// callsOf counts all calls that came to a system.
func callsOf(calls map[connectors.KindName]map[string]int) (n int) {
	for _, ops := range calls {
		for _, c := range ops {
			n += c
		}
	}
	return n
}

// A secret's file that is replaced is noticed without a signal: the source is read with the new one, nobody gets less meanwhile, and no other source
// is asked anything. What is no secret yet changes nothing.
func TestSecretIsReplaced(t *testing.T) {
	t.Parallel()
	other := system(t, sandbox.RocketChat, smallCompany)
	g, kommo := newGate(t, "first")
	secret := filepath.Join(t.TempDir(), "kommo")
	replace(t, secret, "first\n")
	kommo["access_token_file"] = secret
	settings := settingsOf(kommo, reading(sourceSettings(other.Sources()[0]), "30d", "1s"))
	settings["first_wait"] = "1ms" // nobody waits for what is missing: nothing may ever be
	r := serveReloadable(t, settings)
	other.ResetCalls()
	_, before := g.seen("first")
	stop := r.underLoad(t)

	replace(t, secret, "\n") // begun, and not written yet
	eventually(t, "the empty file is complained about", func() bool { return r.said(notTakenOver) > 0 })
	g.allow("first", "second")
	replace(t, secret, "second\n")
	eventually(t, "the new secret is taken over", func() bool { return r.said(takenOver) > 0 })
	if n := stop(); n == 0 {
		t.Error("nobody asked meanwhile")
	}
	if n, _ := g.seen("first"); n != before {
		t.Errorf("%d calls with the old secret after the first reading", n-before)
	}
	if n, _ := g.seen("second"); n == 0 {
		t.Error("the new secret has not been used")
	}
	if n := callsOf(other.Calls()); n != 0 {
		t.Errorf("the other source was called %d times", n)
	}
	if n := r.said(notTakenOver); n != 1 || !strings.Contains(r.log.String(), "sources[0].access_token_file: the file is empty") {
		t.Errorf("%d complaints, want one that names the setting; the log:\n%s", n, r.log.String())
	}
	if strings.Contains(r.log.String(), "second") {
		t.Error("the log holds the secret")
	}
	if t.Failed() {
		return
	}

	// What a secret is taken up with is the configuration in force, not that of the start, nor the one that somebody is at work on.
	r.reload(t, settingsOf(kommo))
	replace(t, r.path, "sources: [")
	g.allow("third")
	replace(t, secret, "third")
	eventually(t, "the third secret is used", func() bool { n, _ := g.seen("third"); return n > 0 && r.said(takenOver) == 3 })
	if diff := cmp.Diff([]string{"kommo"}, r.names(t)); diff != "" {
		t.Errorf("sources (-want +got):\n%s", diff)
	}
}

// What a source allows does not begin anew with a configuration, nor with a credential.
func TestLimitsOutliveAConfiguration(t *testing.T) {
	t.Parallel()
	g, kommo := newGate(t, "first", "second")
	const per = 2 * time.Second
	kommo["access_token"], kommo["rate_limit"] = "first", map[string]any{"calls": 1, "per": per.String()}
	kommo["collections"] = map[string]any{"teams": false, "roles": false, "contacts": false}
	r := serveReloadable(t, settingsOf(kommo))
	kommo["access_token"] = "second"
	r.reload(t, settingsOf(kommo))
	eventually(t, "the second credential is used", func() bool { n, _ := g.seen("second"); return n > 0 })
	g.mu.Lock()
	defer g.mu.Unlock()
	for i := range g.at[1:] {
		if gap := g.at[i+1].Sub(g.at[i]); gap < per {
			t.Errorf("call %d came %s after the one before, with %q after %q", i+1, gap, g.calls[i+1], g.calls[i])
		}
	}
}

// A request that is being answered when the configuration changes gets the answer that it would have got.
func TestRequestUnderWayIsAnswered(t *testing.T) {
	t.Parallel()
	g, kommo := newGate(t, "good")
	kommo["access_token"], kommo["timeout"] = "good", "1m"
	release := g.hold()
	settings := waiting(settingsOf(kommo))
	r := serveUnread(t, settings)
	answered := make(chan answer, 1)
	go func() { answered <- r.ask(t, `{ users { totalCount completeness { complete } } }`, nil) }()
	eventually(t, "the request waits", func() bool {
		a := r.send(t, http.MethodGet, "?"+url.Values{"query": {`{ sources { collections { waits } } }`}}.Encode(), "", nil)
		return strings.Contains(string(a.Data), `"waits":1`)
	})
	settings["identity"] = map[string]any{"shared_mailboxes": []string{"all"}}
	r.reload(t, settings)
	release()
	var data struct {
		Users struct {
			TotalCount   int
			Completeness struct{ Complete bool }
		}
	}
	(<-answered).into(t, &data)
	if !data.Users.Completeness.Complete || data.Users.TotalCount == 0 {
		t.Errorf("the answer has %+v, want all people", data.Users)
	}
}

// A configuration with faults changes nothing, and each of them is told on a line of its own.
func TestBrokenConfigurationIsRefused(t *testing.T) {
	t.Parallel()
	g, kommo := newGate(t, "good")
	kommo["access_token"] = "good"
	r := serveReloadable(t, settingsOf(kommo))
	_, before := g.seen("good")
	stop := r.underLoad(t)
	broken := map[string]any{"listen": "127.0.0.1:0", "max_wait": "for ever", "sources": []any{
		map[string]any{"name": "kommo", "kind": "kommo", "url": kommo["url"], "access_token": canary, "colour": "blue"}}}
	replace(t, r.path, inYAML(broken))
	r.hangUp(t)
	eventually(t, "both faults are told", func() bool { return r.said(notTakenOver) == 2 })
	for _, says := range []string{"max_wait: must be a duration", "sources[0].colour: unknown key"} {
		if !strings.Contains(r.log.String(), says) {
			t.Errorf("the log does not say %q:\n%s", says, r.log.String())
		}
	}
	stop()
	if _, after := g.seen("good"); after != before {
		t.Errorf("the source was called %d times because of it", after-before)
	}
	r.reload(t, settingsOf(kommo)) // and mended, it is taken over
}

// Sources come and go, the others are not asked again, and what cannot change says so.
func TestSourcesComeAndGo(t *testing.T) {
	t.Parallel()
	stays, goes, comes := system(t, sandbox.Altcraft, smallCompany), system(t, sandbox.RocketChat, smallCompany), system(t, sandbox.Worksection, smallCompany)
	settings := func(sources ...map[string]any) map[string]any {
		for _, s := range sources {
			reading(s, "30d", "1s")
			if s["kind"] == string(sandbox.Altcraft) {
				s["format"] = "xml"
			}
		}
		all := settingsOf(sources...)
		all["first_wait"] = "1ms" // nobody waits for what is missing: nothing may ever be
		return all
	}
	first := settings(sourceSettings(stays.Sources()[0]), sourceSettings(goes.Sources()[0]))
	r := serveReloadable(t, first)
	stays.ResetCalls()
	stop := r.underLoad(t)
	second := settings(sourceSettings(comes.Sources()[0]), sourceSettings(stays.Sources()[0]))
	second["identity"] = map[string]any{"shared_mailboxes": []string{"all"}}
	second["cache_dir"] = filepath.Join(t.TempDir(), "cache")
	r.reload(t, second)
	if diff := cmp.Diff([]string{"worksection", "altcraft"}, r.names(t)); diff != "" {
		t.Errorf("sources (-want +got):\n%s", diff)
	}
	for _, want := range []string{"added=[worksection] changed=[] removed=[rocketchat]", "needs a restart\" setting=cache_dir"} {
		if !strings.Contains(r.log.String(), want) {
			t.Errorf("the log does not say %q:\n%s", want, r.log.String())
		}
	}
	goes.ResetCalls()
	// Twice quickly: the last one counts, whether or not the first was ever seen.
	replace(t, r.path, inYAML(second))
	r.hangUp(t)
	replace(t, r.path, inYAML(first))
	r.hangUp(t)
	eventually(t, "the last configuration counts", func() bool { return slices.Equal(r.names(t), []string{"altcraft", "rocketchat"}) })
	stop()
	if n := callsOf(stays.Calls()); n != 0 {
		t.Errorf("the source that stayed was called %d times", n)
	}
	if r.status(t, "/readyz") != 200 || r.status(t, "/healthz") != 200 {
		t.Error("it is not ready any more")
	}
}

// A source that hangs holds up no change for long, also of itself; and its reading goes on where nothing of it has changed.
func TestReloadWhileASourceHangs(t *testing.T) {
	t.Parallel()
	well := system(t, sandbox.Altcraft, smallCompany)
	g, kommo := newGate(t, "good")
	kommo["access_token"] = "good"
	kommo["collections"] = map[string]any{"teams": false, "roles": false, "contacts": false, "accounts": map[string]any{"fresh_for": "1s", "min_interval": "1s"}}
	kommo["timeout"] = "1m"
	healthy := reading(sourceSettings(well.Sources()[0]), "30d", "1s")
	r := serveReloadable(t, settingsOf(kommo, healthy))
	release := g.hold()
	_, before := g.seen("good")
	eventually(t, "the source hangs", func() bool {
		r.ask(t, `{ users { totalCount } }`, nil)
		_, n := g.seen("good")
		return n > before
	})
	_, hanging := g.seen("good")
	stop := r.underLoad(t)
	for i := range 2 {
		changed := settingsOf(kommo, healthy)
		changed["max_wait"] = fmt.Sprintf("%ds", i+3)
		r.reload(t, changed)
	}
	if _, n := g.seen("good"); n != hanging {
		t.Errorf("%d more calls while the first one hung", n-hanging)
	}
	kommo["access_token"] = "better" // and the same one is not waited for
	g.allow("better")
	changed := settingsOf(kommo, healthy)
	stop()
	r.reload(t, changed)
	release()
	eventually(t, "the source is read with the new credential", func() bool {
		var data struct {
			Users struct{ Completeness struct{ Complete bool } }
		}
		a := r.ask(t, `{ users { completeness { complete } } }`, nil)
		return json.Unmarshal(a.Data, &data) == nil && data.Users.Completeness.Complete
	})
	if n, _ := g.seen("better"); n == 0 {
		t.Error("the new credential has not been used")
	}
}

// What clients have registered by its hash, and how much they have asked already, does not begin anew with a configuration.
func TestCallersAreKnownAfterAReload(t *testing.T) {
	t.Parallel()
	_, kommo := newGate(t, "good")
	kommo["access_token"] = "good"
	with := func(requests int) map[string]any {
		settings := settingsOf(kommo)
		settings["limits"] = map[string]any{"requests": requests, "requests_per": "24h"}
		return settings
	}
	r := serveReloadable(t, with(1000))
	left := func() int {
		t.Helper()
		_, header := r.wish(t, http.MethodPost, `{ __typename }`, "")
		var n int
		if _, err := fmt.Sscanf(header.Get("RateLimit"), `"caller";r=%d;`, &n); err != nil {
			t.Fatalf("RateLimit %q: %v", header.Get("RateLimit"), err)
		}
		return n
	}
	const query = `{ sources { name } }`
	hash := fmt.Sprintf(`"extensions":{"persistedQuery":{"version":1,"sha256Hash":"%x"}}`, sha256.Sum256([]byte(query)))
	r.send(t, http.MethodPost, "", "application/json", []byte(`{"query":"`+query+`",`+hash+`}`))
	used := 1000 - left()
	r.reload(t, with(2000))
	if now := 2000 - left(); now < used || now > used+5 {
		t.Errorf("%d requests are used up after the limit has changed, want the %d before and few more", now, used)
	}
	a := r.send(t, http.MethodPost, "", "application/json", []byte(`{`+hash+`}`))
	if len(a.Errors) > 0 || !strings.Contains(string(a.Data), "kommo") {
		t.Errorf("a query that was registered before: %s", a.Body)
	}
}
