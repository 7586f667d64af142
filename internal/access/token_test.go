package access_test

import (
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/google/go-cmp/cmp"

	"roster/internal/access"
)

// inBubble runs a test with the bubble's clock, on which the tokens' times are based.
func inBubble(t *testing.T, f func(*testing.T)) {
	t.Helper()
	synctest.Test(t, f)
}

func TestTokens(t *testing.T) {
	t.Parallel()
	inHours := func(n float64) int64 { return int64(time.Duration(n * float64(time.Hour)).Seconds()) }
	now := func() int64 { return time.Now().Unix() }
	raw := base64.RawURLEncoding.EncodeToString
	ec := signing{"two", jose.ES256, ecKey()}
	for name, tc := range map[string]struct {
		token func(t *testing.T) string
		want  error
	}{
		"good":                     {func(t *testing.T) string { return first().token(t, good(nil)) }, nil},
		"good, by another curve":   {func(t *testing.T) string { return ec.token(t, good(nil)) }, nil},
		"good, without a key's ID": {func(t *testing.T) string { return signing{"", jose.RS256, rsaKey()}.token(t, good(nil)) }, nil},
		"one audience of several": {func(t *testing.T) string {
			return first().token(t, good(map[string]any{"aud": []string{"other", audience}}))
		}, nil},
		"expired within the skew": {func(t *testing.T) string { return first().token(t, good(map[string]any{"exp": now() - 29})) }, nil},
		"not valid yet within the skew": {func(t *testing.T) string {
			return first().token(t, good(map[string]any{"nbf": now() + 29, "iat": now() + 29}))
		}, nil},
		"expired":                     {func(t *testing.T) string { return first().token(t, good(map[string]any{"exp": now() - 31})) }, access.ErrExpired},
		"not valid yet":               {func(t *testing.T) string { return first().token(t, good(map[string]any{"nbf": now() + 31})) }, access.ErrInvalid},
		"issued in the future":        {func(t *testing.T) string { return first().token(t, good(map[string]any{"iat": now() + inHours(1)})) }, access.ErrInvalid},
		"that never expires":          {func(t *testing.T) string { return first().token(t, good(map[string]any{"exp": nil})) }, access.ErrInvalid},
		"of nobody":                   {func(t *testing.T) string { return first().token(t, good(map[string]any{"sub": nil})) }, access.ErrInvalid},
		"for another audience":        {func(t *testing.T) string { return first().token(t, good(map[string]any{"aud": "other"})) }, access.ErrInvalid},
		"for no audience":             {func(t *testing.T) string { return first().token(t, good(map[string]any{"aud": nil})) }, access.ErrInvalid},
		"of another issuer":           {func(t *testing.T) string { return first().token(t, good(map[string]any{"iss": issuerURL + "/"})) }, access.ErrInvalid},
		"of no issuer":                {func(t *testing.T) string { return first().token(t, good(map[string]any{"iss": nil})) }, access.ErrInvalid},
		"by another's key":            {func(t *testing.T) string { return signing{"one", jose.RS256, otherRSA()}.token(t, good(nil)) }, access.ErrInvalid},
		"by an unknown key":           {func(t *testing.T) string { return signing{"nine", jose.RS256, otherRSA()}.token(t, good(nil)) }, access.ErrInvalid},
		"by an algorithm not allowed": {func(t *testing.T) string { return signing{"one", jose.RS512, rsaKey()}.token(t, good(nil)) }, access.ErrInvalid},
		"by a key for another algorithm": {func(t *testing.T) string {
			return signing{"ps", jose.RS256, rsaKey()}.token(t, good(nil))
		}, access.ErrInvalid},
		"by a key for encryption": {func(t *testing.T) string { return signing{"enc", jose.RS256, rsaKey()}.token(t, good(nil)) }, access.ErrInvalid},
		"none": {func(*testing.T) string {
			body := must(json.Marshal(good(nil)))
			return raw([]byte(`{"alg":"none"}`)) + "." + raw(body) + "."
		}, access.ErrInvalid},
		"none, with the signature of a good one": {func(t *testing.T) string {
			parts := strings.Split(first().token(t, good(nil)), ".")
			return raw([]byte(`{"alg":"none","kid":"one"}`)) + "." + parts[1] + "." + parts[2]
		}, access.ErrInvalid},
		"HMAC with the public key for a secret": {func(t *testing.T) string {
			der := must(x509.MarshalPKIXPublicKey(rsaKey().Public()))
			secret := pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})
			return signing{"one", jose.HS256, secret}.token(t, good(nil))
		}, access.ErrInvalid},
		"HMAC with a secret among the public keys": {func(t *testing.T) string {
			return signing{"hmac", jose.HS256, []byte(strings.Repeat("s", 32))}.token(t, good(nil))
		}, access.ErrInvalid},
		"with claims that were changed": {func(t *testing.T) string {
			parts := strings.Split(first().token(t, good(nil)), ".")
			body := must(json.Marshal(good(map[string]any{"scope": "directory:read directory:admin"})))
			return parts[0] + "." + raw(body) + "." + parts[2]
		}, access.ErrInvalid},
		"with a key of its own": {func(t *testing.T) string {
			forged := signing{"one", jose.RS256, otherRSA()}
			parts := strings.Split(forged.token(t, good(nil)), ".")
			jwk := string(must(json.Marshal(public(forged))))
			return raw([]byte(`{"alg":"RS256","kid":"one","jwk":`+jwk+`}`)) + "." + parts[1] + "." + parts[2]
		}, access.ErrInvalid},
		"an access token by its header": {func(t *testing.T) string { return first().typed(t, "at+jwt", good(nil)) }, nil},
		"an access token by its claims": {func(t *testing.T) string {
			return first().token(t, good(map[string]any{"typ": "Bearer", "token_use": "access"}))
		}, nil},
		"an ID token by its header":    {func(t *testing.T) string { return first().typed(t, "id_token+jwt", good(nil)) }, access.ErrInvalid},
		"an ID token by its nonce":     {func(t *testing.T) string { return first().token(t, good(map[string]any{"nonce": "n"})) }, access.ErrInvalid},
		"an ID token by its typ":       {func(t *testing.T) string { return first().token(t, good(map[string]any{"typ": "ID"})) }, access.ErrInvalid},
		"a refresh token by its typ":   {func(t *testing.T) string { return first().token(t, good(map[string]any{"typ": "Refresh"})) }, access.ErrInvalid},
		"an ID token by its token_use": {func(t *testing.T) string { return first().token(t, good(map[string]any{"token_use": "id"})) }, access.ErrInvalid},
		"too long": {func(t *testing.T) string {
			return first().token(t, good(map[string]any{"x": strings.Repeat("x", 8<<10)}))
		}, access.ErrInvalid},
		"no token":  {func(*testing.T) string { return "abc" }, access.ErrInvalid},
		"only dots": {func(*testing.T) string { return ".." }, access.ErrInvalid},
		"without the scope for the graph": {func(t *testing.T) string {
			return first().token(t, good(map[string]any{"scope": "directory:sensitive"}))
		}, access.ErrForbidden},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inBubble(t, func(t *testing.T) {
				ps, enc := public(signing{"ps", jose.PS256, rsaKey()}), public(signing{"enc", jose.RS256, rsaKey()})
				enc.Use = "enc"
				hmac := map[string]any{"kty": "oct", "kid": "hmac", "k": raw([]byte(strings.Repeat("s", 32)))}
				i := newIssuer(public(first()), public(ec), ps, enc, hmac, map[string]any{"kty": "new"})
				var log strings.Builder
				a := asking(t, i, func(o *access.Options) { o.Logger = slog.New(slog.NewTextHandler(&log, nil)) })
				token := tc.token(t)
				p, err := authenticate(t, a, token)
				if !errors.Is(err, tc.want) || (err == nil) != (p != nil) {
					t.Errorf("got %v, %v; want %v", p, err, tc.want)
				}
				for part := range strings.SplitSeq(token, ".") {
					if len(part) > 3 && strings.Contains(log.String(), part) {
						t.Errorf("the log has a part of the token: %s", &log)
					}
				}
			})
		})
	}
}

func TestPrincipals(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		change func(*access.OIDC)
		claims map[string]any
		scopes string
		email  string
	}{
		"scope, with others' words":  {nil, map[string]any{"scope": "openid directory:sensitive directory:read admin"}, "directory:read directory:sensitive", ""},
		"scp, as a list":             {nil, map[string]any{"scope": nil, "scp": []string{"directory:read", "directory:write"}}, "directory:read directory:write", ""},
		"scp, as a text":             {nil, map[string]any{"scope": nil, "scp": "directory:read"}, "directory:read", ""},
		"an own claim, and no other": {func(o *access.OIDC) { o.ScopeClaim = "perms" }, map[string]any{"scope": "directory:admin", "perms": []string{"directory:read"}}, "directory:read", ""},
		"a claim within others": {func(o *access.OIDC) { o.ScopeClaim = "realm_access.roles" },
			map[string]any{"realm_access": map[string]any{"roles": []any{"directory:read", 5}}}, "directory:read", ""},
		"a claim with dots in its name": {func(o *access.OIDC) { o.ScopeClaim = "https://x.example/perms" },
			map[string]any{"https://x.example/perms": "directory:read"}, "directory:read", ""},
		"a group": {func(o *access.OIDC) {
			o.Grants = []access.Grant{{Claim: "groups", Value: "hr", Scopes: access.Scopes{access.ScopeSensitive}}, {Claim: "groups", Value: "it", Scopes: access.Scopes{access.ScopeAdmin}}}
		}, map[string]any{"groups": []string{"hr", "hr-it"}}, "directory:read directory:sensitive", ""},
		"an address":                    {nil, map[string]any{"email": "Ann@Example.com", "email_verified": true}, "directory:read", "Ann@Example.com"},
		"an address, verified in words": {nil, map[string]any{"email": "ann@example.com", "email_verified": "true"}, "directory:read", "ann@example.com"},
		"an address nobody vouches for": {nil, map[string]any{"email": "ann@example.com"}, "directory:read", ""},
		"an address not verified":       {nil, map[string]any{"email": "ann@example.com", "email_verified": false}, "directory:read", ""},
		"an address in another claim": {func(o *access.OIDC) { o.EmailClaim = "upn" },
			map[string]any{"email": "eve@example.com", "upn": "ann@example.com", "email_verified": true}, "directory:read", "ann@example.com"},
		"an address that is none": {nil, map[string]any{"email": []string{"ann@example.com"}, "email_verified": true}, "directory:read", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inBubble(t, func(t *testing.T) {
				a := asking(t, newIssuer(public(first())), func(o *access.Options) {
					if tc.change != nil {
						tc.change(o.OIDC)
					}
				})
				p, err := authenticate(t, a, first().token(t, good(tc.claims)))
				if err != nil {
					t.Fatal(err)
				}
				want := &access.Principal{Method: access.ByToken, Subject: "ann", Scopes: strings.Fields(tc.scopes), Email: tc.email,
					Expires: time.Now().Add(time.Hour + 30*time.Second)}
				if diff := cmp.Diff(want, p); diff != "" {
					t.Errorf("-want +got:\n%s", diff)
				}
			})
		})
	}
}

// The operator chooses which use of a token is accepted.
func TestTokenUse(t *testing.T) {
	t.Parallel()
	type is = map[string]any
	for name, tc := range map[string]struct {
		wanted string
		claims is
		want   error
	}{
		"access by default":              {"", is{"token_use": "access"}, nil},
		"no other by default":            {"", is{"token_use": "id"}, access.ErrInvalid},
		"as configured":                  {"id", is{"token_use": "id"}, nil},
		"as configured, from a login":    {"id", is{"token_use": "id", "nonce": "n"}, nil},
		"no longer access":               {"id", is{"token_use": "access"}, access.ErrInvalid},
		"not in other letters":           {"id", is{"token_use": "ID"}, access.ErrInvalid},
		"not what is no text":            {"id", is{"token_use": []string{"id"}}, access.ErrInvalid},
		"one that does not say":          {"id", nil, nil},
		"an ID token that does not say":  {"id", is{"nonce": "n"}, access.ErrInvalid},
		"an ID token of access":          {"access", is{"token_use": "access", "nonce": "n"}, access.ErrInvalid},
		"a refresh token that says both": {"id", is{"token_use": "id", "typ": "Refresh"}, access.ErrInvalid},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inBubble(t, func(t *testing.T) {
				a := asking(t, newIssuer(public(first())), func(o *access.Options) { o.OIDC.TokenUse = tc.wanted })
				if _, err := authenticate(t, a, first().token(t, good(tc.claims))); !errors.Is(err, tc.want) {
					t.Errorf("got %v, want %v", err, tc.want)
				}
			})
		})
	}
}

// A new key is fetched when a token names it. Invented key IDs cause a fetch only now and then.
func TestRotation(t *testing.T) {
	t.Parallel()
	inBubble(t, func(t *testing.T) {
		i := newIssuer(public(first()))
		a := asking(t, i, nil)
		second := signing{"two", jose.RS256, otherRSA()}
		expect := func(s signing, want error, asked int) {
			t.Helper()
			if _, err := authenticate(t, a, s.token(t, good(nil))); !errors.Is(err, want) {
				t.Errorf("got %v, want %v", err, want)
			}
			synctest.Wait()
			if got := i.asked(); got != asked {
				t.Errorf("the keys were asked for %d times, want %d", got, asked)
			}
		}
		expect(first(), nil, 1)
		i.set(func() { i.keys = []any{public(second)} })
		expect(first(), nil, 1) // it is known
		expect(second, access.ErrInvalid, 1)
		time.Sleep(10 * time.Second)
		expect(second, nil, 2)
		expect(first(), access.ErrInvalid, 2) // withdrawn
		for n := range 50 {
			expect(signing{fmt.Sprint("made-up-", n), jose.RS256, otherRSA()}, access.ErrInvalid, 2)
		}
		time.Sleep(15 * time.Minute)
		expect(second, nil, 3)
	})
}

// A withdrawn key is never accepted again, even after a long time without requests.
func TestWithdrawnKey(t *testing.T) {
	t.Parallel()
	second := signing{"two", jose.RS256, otherRSA()}
	for name, tc := range map[string]struct {
		before func(*issuer, func())
		idle   time.Duration
	}{
		"after a quarter of an hour": {func(*issuer, func()) {}, 15 * time.Minute},
		"after a night":              {func(*issuer, func()) {}, 12 * time.Hour},
		"after a day":                {func(*issuer, func()) {}, 30 * time.Hour},
		"after the issuer was away": {func(i *issuer, ask func()) {
			i.set(func() { i.down = true })
			time.Sleep(20 * time.Minute)
			ask()
			synctest.Wait()
			i.set(func() { i.down = false })
		}, time.Hour},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inBubble(t, func(t *testing.T) {
				i := newIssuer(public(first()))
				a := asking(t, i, nil)
				token := first().token(t, good(map[string]any{"exp": time.Now().Add(100 * time.Hour).Unix()}))
				ask := func() {
					t.Helper()
					if _, err := authenticate(t, a, token); err != nil {
						t.Fatal(err)
					}
				}
				ask()
				tc.before(i, ask)
				i.set(func() { i.keys = []any{public(second)} })
				time.Sleep(tc.idle)
				if _, err := authenticate(t, a, token); !errors.Is(err, access.ErrInvalid) {
					t.Errorf("got %v, want %v", err, access.ErrInvalid)
				}
			})
		})
	}
}

// If tokens arrive all the time, keys are fetched again without a waiting caller. If the issuer hangs, the first caller notices, and the known keys
// are believed for a day.
func TestOldKeys(t *testing.T) {
	t.Parallel()
	inBubble(t, func(t *testing.T) {
		i := newIssuer(public(first()))
		var hang atomic.Bool
		slow := roundTrip(func(r *http.Request) (*http.Response, error) {
			if hang.Load() {
				return hanging{}.RoundTrip(r)
			}
			time.Sleep(time.Second)
			return i.RoundTrip(r)
		})
		cfg := settings()
		a := access.New(access.Options{OIDC: &cfg, Transport: slow})
		defer a.Close()
		token := first().token(t, good(map[string]any{"exp": time.Now().Add(100 * time.Hour).Unix()}))
		ask := func() (time.Duration, error) {
			began := time.Now()
			_, err := authenticate(t, a, token)
			return time.Since(began), err
		}
		if took, err := ask(); err != nil || took == 0 {
			t.Fatalf("the first: %v after %s", err, took)
		}
		for range 120 {
			time.Sleep(time.Minute)
			if took, err := ask(); err != nil || took != 0 {
				t.Fatalf("%v after %s, want that nobody waits", err, took)
			}
		}
		hang.Store(true)
		waited, last := 0, time.Now()
		for range 20 * 60 * 6 {
			time.Sleep(10 * time.Second)
			took, err := ask()
			if err != nil {
				t.Fatalf("%s after the issuer hangs: %v", time.Since(last), err)
			}
			if took != 0 {
				waited++
			}
		}
		if waited > 1 {
			t.Errorf("%d callers waited", waited)
		}
		time.Sleep(5 * time.Hour)
		if _, err := ask(); !errors.Is(err, access.ErrUnavailable) {
			t.Errorf("after a day: %v, want %v", err, access.ErrUnavailable)
		}
	})
}

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func TestKeysUnavailable(t *testing.T) {
	t.Parallel()
	answering := func(f http.HandlerFunc) func(*issuer) { return func(i *issuer) { i.say["/keys"] = f } }
	for name, breakIt := range map[string]func(*issuer){
		"down":     func(i *issuer) { i.down = true },
		"an error": answering(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(500) }),
		"no JSON":  answering(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "<html>canary") }),
		"no keys":  answering(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, `{"keys":[]}`) }),
		"huge": func(i *issuer) {
			set := must(json.Marshal(map[string]any{"keys": i.keys, "x": strings.Repeat("x", 1<<20)}))
			i.say["/keys"] = func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(set) }
		},
		"elsewhere": answering(func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "https://login.example/moved", http.StatusFound)
		}),
		"of another issuer": func(i *issuer) {
			i.say["/realm/.well-known/openid-configuration"] = discovery("https://evil.example", "https://evil.example/keys")
		},
		"in clear": func(i *issuer) {
			i.say["/realm/.well-known/openid-configuration"] = discovery(issuerURL, "http://login.example/keys")
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inBubble(t, func(t *testing.T) {
				token := first().token(t, good(map[string]any{"exp": time.Now().Add(10 * time.Hour).Unix()}))
				i := newIssuer(public(first()))
				breakIt(i)
				var log strings.Builder
				a := asking(t, i, func(o *access.Options) { o.Logger = slog.New(slog.NewTextHandler(&log, nil)) })
				for range 3 {
					if _, err := authenticate(t, a, token); !errors.Is(err, access.ErrUnavailable) {
						t.Fatalf("before any keys were read: %v", err)
					}
				}
				synctest.Wait()
				if n := strings.Count(log.String(), "could not be fetched; the known ones"); n != 1 || strings.Contains(log.String(), "canary") {
					t.Errorf("the log has %s", &log)
				}
				i.set(func() { i.down, i.say = false, map[string]http.HandlerFunc{} })
				time.Sleep(10 * time.Second)
				if _, err := authenticate(t, a, token); err != nil {
					t.Fatalf("after it came back: %v", err)
				}
				i.set(func() { breakIt(i) })
				for range 5 { // known keys stay valid
					time.Sleep(time.Hour)
					if _, err := authenticate(t, a, token); err != nil {
						t.Fatalf("while it is away again: %v", err)
					}
					if _, err := authenticate(t, a, signing{"new", jose.RS256, otherRSA()}.token(t, good(nil))); !errors.Is(err, access.ErrInvalid) {
						t.Fatalf("an unknown key while it is away: %v", err)
					}
				}
			})
		})
	}
}

func discovery(issuer, keys string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		_ = json.NewEncoder(w).Encode(map[string]any{"issuer": issuer, "jwks_uri": keys})
	}
}

// A hanging issuer delays a caller for at most five seconds, and closing does not wait for it.
func TestHangingIssuer(t *testing.T) {
	t.Parallel()
	inBubble(t, func(t *testing.T) {
		cfg := settings()
		a := access.New(access.Options{OIDC: &cfg, Transport: hanging{}})
		start := time.Now()
		if _, err := authenticate(t, a, first().token(t, good(nil))); !errors.Is(err, access.ErrUnavailable) {
			t.Errorf("got %v", err)
		}
		if took := time.Since(start); took != 5*time.Second {
			t.Errorf("it took %s", took)
		}
		a.Close()
	})
}

type hanging struct{}

func (hanging) RoundTrip(r *http.Request) (*http.Response, error) {
	<-r.Context().Done()
	return nil, r.Context().Err()
}

// Nothing is fetched from the issuer after Close, even for a caller that arrives while it closes.
func TestCloseEndsReadingKeys(t *testing.T) {
	t.Parallel()
	token := first().token(t, good(nil))
	for range 300 {
		var closed atomic.Bool
		cfg := settings()
		a := access.New(access.Options{OIDC: &cfg, Transport: roundTrip(func(*http.Request) (*http.Response, error) {
			if closed.Load() {
				t.Error("the issuer is asked after Close")
			}
			return nil, errors.New("away")
		})})
		begin := make(chan struct{})
		var callers sync.WaitGroup
		for range 4 {
			callers.Go(func() {
				<-begin
				a.Authenticate(t.Context(), "Bearer "+token) //nolint:errcheck // the issuer is down
			})
		}
		close(begin)
		a.Close()
		closed.Store(true)
		callers.Wait()
	}
}

// An authenticator that replaces another, as on a reload, has the keys that the other had fetched, even while the issuer is down.
func TestKeysAreTakenOver(t *testing.T) {
	t.Parallel()
	inBubble(t, func(t *testing.T) {
		i := newIssuer(public(first()))
		before := asking(t, i, nil)
		token := first().token(t, good(nil))
		if _, err := authenticate(t, before, token); err != nil {
			t.Fatal(err)
		}
		i.set(func() { i.down = true })
		after := asking(t, i, func(o *access.Options) { o.Before = before })
		before.Close()
		if _, err := authenticate(t, after, token); err != nil {
			t.Errorf("of the same issuer: %v", err)
		}
		other := asking(t, i, func(o *access.Options) { o.Before, o.OIDC.JWKSURL = after, "https://login.example/other" })
		if _, err := authenticate(t, other, token); !errors.Is(err, access.ErrUnavailable) {
			t.Errorf("of other keys: %v", err)
		}
	})
}
