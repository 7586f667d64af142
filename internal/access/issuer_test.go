package access_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"encoding/json"
	"errors"
	"maps"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"

	"roster/internal/access"
)

const (
	issuerURL = "https://login.example/realm"
	audience  = "roster"
)

// issuer is an OIDC issuer that answers without a network, so that it works in the bubble of one test.
type issuer struct {
	mu       sync.Mutex
	keys     []any // JSON Web Keys
	requests map[string]int
	// say replaces the answer to a path.
	say map[string]http.HandlerFunc
	// down refuses every connection.
	down bool
}

func newIssuer(keys ...any) *issuer {
	return &issuer{keys: keys, requests: make(map[string]int), say: make(map[string]http.HandlerFunc)}
}

func (i *issuer) RoundTrip(r *http.Request) (*http.Response, error) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.requests[r.URL.Path]++
	if i.down {
		return nil, errors.New("connection refused by canary-host")
	}
	rec := httptest.NewRecorder()
	if say := i.say[r.URL.Path]; say != nil {
		say(rec, r)
		return rec.Result(), nil
	}
	switch r.URL.String() {
	case issuerURL + "/.well-known/openid-configuration":
		_ = json.NewEncoder(rec).Encode(map[string]any{"issuer": issuerURL, "jwks_uri": "https://login.example/keys"})
	case "https://login.example/keys", "https://login.example/moved":
		_ = json.NewEncoder(rec).Encode(map[string]any{"keys": i.keys})
	default:
		rec.WriteHeader(http.StatusNotFound)
	}
	return rec.Result(), nil
}

func (i *issuer) set(change func()) {
	i.mu.Lock()
	defer i.mu.Unlock()
	change()
}

// asked returns how often the keys were requested.
func (i *issuer) asked() int {
	i.mu.Lock()
	defer i.mu.Unlock()
	return i.requests["/keys"]
}

// signing is a private key with its ID.
type signing struct {
	id  string
	alg jose.SignatureAlgorithm
	key any
}

var (
	rsaKey   = sync.OnceValue(func() *rsa.PrivateKey { return must(rsa.GenerateKey(rand.Reader, 2048)) })
	otherRSA = sync.OnceValue(func() *rsa.PrivateKey { return must(rsa.GenerateKey(rand.Reader, 2048)) })
	ecKey    = sync.OnceValue(func() *ecdsa.PrivateKey { return must(ecdsa.GenerateKey(elliptic.P256(), rand.Reader)) })
)

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

func public(s signing) jose.JSONWebKey {
	k := jose.JSONWebKey{KeyID: s.id, Algorithm: string(s.alg), Use: "sig"}
	switch key := s.key.(type) {
	case *rsa.PrivateKey:
		k.Key = key.Public()
	case *ecdsa.PrivateKey:
		k.Key = key.Public()
	}
	return k
}

// token signs claims.
func (s signing) token(t testing.TB, claims map[string]any) string {
	t.Helper()
	return s.typed(t, "", claims)
}

// typed is token with a type in the header.
func (s signing) typed(t testing.TB, typ jose.ContentType, claims map[string]any) string {
	t.Helper()
	opts := &jose.SignerOptions{}
	if typ != "" {
		opts = opts.WithType(typ)
	}
	if s.id != "" {
		opts = opts.WithHeader("kid", s.id)
	}
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: s.alg, Key: s.key}, opts)
	if err != nil {
		t.Fatal(err)
	}
	text, err := jwt.Signed(signer).Claims(claims).Serialize()
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// good returns valid claims with changes; nil removes a claim.
func good(changes map[string]any) map[string]any {
	c := map[string]any{
		"iss": issuerURL, "aud": audience, "sub": "ann", "exp": time.Now().Add(time.Hour).Unix(), "scope": "openid directory:read",
	}
	maps.Copy(c, changes)
	maps.DeleteFunc(c, func(_ string, v any) bool { return v == nil })
	return c
}

func settings() access.OIDC {
	return access.OIDC{Issuer: issuerURL, Audience: audience, Algorithms: []string{"RS256", "ES256"}, EmailClaim: "email", ClockSkew: 30 * time.Second}
}

func first() signing { return signing{"one", jose.RS256, rsaKey()} }

// asking returns an authenticator that accepts the issuer's tokens, and closes it when the test ends.
func asking(t *testing.T, i *issuer, change func(*access.Options)) *access.Authenticator {
	t.Helper()
	cfg := settings()
	opt := access.Options{OIDC: &cfg, Transport: i}
	if change != nil {
		change(&opt)
	}
	a := access.New(opt)
	t.Cleanup(a.Close)
	return a
}

func authenticate(t *testing.T, a *access.Authenticator, token string) (*access.Principal, error) {
	t.Helper()
	p, err := a.Authenticate(context.Background(), "Bearer "+token)
	if err != nil && (strings.Contains(err.Error(), token) || strings.Contains(err.Error(), "canary")) {
		t.Errorf("the error tells too much: %v", err)
	}
	return p, err
}
