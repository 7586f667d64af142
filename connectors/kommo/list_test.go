package kommo_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"roster/connectors"
	"roster/connectors/kommo"
	"roster/connectors/kommo/fake"
)

func TestAccounts(t *testing.T) {
	t.Parallel()
	_, source := start(t, fake.Options{})
	got, err := source.Accounts.List(t.Context(), nil)
	if err != nil || !got.Complete {
		t.Fatalf("complete %v, %v", got.Complete, err)
	}
	if diff := cmp.Diff([]string{"77", "78", "501"}, ids(got)); diff != "" {
		t.Errorf("not by number (-want +got):\n%s", diff)
	}
	tomas, want := got.Records[0], connectors.Account{
		ID: "77", Name: "Tomás Íñiguez", Emails: []connectors.Email{{Address: "tomas@harbour.example"}}, Locale: "es",
		Active: true, Access: connectors.AccessMember,
		Roles: []connectors.RoleRef{{ID: "8", Name: "Closer", Access: connectors.AccessMember}},
		Teams: []connectors.TeamRef{{ID: "55", Name: "Quay"}},
		Details: &kommo.Details{
			Permissions: []connectors.Permission{
				{Entity: "contacts", Action: "view", Grant: connectors.GrantAll},
				{Entity: "leads", Action: "add", Grant: connectors.GrantAll},
				{Entity: "leads", Action: "delete", Grant: connectors.GrantDenied},
				{Entity: "leads", Action: "edit", Grant: connectors.GrantOwn},
				{Entity: "leads", Action: "view", Grant: connectors.GrantGroup},
				{Entity: "tasks", Action: "edit", Grant: connectors.GrantAll},
			},
			StagePermissions: []connectors.StagePermission{
				{Entity: "leads", PipelineID: "70", StageID: "143", Action: "edit", Grant: connectors.GrantDenied},
				{Entity: "leads", PipelineID: "70", StageID: "143", Action: "view", Grant: connectors.GrantAll},
			},
			Rank: "newbie",
		},
	}
	if diff := cmp.Diff(want, tomas); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	levels := map[string]connectors.AccessLevel{}
	for _, a := range got.Records {
		levels[a.ID] = a.Access
	}
	if diff := cmp.Diff(map[string]connectors.AccessLevel{
		"77": connectors.AccessMember, "78": connectors.AccessGuest, "501": connectors.AccessAdmin}, levels); diff != "" {
		t.Errorf("access (-want +got):\n%s", diff)
	}
	if noor := got.Records[2]; noor.Details.(*kommo.Details).UUID != "uuid-501" || noor.Details.(*kommo.Details).ChatID != "chat-501" || len(noor.Phones) != 1 {
		t.Errorf("what has to be asked for is missing: %+v, %+v", noor, noor.Details)
	}
}

func TestTeams(t *testing.T) {
	t.Parallel()
	for name, token := range map[string]connectors.Secret{"an administrator": adminToken, "any user": userToken} {
		t.Run("read by "+name, func(t *testing.T) {
			t.Parallel()
			_, source := start(t, fake.Options{}, withToken(token))
			got, err := source.Teams.List(t.Context(), nil)
			want := connectors.Listing[connectors.Team]{
				Records: []connectors.Team{{ID: "0", Name: "Front desk"}, {ID: "55", Name: "Quay"}}, Complete: true}
			if diff := cmp.Diff(want, got); diff != "" || err != nil {
				t.Errorf("%v (-want +got)\n%s", err, diff)
			}
		})
	}
}

func TestRoles(t *testing.T) {
	t.Parallel()
	t.Run("with their rights", func(t *testing.T) {
		t.Parallel()
		_, source := start(t, fake.Options{})
		got, err := source.Roles.List(t.Context(), nil)
		if err != nil || !got.Complete || len(got.Records) != 1 {
			t.Fatalf("%+v, %v", got, err)
		}
		r := got.Records[0]
		if r.ID != "8" || r.Name != "Closer" || r.Access != connectors.AccessMember || len(r.Permissions) != 6 {
			t.Errorf("got %+v", r)
		}
	})
	t.Run("no roles at all is 204", func(t *testing.T) {
		t.Parallel()
		f, source := start(t, fake.Options{})
		f.Update(func(d *fake.Data) { d.Roles = nil })
		got, err := source.Roles.List(t.Context(), nil)
		if err != nil || !got.Complete || len(got.Records) != 0 {
			t.Errorf("%+v, %v; want a complete listing of none", got, err)
		}
	})
}

func TestContactPages(t *testing.T) {
	t.Parallel()
	f, source := start(t, fake.Options{})
	var progress []int
	got, err := source.Contacts.List(t.Context(), func(l connectors.Listing[connectors.Contact]) {
		if l.Complete || l.Expected != nil {
			t.Errorf("on the way: complete %v, expected %v", l.Complete, l.Expected)
		}
		progress = append(progress, len(l.Records))
	})
	if err != nil || !got.Complete || len(got.Records) != 600 {
		t.Fatalf("%d contacts, complete %v, %v", len(got.Records), got.Complete, err)
	}
	if got.Records[0].ID != "1401" || got.Records[599].ID != "2000" {
		t.Errorf("from %s to %s, want the order of IDs", got.Records[0].ID, got.Records[599].ID)
	}
	if diff := cmp.Diff([]int{250, 498}, progress); diff != "" {
		t.Errorf("progress after each page but the last (-want +got):\n%s", diff)
	}
	if n := f.Calls()["contacts.list"]; n != 3 {
		t.Errorf("%d calls for 600 contacts, want 3", n)
	}
}

func TestContactsChangeBetweenPages(t *testing.T) {
	t.Parallel()
	between := func(change func(*fake.Data)) (*connectors.Source, *fake.Server) {
		f, source := start(t, fake.Options{})
		f.Configure(func(k *fake.Options) {
			k.OnRequest = func(op string, n int) {
				if op == "contacts.list" && n == 2 {
					f.Update(change)
				}
			}
		})
		return source, f
	}
	t.Run("one is added", func(t *testing.T) {
		t.Parallel()
		source, _ := between(func(d *fake.Data) {
			d.Contacts = slices.Insert(d.Contacts, 0, fake.Contact{ID: 5000, Name: "New"})
		})
		got, err := source.Contacts.List(t.Context(), nil)
		if err != nil || !got.Complete || len(got.Records) != 601 {
			t.Errorf("%d contacts, complete %v, %v; want all 601", len(got.Records), got.Complete, err)
		}
	})
	t.Run("the rest is removed, and the next page is 204", func(t *testing.T) {
		t.Parallel()
		source, _ := between(func(d *fake.Data) { d.Contacts = d.Contacts[350:] })
		got, err := source.Contacts.List(t.Context(), nil)
		if err != nil || !got.Complete || len(got.Records) != 250 {
			t.Errorf("%d contacts, complete %v, %v; want 250", len(got.Records), got.Complete, err)
		}
	})
	t.Run("an older one comes again", func(t *testing.T) {
		t.Parallel()
		source, _ := between(func(d *fake.Data) { d.Contacts = append(d.Contacts, fake.Contact{ID: 3, Name: "Restored"}) })
		got, err := source.Contacts.List(t.Context(), nil)
		if err != nil || len(got.Records) != 600 {
			t.Errorf("%d contacts, %v; want each of the 600 that were there once", len(got.Records), err)
		}
	})
}

func TestUsersChangeBetweenPages(t *testing.T) {
	t.Parallel()
	f, source := start(t, fake.Options{})
	f.Update(func(d *fake.Data) {
		for i := range int64(600) {
			d.Users = append(d.Users, fake.User{ID: 10_000 + i, Email: "u@harbour.example", IsActive: true})
		}
	})
	steady, err := source.Accounts.List(t.Context(), nil)
	if err != nil || !steady.Complete || len(steady.Records) != 603 {
		t.Fatalf("%d accounts, complete %v, %v", len(steady.Records), steady.Complete, err)
	}
	f.ResetCalls()
	f.Configure(func(k *fake.Options) {
		k.OnRequest = func(op string, n int) {
			if op == "users.list" && n == 2 {
				f.Update(func(d *fake.Data) { d.Users = d.Users[1:] }) // somebody moves from the second page to the first, unseen
			}
		}
	})
	got, err := source.Accounts.List(t.Context(), nil)
	if err != nil || got.Complete {
		t.Errorf("%d accounts, complete %v, %v; want it incomplete, since someone may have slipped past", len(got.Records), got.Complete, err)
	}
}

func TestProgressIsNotChangedAfterwards(t *testing.T) {
	t.Parallel()
	f, source := start(t, fake.Options{})
	f.Update(func(d *fake.Data) {
		d.Users = nil
		for i := range int64(255) { // few enough on the second page for both to share memory, and against the order of IDs, which the end restores
			d.Users = append(d.Users, fake.User{ID: 10_000 - i, Email: "u@harbour.example", IsActive: true})
		}
	})
	var told []connectors.Listing[connectors.Account]
	var before [][]string
	got, err := source.Accounts.List(t.Context(), func(l connectors.Listing[connectors.Account]) {
		told, before = append(told, l), append(before, ids(l))
	})
	if err != nil || !got.Complete || ids(got)[0] != "9746" || len(told) != 1 {
		t.Fatalf("%d accounts after %d pages, complete %v, %v", len(got.Records), len(told), got.Complete, err)
	}
	for i, l := range told {
		if diff := cmp.Diff(before[i], ids(l)); diff != "" {
			t.Errorf("page %d (-when told +at the end)\n%s", i+1, diff)
		}
	}
}

func TestNextLinkToForeignHost(t *testing.T) {
	t.Parallel()
	var foreign atomic.Int32
	other := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { foreign.Add(1) }))
	t.Cleanup(other.Close)
	_, source := start(t, fake.Options{NextHost: strings.TrimPrefix(other.URL, "http://")})
	got, err := source.Contacts.List(t.Context(), nil)
	mustBe(t, err, connectors.KindBadResponse)
	if got.Complete || len(got.Records) != 250 {
		t.Errorf("%d contacts, complete %v; want the first page, incomplete", len(got.Records), got.Complete)
	}
	if n := foreign.Load(); n > 0 {
		t.Errorf("the foreign host got %d requests", n)
	}
}

func TestPagesThatDoNotAdvance(t *testing.T) {
	t.Parallel()
	t.Run("a page is its own next", func(t *testing.T) {
		t.Parallel()
		f, source := start(t, fake.Options{SameNext: true})
		got, err := source.Contacts.List(t.Context(), nil)
		mustBe(t, err, connectors.KindBadResponse)
		if got.Complete || f.Calls()["contacts.list"] != 1 {
			t.Errorf("complete %v after %d calls, want 1", got.Complete, f.Calls()["contacts.list"])
		}
	})
	t.Run("empty pages without an end", func(t *testing.T) {
		t.Parallel()
		source := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			n, _ := strconv.Atoi(r.URL.Query().Get("page"))
			w.Header().Set("Content-Type", "application/hal+json")
			_, _ = w.Write([]byte(`{"_page":1,"_links":{"next":{"href":"http://` + r.Host + prefix + r.URL.Path + `?page=` +
				strconv.Itoa(n+1) + `"}},"_embedded":{"contacts":[]}}`))
		}))
		got, err := source.Contacts.List(t.Context(), nil)
		mustBe(t, err, connectors.KindBadResponse)
		if got.Complete {
			t.Error("calls itself complete")
		}
	})
}

func TestFaultOnALaterPage(t *testing.T) {
	t.Parallel()
	f, source := start(t, fake.Options{})
	f.Configure(func(k *fake.Options) {
		k.OnRequest = func(_ string, n int) {
			if n == 3 {
				f.Configure(func(k *fake.Options) { k.Overloaded = true })
			}
		}
	})
	got, err := source.Contacts.List(t.Context(), nil)
	if e := failure(t, err, connectors.KindTimeout); e.Status != http.StatusGatewayTimeout {
		t.Errorf("status %d, want 504", e.Status)
	}
	if got.Complete || len(got.Records) != 498 {
		t.Errorf("%d contacts, complete %v; want the 498 that came, incomplete", len(got.Records), got.Complete)
	}
}

func TestCancelledBetweenPages(t *testing.T) {
	t.Parallel()
	f, source := start(t, fake.Options{})
	ctx, cancel := context.WithCancel(t.Context())
	got, err := source.Contacts.List(ctx, func(connectors.Listing[connectors.Contact]) { cancel() })
	if err == nil || got.Complete || len(got.Records) != 250 {
		t.Errorf("%d contacts, complete %v, %v; want 250 and an error", len(got.Records), got.Complete, err)
	}
	if n := f.Calls()["contacts.list"]; n != 1 {
		t.Errorf("%d calls, want 1", n)
	}
}

func TestSlowAnswer(t *testing.T) {
	t.Parallel()
	_, source := start(t, fake.Options{Slow: time.Hour}, func(c *connectors.Config) { c.Timeout = 20 * time.Millisecond })
	_, err := source.Teams.List(t.Context(), nil)
	mustBe(t, err, connectors.KindTimeout)
}
