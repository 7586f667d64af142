package kommo_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"roster/connectors"
	"roster/connectors/kommo"
	"roster/connectors/kommo/fake"
)

const (
	prefix     = "/base"
	adminToken = "admin-token-of-a-test"
	userToken  = "user-token-of-a-test"
)

// company has users of every sort, and contacts on more than one page.
func company() fake.Data {
	d := fake.Data{
		Account: fake.Account{ID: 900, Name: "Harbour", Subdomain: "harbour", Country: "ES", TimeZone: "Europe/Madrid"},
		Tokens:  []fake.Token{{Value: adminToken, UserID: 501, Admin: true}, {Value: userToken, UserID: 77}},
		Groups:  []fake.Group{{ID: 0, Name: "Front desk"}, {ID: 55, Name: "Quay"}},
		Roles: []fake.Role{{ID: 8, Name: "Closer", Rights: fake.Rights{
			Leads:    map[string]string{"view": "G", "edit": "M", "add": "A", "delete": "D"},
			Tasks:    map[string]string{"edit": "A"},
			Stages:   []fake.Stage{{EntityType: "leads", PipelineID: 70, StatusID: 143, Rights: map[string]string{"view": "A", "edit": "D"}}},
			Contacts: map[string]string{"view": "A"},
		}}},
		Users: []fake.User{
			{ID: 501, Name: "Noor Haddad", Email: "noor@harbour.example", Lang: "en", IsAdmin: true, IsActive: true, Rank: "master",
				UUID: "uuid-501", AmojoID: "chat-501", Phone: "+442079460018"},
			{ID: 77, Name: "Tomás Íñiguez", Email: "tomas@harbour.example", Lang: "es", IsActive: true, GroupID: 55, RoleID: 8, Rank: "newbie"},
			{ID: 78, Name: "Left Long-Ago", Email: "left@harbour.example", Lang: "pt", IsFree: true},
		},
	}
	for i := range int64(600) {
		d.Contacts = append(d.Contacts, fake.Contact{ID: 2000 - i, Name: fmt.Sprintf("Contact %d", 2000-i), ResponsibleUserID: 77,
			CreatedAt: 1_700_000_000 + i, UpdatedAt: 1_700_000_000 + i,
			Emails: []fake.Value{{Value: fmt.Sprintf("c%d@client.example", i), Enum: "WORK"}}})
	}
	d.Contacts[0].UpdatedAt = 4_102_444_800 // ahead of every clock, so that each incremental fetch lists it
	return d
}

// start serves a company under a prefix, and gives a source that reads it.
func start(t *testing.T, k fake.Options, change ...func(*connectors.Config)) (*fake.Server, *connectors.Source) {
	t.Helper()
	k.Prefix = prefix
	k.NoLimits = true
	f := fake.New(company(), k)
	return f, serve(t, f, change...)
}

func serve(t *testing.T, f http.Handler, change ...func(*connectors.Config)) *connectors.Source {
	t.Helper()
	mux := http.NewServeMux()
	mux.Handle(prefix+"/", http.StripPrefix(prefix, f))
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	cfg := connectors.Config{Name: "harbour", Kind: kommo.Name, URL: server.URL + prefix, Settings: &kommo.Settings{AccessToken: adminToken},
		Timeout: 10 * time.Second, RateLimit: &connectors.RateLimit{Calls: 1000, Per: time.Millisecond}}
	for _, c := range change {
		c(&cfg)
	}
	source, err := kommo.Open(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return source
}

func withToken(token connectors.Secret) func(*connectors.Config) {
	return func(c *connectors.Config) { settings(c).AccessToken = token }
}

func ids[T connectors.Record](l connectors.Listing[T]) []string {
	list := []string{}
	for _, r := range l.Records {
		list = append(list, r.Key())
	}
	return list
}

// mustBe checks that err is an error of a source, of that kind.
func mustBe(t *testing.T, err error, kind connectors.ErrorKind) {
	t.Helper()
	if !connectors.IsKind(err, kind) {
		t.Fatalf("got %v, want %s", err, kind)
	}
}

// failure gives err as the error of a source that it must be.
func failure(t *testing.T, err error, kind connectors.ErrorKind) *connectors.Error {
	t.Helper()
	mustBe(t, err, kind)
	return connectors.AsError("", err)
}

func settings(c *connectors.Config) *kommo.Settings { return c.Settings.(*kommo.Settings) }
