package app

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"roster/connectors"
	"roster/internal/config"
	"roster/internal/credential"
)

// issuer returns a pair of tokens for every grant, whose access token is valid for one second. It counts the exchanges by the first grant of their
// chain.
type issuer struct {
	*httptest.Server
	mu  sync.Mutex
	got map[string]int
}

func newIssuer(t *testing.T) *issuer {
	t.Helper()
	i := &issuer{got: make(map[string]int)}
	i.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var grant struct {
			Refresh string `json:"refresh_token"`
		}
		if r.Method != http.MethodPost || json.NewDecoder(r.Body).Decode(&grant) != nil {
			w.WriteHeader(http.StatusNotFound)
			return
		}
		i.mu.Lock()
		i.got[grant.Refresh[:1]]++
		n := i.got[grant.Refresh[:1]]
		i.mu.Unlock()
		w.Header().Set("Content-Type", "application/json")
		fmt.Fprintf(w, `{"token_type":"Bearer","expires_in":1,"access_token":"access%s%d","refresh_token":"%[1]s%d"}`, grant.Refresh[:1], n, n)
	}))
	t.Cleanup(i.Close)
	return i
}

func (i *issuer) exchanges(chain string) int {
	i.mu.Lock()
	defer i.mu.Unlock()
	return i.got[chain]
}

// If a source is removed or gets another grant, its old tokens are removed; tokens that are still needed stay. A refused configuration has no effect:
// its grant is not used, and tokens of sources that it does not name stay.
func TestTokensFollowTheConfigurationInForce(t *testing.T) {
	t.Parallel()
	vendor := newIssuer(t)
	tokens := credential.New(credential.Options{Store: new(credential.Memory)})
	defer tokens.Close()
	crm := func(name, refresh string) connectors.Config {
		settings, err := connectors.KindNamed("kommo").SettingsFrom(map[string]any{"oauth": &connectors.OAuth{ClientID: "app",
			ClientSecret: "secret", RedirectURI: "https://roster.example/done", RefreshToken: connectors.Secret(refresh), URL: vendor.URL}})
		if err != nil {
			t.Fatal(err)
		}
		return connectors.Config{Name: name, Kind: "kommo", URL: vendor.URL + "/" + name, Settings: settings}
	}
	of := func(sources ...connectors.Config) *config.Config {
		cfg, err := config.Default("127.0.0.1:0", sources)
		if err != nil {
			t.Fatal(err)
		}
		return cfg
	}
	// Each check renews the tokens that are due.
	once, end := context.WithCancel(t.Context())
	end()
	until := func(what string, renewed func() bool) {
		t.Helper()
		tick := time.NewTicker(20 * time.Millisecond)
		defer tick.Stop()
		for deadline := time.Now().Add(time.Minute); !renewed(); <-tick.C {
			if time.Now().After(deadline) {
				t.Fatalf("never comes about: %s", what)
			}
			tokens.Run(once)
		}
	}
	h, err := NewHost(of(crm("stays", "a"), crm("leaves", "b"), crm("changes", "c")), Options{Tokens: tokens,
		Stopping: func() bool { return false }, Logger: slog.New(slog.DiscardHandler)}, func() {})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	h.start(ctx, h.current.Load())

	refused := of(crm("stays", "a"), crm("changes", "x"))
	refused.Access.Log = filepath.Join(t.TempDir(), "missing", "access.log")
	if err := h.replace(ctx, refused); err == nil {
		t.Error("a configuration whose access log cannot be opened is taken over")
	}
	until("all tokens of the configuration in force are renewed again", func() bool {
		return vendor.exchanges("a") > 1 && vendor.exchanges("b") > 1 && vendor.exchanges("c") > 1
	})
	if n := vendor.exchanges("x"); n > 0 {
		t.Errorf("the grant of a configuration that was refused was used %d times", n)
	}

	if err := h.replace(ctx, of(crm("stays", "a"), crm("changes", "d"))); err != nil {
		t.Error(err)
	}
	h.retired.Wait()
	gone, stayed := vendor.exchanges("b")+vendor.exchanges("c"), vendor.exchanges("a")
	until("the tokens that are needed are renewed", func() bool { return vendor.exchanges("a") > stayed+2 && vendor.exchanges("d") > 1 })
	if now := vendor.exchanges("b") + vendor.exchanges("c"); now > gone+2 { // one exchange of each may have been under way
		t.Errorf("the tokens of sources that have left were renewed %d times", now-gone)
	}
	cancel()
	h.current.Load().close()
}
