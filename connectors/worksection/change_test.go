package worksection_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"roster/connectors"
	"roster/connectors/worksection/fake"
	"roster/internal/credential"
)

var (
	invitation = connectors.Invitation{
		Email: "kate~1@lumen.example", FirstName: "Kate Ann", LastName: "Fox", Title: "Lead & more", Team: &connectors.TeamRef{ID: "9", Name: "Platform"},
		Department: "Storage", Access: connectors.AccessGuest,
	}
	newTeam    = connectors.NewTeam{Name: "Déjà vu + co", Kind: connectors.TeamClient}
	newContact = connectors.NewContact{
		Name: "Mia Novak", Email: "mia@novak.example", Title: "Buyer", Folder: &connectors.FolderRef{ID: "6100", Name: "Suppliers"},
		Phones:    []connectors.Phone{{Raw: "+1 555 0103", Kind: connectors.PhoneMobile}, {Raw: "+1 555 0101", Kind: connectors.PhoneMain}},
		Addresses: []string{"1 Main St", "Office 3"},
	}
	newFolder    = connectors.NewContactFolder{Name: "Partners"}
	subscription = connectors.Subscription{TaskID: "77", Email: "ada@lumen.example"}
)

// changes are the calls that change something, one of each.
var changes = map[string]func(context.Context, *connectors.Source) error{
	"add_user": func(ctx context.Context, s *connectors.Source) error {
		_, err := s.UserInviter.Create(ctx, invitation)
		return err
	},
	"add_user_group": func(ctx context.Context, s *connectors.Source) error {
		_, err := s.TeamCreator.Create(ctx, newTeam)
		return err
	},
	"add_contact": func(ctx context.Context, s *connectors.Source) error {
		_, err := s.ContactCreator.Create(ctx, newContact)
		return err
	},
	"add_contact_group": func(ctx context.Context, s *connectors.Source) error {
		_, err := s.ContactFolderCreator.Create(ctx, newFolder)
		return err
	},
	"subscribe": func(ctx context.Context, s *connectors.Source) error {
		return s.TaskSubscriber.Subscribe(ctx, subscription)
	},
	"unsubscribe": func(ctx context.Context, s *connectors.Source) error {
		off := subscription
		off.Off = true
		return s.TaskSubscriber.Subscribe(ctx, off)
	},
}

// What a creation answers is what the list shows afterwards, the ID above all. The list may know more.
func TestCreate(t *testing.T) {
	t.Parallel()
	for name, options := range map[string]fake.Options{
		"as documented": {}, "numbers for IDs, in an array": {NumericIDs: true, MadeInArray: true, CapitalRoles: true}, "an older account": {Older: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			options.NoLimits = true
			s := start(t, fake.New(company(), options), nil)
			account, err := s.UserInviter.Create(t.Context(), invitation)
			listedAs(t, s.Accounts, account, err, cmpopts.IgnoreFields(connectors.Account{}, "CreatedAt"))
			team, err := s.TeamCreator.Create(t.Context(), newTeam)
			listedAs(t, s.Teams, team, err)
			contact, err := s.ContactCreator.Create(t.Context(), newContact)
			listedAs(t, s.Contacts, contact, err)
			folder, err := s.ContactFolderCreator.Create(t.Context(), newFolder)
			listedAs(t, s.ContactFolders, folder, err)

			if account.Access != connectors.AccessGuest || account.Emails[0].Address != invitation.Email || account.Teams[0].Name != "Platform" {
				t.Errorf("the account is %+v", account)
			}
			if team.Kind != connectors.TeamClient || team.Name != newTeam.Name {
				t.Errorf("the team is %+v", team)
			}
			if contact.Folder.Name != "Suppliers" || len(contact.Phones) != 2 || len(contact.Addresses) != 2 {
				t.Errorf("the contact is %+v", contact)
			}
		})
	}
}

// The other two credentials send the same in another form.
func TestCreateAsOthers(t *testing.T) {
	t.Parallel()
	data := authorised()
	data.Tasks = []fake.Task{{ID: "77"}}
	byStamp, byToken := fake.New(data, fake.Options{NoLimits: true}), fake.New(data, fake.Options{NoLimits: true})
	var store credential.Memory
	for name, tt := range map[string]struct {
		vendor *fake.Server
		source *connectors.Source
	}{
		"an HMAC header": {byStamp, start(t, byStamp, func(c *connectors.Config) { settings(c).Signing = "hmac" })},
		"a user's token": {byToken, openOAuth(t, byToken, &store, nil)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, action := range []string{"add_user", "add_user_group", "add_contact", "add_contact_group", "subscribe"} {
				if err := changes[action](t.Context(), tt.source); err != nil {
					t.Errorf("%s: %v", action, err)
				}
			}
			if is, err := tt.source.TaskSubscriber.Subscribed(t.Context(), subscription); err != nil || !is {
				t.Errorf("subscribed: %t, %v", is, err)
			}
			d := tt.vendor.Holds()
			if u := d.Users[len(d.Users)-1]; u.Email != invitation.Email || u.Title != invitation.Title || u.Role != "guest" {
				t.Errorf("it holds %+v", u)
			}
		})
	}
}

func listedAs[R connectors.Record](t *testing.T, l connectors.Lister[R], made R, err error, opts ...cmp.Option) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	listing, err := l.List(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	i := slices.IndexFunc(listing.Records, func(r R) bool { return r.Key() == made.Key() })
	if i < 0 {
		t.Fatalf("the list does not have %v", made)
	}
	if diff := cmp.Diff(listing.Records[i], made, opts...); diff != "" {
		t.Errorf("the answer differs from the list (-list +answer):\n%s", diff)
	}
}

// An answer that leaves out what it made is no success, and may be one all the same.
func TestCreateWithoutAnAnswer(t *testing.T) {
	t.Parallel()
	vendor := fake.New(company(), fake.Options{NoLimits: true, BareAnswers: true})
	s := start(t, vendor, nil)
	for action, change := range changes {
		if strings.HasSuffix(action, "subscribe") {
			continue
		}
		e := connectors.AsError("", change(t.Context(), s))
		if e == nil || e.Kind != connectors.KindBadResponse || e.Undone() {
			t.Errorf("%s: %v, want one that may have been done", action, e)
		}
	}
}

// What is sent is in the body, where no log of addresses has it, and is signed.
func TestChangesGoByPost(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	sent := make(map[string]string)
	vendor := fake.New(company(), fake.Options{NoLimits: true})
	s := start(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		r.Body = io.NopCloser(strings.NewReader(string(body)))
		mu.Lock()
		form, _, _ := strings.Cut(string(body), "&hash=")
		action, _, _ := strings.Cut(strings.TrimPrefix(form, "action="), "&")
		sent[action] = r.Method + " " + r.URL.RawQuery + " " + form
		mu.Unlock()
		vendor.ServeHTTP(w, r)
	}), nil)
	vendor.Update(func(d *fake.Data) { d.Tasks = []fake.Task{{ID: "77"}} })
	for action, change := range changes {
		if err := change(t.Context(), s); err != nil {
			t.Errorf("%s: %v", action, err)
		}
	}
	want := map[string]string{
		"add_user": "POST  action=add_user&email=kate%7E1%40lumen.example&first_name=Kate+Ann&last_name=Fox&title=Lead+%26+more&group=Platform" +
			"&department=Storage&role=guest",
		"add_user_group": "POST  action=add_user_group&title=D%C3%A9j%C3%A0+vu+%2B+co&client=1",
		"add_contact": "POST  action=add_contact&email=mia%40novak.example&name=Mia+Novak&title=Buyer&group=Suppliers&phone=%2B1+555+0101" +
			"&phone3=%2B1+555+0103&address=1+Main+St&address2=Office+3",
		"add_contact_group": "POST  action=add_contact_group&title=Partners",
		"subscribe":         "POST  action=subscribe&id_task=77&email_user=ada%40lumen.example",
		"unsubscribe":       "POST  action=unsubscribe&id_task=77&email_user=ada%40lumen.example",
	}
	if diff := cmp.Diff(want, sent); diff != "" {
		t.Errorf("sent (-want +got):\n%s", diff)
	}
}

func TestPreview(t *testing.T) {
	t.Parallel()
	s := start(t, http.NotFoundHandler(), nil)
	want := connectors.Preview{Op: "add_user", Parameters: map[string]string{
		"email": "kate~1@lumen.example", "first_name": "Kate Ann", "last_name": "Fox", "title": "Lead & more", "group": "Platform", "department": "Storage",
		"role": "guest",
	}}
	if diff := cmp.Diff(want, s.UserInviter.Preview(invitation)); diff != "" {
		t.Errorf("preview (-want +got):\n%s", diff)
	}
	off := subscription
	off.Off = true
	if got := s.TaskSubscriber.Preview(off); got.Op != "unsubscribe" {
		t.Errorf("preview %v", got)
	}
}

// A call whose connection is cut is sent once, also over a connection that was kept, and may have been done.
func TestChangesAreSentOnce(t *testing.T) {
	t.Parallel()
	for action, change := range changes {
		for name, cut := range map[string]fake.Cut{"before": fake.CutBefore, "after": fake.CutAfter} {
			t.Run(action+" cut "+name, func(t *testing.T) {
				t.Parallel()
				vendor := fake.New(company(), fake.Options{NoLimits: true, OnCut: func(a string, _ int) fake.Cut {
					if a == action {
						return cut
					}
					return fake.CutNever
				}})
				vendor.Update(func(d *fake.Data) { d.Tasks = []fake.Task{{ID: "77"}} })
				s := start(t, vendor, nil)
				if _, err := s.Teams.List(t.Context(), nil); err != nil { // so that there is a connection
					t.Fatal(err)
				}
				e := connectors.AsError("", change(t.Context(), s))
				if e == nil || e.Undone() {
					t.Errorf("%v, want one that may have been done", e)
				}
				if n := vendor.Calls()[action]; n != 1 {
					t.Errorf("sent %d times", n)
				}
			})
		}
	}
}

// Every error that the vendor documents for these calls says that nothing was done, and which input is at fault.
func TestChangesRefused(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, action string
		refusal      fake.Refusal
		kind         connectors.ErrorKind
		input        string
	}{
		{"no address", "add_user", fake.Refusal{Code: 10, Message: "Field is required", Details: "email"}, connectors.KindInvalid, "email"},
		{"bad address", "add_user", fake.Refusal{Code: 11, Message: "Invalid email", Details: "canary"}, connectors.KindInvalid, "email"},
		{"bad role", "add_user", fake.Refusal{Code: 10, Message: "Field is required", Details: "role"}, connectors.KindInvalid, "accessLevel"},
		{"no title", "add_user_group", fake.Refusal{Code: 10, Message: "Field is required", Details: "title"}, connectors.KindInvalid, "name"},
		{"no name", "add_contact", fake.Refusal{Code: 10, Message: "Field is required", Details: "name"}, connectors.KindInvalid, "name"},
		{"no folder", "add_contact", fake.Refusal{Code: 10, Message: "Field is required", Details: "group"}, connectors.KindInvalid, "folderId"},
		{"no title of a folder", "add_contact_group", fake.Refusal{Code: 10, Message: "Field is required", Details: "title"}, connectors.KindInvalid, "name"},
		{"bad task", "subscribe", fake.Refusal{Code: 5, Message: "Task is invalid"}, connectors.KindInvalid, "taskId"},
		{"bad user", "unsubscribe", fake.Refusal{Code: 11, Message: "Invalid email"}, connectors.KindInvalid, "user"},
		{"one of several", "add_user", fake.Refusal{Code: 10, Message: "At least one of fields required", Details: "canary"}, connectors.KindInvalid, ""},
		{"hash", "add_user", fake.Refusal{Code: 2, Message: "Action hash is missed or invalid"}, connectors.KindUnauthorized, ""},
		{"denied", "add_user", fake.Refusal{Code: 20, Message: "access denied"}, connectors.KindForbidden, ""},
		{"quota", "add_user", fake.Refusal{Code: 16, Message: "canary"}, connectors.KindInvalid, ""},
		{"too many", "add_user", fake.Refusal{Code: 3, Message: "Too many requests"}, connectors.KindRateLimited, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := start(t, fake.New(company(), fake.Options{NoLimits: true, Refuse: map[string]fake.Refusal{tt.action: tt.refusal}}), nil)
			e := connectors.AsError("", changes[tt.action](t.Context(), s))
			if e == nil || e.Kind != tt.kind || e.Input != tt.input || !e.Undone() || strings.Contains(e.Error(), "canary") {
				t.Errorf("%+v, want %s of %q", e, tt.kind, tt.input)
			}
		})
	}
}

// Where nothing was sent, nothing was done.
func TestUndoneWithoutAConnection(t *testing.T) {
	t.Parallel()
	s := start(t, http.NotFoundHandler(), func(c *connectors.Config) { c.URL = closedServer(t) })
	if e := connectors.AsError("", changes["add_user"](t.Context(), s)); e == nil || !e.Undone() {
		t.Errorf("%+v", e)
	}
}

func closedServer(t *testing.T) string {
	t.Helper()
	server := httptest.NewServer(http.NotFoundHandler())
	server.Close()
	return server.URL
}

func TestSubscribed(t *testing.T) {
	t.Parallel()
	vendor := fake.New(company(), fake.Options{NoLimits: true})
	vendor.Update(func(d *fake.Data) { d.Tasks = []fake.Task{{ID: "77", Subscribers: []string{"ivan@lumen.example"}}} })
	s := start(t, vendor, nil)
	for _, step := range []struct {
		change, address string
		want            bool
	}{
		{"", "ada@lumen.example", false}, {"", "IVAN@lumen.example", true}, {"subscribe", "ada@lumen.example", true}, {"subscribe", "Ada@lumen.example", true},
		{"unsubscribe", "ada@lumen.example", false}, {"unsubscribe", "ada@lumen.example", false},
	} {
		if step.change != "" {
			if err := changes[step.change](t.Context(), s); err != nil {
				t.Fatal(err)
			}
		}
		got, err := s.TaskSubscriber.Subscribed(t.Context(), connectors.Subscription{TaskID: "77", Email: step.address})
		if err != nil || got != step.want {
			t.Errorf("after %q: %s is subscribed: %t, %v", step.change, step.address, got, err)
		}
	}
}

// A task that is none is found out by reading it. The input that is wrong has our name, and one that is none of the reading's has none.
func TestSubscribedNamesTheInput(t *testing.T) {
	t.Parallel()
	s := start(t, fake.New(company(), fake.Options{NoLimits: true}), nil)
	_, err := s.TaskSubscriber.Subscribed(t.Context(), connectors.Subscription{TaskID: "404", Email: "ada@lumen.example"})
	if e := connectors.AsError("", err); err == nil || e.Input != "taskId" || e.Kind != connectors.KindInvalid {
		t.Errorf("no such task: %+v", e)
	}
	s = start(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, `{"status":"error","status_code":11,"message":"Invalid email"}`)
	}), nil)
	_, err = s.TaskSubscriber.Subscribed(t.Context(), subscription)
	if e := connectors.AsError("", err); err == nil || e.Input != "" {
		t.Errorf("of an address, which was not sent: %+v", e)
	}
}

// How a task's subscribers are listed is not documented.
func TestSubscribersInAnyShape(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		data string
		want bool
	}{
		"objects":            {`{"id":"77","subscribers":[{"id":"1","email":"ada@lumen.example"}]}`, true},
		"addresses":          {`{"id":"77","subscribers":["ada@lumen.example"]}`, true},
		"by ID":              {`{"id":"77","subscribers":{"1":{"email":"ada@lumen.example"}}}`, true},
		"in an array of one": {`[{"id":"77","subscribers":[{"email":"ada@lumen.example"}]}]`, true},
		"others":             {`{"id":"77","subscribers":[{"id":"1","email":"ivan@lumen.example"},null]}`, false},
		"none":               {`{"id":"77","subscribers":[]}`, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := start(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				_, _ = io.WriteString(w, `{"status":"ok","data":`+tt.data+`}`)
			}), nil)
			if got, err := s.TaskSubscriber.Subscribed(t.Context(), subscription); err != nil || got != tt.want {
				t.Errorf("%t, %v", got, err)
			}
		})
	}
}

// Whom an answer does not tell by address may be the one in question, and one that has no list tells of nobody: it is neither said that they are
// told, nor that they are not.
func TestSubscribersThatAreNotTold(t *testing.T) {
	t.Parallel()
	for _, subscribers := range []string{
		`,"subscribers":[{"id":"1","name":"Ada"}]`, `,"subscribers":["1"]`, `,"subscribers":[7]`, `,"subscribers":{"1":{"name":"Ada"}}`, `,"subscribers":null`, ``,
		`,"subscribers":false`, `,"subscribers":""`, `,"subscribers":0`,
	} {
		s := start(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			_, _ = io.WriteString(w, `{"status":"ok","data":{"id":"77"`+subscribers+`}}`)
		}), nil)
		is, err := s.TaskSubscriber.Subscribed(t.Context(), subscription)
		if e := connectors.AsError("", err); err == nil || is || e.Kind != connectors.KindBadResponse {
			t.Errorf("%s: %t, %v", subscribers, is, err)
		}
	}
}

// Where tasks do not tell who subscribes, subscribing and its end work all the same.
func TestTasksThatDoNotTell(t *testing.T) {
	t.Parallel()
	vendor := fake.New(company(), fake.Options{NoLimits: true, NoSubscribers: true})
	vendor.Update(func(d *fake.Data) { d.Tasks = []fake.Task{{ID: "77", Subscribers: []string{subscription.Email}}} })
	s := start(t, vendor, nil)
	for _, off := range []bool{true, false} {
		in := connectors.Subscription{TaskID: "77", Email: subscription.Email, Off: off}
		if is, err := s.TaskSubscriber.Subscribed(t.Context(), in); err == nil || is {
			t.Errorf("subscribed: %t, %v", is, err)
		}
		if err := s.TaskSubscriber.Subscribe(t.Context(), in); err != nil {
			t.Error(err)
		}
		if is := len(vendor.Holds().Tasks[0].Subscribers) == 1; is == off {
			t.Errorf("after off=%t: subscribed %t", off, is)
		}
	}
}

func TestWithoutACollectionNothingIsChanged(t *testing.T) {
	t.Parallel()
	s := start(t, http.NotFoundHandler(), nil)
	for _, c := range connectors.AllCollections {
		s.Without(c)
	}
	if s.UserInviter != nil || s.TeamCreator != nil || s.ContactCreator != nil || s.ContactFolderCreator != nil || s.TaskSubscriber != nil {
		t.Error("something can be made that nobody could see")
	}
}
