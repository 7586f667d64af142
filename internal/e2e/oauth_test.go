package e2e_test

import (
	"maps"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"roster/connectors"
	"roster/internal/redis/redistest"
	"roster/internal/sandbox"
)

// issuing stands before a system whose tokens are renewed. It can keep back an answer of the token endpoint: then the vendor has given a new
// pair, the refresh token before it is used up, and nobody knows the new one yet.
type issuing struct {
	*httptest.Server
	kind    connectors.KindName
	system  *sandbox.Sandbox
	tokens  map[string]any // the source's oauth, as an operator writes it
	mu      sync.Mutex
	held    chan struct{}
	waiting int
	refused int // answers of the token endpoint that hold no tokens
}

func newIssuing(t *testing.T, kind connectors.KindName) *issuing {
	t.Helper()
	g := &issuing{kind: kind, system: system(t, kind, smallCompany)}
	target, err := url.Parse(g.system.Sources()[0].URL)
	if err != nil {
		t.Fatal(err)
	}
	proxy := &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) {
		r.SetURL(target)
		r.Out.Host = r.In.Host // the links in the answers lead through here, too
	}}
	g.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !strings.HasPrefix(r.URL.Path, "/oauth2/") {
			proxy.ServeHTTP(w, r)
			return
		}
		answer := httptest.NewRecorder()
		proxy.ServeHTTP(answer, r)
		g.await(strings.Contains(answer.Body.String(), "refresh_token"))
		maps.Copy(w.Header(), answer.Header())
		w.WriteHeader(answer.Code)
		_, _ = answer.Body.WriteTo(w)
	}))
	t.Cleanup(g.Close)
	o := g.system.Authorise(kind)
	g.tokens = map[string]any{"client_id": o.ClientID, "client_secret": o.ClientSecret.Reveal(), "redirect_uri": o.RedirectURI,
		"refresh_token": o.RefreshToken.Reveal(), "url": g.URL}
	return g
}

// await notes an answer of the token endpoint, and keeps it back.
func (g *issuing) await(granted bool) {
	g.mu.Lock()
	held := g.held
	if held != nil {
		g.waiting++
	}
	if !granted {
		g.refused++
	}
	g.mu.Unlock()
	if held != nil {
		<-held
	}
}

// hold keeps answers of the token endpoint back until they are released.
func (g *issuing) hold(t *testing.T) (release func()) {
	t.Helper()
	held := make(chan struct{})
	g.mu.Lock()
	g.held = held
	g.mu.Unlock()
	release = sync.OnceFunc(func() {
		g.mu.Lock()
		g.held = nil
		g.mu.Unlock()
		close(held)
	})
	t.Cleanup(release)
	return release
}

func (g *issuing) keepsBack() int {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.waiting
}

// exchanges counts the calls of the token endpoint, and those of them that were refused.
func (g *issuing) exchanges() (all, refused int) {
	calls := g.system.Calls()[g.kind]
	g.mu.Lock()
	defer g.mu.Unlock()
	return calls["token.refresh"] + calls["oauth2/refresh"], g.refused
}

// source is the source as an operator writes it.
func (g *issuing) source() map[string]any {
	s := reading(sourceSettings(g.system.Sources()[0]), "1s", "1s")
	delete(s, "api_key")
	delete(s, "access_token")
	s["url"], s["oauth"], s["timeout"] = g.URL, g.tokens, "50s"
	return s
}

// A configuration that is taken over in the middle of a token's renewal neither loses the new pair nor has the old one used again: in a directory of
// one process, and in Redis for two.
func TestReloadWhileTokensAreRenewed(t *testing.T) {
	t.Parallel()
	for _, kind := range []connectors.KindName{sandbox.Worksection, sandbox.Kommo} {
		for place, replicas := range map[string]int{"a directory": 1, "redis": 2} {
			t.Run(string(kind)+" with its tokens in "+place, func(t *testing.T) {
				t.Parallel()
				g := newIssuing(t, kind)
				settings := func(more map[string]any) map[string]any {
					source := g.source()
					maps.Copy(source, more)
					return settingsOf(source)
				}
				kept := map[string]any{"credentials_dir": filepath.Join(t.TempDir(), "tokens")}
				if replicas > 1 {
					redis := redistest.Start(t, "--appendonly", "yes", "--maxmemory-policy", "noeviction")
					kept = map[string]any{"redis": map[string]any{
						"url": "redis://" + redis.Addr + "/0", "dial_timeout": "10s", "encryption_key": strings.Repeat("6b", 32)}}
				}
				with := func(more map[string]any) map[string]any {
					s := settings(more)
					maps.Copy(s, kept)
					s["first_wait"], s["max_wait"] = "5s", "5s"
					return s
				}
				var programs []*reloadable
				for range replicas {
					programs = append(programs, serveReloadable(t, with(nil)))
				}
				if all, refused := g.exchanges(); all != 1 || refused != 0 {
					t.Fatalf("%d exchanges at the start, %d refused; want one", all, refused)
				}
				release := g.hold(t)
				g.system.EndTokens(kind)
				eventually(t, "a token is being renewed", func() bool {
					for _, p := range programs {
						p.ask(t, countsOfAll, nil) // what is asked for is read
					}
					return g.keepsBack() > 0
				})
				for _, p := range programs {
					p.reload(t, with(map[string]any{"phone_region": "DE"})) // the source itself is another one now
				}
				programs[0].reload(t, with(map[string]any{"phone_region": "FR"}))
				release()
				whole(t, g, programs, 2)

				// What was stored is the pair that was given last: after a restart it can be renewed.
				for _, p := range programs {
					if err := p.stop(); err != nil {
						t.Fatal(err)
					}
				}
				g.system.EndTokens(kind)
				whole(t, g, []*reloadable{serveReloadable(t, with(nil))}, 3)
			})
		}
	}
}

// A configuration that is refused leaves the tokens alone, whatever else is wrong with it: they are renewed with the client_secret in force, and a
// grant that is good once can still be used by the configuration that is taken over later.
func TestRefusedReloadLeavesTokensAlone(t *testing.T) {
	t.Parallel()
	for _, kind := range []connectors.KindName{sandbox.Worksection, sandbox.Kommo} {
		t.Run(string(kind), func(t *testing.T) {
			t.Parallel()
			g := newIssuing(t, kind)
			dir := t.TempDir()
			with := func(tokens, more map[string]any) map[string]any {
				source := g.source()
				oauth := maps.Clone(g.tokens)
				maps.Copy(oauth, tokens)
				source["oauth"] = oauth
				s := settingsOf(source)
				s["credentials_dir"], s["first_wait"], s["max_wait"] = filepath.Join(dir, "tokens"), "5s", "5s"
				maps.Copy(s, more)
				return s
			}
			r := serveReloadable(t, with(nil, nil))
			refused := func(tokens, more map[string]any) {
				t.Helper()
				before := r.said(notTakenOver)
				replace(t, r.path, inYAML(with(tokens, more)))
				r.hangUp(t)
				eventually(t, "the configuration is refused", func() bool { return r.said(notTakenOver) > before })
			}
			fresh := map[string]any{"refresh_token": g.system.Authorise(kind).RefreshToken.Reveal()}
			wrong := map[string]any{"client_secret": "wrong"}
			for _, fault := range []map[string]any{
				{"access": map[string]any{"log": "no/such/directory/access.log"}},
				{"trusted_documents": map[string]any{"file": "missing.json"}},
			} {
				refused(wrong, fault)
				refused(fresh, fault)
			}
			refused(wrong, map[string]any{"max_wait": "for ever"})

			g.system.EndTokens(kind)
			whole(t, g, []*reloadable{r}, 2)
			r.reload(t, with(fresh, nil))
			whole(t, g, []*reloadable{r}, 3)
		})
	}
}

// whole waits until all programs have data with the new token, and counts how often tokens have been exchanged by then.
func whole(t *testing.T, g *issuing, programs []*reloadable, exchanges int) {
	t.Helper()
	eventually(t, "all is read with the new token", func() bool {
		for _, p := range programs {
			a, _ := p.wish(t, http.MethodPost, `{ users(first: 1) { totalCount completeness { complete stale { name } } } }`, "no-cache")
			if len(a.Errors) > 0 || !strings.Contains(string(a.Data), `"complete":true,"stale":[]`) || strings.Contains(string(a.Data), `"totalCount":0`) {
				return false
			}
		}
		return true
	})
	if all, refused := g.exchanges(); all != exchanges || refused != 0 {
		t.Errorf("%d exchanges, %d refused; want %d, and each refresh token used once", all, refused, exchanges)
	}
}
