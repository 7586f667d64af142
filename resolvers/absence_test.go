package resolvers_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"roster/connectors"
	"roster/connectors/altcraft"
	altcraftfake "roster/connectors/altcraft/fake"
	"roster/connectors/kommo"
	kommofake "roster/connectors/kommo/fake"
	"roster/connectors/rocketchat"
	chatfake "roster/connectors/rocketchat/fake"
	"roster/connectors/worksection"
	worksectionfake "roster/connectors/worksection/fake"
)

// vendorSource opens a source of a vendor over the vendor's fake.
func vendorSource(t *testing.T, name string, fake http.Handler, open func(connectors.Config) (*connectors.Source, error), settings any) *connectors.Source {
	t.Helper()
	server := httptest.NewServer(fake)
	t.Cleanup(server.Close)
	s, err := open(connectors.Config{Name: name, Kind: connectors.KindName(name), URL: server.URL, Settings: settings, Timeout: time.Minute,
		RateLimit: &connectors.RateLimit{Calls: 1000, Per: time.Millisecond}, Retries: new(int)})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// The vendors hold these people: Ada in Worksection, without a title; Ben in Altcraft; Cem in Rocket.Chat; Dee in Kommo.
func officeSource(t *testing.T) *connectors.Source {
	return vendorSource(t, "worksection", worksectionfake.New(worksectionfake.Data{APIKey: "key", Users: []worksectionfake.User{
		{Person: worksectionfake.Person{ID: "1", FirstName: "Ada", LastName: "Stone", Group: "Platform", Email: "ada@acme.example"}, Role: "user"},
	}, Groups: []worksectionfake.Group{{ID: "9", Title: "Platform"}}}, worksectionfake.Options{NoLimits: true}), worksection.Open,
		&worksection.Settings{APIKey: "key", Signing: "md5"})
}

func mailerSource(t *testing.T) *connectors.Source {
	return vendorSource(t, "altcraft", altcraftfake.New(altcraftfake.Data{Tokens: []string{"token"}, Accounts: []altcraftfake.Account{{ID: 9, Users: []altcraftfake.User{
		{Username: "ben", FirstName: "Ben", LastName: "Fox", Email: "ben@acme.example", Active: true},
	}}}}, altcraftfake.Options{NoLimits: true}), altcraft.Open, &altcraft.Settings{Token: "token", AccountID: 9, Format: "json"})
}

func chatSource(t *testing.T, permissions ...chatfake.Permission) *connectors.Source {
	return vendorSource(t, "rocketchat", chatfake.New(chatfake.Data{
		Users:       []chatfake.User{{ID: "c1", Username: "cem", Name: "Cem Oz", Emails: []chatfake.Email{{Address: "cem@acme.example"}}, Roles: []string{"user"}}},
		Credentials: []chatfake.Credential{{UserID: "reader", Token: "token", Permissions: permissions}},
	}, chatfake.Options{NoLimits: true}), rocketchat.Open, &rocketchat.Settings{UserID: "reader", AuthToken: "token"})
}

func dealsSource(t *testing.T, admin bool) *connectors.Source {
	return vendorSource(t, "kommo", kommofake.New(kommofake.Data{
		Account: kommofake.Account{ID: 1, Name: "Acme", Subdomain: "acme"}, Tokens: []kommofake.Token{{Value: "token", UserID: 7, Admin: admin}},
		Groups: []kommofake.Group{{ID: 0, Name: "Sales"}},
		Users:  []kommofake.User{{ID: 7, Name: "Dee Ray", Email: "dee@acme.example"}},
	}, kommofake.Options{NoLimits: true}), kommo.Open, &kommo.Settings{AccessToken: "token"})
}

// Each state of absence is caused by a vendor's fake, over HTTP and through its connector.
func TestStatesOfAbsence(t *testing.T) {
	t.Parallel()
	unavailable := func(s *connectors.Source, handler http.Handler) *connectors.Source {
		return vendorSource(t, s.Name, handler, worksection.Open, &worksection.Settings{APIKey: "key", Signing: "md5"})
	}
	down := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusServiceUnavailable) })
	allRights := []chatfake.Permission{chatfake.ViewDirect, chatfake.ViewFullOtherUser, chatfake.ViewAllTeams}
	for name, tc := range map[string]struct {
		sources func(t *testing.T) []*connectors.Source
		who     string // source/ID
		field   string
		scopes  string
		want    string // the state, and that in each source
	}{
		"the source has a value": {
			func(t *testing.T) []*connectors.Source { return []*connectors.Source{officeSource(t)} }, "worksection/1", "teams", sensitive,
			"PRESENT worksection=PRESENT",
		},
		"the source has none": {
			func(t *testing.T) []*connectors.Source {
				return []*connectors.Source{officeSource(t), dealsSource(t, true)}
			}, "worksection/1", "title", sensitive, "EMPTY_AT_SOURCE worksection=EMPTY_AT_SOURCE kommo=NOT_OFFERED",
		},
		"no account where the field is": {
			func(t *testing.T) []*connectors.Source {
				return []*connectors.Source{officeSource(t), mailerSource(t)}
			}, "altcraft/9:ben", "title", sensitive, "NO_ACCOUNT worksection=NO_ACCOUNT altcraft=NOT_OFFERED",
		},
		"no source has the field": {
			func(t *testing.T) []*connectors.Source {
				return []*connectors.Source{mailerSource(t), chatSource(t, allRights...)}
			}, "altcraft/9:ben", "title", sensitive, "NOT_OFFERED altcraft=NOT_OFFERED rocketchat=NOT_OFFERED",
		},
		"a source without roles and teams restricts none": {
			func(t *testing.T) []*connectors.Source { return []*connectors.Source{mailerSource(t)} }, "altcraft/9:ben", "roles", sensitive,
			"NOT_OFFERED altcraft=NOT_OFFERED",
		},
		"a server without teams restricts none": {
			func(t *testing.T) []*connectors.Source { return []*connectors.Source{chatSource(t, allRights...)} }, "rocketchat/c1", "teams", sensitive,
			"EMPTY_AT_SOURCE rocketchat=EMPTY_AT_SOURCE",
		},
		"the credential may not see addresses": {
			func(t *testing.T) []*connectors.Source {
				return []*connectors.Source{officeSource(t), chatSource(t, chatfake.ViewDirect, chatfake.ViewAllTeams)}
			}, "rocketchat/c1", "email", sensitive, "RESTRICTED worksection=NO_ACCOUNT rocketchat=RESTRICTED",
		},
		"the credential may not see roles": {
			func(t *testing.T) []*connectors.Source {
				return []*connectors.Source{chatSource(t, chatfake.ViewDirect, chatfake.ViewAllTeams)}
			},
			"rocketchat/c1", "roles", sensitive, "RESTRICTED rocketchat=RESTRICTED",
		},
		"the credential may not see teams": {
			func(t *testing.T) []*connectors.Source {
				return []*connectors.Source{chatSource(t, chatfake.ViewDirect, chatfake.ViewFullOtherUser)}
			},
			"rocketchat/c1", "teams", sensitive, "RESTRICTED rocketchat=RESTRICTED",
		},
		"what one credential may not see concerns only people who are there": {
			func(t *testing.T) []*connectors.Source {
				return []*connectors.Source{officeSource(t), chatSource(t, chatfake.ViewDirect, chatfake.ViewFullOtherUser)}
			}, "worksection/1", "teams", sensitive, "PRESENT worksection=PRESENT rocketchat=NO_ACCOUNT",
		},
		"the credential may not see users": {
			func(t *testing.T) []*connectors.Source {
				return []*connectors.Source{mailerSource(t), dealsSource(t, false)}
			}, "altcraft/9:ben", "phones", sensitive,
			"RESTRICTED altcraft=EMPTY_AT_SOURCE kommo=RESTRICTED",
		},
		"a source has not been fetched": {
			func(t *testing.T) []*connectors.Source {
				return []*connectors.Source{unavailable(officeSource(t), down), mailerSource(t)}
			}, "altcraft/9:ben", "title", sensitive, "UNAVAILABLE worksection=UNAVAILABLE altcraft=NOT_OFFERED",
		},
		"the caller may not see the field": {
			func(t *testing.T) []*connectors.Source { return []*connectors.Source{officeSource(t)} }, "worksection/1", "phones", onlyRead, "DENIED",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newTestServerOf(t, fetchedOnce(tc.sources(t))).read()
			source, id, _ := strings.Cut(tc.who, "/")
			document := fmt.Sprintf(`{user(by:{account:{source:%q,externalId:%q}}){provenance(fields:[%q])%s}}`, source, id, tc.field, allOfProvenance)
			p := in(parsed(t, overHTTP(w.withAuthentication())(t, tc.scopes, document, nil)).Data, "user", "provenance", 0)
			got := text(p, "state")
			sources, _ := in(p, "sources").([]any)
			for s := range sources {
				got += " " + text(sources, s, "source", "name") + "=" + text(sources, s, "state")
			}
			if got != tc.want {
				t.Errorf("the state is %s, want %s", got, tc.want)
			}
			if candidates, _ := in(p, "candidates").([]any); (len(candidates) > 0) != strings.HasPrefix(tc.want, "PRESENT") {
				t.Errorf("the candidates are %v", candidates)
			}
		})
	}
}

// chatGroups has a role, and a team whose members only some credentials may see.
func chatGroups(t *testing.T, options chatfake.Options) *connectors.Source {
	options.NoLimits = true
	return vendorSource(t, "rocketchat", chatfake.New(chatfake.Data{
		Users: []chatfake.User{{ID: "c1", Username: "cem", Name: "Cem Oz", Roles: []string{"user"}}},
		Roles: []chatfake.Role{{ID: "user"}},
		Teams: []chatfake.Team{{ID: "t1", Name: "Support", Members: []chatfake.Member{{UserID: "c1"}}}},
		Credentials: []chatfake.Credential{{UserID: "reader", Token: "token",
			Permissions: []chatfake.Permission{chatfake.ViewDirect, chatfake.ViewFullOtherUser, chatfake.ViewAllTeams}}},
	}, options), rocketchat.Open, &rocketchat.Settings{UserID: "reader", AuthToken: "token"})
}

// customers has a role, and a contact of Ada, whose owner is Dee. Only an administrator may see users and roles.
func customers(t *testing.T, admin bool) *connectors.Source {
	return vendorSource(t, "kommo", kommofake.New(kommofake.Data{
		Account: kommofake.Account{ID: 1, Name: "Acme", Subdomain: "acme"}, Tokens: []kommofake.Token{{Value: "token", UserID: 7, Admin: admin}},
		Groups: []kommofake.Group{{ID: 0, Name: "Sales"}}, Roles: []kommofake.Role{{ID: 3, Name: "Closer", Rights: kommofake.Rights{Leads: map[string]string{"view": "A"}}}},
		Users:    []kommofake.User{{ID: 7, Name: "Dee Ray", Email: "dee@acme.example"}},
		Contacts: []kommofake.Contact{{ID: 5, Name: "Ada Stone", ResponsibleUserID: 7, Emails: []kommofake.Value{{Value: "ada@acme.example"}}}},
	}, kommofake.Options{NoLimits: true}), kommo.Open, &kommo.Settings{AccessToken: "token"})
}

// The states of absence of teams, roles and contacts: those that a vendor can cause by its fake, and the others by a source of no vendor.
func TestAbsenceOfRecords(t *testing.T) {
	t.Parallel()
	vendors := func(sources ...func(*testing.T) *connectors.Source) func(*testing.T) []*connectors.Source {
		return func(t *testing.T) (all []*connectors.Source) {
			for _, open := range sources {
				all = append(all, open(t))
			}
			return all
		}
	}
	open := func(admin bool) func(*testing.T) *connectors.Source {
		return func(t *testing.T) *connectors.Source { return customers(t, admin) }
	}
	chat := func(options chatfake.Options) func(*testing.T) *connectors.Source {
		return func(t *testing.T) *connectors.Source { return chatGroups(t, options) }
	}
	down := func(t *testing.T) *connectors.Source {
		unavailable := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusServiceUnavailable) })
		return vendorSource(t, "worksection", unavailable, worksection.Open, &worksection.Settings{APIKey: "key", Signing: "md5"})
	}
	holding := func(trust connectors.Trust, emails ...[]connectors.Email) func(*testing.T) []*connectors.Source {
		return func(*testing.T) []*connectors.Source {
			s := &connectors.Source{Name: "crm", Kind: "untyped", Contacts: all(connectors.Contact{ID: "c", Emails: emails[0]})}
			var people []connectors.Account
			for i, e := range emails[1:] {
				for n := range e {
					e[n].Synthetic = trust == connectors.TrustNone
				}
				people = append(people, connectors.Account{ID: fmt.Sprint(i + 1), Name: "Ann", Active: true, Emails: e})
			}
			s.Accounts = all(people...)
			return []*connectors.Source{s}
		}
	}
	mentions := func(change func(*connectors.Source)) func(*testing.T) []*connectors.Source {
		return func(*testing.T) []*connectors.Source {
			s := &connectors.Source{
				Name: "crm", Kind: "untyped", Mentions: connectors.Mentions{Teams: true, Roles: true},
				Accounts: all(connectors.Account{ID: "1", Name: "Ann", Active: true, Emails: mail("ann@example.com"), Teams: []connectors.TeamRef{{ID: "t", Name: "Team"}},
					Roles: []connectors.RoleRef{{ID: "r", Name: "Role"}}}),
				Contacts: all(connectors.Contact{ID: "c", OwnerID: "9", Emails: mail("cem@example.com")}),
			}
			change(s)
			return []*connectors.Source{s}
		}
	}
	for name, tc := range map[string]struct {
		sources             func(*testing.T) []*connectors.Source
		object, field, want string
	}{
		"a team that only accounts mention, of a source without teams": {mentions(func(*connectors.Source) {}), "teams", "kind", "NOT_OFFERED crm=NOT_OFFERED"},
		"a team that the source does not list": {
			mentions(func(s *connectors.Source) { s.Teams = all[connectors.Team]() }), "teams", "kind", "EMPTY_AT_SOURCE crm=EMPTY_AT_SOURCE",
		},
		"a team whose source has not been fetched": {
			mentions(func(s *connectors.Source) {
				s.Teams = failing[connectors.Team](connectors.Error{Kind: connectors.KindUnavailable})
			}), "teams", "kind", "UNAVAILABLE crm=UNAVAILABLE",
		},
		"the credential may not see teams": {
			mentions(func(s *connectors.Source) {
				s.Teams = failing[connectors.Team](connectors.Error{Kind: connectors.KindForbidden})
			}), "teams", "kind", "RESTRICTED crm=RESTRICTED",
		},
		"the credential may not see who is in a team": {
			mentions(func(s *connectors.Source) {
				s.Accounts, s.Teams = all(connectors.Account{ID: "1", Name: "Ann"}), all(connectors.Team{ID: "t", Name: "Team"})
			}), "teams", "members", "RESTRICTED crm=RESTRICTED",
		},
		"a role that states no level": {
			mentions(func(s *connectors.Source) { s.Roles = all(connectors.Role{ID: "r"}) }), "roles", "accessLevel", "EMPTY_AT_SOURCE crm=EMPTY_AT_SOURCE",
		},
		"a role whose permissions the source does not show": {
			mentions(func(s *connectors.Source) { s.Roles = all(connectors.Role{ID: "r"}) }), "roles", "permissions", "RESTRICTED crm=RESTRICTED",
		},
		"a kind that never has permissions": {
			mentions(func(s *connectors.Source) { s.Kind, s.Roles = "rocketchat", all(connectors.Role{ID: "r"}) }), "roles", "permissions",
			"NOT_OFFERED crm=NOT_OFFERED",
		},
		"a role with a holder":      {mentions(func(*connectors.Source) {}), "roles", "holders", "PRESENT crm=PRESENT"},
		"a contact without a title": {mentions(func(*connectors.Source) {}), "contacts", "title", "EMPTY_AT_SOURCE crm=EMPTY_AT_SOURCE"},
		"an owner whom the source does not list": {
			mentions(func(*connectors.Source) {}), "contacts", "owner", "EMPTY_AT_SOURCE crm=EMPTY_AT_SOURCE NOT_FOUND 9",
		},
		"an owner whose account has not been fetched": {
			mentions(func(s *connectors.Source) {
				s.Accounts = failing[connectors.Account](connectors.Error{Kind: connectors.KindUnavailable})
			}), "contacts", "owner",
			"UNAVAILABLE crm=UNAVAILABLE NOT_FOUND 9",
		},
		"members, whom Rocket.Chat does not show": {vendors(chat(chatfake.Options{ClosedTeams: []string{"t1"}})), "teams", "members", "RESTRICTED rocketchat=RESTRICTED"},
		"members, whom Rocket.Chat shows":         {vendors(chat(chatfake.Options{})), "teams", "members", "PRESENT rocketchat=PRESENT"},
		"permissions, which Rocket.Chat never tells": {
			vendors(chat(chatfake.Options{})), "roles", "permissions", "NOT_OFFERED rocketchat=NOT_OFFERED",
		},
		"permissions of Kommo": {vendors(open(true)), "roles", "permissions", "PRESENT kommo=PRESENT"},
		"an owner, whom Kommo shows to administrators only": {
			vendors(open(false)), "contacts", "owner", "RESTRICTED kommo=RESTRICTED NOT_FOUND 7",
		},
		"users, whom Kommo shows to administrators only": {vendors(open(false)), "contacts", "user", "RESTRICTED kommo=RESTRICTED"},
		"a contact of whom another source would know":    {vendors(down, open(true)), "contacts", "user", "UNAVAILABLE worksection=UNAVAILABLE kommo=NO_ACCOUNT"},
		"a contact whose address somebody has":           {vendors(officeSource, open(true)), "contacts", "user", "PRESENT worksection=PRESENT kommo=NO_ACCOUNT"},
		"a title, which contacts of Kommo never have":    {vendors(open(true)), "contacts", "title", "NOT_OFFERED kommo=NOT_OFFERED"},
		"a phone number, which a contact of Kommo does not have": {
			vendors(open(true)), "contacts", "phones", "EMPTY_AT_SOURCE kommo=EMPTY_AT_SOURCE",
		},
		"two people have the address of a contact": {
			holding(connectors.TrustAsserted, mail("ann@example.com"), mail("ann@example.com"), mail("ANN@example.com")), "contacts", "user",
			"EMPTY_AT_SOURCE crm=EMPTY_AT_SOURCE AMBIGUOUS 1 AMBIGUOUS 2",
		},
		"the address of a contact is a shared mailbox": {
			holding(connectors.TrustAsserted, mail("info@example.com"), mail("info+web@example.com"), mail("info@example.com")), "contacts", "user",
			"EMPTY_AT_SOURCE crm=EMPTY_AT_SOURCE SHARED_MAILBOX 2",
		},
		"the source does not vouch for the address of a contact": {
			holding(connectors.TrustNone, mail("ann@example.com"), mail("ann@example.com")), "contacts", "user",
			"EMPTY_AT_SOURCE crm=EMPTY_AT_SOURCE UNTRUSTED 1",
		},
		"a shared mailbox that no account has": {
			holding(connectors.TrustAsserted, mail("info@example.com"), mail("ann@example.com")), "contacts", "user", "NO_ACCOUNT crm=NO_ACCOUNT",
		},
		"a kind whose contacts never have an address": {
			mentions(func(s *connectors.Source) { s.Kind, s.Contacts = "altcraft", all(connectors.Contact{ID: "c"}) }), "contacts", "user",
			"NOT_OFFERED crm=NOT_OFFERED",
		},
		"nobody has the address of a contact": {mentions(func(*connectors.Source) {}), "contacts", "user", "NO_ACCOUNT crm=NO_ACCOUNT"},
		"accounts that have not been fetched": {
			mentions(func(s *connectors.Source) {
				s.Accounts = failing[connectors.Account](connectors.Error{Kind: connectors.KindUnavailable})
			}), "contacts", "user", "UNAVAILABLE crm=UNAVAILABLE",
		},
		"a contact without an address": {
			mentions(func(s *connectors.Source) { s.Contacts = all(connectors.Contact{ID: "c"}) }), "contacts", "user", "EMPTY_AT_SOURCE crm=EMPTY_AT_SOURCE",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newTestServerOf(t, fetchedOnce(tc.sources(t))).read()
			document := fmt.Sprintf(`{%s(first:1){nodes{provenance(fields:[%q])%s}}}`, tc.object, tc.field, allOfProvenance)
			p := in(parsed(t, overHTTP(w.withAuthentication())(t, sensitive, document, nil)).Data, tc.object, "nodes", 0, "provenance", 0)
			got := text(p, "state")
			sources, _ := in(p, "sources").([]any)
			for s := range sources {
				got += " " + text(sources, s, "source", "name") + "=" + text(sources, s, "state")
			}
			candidates, _ := in(p, "candidates").([]any)
			for c := range candidates {
				if in(candidates, c, "chosen") == false {
					said := in(candidates, c, "value")
					if in(candidates, c, "account") != nil {
						said = in(candidates, c, "account", "externalId")
					}
					got += fmt.Sprint(" ", text(candidates, c, "reason"), " ", said)
				}
			}
			if got != tc.want {
				t.Errorf("the state is %s, want %s", got, tc.want)
			}
		})
	}
}

// The coverage of a source is that of its fake and of its credential.
func TestCoverage(t *testing.T) {
	t.Parallel()
	w := newTestServerOf(t, fetchedOnce([]*connectors.Source{officeSource(t), mailerSource(t), chatSource(t, chatfake.ViewDirect), dealsSource(t, false)})).read()
	got := map[string]string{}
	sources, _ := in(parsed(t, overHTTP(w.withAuthentication())(t, onlyRead, `{sources{name coverage{type field state fillRate}}}`, nil)).Data, "sources").([]any)
	for s := range sources {
		list, _ := in(sources, s, "coverage").([]any)
		for i := range list {
			got[text(sources, s, "name")+" "+text(list, i, "type")+" "+text(list, i, "field")] = fmt.Sprint(text(list, i, "state"), " ", in(list, i, "fillRate"))
		}
	}
	for field, want := range map[string]string{
		"worksection ACCOUNTS title":    "SUPPORTED 0",
		"worksection ACCOUNTS lastName": "SUPPORTED 1",
		"worksection ACCOUNTS locale":   "UNSUPPORTED <nil>",
		"worksection ACCOUNTS phones":   "SUPPORTED <nil>", // the caller may not see phones
		"worksection ROLES name":        "UNSUPPORTED <nil>",
		"altcraft ACCOUNTS roles":       "UNSUPPORTED <nil>",
		"altcraft CONTACTS name":        "UNSUPPORTED <nil>",
		"rocketchat ACCOUNTS emails":    "RESTRICTED <nil>",
		"rocketchat ACCOUNTS username":  "SUPPORTED 1",
		"rocketchat TEAMS name":         "RESTRICTED <nil>",
		"kommo ACCOUNTS name":           "RESTRICTED <nil>",
		"kommo CONTACTS name":           "SUPPORTED <nil>",
	} {
		if got[field] != want {
			t.Errorf("%s is %q, want %q", field, got[field], want)
		}
	}
}
