package config

import (
	"errors"
	"flag"
	"net/netip"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"roster/connectors"
	_ "roster/connectors/registry"
	"roster/internal/access"
	"roster/internal/directory"
	"roster/internal/httpapi"
	"roster/internal/snapshot"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// canaries are what must never be printed: what stands in the environment, in a secret's file, and in the fixtures' secrets.
var canaries = []string{"env-canary-51", "file-canary-3f9a", "literal-canary-77"}

func testEnv(name string) (string, bool) {
	value, ok := map[string]string{
		"CANARY": "env-canary-51", "SET_BUT_EMPTY": "", "WORKSECTION_API_KEY": "env-canary-51", "ALTCRAFT_ACCOUNT": "9", "PREFIX": "p${CANARY}",
	}[name]
	return value, ok
}

func TestFaults(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/faults/*.yaml")
	if err != nil || len(files) == 0 {
		t.Fatal("no fixtures", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".yaml"), func(t *testing.T) {
			t.Parallel()
			_, err := Open(file, testEnv).Load()
			var faults Faults
			if !errors.As(err, &faults) {
				t.Fatalf("got error %v, want faults", err)
			}
			got := err.Error() + "\n"
			for _, canary := range canaries {
				if strings.Contains(got, canary) {
					t.Errorf("a secret is printed:\n%s", got)
				}
			}
			golden := strings.TrimSuffix(file, ".yaml") + ".golden"
			if *update {
				if err := os.WriteFile(golden, []byte(got), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// full returns the file with every setting. The files of its certificate do not exist, and are not read.
func full() (*Config, error) {
	const path = "testdata/good/full.yaml"
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	return Open(path, testEnv).load(text)
}

func TestFile(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct{ path, want string }{
		"missing":     {"testdata/nowhere.yaml", "testdata/nowhere.yaml: there is no such configuration file: write one, or name another with --config"},
		"a directory": {"testdata", "testdata: must be a file, not a folder, a device or a pipe: name the configuration file with --config"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if _, err := Open(tt.path, testEnv).Load(); err == nil || err.Error() != tt.want {
				t.Errorf("got %v, want %s", err, tt.want)
			}
		})
	}
}

func TestListenOverride(t *testing.T) {
	t.Parallel()
	tests := map[string]struct{ override, want, fault string }{
		"none":         {"", "127.0.0.1:8080", ""},
		"another port": {"127.0.0.1:0", "127.0.0.1:0", ""},
		"everywhere":   {"0.0.0.0:80", "", "--listen: " + beyondLoopback + ", or start with --insecure-serve-everyone"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c, err := Open("testdata/good/least.yaml", testEnv, Listen(tt.override)).Load()
			switch {
			case tt.fault != "":
				if err == nil || err.Error() != tt.fault {
					t.Errorf("got %v, want %s", err, tt.fault)
				}
			case err != nil:
				t.Error(err)
			case c.Listen != tt.want:
				t.Errorf("got %s, want %s", c.Listen, tt.want)
			}
		})
	}
}

// What others can reach is served only where callers are asked who they are, or by a word that says what it does.
func TestBeyondLoopback(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		file     string
		everyone bool
		ok       bool
	}{
		"no authentication":           {"testdata/good/least.yaml", false, false},
		"no authentication, by order": {"testdata/good/least.yaml", true, true},
		"callers are asked":           {"testdata/good/public.yaml", false, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := Open(tt.file, testEnv, Listen("0.0.0.0:8080"), ServeEveryone(tt.everyone)).Load()
			if (err == nil) != tt.ok {
				t.Errorf("got %v, want success: %v", err, tt.ok)
			}
		})
	}
}

func TestDefaults(t *testing.T) {
	t.Parallel()
	got, err := Open("testdata/good/least.yaml", testEnv).Load()
	if err != nil {
		t.Fatal(err)
	}
	slow := Collection{FreshFor: 5 * time.Minute, KeepFor: 7 * day, MinInterval: 10 * time.Second, FullEvery: time.Hour, MaxLoss: 30, AcceptAfter: day}
	want := &Config{
		Listen: "127.0.0.1:8080", IdleAfter: time.Hour, FirstWait: 2 * time.Second, MaxWait: 5 * time.Second, DrainDelay: 5 * time.Second, SourceErrorsInExtensions: true,
		Precedence: map[string][]string{}, Log: Log{Level: "info"}, Tracing: Tracing{Ratio: 1},
		Writes: Writes{SettleAfter: 5 * time.Second, ShowFor: 10 * time.Minute},
		Cache:  Cache{ResponseBytes: 64 << 20}, Changes: Changes{Length: 100000, KeepFor: 24 * time.Hour}, Limits: defaultLimits(), PersistedQueries: true,
		Sources: []Source{{
			Config: connectors.Config{Retries: new(2), Name: "crm", Kind: "kommo", URL: "https://acme.kommo.com", Settings: settings(t, "kommo", map[string]any{"access_token": "x"}), TimeZone: time.UTC,
				Bounds: connectors.Bounds{}.OrDefault()},
			MaxPause: 15 * time.Minute, EmailTrust: connectors.TrustAsserted,
			Collections: map[connectors.Collection]Collection{
				connectors.Accounts: {FreshFor: time.Minute, KeepFor: 7 * day, MinInterval: 10 * time.Second, FullEvery: time.Hour, MaxLoss: 30, AcceptAfter: day},
				connectors.Teams:    slow, connectors.Roles: slow, connectors.Contacts: slow,
			},
		}},
	}
	if diff := cmp.Diff(want, got, zones); diff != "" {
		t.Error(diff)
	}
}

// settings gives a kind's own settings.
func settings(t *testing.T, kind connectors.KindName, values map[string]any) any {
	t.Helper()
	s, err := connectors.KindNamed(kind).SettingsFrom(values)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestOAuth(t *testing.T) {
	t.Parallel()
	c, err := Open("testdata/good/oauth.yaml", testEnv).Load()
	if err != nil {
		t.Fatal(err)
	}
	if want := filepath.Join("testdata", "good", "tokens"); c.CredentialsDir != want {
		t.Errorf("the directory is %s, want %s", c.CredentialsDir, want)
	}
	var got []connectors.OAuth
	for i := range c.Sources[:2] {
		got = append(got, *c.Sources[i].OAuth())
	}
	want := []connectors.OAuth{
		{ClientID: "a", ClientSecret: "literal-canary-77", RedirectURI: "https://x.example", RefreshToken: "literal-canary-77"},
		{ClientID: "a", ClientSecret: "literal-canary-77", RedirectURI: "https://x.example", Code: "literal-canary-77"},
	}
	if diff := cmp.Diff(want, got); diff != "" || c.Sources[2].OAuth() != nil {
		t.Errorf("-want +got:\n%s", diff)
	}
	signed := settings(t, "worksection", map[string]any{"api_key": "x", "signing": "hmac"})
	if diff := cmp.Diff(signed, c.Sources[2].Settings); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

// Sources without a file get what they would have in a file that says nothing else.
func TestDefault(t *testing.T) {
	t.Parallel()
	file, err := full()
	if err != nil {
		t.Fatal(err)
	}
	sources := make([]connectors.Config, len(file.Sources))
	for i, s := range file.Sources {
		sources[i] = s.Config
	}
	got, err := Default("127.0.0.1:1", sources)
	if err != nil {
		t.Fatal(err)
	}
	if got.Listen != "127.0.0.1:1" || got.IdleAfter != time.Hour || got.FirstWait != 2*time.Second || got.MaxWait != 5*time.Second ||
		got.Limits != defaultLimits() {
		t.Errorf("got %+v", got)
	}
	for i, trust := range []connectors.Trust{connectors.TrustAsserted, connectors.TrustAsserted, connectors.TrustAsserted, connectors.TrustVerified} {
		s := got.Sources[i]
		fresh := s.Collections[connectors.Accounts]
		if s.EmailTrust != trust || len(s.Collections) != len(connectors.KindNamed(s.Kind).Collections) || fresh.FreshFor != time.Minute || fresh.KeepFor != 7*day {
			t.Errorf("%s: got %+v", s.Name, s)
		}
	}
	least, err := Open("testdata/good/least.yaml", testEnv).Load()
	if err != nil {
		t.Fatal(err)
	}
	if got, err = Default(least.Listen, []connectors.Config{least.Sources[0].Config}); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(least, got, zones); diff != "" {
		t.Errorf("-the file +without one:\n%s", diff)
	}
	if _, err := Default("0.0.0.0:1", nil); err == nil {
		t.Error("an address that everybody reaches: no error")
	}
}

func TestEverySetting(t *testing.T) {
	t.Parallel()
	got, err := full()
	if err != nil {
		t.Fatal(err)
	}
	hash := func(b string) (h access.Hash) {
		h, err := access.ParseHash("sha256:" + strings.Repeat(b, len(h)))
		if err != nil {
			t.Fatal(err)
		}
		return h
	}
	ref := func(source, id string) connectors.Ref { return connectors.Ref{Source: source, ID: id} }
	slow := Collection{FreshFor: 5 * time.Minute, KeepFor: 7 * day, MinInterval: 10 * time.Second, FullEvery: time.Hour, MaxLoss: 30, AcceptAfter: day}
	fast := Collection{FreshFor: time.Minute, KeepFor: 7 * day, MinInterval: 10 * time.Second, FullEvery: time.Hour, MaxLoss: 30, AcceptAfter: day}
	kyiv, err := time.LoadLocation("Europe/Kyiv")
	if err != nil {
		t.Fatal(err)
	}
	want := &Config{
		Listen: "[::1]:9090", TLS: &TLS{"testdata/good/cert.pem", "/etc/roster/key.pem", "testdata/good/ca.pem"}, IdleAfter: 2 * time.Hour, FirstWait: time.Millisecond, MaxWait: 10 * time.Second, DrainDelay: 7 * time.Second,
		Access: Access{
			Keys: []access.Key{
				{Name: "dashboard", Hash: hash("aa"), Scopes: access.Scopes{access.ScopeRead}},
				{Name: "dashboard-2027", Hash: hash("0b"), Scopes: access.Scopes{access.ScopeRead, access.ScopeSensitive}},
			},
			OIDC: &access.OIDC{
				Issuer: "https://login.acme.example/realms/acme", Audience: "roster", JWKSURL: "https://login.acme.example/keys",
				Algorithms: []string{"ES256", "EdDSA"}, ScopeClaim: "realm_access.roles", EmailClaim: "https://acme.example/mail", TokenUse: "id",
				ClockSkew: 10 * time.Second, Grants: []access.Grant{{Claim: "groups", Value: "hr", Scopes: access.Scopes{access.ScopeSensitive}}},
			},
			Anonymous: access.Scopes{access.ScopeRead}, Hosts: []string{"roster.acme.example", "192.0.2.7"}, Log: "testdata/good/access.log",
		},
		Writes: Writes{Dir: filepath.Join("testdata", "good", "kept"), SettleAfter: 20 * time.Second, ShowFor: time.Hour, AuditValues: true},
		Identity: Identity{
			Dir: filepath.Join("testdata", "good", "kept", "identity"), Authority: "worksection",
			Link: [][]connectors.Ref{
				{ref("worksection", "3993"), ref("rocketchat", "pW4kTzq8LrXc2NvHd")}, {ref("kommo", "1"), ref("altcraft", "9:a/b")},
			},
			Split:           [][]connectors.Ref{{ref("kommo", "8423020"), ref("altcraft", "9:smith")}},
			Anchors:         []Anchor{{Name: "employee", Fields: map[string]string{"altcraft": "username", "rocketchat": "employee/number"}}},
			SharedMailboxes: []string{"info", "front-desk"},
		},
		Precedence: map[string][]string{"title": {"kommo", "worksection"}, "avatar_url": {"rocketchat"}},
		Cache:      Cache{ResponseBytes: 67108865},
		Changes:    Changes{Length: 100001, KeepFor: 25 * time.Hour},
		Webhooks: []Webhook{
			{Name: "crm", URL: "https://hooks.example.com/in?code=c0de", Secret: "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", Previous: "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD",
				Kinds: []string{"USER", "CONTACT_FOLDER"}, Sources: []string{"kommo", "worksection"}, Sensitive: true,
				AllowNetworks: []netip.Prefix{netip.MustParsePrefix("10.0.3.0/24"), netip.MustParsePrefix("::1/128")}, Batch: 20, Timeout: 5 * time.Second, RetryFor: 2 * day},
			{Name: "plain", URL: "http://hooks.example.com", Secret: "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", Batch: 100, Timeout: 15 * time.Second, RetryFor: 12 * time.Hour},
		},
		Limits: Limits{
			BodyBytes: 1048577, HeaderBytes: 65537, Tokens: 5001, Depth: 13, Fields: 2001,
			Aliases: 201, Directives: 201, RootFields: 101, Fragments: 201, Pairs: 20001,
			Cost: 250001, VariablesBytes: 262145, VariablesDepth: 17, ListItems: 5001, Errors: 101, AnswerBytes: 33554433, PendingAnswerBytes: 268435457, OperationTime: 15 * time.Second,
			Operations: 257, CallerOperations: 65, RunningCost: 2000001, CallerShare: 26, AnonymousShare: 51, Requests: 6001, RequestsPer: 19 * time.Second, Connections: 2001,
			AddressConnections: 201, HeaderTime: 22 * time.Second, BodyTime: 23 * time.Second, AnswerTime: 24 * time.Second, IdleTime: 25 * time.Second,
			MinRate: 4097, MinRateGrace: 26 * time.Second,
			StreamOperations: 51, StreamIdle: 27 * time.Second, Streams: 1001, Exports: 9, ExportTime: 28 * time.Second, FetchBytes: 128<<20 + 1,
		},
		Introspection: true, TrustedDocuments: &TrustedDocuments{File: "testdata/good/manifest.json"},
		Origins:     []string{"https://people.example.com", "http://localhost:3000"},
		SecretFiles: []SecretFile{{"sources[1].access_token_file", "testdata/secret.txt"}, {"tls.key_file", "/etc/roster/key.pem"}},
		TrustedProxies: []netip.Prefix{
			netip.MustParsePrefix("10.0.3.7/32"), netip.MustParsePrefix("10.0.4.0/24"), netip.MustParsePrefix("2001:db8:3::/64"), netip.MustParsePrefix("10.0.5.0/24"),
		},
		Admin: Admin{Listen: "0.0.0.0:9091", Pprof: true}, Log: Log{Format: "json", Level: "debug"},
		Tracing: Tracing{Endpoint: "https://otel.corp.example:4318/behind", Ratio: 0.25},
		Sources: []Source{
			{
				Config: connectors.Config{Retries: new(2), Bounds: connectors.Bounds{Bytes: 1 << 20, Ratio: 50, Rows: 5000}, Name: "worksection", Kind: "worksection", URL: "https://acme.worksection.com/",
					Settings: settings(t, "worksection", map[string]any{"api_key": "env-canary-51", "signing": "md5"}), TimeZone: kyiv, PhoneRegion: "UA", Timeout: 20 * time.Second,
					RateLimit: &connectors.RateLimit{Calls: 1, Per: 1100 * time.Millisecond, Parallel: 1}},
				MaxPause: 15 * time.Minute, EmailTrust: connectors.TrustAsserted,
				Collections: map[connectors.Collection]Collection{
					connectors.Accounts: {FreshFor: 30 * time.Second, KeepFor: 30 * day, MinInterval: 15 * time.Second, FullEvery: time.Hour, MaxLoss: 5, AcceptAfter: day},
					connectors.Teams:    slow, connectors.ContactFolders: slow,
				},
			},
			{
				Config: connectors.Config{Retries: new(2), Bounds: connectors.Bounds{}.OrDefault(), Name: "kommo", Kind: "kommo", URL: "https://acme.kommo.com", Settings: settings(t, "kommo", map[string]any{"access_token": "file-canary-3f9a"}),
					CustomFields: []connectors.CustomField{{Path: "91777", Name: "started", Type: connectors.CustomDate}},
					TimeZone:     time.UTC, RateLimit: &connectors.RateLimit{Calls: 3, Per: time.Second}},
				MaxPause: 15 * time.Minute, EmailTrust: connectors.TrustNone,
				Collections: map[connectors.Collection]Collection{
					connectors.Accounts: fast, connectors.Teams: slow, connectors.Roles: slow, connectors.Contacts: slow,
				},
			},
			{
				Config: connectors.Config{Retries: new(2), Bounds: connectors.Bounds{}.OrDefault(), Name: "altcraft", Kind: "altcraft", URL: "http://altcraft.corp.example/behind/a/path",
					Settings: settings(t, "altcraft", map[string]any{"token": "a${b}$c", "account_id": 9, "format": "xml"}), TimeZone: time.UTC},
				MaxPause: 15 * time.Minute, EmailTrust: connectors.TrustAsserted,
				Collections: map[connectors.Collection]Collection{connectors.Accounts: fast},
			},
			{
				Config: connectors.Config{Retries: new(2), Bounds: connectors.Bounds{}.OrDefault(), Name: "rocketchat", Kind: "rocketchat", URL: "http://127.0.0.1:3000",
					Settings: settings(t, "rocketchat", map[string]any{"user_id": "uR6kTzq8", "auth_token": "p${CANARY}-p${CANARY}"}), TimeZone: time.UTC,
					CustomFields: []connectors.CustomField{{Path: "employee/number", Name: "employeeNumber"}, {Path: "started", Name: "started", Type: connectors.CustomDate}},
					Anchors:      []string{"employee/number"}},
				MaxPause: 15 * time.Minute, EmailTrust: connectors.TrustVerified, PropagateTrace: true, Hooks: &Hooks{Secret: "0123456789abcdefABCDEF_-9876543210", PreviousSecret: "fedcba98765432100123456789ABCDEF", Token: "t0k"},
				Collections: map[connectors.Collection]Collection{
					connectors.Accounts: fast, connectors.Teams: slow, connectors.Roles: slow,
				},
			},
		},
	}
	if diff := cmp.Diff(want, got, zones); diff != "" {
		t.Error(diff)
	}
}

// zones compares time zones by name, and networks; secrets compare as what they are.
var zones = cmp.Options{
	cmp.Comparer(func(a, b *time.Location) bool { return a.String() == b.String() }),
	cmp.Comparer(func(a, b netip.Prefix) bool { return a == b }),
}

// The accounts of the source that decides who works here have a smaller guard by default, because whoever is lost there counts as a leaver.
func TestGuardOfTheAuthority(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		lines string
		want  map[string]int // max_loss in per cent, by source and collection
	}{
		"no source decides":       {"", map[string]int{"hr accounts": 30, "crm accounts": 30}},
		"one decides":             {"identity: { authority: hr }", map[string]int{"hr accounts": 5, "hr teams": 30, "crm accounts": 30}},
		"a greater general guard": {"identity: { authority: hr }\nguard: { max_loss: 100% }", map[string]int{"hr accounts": 5, "hr teams": 100, "crm accounts": 100}},
		"a smaller general guard": {"identity: { authority: hr }\nguard: { max_loss: 2% }", map[string]int{"hr accounts": 2, "crm accounts": 2}},
		"its accounts have one":   {"identity: { authority: crm }", map[string]int{"hr accounts": 30, "crm accounts": 50}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			of := ""
			if name == "its accounts have one" {
				of = ", collections: { accounts: { guard: { max_loss: 50% } } }"
			}
			path := filepath.Join(t.TempDir(), "roster.yaml")
			file := "sources:\n- { name: hr, kind: worksection, url: https://acme.worksection.com, api_key: x, time_zone: Europe/Kyiv }\n" +
				"- { name: crm, kind: kommo, url: https://acme.kommo.com, access_token: x" + of + " }\n" + tc.lines + "\n"
			if err := os.WriteFile(path, []byte(file), 0o600); err != nil {
				t.Fatal(err)
			}
			cfg, err := Open(path, testEnv).Load()
			if err != nil {
				t.Fatal(err)
			}
			for _, s := range cfg.Sources {
				for c, of := range s.Collections {
					if want, has := tc.want[s.Name+" "+c.String()]; has && of.MaxLoss != want {
						t.Errorf("max_loss of %s of %s is %d, want %d", c, s.Name, of.MaxLoss, want)
					}
				}
			}
		})
	}
}

func TestAliases(t *testing.T) {
	t.Parallel()
	c, err := Open("testdata/good/aliases.yaml", testEnv).Load()
	if err != nil {
		t.Fatal(err)
	}
	if got := c.Sources[1]; !reflect.DeepEqual(got.Settings, settings(t, "altcraft", map[string]any{"token": "x", "account_id": 2, "format": "json"})) || got.RateLimit == nil || got.RateLimit.Calls != 5 {
		t.Errorf("got %+v, want what the first source has", got)
	}
}

// The orders by field that the file offers are those that the directory knows.
func TestPrecedenceFields(t *testing.T) {
	t.Parallel()
	var want []string
	for _, f := range directory.Fields {
		want = append(want, "precedence."+string(f))
	}
	var got []string
	for _, s := range Settings() {
		if strings.HasPrefix(s.Path, "precedence.") {
			got = append(got, s.Path)
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestSettings(t *testing.T) {
	t.Parallel()
	all := make(map[string]Setting)
	for _, s := range Settings() {
		if s.Doc == "" || s.Type == "" || all[s.Path].Path != "" {
			t.Errorf("%s: without a type or a meaning, or twice", s.Path)
		}
		all[s.Path] = s
	}
	for _, want := range []Setting{
		{"listen", "host:port", "127.0.0.1:8080", "The address of the server. An address beyond loopback needs access.keys or access.oidc, and tls or insecure_plaintext."},
		{"sources[].token_file", "path", "", "A file that holds token, in its place. Relative to the configuration file."},
		{"sources[].email_trust", "verified, asserted, none", "asserted (rocketchat: verified)", all["sources[].email_trust"].Doc},
		{"sources[].collections.<collection>.fresh_for", "duration", "5m (accounts: 1m)", all["sources[].collections.<collection>.fresh_for"].Doc},
	} {
		if diff := cmp.Diff(want, all[want.Path]); diff != "" {
			t.Error(diff)
		}
	}
}

// The table of docs/settings.md is the one made from the code; go generate rewrites it.
func TestPages(t *testing.T) {
	t.Parallel()
	for name := range Pages {
		got, err := os.ReadFile("../../docs/" + name)
		if err != nil {
			t.Fatal(err)
		}
		want, err := WithTables(name, got)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(string(want), string(got)); diff != "" {
			t.Errorf("%s: run go generate ./internal/config:\n%s", name, diff)
		}
	}
}

// A keeper without settings has the defaults of the file.
func TestKeepersHaveTheSameDefaults(t *testing.T) {
	t.Parallel()
	cfg, err := Open("testdata/good/least.yaml", testEnv).Load()
	if err != nil {
		t.Fatal(err)
	}
	kind := connectors.KindNamed(cfg.Sources[0].Kind)
	for c, got := range cfg.Sources[0].Collections {
		want := snapshot.DefaultSettings(c)
		if own := kind.Collection(c).FreshFor; own > 0 {
			want.FreshFor = own
		}
		have := snapshot.Settings{FreshFor: got.FreshFor, KeepFor: got.KeepFor, MinInterval: got.MinInterval, FullEvery: got.FullEvery, MaxLoss: got.MaxLoss, AcceptAfter: got.AcceptAfter}
		if !reflect.DeepEqual(have, want) {
			t.Errorf("%s: %+v, and without settings %+v", c, have, want)
		}
	}
}

func TestWithTables(t *testing.T) {
	t.Parallel()
	got, err := WithTables("settings.md", []byte("# A\n<!-- settings -->\nold\n<!-- /settings -->\nB\n"))
	if want := "# A\n<!-- settings -->\n\n" + Table() + "\n<!-- /settings -->\nB\n"; err != nil || string(got) != want {
		t.Errorf("got %s, %v", got, err)
	}
	for _, readme := range []string{"", "<!-- settings -->", "<!-- /settings -->"} {
		if _, err := WithTables("settings.md", []byte(readme)); err == nil {
			t.Errorf("%q: no error", readme)
		}
	}
}

// defaultLimits are those of a server without authentication, except for what has an effect only with it.
func defaultLimits() Limits {
	l := Limits(httpapi.DefaultLimits())
	l.AnonymousShare = 50
	return l
}
