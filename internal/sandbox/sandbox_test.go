package sandbox

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"roster/connectors"
	"roster/connectors/altcraft"
	"roster/connectors/faults"
	"roster/connectors/kommo"
	"roster/connectors/registry"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m, goleak.IgnoreTopFunction("net/http.(*persistConn).readLoop"), goleak.IgnoreTopFunction("net/http.(*persistConn).writeLoop"))
}

func running(t *testing.T, opt Options) *Sandbox {
	t.Helper()
	s, err := Start(t.Context(), opt)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// open gives the sandbox's sources by kind, as the server would read them.
func open(t *testing.T, s *Sandbox) map[connectors.KindName]*connectors.Source {
	t.Helper()
	sources := make(map[connectors.KindName]*connectors.Source)
	for _, cfg := range s.Sources() {
		src, err := registry.Open(cfg)
		if err != nil {
			t.Fatalf("%s: %v", cfg.Name, err)
		}
		sources[cfg.Kind] = src
	}
	return sources
}

func read[T connectors.Record](t *testing.T, from connectors.Lister[T]) map[string]T {
	t.Helper()
	l, err := from.List(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	if !l.Complete {
		t.Errorf("a reading of %d records is not complete", len(l.Records))
	}
	byID := make(map[string]T, len(l.Records))
	for _, r := range l.Records {
		byID[r.Key()] = r
	}
	return byID
}

// What the generator says is what the connectors read: every account of every person, and nothing else.
func TestConnectorsReadTheCompany(t *testing.T) {
	t.Parallel()
	for _, size := range []int{25, 300} {
		s := running(t, Options{People: size, Seed: 1})
		want, got := make(map[string]bool), make(map[string]bool)
		for _, p := range s.Company.People {
			for _, a := range p.Accounts {
				id := a.ID
				if a.System == Altcraft {
					id = "12:" + id
				}
				want[string(a.System)+"/"+id] = a.Active
			}
		}
		for _, a := range s.Company.Programs {
			want["rocketchat/"+a.ID] = true
		}
		contacts := 0
		for kind, src := range open(t, s) {
			for id, a := range read(t, src.Accounts) {
				got[string(kind)+"/"+id] = a.Active
			}
			if src.Contacts != nil {
				contacts += len(read(t, src.Contacts))
			}
			if src.Teams != nil {
				read(t, src.Teams)
			}
			if src.Roles != nil {
				read(t, src.Roles)
			}
			if src.ContactFolders != nil {
				read(t, src.ContactFolders)
			}
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%d people: accounts and whether they are active:\n%s", size, diff)
		}
		deleted := 0
		for _, k := range s.Company.Contacts {
			if k.Deleted {
				deleted++
			}
		}
		if want := len(s.Company.Contacts) - deleted; contacts != want || deleted == 0 {
			t.Errorf("%d people: %d contacts, want %d, and some deleted ones beside them", size, contacts, want)
		}
	}
}

// The cast comes through the vendors' interfaces as the cases that it stands for.
func TestCast(t *testing.T) {
	t.Parallel()
	s := running(t, Options{People: 25, Seed: 99})
	sources := open(t, s)
	accounts := make(map[connectors.KindName]map[string]connectors.Account)
	for kind, src := range sources {
		accounts[kind] = read(t, src.Accounts)
	}
	of := func(n int, kind connectors.KindName) connectors.Account {
		t.Helper()
		in := s.Company.People[n-1].In(kind)
		if in == nil {
			t.Fatalf("person %d is not in %s", n, kind)
		}
		id := in.ID
		if kind == Altcraft {
			id = "12:" + id
		}
		a, ok := accounts[kind][id]
		if !ok {
			t.Fatalf("%s does not list %s", kind, id)
		}
		return a
	}
	ws, km, al, rc := Worksection, Kommo, Altcraft, RocketChat
	address := func(a connectors.Account) string {
		if len(a.Emails) == 0 {
			return ""
		}
		return a.Emails[0].Address
	}
	roles := read(t, sources[rc].Roles)
	hidden := func(a connectors.Account) bool {
		return slices.ContainsFunc(a.Roles, func(r connectors.RoleRef) bool { _, known := roles[r.ID]; return !known })
	}
	own := func(a connectors.Account) bool {
		return slices.ContainsFunc(a.Roles, func(r connectors.RoleRef) bool { return roles[r.ID].Name != "" && roles[r.ID].Name != r.ID })
	}
	teamNames := func(kind connectors.KindName) (names []string) {
		for _, t := range read(t, sources[kind].Teams) {
			names = append(names, t.Name)
		}
		return names
	}
	yes := true
	for name, ok := range map[string]bool{
		"owner everywhere": of(CastEverywhere, ws).Access == connectors.AccessOwner && of(CastEverywhere, km).Details.(*kommo.Details).Admin &&
			of(CastEverywhere, al).Details.(*altcraft.Details).Master && of(CastEverywhere, rc).Access == connectors.AccessAdmin,
		"letters of her own, and without them": of(CastThree, ws).Name == "Олена Шевчук" && of(CastThree, km).Name == "Olena Shevchuk",
		"two people of one name": of(CastNamesake, ws).Name == of(CastOtherNamesake, ws).Name &&
			address(of(CastNamesake, ws)) != address(of(CastOtherNamesake, ws)),
		"somebody else's address, not verified": address(of(CastImpostor, rc)) == address(of(CastWorksectionOnly, ws)) &&
			!*of(CastImpostor, rc).Emails[0].Verified,
		"a shared mailbox": address(of(CastSharedMailbox, ws)) == "info@corvidlark.test" &&
			address(of(CastSharedMailboxToo, km)) == "info@corvidlark.test",
		"a made-up address":             of(CastSynthetic, ws).Emails[0].Synthetic && of(CastSynthetic, ws).Access == connectors.AccessGuest,
		"left in Kommo only":            !of(CastLeftKommo, km).Active && of(CastLeftKommo, ws).Active && of(CastLeftKommo, rc).Active,
		"left in the chat only":         !of(CastLeftChat, rc).Active && of(CastLeftChat, km).Active && of(CastLeftChat, al).Active,
		"no name in the chat":           of(CastNamelessInChat, rc).Name == "" && of(CastNamelessInChat, rc).Username != "",
		"no user name in the chat":      of(CastUnfinishedInChat, rc).Username == "" && of(CastUnfinishedInChat, rc).Name == "김민준",
		"no name in Kommo":              of(CastNamelessInKommo, km).Name == "",
		"a role that is new":            of(CastNewRole, ws).Access == connectors.AccessUnknown && of(CastNewRole, ws).Roles[0].ID == "supervisor",
		"roles of the company's own":    own(of(CastOwnRoles, rc)),
		"a role that no list has":       hidden(of(CastOwnRoles, rc)),
		"a rank that is new":            of(CastNewRank, km).Details.(*kommo.Details).Rank == "legend",
		"a quarter of an hour":          s.Company.People[CastNewRank-1].UTCOffset == 5.75,
		"a free seat":                   of(CastFree, km).Details.(*kommo.Details).Free && of(CastFree, km).Access == connectors.AccessGuest,
		"the default group":             of(CastFree, km).Teams[0].ID == "0",
		"verified or not is not said":   of(CastUnsaid, rc).Emails[0].Verified == nil,
		"verified is said of others":    cmp.Equal(of(CastTwo, rc).Emails[0].Verified, &yes),
		"a team that no list has":       !slices.Contains(teamNames(ws), of(CastUnlistedTeam, ws).Teams[0].Name),
		"teams that lists have":         slices.Contains(teamNames(ws), of(CastTwo, ws).Teams[0].Name),
		"rocket.cat is a program":       accounts[rc]["rocket.cat"].Bot,
		"an app is a program":           slices.ContainsFunc(s.Company.Programs, func(a Account) bool { return a.Type == "app" && accounts[rc][a.ID].Bot }),
		"a member who has gone":         slices.ContainsFunc(s.Company.Teams, func(t Team) bool { return len(t.Gone) > 0 }),
		"one address, two accounts":     address(of(CastTwiceInAltcraft, al)) == address(accounts[al]["12:"+of(CastTwiceInAltcraft, al).Username+".reports"]),
		"Altcraft lists its own people": accounts[al]["12:frida.lindqvist"].ID == "",
	} {
		if !ok {
			t.Errorf("missing: %s", name)
		}
	}
}

func TestContactsHaveTheirHardCases(t *testing.T) {
	t.Parallel()
	s := running(t, Options{People: 25, Seed: 5})
	sources := open(t, s)
	kommo, worksection := read(t, sources[Kommo].Contacts), read(t, sources[Worksection].Contacts)
	users := read(t, sources[Kommo].Accounts)
	folders := make(map[string]bool)
	for _, f := range read(t, sources[Worksection].ContactFolders) {
		folders[f.Name] = true
	}
	colleagues := make(map[string]bool)
	for _, p := range s.Company.People {
		colleagues[p.Email] = true
	}
	found := make(map[string]bool)
	for _, c := range kommo {
		_, known := users[c.OwnerID]
		found["with an owner"] = found["with an owner"] || known
		found["whose owner is gone"] = found["whose owner is gone"] || (c.OwnerID != "" && !known)
		found["without an owner"] = found["without an owner"] || c.OwnerID == ""
		found["with tags"] = found["with tags"] || len(c.Tags) > 0
		found["a number for a name"] = found["a number for a name"] || strings.Trim(c.Name, "+0123456789 ") == ""
		found["nothing but a name"] = found["nothing but a name"] || len(c.Emails)+len(c.Phones) == 0
		found["a colleague"] = found["a colleague"] || (len(c.Emails) > 0 && colleagues[c.Emails[0].Address])
	}
	for _, c := range worksection {
		found["without an address"] = found["without an address"] || len(c.Emails) == 0
		found["in a folder that no list has"] = found["in a folder that no list has"] || (c.Folder != nil && !folders[c.Folder.Name])
		found["in a folder"] = found["in a folder"] || (c.Folder != nil && folders[c.Folder.Name])
	}
	for what, ok := range found {
		if !ok {
			t.Errorf("no contact %s", what)
		}
	}
}

// The installation's other account has a user of the same name, who is somebody else.
func TestAltcraftNeighbour(t *testing.T) {
	t.Parallel()
	s := running(t, Options{People: 25})
	cfg := s.Sources()[2]
	values := Credentials(Altcraft)
	values["account_id"] = AltcraftOtherAccountID
	var err error
	if cfg.Settings, err = connectors.KindNamed(Altcraft).SettingsFrom(values); err != nil {
		t.Fatal(err)
	}
	src, err := registry.Open(cfg)
	if err != nil {
		t.Fatal(err)
	}
	own, other := read(t, open(t, s)[Altcraft].Accounts), read(t, src.Accounts)
	zoe, zoltan := own["12:zoe.muller"], other["15:zoe.muller"]
	if zoe.FirstName != "Zoë" || zoltan.FirstName != "Zoltan" {
		t.Errorf("got %q and %q", zoe.FirstName, zoltan.FirstName)
	}
}

func TestPhonesAreNumbers(t *testing.T) {
	t.Parallel()
	s := running(t, Options{People: 300})
	raw, recognised := 0, 0
	for _, a := range read(t, open(t, s)[Worksection].Accounts) {
		for _, p := range a.Phones {
			raw++
			if p.E164 != "" {
				recognised++
			}
		}
	}
	if raw == 0 || recognised*10 < raw*9 {
		t.Errorf("%d of %d numbers are recognised", recognised, raw)
	}
}

func TestPresenceMoves(t *testing.T) {
	t.Parallel()
	states := func(now time.Time, seed uint64) map[string]connectors.Presence {
		s := running(t, Options{People: 100, Seed: seed, Now: func() time.Time { return now }})
		src := open(t, s)[RocketChat]
		got, err := src.Presence.Presence(t.Context(), nil)
		if err != nil {
			t.Fatal(err)
		}
		return got
	}
	first := states(today, 1)
	if len(first) < 20 {
		t.Errorf("only %d are there", len(first))
	}
	if diff := cmp.Diff(first, states(today, 1)); diff != "" {
		t.Errorf("another sandbox at the same time:\n%s", diff)
	}
	if cmp.Equal(first, states(today.Add(time.Hour), 1)) {
		t.Error("an hour later nobody has moved")
	}
}

func TestFaultBreaksOneSystem(t *testing.T) {
	t.Parallel()
	s := running(t, Options{People: 25})
	sources := open(t, s)
	s.Fault(Kommo).Set(faults.Fault{Effect: faults.Reply(http.StatusBadGateway, faults.HTML("<h1>Bad Gateway</h1>"))})
	if _, err := sources[Kommo].Accounts.List(t.Context(), nil); !connectors.IsKind(err, connectors.KindUnavailable) {
		t.Errorf("got %v, want it unavailable", err)
	}
	read(t, sources[Altcraft].Accounts)
	s.Fault(Kommo).Clear()
	read(t, sources[Kommo].Accounts)
}

func TestCallsAreCounted(t *testing.T) {
	t.Parallel()
	s := running(t, Options{People: 300})
	read(t, open(t, s)[Worksection].Accounts)
	want := map[connectors.KindName]map[string]int{
		Worksection: {"get_users": 1}, Kommo: {}, Altcraft: {}, RocketChat: {},
	}
	if diff := cmp.Diff(want, s.Calls()); diff != "" {
		t.Error(diff)
	}
	s.ResetCalls()
	if got := s.Calls()[Worksection]["get_users"]; got != 0 {
		t.Errorf("after a reset: %d calls", got)
	}
}

func TestLimitsAreTheVendors(t *testing.T) {
	t.Parallel()
	s := running(t, Options{People: 25, Limits: true})
	for _, cfg := range s.Sources() {
		if cfg.RateLimit != nil {
			t.Errorf("%s has a limit of its own", cfg.Name)
		}
	}
	cfg := s.Sources()[0]
	cfg.RateLimit = &connectors.RateLimit{}
	src, err := registry.Open(cfg)
	if err != nil {
		t.Fatal(err)
	}
	read(t, src.Accounts)
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	if _, err := src.Teams.List(ctx, nil); !connectors.IsKind(err, connectors.KindRateLimited) {
		t.Errorf("two calls at once: got %v, want them limited", err)
	}
}

// Each system can stand alone, and gives what it gives among the others.
func TestStartOne(t *testing.T) {
	t.Parallel()
	together := open(t, running(t, Options{People: 60, Seed: 3}))
	for _, kind := range Kinds {
		s, err := StartOne(t.Context(), kind, Options{People: 60, Seed: 3})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = s.Close() })
		sources := s.Sources()
		if len(sources) != 1 || sources[0].Kind != kind || strings.Count(sources[0].URL, "/") != 2 {
			t.Fatalf("%s: got sources %v", kind, sources)
		}
		want, got := read(t, together[kind].Accounts), read(t, open(t, s)[kind].Accounts)
		if len(want) != len(got) {
			t.Errorf("%s: %d accounts alone and %d among the others", kind, len(got), len(want))
		}
		if len(s.Calls()) != 1 || s.Fault(kind) == nil {
			t.Errorf("%s: counts calls of %d systems", kind, len(s.Calls()))
		}
	}
	if _, err := StartOne(t.Context(), "slack", Options{}); err == nil {
		t.Error("an unknown kind: no error")
	}
}

func TestStartFails(t *testing.T) {
	t.Parallel()
	s := running(t, Options{People: 25})
	if _, err := Start(t.Context(), Options{People: 25, Listen: s.Addr()}); err == nil {
		t.Error("a taken address: no error")
	}
	if _, err := Start(t.Context(), Options{People: 3}); err == nil {
		t.Error("three people: no error")
	}
}

func TestCloseTwice(t *testing.T) {
	t.Parallel()
	s, err := Start(t.Context(), Options{People: 25})
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}
}
