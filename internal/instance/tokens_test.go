package instance

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"slices"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"roster/connectors"
	"roster/internal/config"
)

// vault keeps no tokens, but notes which chains there are.
type vault struct {
	mu     sync.Mutex
	chains []string
}

func (v *vault) Keep(_, id string, _ connectors.TokenGrant, _ connectors.Exchange) connectors.Tokens {
	v.mu.Lock()
	defer v.mu.Unlock()
	if !slices.Contains(v.chains, id) {
		v.chains = append(v.chains, id)
	}
	return noTokens{}
}

func (v *vault) Only(ids []string) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.chains = slices.DeleteFunc(v.chains, func(id string) bool { return !slices.Contains(ids, id) })
}

type noTokens struct{}

var errNone = errors.New("there is none")

func (noTokens) Token(context.Context) (connectors.Token, error) { return connectors.Token{}, errNone }

func (noTokens) Renew(context.Context, connectors.Token) (connectors.Token, error) {
	return connectors.Token{}, errNone
}

func (noTokens) Credential() connectors.CredentialStatus { return connectors.CredentialStatus{} }

// With a source that leaves, or gets another grant, the tokens leave that it had; those that are still needed stay.
func TestTokensOfASourceThatLeavesAreKeptNoMore(t *testing.T) {
	t.Parallel()
	crm := func(name, refresh string) connectors.Config {
		return connectors.Config{Name: name, Kind: connectors.Kommo, URL: "https://" + name + ".example", OAuth: &connectors.OAuth{
			ClientID: "app", ClientSecret: "secret", RedirectURI: "https://roster.example/done", RefreshToken: connectors.Secret(refresh)}}
	}
	of := func(sources ...connectors.Config) (cfg *config.Config, chains []string) {
		cfg, err := config.Default("127.0.0.1:0", sources)
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range sources {
			chains = append(chains, s.OAuth.Chain(s.Kind))
		}
		return cfg, chains
	}
	tokens := &vault{}
	cfg, want := of(crm("stays", "a"), crm("leaves", "b"), crm("changes", "c"))
	h, err := New(cfg, Options{Runtime: connectors.Runtime{Tokens: tokens}, Pages: http.NotFoundHandler(), Stopping: func() bool { return false },
		Logger: slog.New(slog.DiscardHandler)}, func() {})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, tokens.chains); diff != "" {
		t.Fatalf("chains (-want +got):\n%s", diff)
	}
	ctx, cancel := context.WithCancel(t.Context())
	h.start(ctx, h.current.Load())
	cfg, want = of(crm("stays", "a"), crm("changes", "d"))
	if err := h.replace(ctx, cfg); err != nil {
		t.Error(err)
	}
	if diff := cmp.Diff(want, tokens.chains); diff != "" {
		t.Errorf("chains after the change (-want +got):\n%s", diff)
	}
	cancel()
	h.retired.Wait()
	h.current.Load().close()
}
