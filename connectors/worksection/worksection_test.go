package worksection_test

import (
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"roster/connectors"
	"roster/connectors/conntest"
	"roster/connectors/worksection"
	"roster/connectors/worksection/fake"
)

const key = "0b6f3f0c6c2f4d4f9c1f5f8f0a3b2c1d~key"

// company has somebody in every list.
func company() fake.Data {
	rate := 30.0
	return fake.Data{
		APIKey: key,
		Users: []fake.User{
			{
				Person: fake.Person{
					ID: "1002", FirstName: "Ada", LastName: "Stone", Title: "Engineer", Group: "Platform", Email: "ada@lumen.example",
					URL: "https://lumen.worksection.com/user/1002/", Chats: map[string]string{"Signal": "ada.1"}, DateAdded: "2024-03-01 08:00",
					Phone: "+380671234567",
				},
				Avatar: "https://lumen.worksection.com/images/user/7/1002_1.jpg", Department: "Storage", Role: "account admin", Rate: &rate,
			},
			{Person: fake.Person{ID: "31", FirstName: "Guest", Group: "Harbour Ltd"}, Role: "guest"},
		},
		Groups: []fake.Group{{ID: "12", Title: "Harbour Ltd", Client: true}, {ID: "9", Title: "Platform"}},
		Contacts: []fake.Contact{
			{Person: fake.Person{ID: "5001", FirstName: "Ingrid", LastName: "Solberg", Group: "Suppliers", Email: "ingrid@solberg.example"}},
			{Person: fake.Person{ID: "502", FirstName: "Otto", Group: "DEFAULT"}},
		},
		ContactGroups: []fake.ContactGroup{{ID: "6100", Title: "Suppliers"}, {ID: "2", Title: "DEFAULT", Preset: true}},
	}
}

func subject() conntest.Subject {
	return conntest.Subject{
		Open:   worksection.Open,
		Kind:   &worksection.Kind,
		Config: connectors.Config{Kind: worksection.Name, Settings: &worksection.Settings{APIKey: key}},
		Fake:   fake.New(company(), fake.Options{NoLimits: true}),
		// A signed query is as good as the key: neither it nor its parts may show.
		Secrets: []string{"hash=", "action="},
	}
}

func TestConformance(t *testing.T) {
	t.Parallel()
	conntest.Run(t, subject())
}

func TestMemory(t *testing.T) { //nolint:paralleltest // measures what is allocated
	conntest.Memory(t, subject())
}

// start serves the vendor below a path on loopback and opens it.
func start(t *testing.T, vendor http.Handler, change func(*connectors.Config)) *connectors.Source {
	t.Helper()
	mux := http.NewServeMux()
	mux.Handle("/base/", http.StripPrefix("/base", vendor))
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	cfg := connectors.Config{
		Name: "ws", Kind: worksection.Name, URL: server.URL + "/base/", Settings: &worksection.Settings{APIKey: key}, RateLimit: &connectors.RateLimit{},
	}
	if change != nil {
		change(&cfg)
	}
	source, err := worksection.Open(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return source
}

// ids reads a collection to its end and gives the IDs of its records.
func ids[R connectors.Record](t *testing.T, l connectors.Lister[R]) []string {
	t.Helper()
	listing, err := l.List(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	if !listing.Complete {
		t.Error("the listing is not complete")
	}
	var all []string
	for _, r := range listing.Records {
		all = append(all, r.Key())
	}
	return all
}

func TestSource(t *testing.T) {
	t.Parallel()
	source, err := worksection.Open(connectors.Config{Name: "ws", URL: "https://Lumen.worksection.com/", Settings: &worksection.Settings{APIKey: key}})
	if err != nil {
		t.Fatal(err)
	}
	if source.URL != "https://Lumen.worksection.com" || source.Name != "ws" || source.Kind != worksection.Name {
		t.Errorf("got %s %s %s", source.Kind, source.Name, source.URL)
	}
	want := []connectors.Collection{connectors.Accounts, connectors.Teams, connectors.Contacts, connectors.ContactFolders}
	if diff := cmp.Diff(want, source.Collections()); diff != "" {
		t.Errorf("collections (-want +got):\n%s", diff)
	}
	if source.Presence != nil {
		t.Error("it claims to know who is there")
	}
	same, err := worksection.Open(connectors.Config{Name: "renamed", URL: "https://lumen.worksection.com", Settings: &worksection.Settings{APIKey: key}})
	if err != nil || same.Fingerprint != source.Fingerprint {
		t.Errorf("a slash, a capital letter or a name makes another fingerprint (%v)", err)
	}
}

func TestOpenNamesEveryFault(t *testing.T) {
	t.Parallel()
	_, err := worksection.Open(connectors.Config{URL: "lumen", Settings: &worksection.Settings{APIKey: " "}})
	if want := "url: not an absolute http or https URL\napi_key: required"; err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}

// TestEveryHabit reads the same company from accounts that write it in different ways.
func TestEveryHabit(t *testing.T) {
	t.Parallel()
	plain := start(t, fake.New(company(), fake.Options{NoLimits: true}), nil)
	want, err := plain.Accounts.List(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name    string
		options fake.Options
	}{
		{"the server hashes the parsed parameters", fake.Options{Reencode: true}},
		{"services are arrays when empty", fake.Options{ServicesAsArray: true}},
		{"the date is misspelled", fake.Options{MisspelledDates: true}},
		{"roles are capitalised", fake.Options{CapitalRoles: true}},
		{"rates are text", fake.Options{RatesAsText: true}},
		{"IDs are numbers", fake.Options{NumericIDs: true}},
		{"IDs of presets are text", fake.Options{TextPresetIDs: true}},
		{"empty lists come without data", fake.Options{NoEmptyData: true}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			tt.options.NoLimits = true
			source := start(t, fake.New(company(), tt.options), nil)
			got, err := source.Accounts.List(t.Context(), nil)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("accounts (-plain +got):\n%s", diff)
			}
			for _, list := range []struct{ got, want []string }{
				{ids(t, source.Accounts), []string{"31", "1002"}},
				{ids(t, source.Teams), []string{"9", "12"}},
				{ids(t, source.Contacts), []string{"502", "5001"}},
				{ids(t, source.ContactFolders), []string{"2", "6100"}},
			} {
				if diff := cmp.Diff(list.want, list.got); diff != "" {
					t.Errorf("IDs (-want +got):\n%s", diff)
				}
			}
		})
	}
}

func TestOlderAccount(t *testing.T) {
	t.Parallel()
	source := start(t, fake.New(company(), fake.Options{NoLimits: true, Older: true}), nil)
	got, err := source.Accounts.List(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	ada := got.Records[1]
	if ada.URL != "" || ada.Details.(*worksection.Details).Chats != nil || !ada.CreatedAt.IsZero() {
		t.Errorf("got %+v; want no link, no chats, no date", ada)
	}
	if ada.Name != "Ada Stone" || !got.Complete {
		t.Errorf("got %q, complete %v", ada.Name, got.Complete)
	}
}

func TestEmptyAccount(t *testing.T) {
	t.Parallel()
	for name, options := range map[string]fake.Options{"an empty list": {NoLimits: true}, "no data": {NoLimits: true, NoEmptyData: true}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			source := start(t, fake.New(fake.Data{APIKey: key}, options), nil)
			if n := len(ids(t, source.Accounts)) + len(ids(t, source.Teams)) + len(ids(t, source.Contacts)) + len(ids(t, source.ContactFolders)); n > 0 {
				t.Errorf("got %d records out of nothing", n)
			}
		})
	}
}

func TestDatesInTheConfiguredZone(t *testing.T) {
	t.Parallel()
	source := start(t, fake.New(company(), fake.Options{NoLimits: true}), func(c *connectors.Config) {
		c.TimeZone = time.FixedZone("", 3*60*60)
	})
	got, err := source.Accounts.List(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	if want := time.Date(2024, 3, 1, 5, 0, 0, 0, time.UTC); !got.Records[1].CreatedAt.Equal(want) {
		t.Errorf("added at %s, want %s", got.Records[1].CreatedAt, want)
	}
}

func TestTooLongAList(t *testing.T) {
	t.Parallel()
	large := company()
	for i := range 10 {
		large.Users = append(large.Users, fake.User{Person: fake.Person{ID: strconv.Itoa(9000 + i)}})
	}
	t.Run("refused, and not asked for again", func(t *testing.T) {
		t.Parallel()
		vendor := fake.New(large, fake.Options{NoLimits: true, MaxRows: 10})
		source := start(t, vendor, nil)
		got, err := source.Accounts.List(t.Context(), nil)
		if !connectors.IsKind(err, connectors.KindUnsupported) || got.Complete {
			t.Errorf("got %v, complete %v", err, got.Complete)
		}
		if n := vendor.Calls()["get_users"]; n != 1 {
			t.Errorf("asked %d times, want once", n)
		}
		if got := ids(t, source.Teams); len(got) != 2 {
			t.Errorf("the other lists suffer: %v", got)
		}
	})
	t.Run("cut silently at the vendor's number", func(t *testing.T) {
		t.Parallel()
		d := fake.Data{APIKey: key}
		for i := range 10_001 {
			d.Groups = append(d.Groups, fake.Group{ID: strconv.Itoa(i + 1)})
		}
		source := start(t, fake.New(d, fake.Options{CutRows: true}), nil)
		got, err := source.Teams.List(t.Context(), nil)
		if err != nil || got.Complete || len(got.Records) != 10_000 {
			t.Errorf("got %d records, complete %v, %v", len(got.Records), got.Complete, err)
		}
	})
}

func TestWrongKey(t *testing.T) {
	t.Parallel()
	vendor := fake.New(company(), fake.Options{NoLimits: true})
	source := start(t, vendor, func(c *connectors.Config) { settings(c).APIKey = "another" })
	_, err := source.Accounts.List(t.Context(), nil)
	if !connectors.IsKind(err, connectors.KindUnauthorized) {
		t.Errorf("got %v, want it unauthorized", err)
	}
	if _, err := source.Prober.Probe(t.Context()); !connectors.IsKind(err, connectors.KindUnauthorized) {
		t.Errorf("the probe says %v, want it unauthorized", err)
	}
	if n := vendor.Calls()["get_user_groups"] + vendor.Calls()["get_contact_groups"]; n != 1 {
		t.Errorf("the probe made %d calls, want one", n)
	}
}

func TestProbe(t *testing.T) {
	t.Parallel()
	vendor := fake.New(company(), fake.Options{NoLimits: true})
	source := start(t, vendor, nil)
	want := []connectors.Finding{{What: "users and teams", OK: true}, {What: "contacts and contact folders", OK: true}}
	got, err := source.Prober.Probe(t.Context())
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
	t.Run("a key without a scope", func(t *testing.T) {
		vendor.Configure(func(k *fake.Options) { k.Denied = []string{"get_contacts", "get_contact_groups"} })
		want[1] = connectors.Finding{What: want[1].What, Note: "give the key or the application the scope contacts_read"}
		got, err := source.Prober.Probe(t.Context())
		if diff := cmp.Diff(want, got); err != nil || diff != "" {
			t.Errorf("%v (-want +got):\n%s", err, diff)
		}
		if _, err := source.Contacts.List(t.Context(), nil); !connectors.IsKind(err, connectors.KindForbidden) {
			t.Errorf("contacts: %v, want it forbidden", err)
		}
		if got := ids(t, source.Accounts); !slices.Equal(got, []string{"31", "1002"}) {
			t.Errorf("accounts: %v", got)
		}
	})
}

func TestRedirectShowsNoSignature(t *testing.T) {
	t.Parallel()
	source := start(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "/login?from="+r.URL.RequestURI(), http.StatusFound)
	}), nil)
	_, err := source.Accounts.List(t.Context(), nil)
	if !connectors.IsKind(err, connectors.KindBadResponse) || strings.Contains(err.Error(), "hash") {
		t.Errorf("got %v", err)
	}
}

func settings(c *connectors.Config) *worksection.Settings { return c.Settings.(*worksection.Settings) }
