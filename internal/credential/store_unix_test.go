//go:build unix

package credential_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"roster/connectors"
	"roster/connectors/kommo"
	"roster/connectors/kommo/fake"
	"roster/internal/check"
	"roster/internal/credential"
	"roster/internal/redis"
	redisdurable "roster/internal/redis/durable"
	"roster/internal/redis/redistest"
	"roster/internal/redis/tokens"
	"roster/internal/seal"
)

// source opens the vendor's source with tokens in that store.
func source(t *testing.T, store credential.Store, url string) *connectors.Source {
	t.Helper()
	k := credential.New(credential.Options{Store: store})
	t.Cleanup(k.Close)
	s, err := kommo.Open(connectors.Config{Name: "crm", Kind: "kommo", URL: url, Runtime: connectors.Runtime{Tokens: k},
		RateLimit: &connectors.RateLimit{},
		Settings:  &kommo.Settings{OAuth: &connectors.OAuth{ClientID: clientID, ClientSecret: appSecret, RedirectURI: redirectURI, RefreshToken: firstToken}}})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func reads(t *testing.T, s *connectors.Source) error {
	t.Helper()
	_, err := s.Contacts.List(t.Context(), nil)
	if err != nil {
		noSecret(t, "the error", err.Error())
	}
	return err
}

func open(t *testing.T, place string) credential.Store {
	t.Helper()
	s, err := openStore(place, leaseFor)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func tokenFile(t *testing.T, dir string) string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "*.tokens"))
	if err != nil || len(files) != 1 {
		t.Fatalf("files %v, %v; want one", files, err)
	}
	return files[0]
}

func TestFilesAreTheOwnersOnly(t *testing.T) {
	t.Parallel()
	_, url := vendor(t, fake.Options{})
	dir := filepath.Join(t.TempDir(), "tokens")
	if err := reads(t, source(t, open(t, dir), url)); err != nil {
		t.Fatal(err)
	}
	modes := func() map[string]os.FileMode {
		got := map[string]os.FileMode{}
		_ = filepath.WalkDir(dir, func(path string, e os.DirEntry, _ error) error {
			info, err := e.Info()
			if err != nil {
				t.Fatal(err)
			}
			got[filepath.Ext(path)] = info.Mode().Perm()
			return nil
		})
		return got
	}
	want := map[string]os.FileMode{"": 0o700, ".tokens": 0o600, ".lock": 0o600}
	for ext, mode := range modes() {
		if want[ext] != mode {
			t.Errorf("%q has the mode %o", ext, mode)
		}
	}
	if err := os.Chmod(tokenFile(t, dir), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := reads(t, source(t, open(t, dir), url)); err != nil {
		t.Error(err)
	}
	if mode := modes()[".tokens"]; mode != 0o600 {
		t.Errorf("a file that others may read stays so: %o", mode)
	}
}

// A stored record that cannot be read does not count as absent: the first token is invalid by then, and an attempt with it could invalidate the
// current one.
func TestDamagedStore(t *testing.T) {
	t.Parallel()
	damage := map[string]func([]byte) []byte{
		"torn":     func(b []byte) []byte { return b[:len(b)/2] },
		"empty":    func([]byte) []byte { return []byte{} },
		"a bit":    func(b []byte) []byte { b[len(b)-9] ^= 1; return b },
		"nonsense": func([]byte) []byte { return []byte("canary: nonsense") },
	}
	for name, change := range damage {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			v, url := vendor(t, fake.Options{})
			dir := t.TempDir()
			if err := reads(t, source(t, open(t, dir), url)); err != nil {
				t.Fatal(err)
			}
			file := tokenFile(t, dir)
			good, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(file, change(append([]byte(nil), good...)), 0o600); err != nil {
				t.Fatal(err)
			}
			err = reads(t, source(t, open(t, dir), url))
			if !connectors.IsKind(err, connectors.KindUnauthorized) || !strings.Contains(err.Error(), "cannot be read") {
				t.Errorf("got %v", err)
			}
			if n := v.Calls()["token.refresh"]; n != 1 {
				t.Errorf("%d refreshes, want none but the first", n)
			}
			if err := os.WriteFile(file, good, 0o600); err != nil {
				t.Fatal(err)
			}
			if err := reads(t, source(t, open(t, dir), url)); err != nil {
				t.Errorf("with the file put back: %v", err)
			}
		})
	}
}

// A process that already knows the chain does not need the stored record, and overwrites it.
func TestDamageWhileRunning(t *testing.T) {
	t.Parallel()
	damage := map[string]func(string) error{
		"torn": func(file string) error { return os.Truncate(file, 100) },
		"gone": os.Remove,
	}
	for name, change := range damage {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			v, url := vendor(t, fake.Options{})
			dir := t.TempDir()
			s := source(t, open(t, dir), url)
			if err := reads(t, s); err != nil {
				t.Fatal(err)
			}
			if err := change(tokenFile(t, dir)); err != nil {
				t.Fatal(err)
			}
			v.RevokeAccess()
			if err := reads(t, s); err != nil {
				t.Errorf("the process that knows: %v", err)
			}
			if err := reads(t, source(t, open(t, dir), url)); err != nil {
				t.Errorf("another: %v", err)
			}
		})
	}
}

func TestRedisHoldsNothingInClear(t *testing.T) {
	t.Parallel()
	server := durable(t)
	_, url := vendor(t, fake.Options{})
	if err := reads(t, source(t, open(t, "redis://"+server.Addr), url)); err != nil {
		t.Fatal(err)
	}
	keys := strings.Fields(server.Must("KEYS", "*"))
	if len(keys) != 1 || !strings.HasPrefix(keys[0], "roster:token:{") {
		t.Fatalf("keys %v, want one, and no lock", keys)
	}
	noSecret(t, "Redis", keys[0]+server.Must("GET", keys[0]))
	other, err := redis.Open(redis.Options{URL: "redis://" + server.Addr, Key: []byte(strings.Repeat("x", seal.KeySize))})
	if err != nil {
		t.Fatal(err)
	}
	vault, err := tokens.New(other)
	if err != nil {
		t.Fatal(err)
	}
	err = reads(t, source(t, vault, url))
	if !connectors.IsKind(err, connectors.KindUnauthorized) || !strings.Contains(err.Error(), "encryption_key") {
		t.Errorf("with another key: %v", err)
	}
	bare, err := redis.Open(redis.Options{URL: "redis://" + server.Addr})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := tokens.New(bare); err == nil {
		t.Error("tokens are kept without encryption")
	}
}

// A Redis that may lose data stores no tokens, and no grant is sent for them.
func TestRedisMustBeDurable(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		args []string
		says string
	}{
		"no append-only file": {[]string{"--maxmemory-policy", "noeviction"}, "appendonly"},
		"evicting":            {[]string{"--appendonly", "yes", "--maxmemory-policy", "allkeys-lru"}, "noeviction"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			store := open(t, "redis://"+redistest.Start(t, tt.args...).Addr)
			v, url := vendor(t, fake.Options{})
			if err := store.Check(t.Context()); !redisdurable.NotDurable(err) || !strings.Contains(err.Error(), tt.says) {
				t.Errorf("the check says %v", err)
			}
			if err := reads(t, source(t, store, url)); err == nil || !strings.Contains(err.Error(), tt.says) {
				t.Errorf("reading says %v", err)
			}
			if n := v.Calls()["token.refresh"]; n != 0 {
				t.Errorf("%d refreshes, want none", n)
			}
		})
	}
}

// While Redis is unavailable, no replica renews, and the access token stays in use.
func TestRedisAway(t *testing.T) {
	t.Parallel()
	server := durable(t)
	v, url := vendor(t, fake.Options{})
	s := source(t, open(t, "redis://"+server.Addr), url)
	if err := reads(t, s); err != nil {
		t.Fatal(err)
	}
	server.Kill()
	if err := reads(t, s); err != nil {
		t.Errorf("with a good token: %v", err)
	}
	v.RevokeAccess()
	if err := reads(t, s); !connectors.IsKind(err, connectors.KindUnavailable) || !strings.Contains(err.Error(), "redis") {
		t.Errorf("with a token that has ended: %v", err)
	}
	if n := v.Calls()["token.refresh"]; n != 1 {
		t.Errorf("%d refreshes, want none but the first", n)
	}
	server.Restart()
	if err := reads(t, source(t, open(t, "redis://"+server.Addr), url)); err != nil {
		t.Errorf("a replica that starts when Redis is back: %v", err)
	}
}

// If Redis becomes unavailable before a new pair is stored, the pair is not used. It is stored when Redis is available again.
func TestRedisLostBetweenAnswerAndStoring(t *testing.T) {
	t.Parallel()
	server := durable(t)
	v, url := vendor(t, fake.Options{})
	v.Configure(func(k *fake.Options) { k.AfterToken = server.Kill })
	s := source(t, open(t, "redis://"+server.Addr), url)
	got := make(chan error, 1)
	go func() { _, err := s.Contacts.List(t.Context(), nil); got <- err }()
	redistest.Await(t, func() bool { return strings.Contains(s.Credential().Detail, "cannot be stored") }, "it is known that the tokens cannot be stored")
	if err := reads(t, s); err == nil || !strings.Contains(err.Error(), "cannot be stored") {
		t.Errorf("while they cannot be stored: %v", err)
	}
	if n := v.Calls()["contacts.list"]; n != 0 {
		t.Errorf("the new token was used %d times before it was stored", n)
	}
	v.Configure(func(k *fake.Options) { k.AfterToken = nil })
	server.Restart()
	redistest.Await(t, func() bool { return s.Credential().State == connectors.CredentialGood }, "the tokens are stored")
	if err := reads(t, s); err != nil {
		t.Errorf("once they are stored: %v", err)
	}
	<-got
	if err := reads(t, source(t, open(t, "redis://"+server.Addr), url)); err != nil {
		t.Errorf("another replica: %v", err)
	}
	if n := v.Calls()["token.refresh"]; n != 1 {
		t.Errorf("%d refreshes, want one", n)
	}
}

// The output of check describes the state of the tokens, and contains no secret.
func TestCheckSaysHowTokensStand(t *testing.T) {
	t.Parallel()
	v, url := vendor(t, fake.Options{})
	s := source(t, &credential.Memory{}, url)
	printed := func() string {
		t.Helper()
		var out strings.Builder
		if err := check.Print(&out, check.Run(t.Context(), []*connectors.Source{s}, nil)); err != nil {
			t.Fatal(err)
		}
		noSecret(t, "check", out.String())
		return out.String()
	}
	if got := printed(); !strings.Contains(got, "✓ its tokens are renewed") {
		t.Errorf("while all is well:\n%s", got)
	}
	v.RevokeAccess()
	v.RevokeGrants()
	if got := printed(); !strings.Contains(got, "refused") || !strings.Contains(got, "✗ its tokens are renewed") || !strings.Contains(got, "authorise again") {
		t.Errorf("when nothing is accepted any more:\n%s", got)
	}
}
