package writes_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"roster/connectors"
	"roster/internal/directory"
	"roster/internal/writes"
)

// fault is a user error without its message.
func fault(code writes.Code, path ...string) writes.UserError {
	return writes.UserError{Field: append([]string{"input"}, path...), Code: code}
}

type doing func(context.Context, *world) (writes.Result, error)

func invite(change func(*writes.Invite, *world)) doing {
	return func(ctx context.Context, w *world) (writes.Result, error) {
		in := writes.Invite{Email: "new@example.com"}
		change(&in, w)
		return w.writer.InviteUser(ctx, writes.Request{Source: "ws"}, in)
	}
}

func contact(change func(*writes.CreateContact, *world)) doing {
	return func(ctx context.Context, w *world) (writes.Result, error) {
		in := writes.CreateContact{Name: "Cem Oz", Email: "new@client.example"}
		change(&in, w)
		return w.writer.CreateContact(ctx, writes.Request{Source: "ws"}, in)
	}
}

func team(request writes.Request, in writes.CreateTeam) doing {
	return func(ctx context.Context, w *world) (writes.Result, error) {
		return w.writer.CreateTeam(ctx, request, in)
	}
}

func folder(name string) doing {
	return func(ctx context.Context, w *world) (writes.Result, error) {
		return w.writer.CreateContactFolder(ctx, writes.Request{Source: "ws"}, name)
	}
}

func subscribe(task string, user func(*directory.Directory) (*directory.User, error)) doing {
	return func(ctx context.Context, w *world) (writes.Result, error) {
		res, _, err := w.writer.SubscribeToTask(ctx, writes.Request{Source: "ws"}, writes.Subscribe{TaskID: task, User: user})
		return res, err
	}
}

func ann(d *directory.Directory) (*directory.User, error) {
	return d.UserByEmail("ann@example.com"), nil
}

var (
	ws      = writes.Request{Source: "ws"}
	long    = strings.Repeat("x", 41)
	manager = connectors.AccessManager
	group   = connectors.TeamGroup
	client  = connectors.TeamClient
)

// All errors of the input are reported at once, with their paths, and nothing is sent.
func TestChecks(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		do   doing
		want []writes.UserError
	}{
		"no such source":  {team(writes.Request{Source: "none"}, writes.CreateTeam{Name: "x"}), []writes.UserError{fault(writes.NotFound, "source")}},
		"cannot":          {team(writes.Request{Source: "crm"}, writes.CreateTeam{Name: "x"}), []writes.UserError{fault(writes.NotSupported, "source")}},
		"cannot, and key": {team(writes.Request{Source: "crm", Key: new("")}, writes.CreateTeam{}), []writes.UserError{fault(writes.NotSupported, "source"), fault(writes.Invalid, "idempotencyKey")}},
		"key too long":    {team(writes.Request{Source: "ws", Key: new(strings.Repeat("k", 256))}, writes.CreateTeam{Name: "x"}), []writes.UserError{fault(writes.Invalid, "idempotencyKey")}},
		"key not ASCII":   {team(writes.Request{Source: "ws", Key: new("ключ")}, writes.CreateTeam{Name: "x"}), []writes.UserError{fault(writes.Invalid, "idempotencyKey")}},

		"blank name":          {team(ws, writes.CreateTeam{Name: " \t"}), []writes.UserError{fault(writes.Invalid, "name")}},
		"name of nothing":     {team(ws, writes.CreateTeam{Name: "\u200b\u2060 \ufeff"}), []writes.UserError{fault(writes.Invalid, "name")}},
		"long name":           {team(ws, writes.CreateTeam{Name: long}), []writes.UserError{fault(writes.Invalid, "name")}},
		"control characters":  {team(ws, writes.CreateTeam{Name: "a\x00b"}), []writes.UserError{fault(writes.Invalid, "name")}},
		"controls alone":      {team(ws, writes.CreateTeam{Name: "\x00"}), []writes.UserError{fault(writes.Invalid, "name")}},
		"kind of team":        {team(ws, writes.CreateTeam{Name: "x", Kind: &group}), []writes.UserError{fault(writes.Invalid, "kind")}},
		"a team of another":   {team(ws, writes.CreateTeam{Name: "Sales", Kind: &client}), []writes.UserError{fault(writes.Exists, "kind")}},
		"blank folder":        {folder(""), []writes.UserError{fault(writes.Invalid, "name")}},
		"a contact of others": {contact(func(c *writes.CreateContact, _ *world) { c.Name, c.Email = "Somebody Else", "CEM@example.com" }), []writes.UserError{fault(writes.Exists, "email")}},

		"all of an invitation": {invite(func(i *writes.Invite, _ *world) {
			*i = writes.Invite{Email: "nobody", FirstName: &long, LastName: new("a\x01"), Title: &long, TeamID: new("x"), Department: &long, Access: &manager}
		}), []writes.UserError{
			fault(writes.Invalid, "email"), fault(writes.Invalid, "firstName"), fault(writes.Invalid, "lastName"), fault(writes.Invalid, "title"),
			fault(writes.Invalid, "teamId"), fault(writes.Invalid, "department"), fault(writes.Invalid, "accessLevel"),
		}},
		"no address":      {invite(func(i *writes.Invite, _ *world) { i.Email = " " }), []writes.UserError{fault(writes.Invalid, "email")}},
		"long address":    {invite(func(i *writes.Invite, _ *world) { i.Email = long + "@example.com" }), []writes.UserError{fault(writes.Invalid, "email")}},
		"two addresses":   {invite(func(i *writes.Invite, _ *world) { i.Email = "a@x.example,b@x.example" }), []writes.UserError{fault(writes.Invalid, "email")}},
		"a named address": {invite(func(i *writes.Invite, _ *world) { i.Email = "A <a@x.example>" }), []writes.UserError{fault(writes.Invalid, "email")}},
		"a local address": {invite(func(i *writes.Invite, _ *world) { i.Email = "root@localhost" }), []writes.UserError{fault(writes.Invalid, "email")}},
		"an unseen sign":  {invite(func(i *writes.Invite, _ *world) { i.Email = "ann\u200b@example.com" }), []writes.UserError{fault(writes.Invalid, "email")}},
		"unseen in host":  {invite(func(i *writes.Invite, _ *world) { i.Email = "ann@exam\u00adple.com" }), []writes.UserError{fault(writes.Invalid, "email")}},
		"no such team":    {invite(func(i *writes.Invite, _ *world) { i.TeamID = new("VHdzL3Q5OQ") }), []writes.UserError{fault(writes.NotFound, "teamId")}},
		"another's team":  {invite(func(i *writes.Invite, w *world) { i.TeamID = w.teamID("crm", "Closers") }), []writes.UserError{fault(writes.NotFound, "teamId")}},
		"one of two teams": {invite(func(i *writes.Invite, w *world) { i.TeamID = w.teamID("ws", "Twins") }),
			[]writes.UserError{fault(writes.Invalid, "teamId")}},

		"all of a contact": {contact(func(c *writes.CreateContact, w *world) {
			*c = writes.CreateContact{Name: "", Email: "", Title: &long, FolderID: w.teamID("ws", "Sales"), Addresses: []string{"a", " ", long}, Phones: []connectors.Phone{
				{Raw: "none", Kind: connectors.PhoneMain}, {Raw: "1", Kind: connectors.PhoneMain}, {Raw: "2", Kind: connectors.PhoneFax},
			}}
		}), []writes.UserError{
			fault(writes.Invalid, "name"), fault(writes.Invalid, "email"), fault(writes.Invalid, "title"), fault(writes.Invalid, "folderId"),
			fault(writes.Invalid, "phones", "0", "number"), fault(writes.Invalid, "phones", "1", "kind"), fault(writes.Invalid, "phones", "2", "kind"),
			fault(writes.Invalid, "addresses"), fault(writes.Invalid, "addresses", "1"), fault(writes.Invalid, "addresses", "2"),
		}},
		"no such folder": {contact(func(c *writes.CreateContact, _ *world) { c.FolderID = new("RndzL2Y5OQ") }), []writes.UserError{fault(writes.NotFound, "folderId")}},
		"another's folder": {contact(func(c *writes.CreateContact, w *world) { c.FolderID = w.folderID("crm", "Deals") }),
			[]writes.UserError{fault(writes.NotFound, "folderId")}},
		"one of two folders": {contact(func(c *writes.CreateContact, w *world) { c.FolderID = w.folderID("ws", "Twins") }),
			[]writes.UserError{fault(writes.Invalid, "folderId")}},

		"task and user": {subscribe("x", func(*directory.Directory) (*directory.User, error) { return nil, nil }),
			[]writes.UserError{fault(writes.Invalid, "taskId"), fault(writes.NotFound, "user")}},
		"malformed user": {subscribe("7", func(*directory.Directory) (*directory.User, error) {
			return nil, &directory.InputError{Argument: "by", Message: "is wrong"}
		}), []writes.UserError{fault(writes.Invalid, "user")}},
		"user of another source": {subscribe("7", func(d *directory.Directory) (*directory.User, error) {
			return d.UserByAccount(connectors.Ref{Source: "crm", ID: "9"}), nil
		}), []writes.UserError{fault(writes.NotFound, "user")}},
		"user with two accounts there": {subscribe("7", func(d *directory.Directory) (*directory.User, error) {
			both := *d.UserByEmail("ann@example.com")
			both.Accounts = slices.Concat(both.Accounts, d.UserByEmail("ben@example.com").Accounts)
			return &both, nil
		}), []writes.UserError{fault(writes.Invalid, "user")}},
		"user without an address there": {subscribe("7", func(d *directory.Directory) (*directory.User, error) {
			return d.UserByAccount(connectors.Ref{Source: "ws", ID: "3"}), nil
		}), []writes.UserError{fault(writes.Invalid, "user")}},
		"no such task": {subscribe("404", ann), []writes.UserError{fault(writes.NotFound, "taskId")}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				v := newVendor()
				w, stop := newWorld(t, v, nil, nil)
				defer stop()
				res, err := tt.do(t.Context(), w)
				if err != nil || res.Outcome != writes.Rejected || v.calls() != 0 {
					t.Errorf("%s, %v after %d calls", res.Outcome, err, v.calls())
				}
				if diff := cmp.Diff(tt.want, res.Errors, cmpopts.IgnoreFields(writes.UserError{}, "Message")); diff != "" {
					t.Errorf("user errors (-want +got):\n%s", diff)
				}
				for _, e := range res.Errors {
					if e.Message == "" {
						t.Errorf("%v says nothing", e)
					}
				}
			})
		})
	}
}

// Each way in which a source can refuse has an answer in Roster's words.
func TestRefusedBySource(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		err  connectors.Error
		want writes.UserError
	}{
		"an input":              {connectors.Error{Kind: connectors.KindInvalid, Input: "name"}, fault(writes.Invalid, "name")},
		"something":             {connectors.Error{Kind: connectors.KindInvalid}, writes.UserError{Code: writes.Refused}},
		"a conflict":            {connectors.Error{Kind: connectors.KindConflict}, writes.UserError{Code: writes.Exists}},
		"the credential":        {connectors.Error{Kind: connectors.KindUnauthorized}, fault(writes.Refused, "source")},
		"a right":               {connectors.Error{Kind: connectors.KindForbidden}, fault(writes.Refused, "source")},
		"the place":             {connectors.Error{Kind: connectors.KindNotFound}, writes.UserError{Code: writes.Refused}},
		"the call":              {connectors.Error{Kind: connectors.KindUnsupported}, fault(writes.NotSupported, "source")},
		"the number":            {connectors.Error{Kind: connectors.KindRateLimited, RetryAfter: 1e12}, fault(writes.Refused, "source")},
		"in a word that is new": {connectors.Error{Kind: connectors.KindBadResponse, Code: "15"}, fault(writes.Refused, "source")},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				v := newVendor()
				w, stop := newWorld(t, v, nil, nil)
				defer stop()
				v.tune(func(v *vendor) { v.fates, v.err = []fate{refused}, &tt.err })
				res, err := w.writer.CreateTeam(t.Context(), ws, writes.CreateTeam{Name: "New"})
				if diff := cmp.Diff([]writes.UserError{tt.want}, res.Errors, cmpopts.IgnoreFields(writes.UserError{}, "Message")); err != nil || diff != "" {
					t.Errorf("%v; user errors (-want +got):\n%s", err, diff)
				}
				if res.Outcome != writes.Rejected || v.calls() != 1 {
					t.Errorf("%s after %d calls", res.Outcome, v.calls())
				}
			})
		})
	}
}

// While a source has never been fetched, it is unknown what exists: nothing is sent, and no other error of the input can be reported.
func TestNeverRead(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		do   doing
		want writes.UserError
	}{
		"a team":          {team(ws, writes.CreateTeam{Name: "New"}), fault(writes.Refused, "source")},
		"an invitation":   {invite(func(*writes.Invite, *world) {}), fault(writes.Refused, "source")},
		"a folder":        {folder("New"), fault(writes.Refused, "source")},
		"a team's member": {invite(func(i *writes.Invite, _ *world) { i.TeamID = new("VHdzL3Q5OQ") }), fault(writes.NotFound, "teamId")},
		"readings": {func(ctx context.Context, w *world) (writes.Result, error) {
			res, _ := w.writer.RefreshSource(ctx, ws, writes.Refresh{Collections: []connectors.Collection{connectors.Teams}})
			return res, nil
		}, fault(writes.Refused, "source")},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				v := newVendor()
				v.failing = true
				w, stop := newWorld(t, v, nil, nil)
				defer stop()
				res, err := tt.do(t.Context(), w)
				if diff := cmp.Diff([]writes.UserError{tt.want}, res.Errors, cmpopts.IgnoreFields(writes.UserError{}, "Message")); err != nil || diff != "" {
					t.Errorf("%v; user errors (-want +got):\n%s", err, diff)
				}
				if res.Outcome != writes.Rejected || v.calls() != 0 {
					t.Errorf("%s after %d calls", res.Outcome, v.calls())
				}
			})
		})
	}
}

// The error names the source if the source cannot be reached, if its data show that it has not executed the write, or if the outcome is unknown.
func TestWithoutAnAnswerTheSourceIsAtFault(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		fate    fate
		failing bool
		outcome writes.Outcome
	}{
		"unreachable": {unreachable, false, writes.Rejected}, "not done": {cutBefore, false, writes.Rejected}, "nobody knows": {cutAfter, true, writes.Unknown},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			each(t, func(t *testing.T, kind string, v *vendor, _ *writes.Memory, w *world) {
				v.tune(func(v *vendor) { v.fates, v.failing = []fate{tt.fate}, tt.failing })
				res := w.do(kind, writes.Request{})
				if diff := cmp.Diff([]writes.UserError{fault(writes.Refused, "source")}, res.Errors, cmpopts.IgnoreFields(writes.UserError{}, "Message")); diff != "" || res.Outcome != tt.outcome {
					t.Errorf("%s; user errors (-want +got):\n%s", res.Outcome, diff)
				}
			})
		})
	}
}

// If a source refuses a record as existing, the record is searched once more: it may have been created since.
func TestRefusedSinceItIsThere(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, kind string, v *vendor, _ *writes.Memory, w *world) {
		v.tune(func(v *vendor) { v.fates, v.err = []fate{refused}, &connectors.Error{Kind: connectors.KindConflict} })
		ctx := writes.WithSteps(t.Context(), func(step string) {
			if step == "noted" { // after the check, and before the call
				time.Sleep(time.Millisecond)
				v.tune(func(v *vendor) { v.add(kinds[kind].collection, kinds[kind].name, false) })
			}
		})
		res, err := kinds[kind].do(ctx, w, ws)
		if err != nil || res.Outcome != writes.AlreadyDone || !w.shows(kind, res) {
			t.Errorf("%+v, %v", res, err)
		}
	})
}

func TestSubscriptions(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		fates []fate
		want  writes.Outcome
		calls int
	}{
		"as it should be": {nil, writes.Done, 1}, "cut before, once": {[]fate{cutBefore}, writes.Done, 2}, "cut before, twice": {[]fate{cutBefore, cutBefore}, writes.Rejected, 2},
		"cut after": {[]fate{cutAfter}, writes.Done, 1}, "too many": {[]fate{tooMany}, writes.Done, 2}, "unreachable": {[]fate{unreachable}, writes.Rejected, 1},
		"late, twice": {[]fate{late, late}, writes.Done, 2}, "late, then unreachable": {[]fate{late, unreachable}, writes.Done, 2},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				v := newVendor()
				w, stop := newWorld(t, v, nil, nil)
				defer stop()
				v.tune(func(v *vendor) { v.fates = tt.fates })
				res, user, err := w.writer.SubscribeToTask(t.Context(), ws, writes.Subscribe{TaskID: "7", User: ann})
				if err != nil || res.Outcome != tt.want || user == nil || v.calls() != tt.calls {
					t.Fatalf("%+v, %v, %v after %d calls", res, user, err, v.calls())
				}
				if is := v.tasks["7 ann@example.com"]; is != (tt.want == writes.Done) {
					t.Errorf("subscribed: %t", is)
				}
				for _, off := range []bool{true, true} {
					res, _, err = w.writer.SubscribeToTask(t.Context(), ws, writes.Subscribe{TaskID: "7", Off: off, User: ann})
				}
				if err != nil || res.Outcome != writes.AlreadyDone || v.tasks["7 ann@example.com"] {
					t.Errorf("ended twice: %+v, %v", res, err)
				}
			})
		})
	}
}

// If a task does not show its subscribers, the write never reports that the state existed already: it subscribes again, which does no harm.
func TestSubscriptionsThatCannotBeSeen(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		fates []fate
		want  writes.Outcome
	}{
		"as it should be": {nil, writes.Done}, "cut, once": {[]fate{cutAfter}, writes.Done}, "cut, twice": {[]fate{cutBefore, cutAfter}, writes.Unknown},
		"refused": {[]fate{unreachable}, writes.Rejected}, "cut, then unreachable": {[]fate{cutAfter, unreachable}, writes.Unknown},
	} {
		for _, off := range []bool{false, true} {
			t.Run(fmt.Sprint(name, " off ", off), func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					v := newVendor()
					w, stop := newWorld(t, v, nil, nil)
					defer stop()
					v.tune(func(v *vendor) { v.fates, v.tasks[silent+" ann@example.com"] = tt.fates, off })
					res, _, err := w.writer.SubscribeToTask(t.Context(), ws, writes.Subscribe{TaskID: silent, Off: off, User: ann})
					if err != nil || res.Outcome != tt.want {
						t.Errorf("%+v, %v", res, err)
					}
					if is := v.tasks[silent+" ann@example.com"]; tt.want == writes.Done && is == off {
						t.Errorf("subscribed: %t", is)
					}
				})
			})
		}
	}
}

// A collection that was never fetched cannot be searched: a dry run returns the same as the call would.
func TestASourceThatWasNeverRead(t *testing.T) {
	t.Parallel()
	for _, kind := range kindNames() {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				v := newVendor()
				v.failing = true
				w, stop := newWorld(t, v, nil, nil)
				defer stop()
				for _, dry := range []bool{true, false} {
					res := w.do(kind, writes.Request{DryRun: dry})
					if diff := cmp.Diff(writes.Result{Outcome: writes.Rejected, Errors: []writes.UserError{fault(writes.Refused, "source")}}, res,
						cmpopts.IgnoreFields(writes.UserError{}, "Message")); diff != "" {
						t.Errorf("dry run %t: -want +got\n%s", dry, diff)
					}
				}
				if n := v.calls(); n != 0 {
					t.Errorf("%d calls were made", n)
				}
			})
		})
	}
}

// If a subscription gets no answer and its task cannot be fetched either, the error names the source, and the next call subscribes.
func TestSubscriptionThatNobodyKnows(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		v := newVendor()
		w, stop := newWorld(t, v, nil, nil)
		defer stop()
		v.tune(func(v *vendor) { v.fates, v.failing = []fate{cutBefore, cutAfter}, true })
		res, _, err := w.writer.SubscribeToTask(t.Context(), ws, writes.Subscribe{TaskID: "7", User: ann})
		if diff := cmp.Diff([]writes.UserError{fault(writes.Refused, "source")}, res.Errors, cmpopts.IgnoreFields(writes.UserError{}, "Message")); err != nil || diff != "" || res.Outcome != writes.Unknown {
			t.Errorf("%s, %v; user errors (-want +got):\n%s", res.Outcome, err, diff)
		}
		v.tune(func(v *vendor) { v.failing = false })
		if res, _, err := w.writer.SubscribeToTask(t.Context(), ws, writes.Subscribe{TaskID: "7", User: ann}); err != nil || res.Outcome != writes.AlreadyDone {
			t.Errorf("then %+v, %v", res, err)
		}
	})
}

// The first call of a subscription got no answer, and the second was certainly not executed: "nothing changed" is reported only if the task shows it.
func TestSubscriptionThatIsRefusedAfterNoAnswer(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		fates  []fate
		unread bool
		want   writes.Outcome
	}{
		"and the task cannot be read":    {[]fate{cutAfter, unreachable}, true, writes.Unknown},
		"and the task shows it not done": {[]fate{cutBefore, unreachable}, false, writes.Rejected},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				v := newVendor()
				w, stop := newWorld(t, v, nil, nil)
				defer stop()
				v.tune(func(v *vendor) { v.fates, v.failing = tt.fates, tt.unread })
				res, _, err := w.writer.SubscribeToTask(t.Context(), ws, writes.Subscribe{TaskID: "7", User: ann})
				if err != nil || res.Outcome != tt.want || v.calls() != 2 {
					t.Errorf("%+v, %v after %d calls", res, err, v.calls())
				}
			})
		})
	}
}

// If the lock is lost before the second call, the first call may have been executed: "nothing was sent" is not reported.
func TestSubscriptionThatLosesItsLockAfterNoAnswer(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		v, way, calls := newVendor(), &cuttable{Store: new(writes.Memory)}, 0
		w, stop := newWorld(t, v, way, nil)
		defer stop()
		v.tune(func(v *vendor) {
			v.fates, v.failing = []fate{cutAfter}, true
			v.turn = func(_ context.Context, op string) {
				if op != "write" {
					return
				}
				calls++
				way.cut.Store(calls == 2)
			}
		})
		res, _, err := w.writer.SubscribeToTask(t.Context(), ws, writes.Subscribe{TaskID: "7", User: ann})
		if err != nil || res.Outcome != writes.Unknown || calls != 2 {
			t.Errorf("%+v, %v after %d calls", res, err, calls)
		}
	})
}

// An input with an error in every item gets a short answer, whose last error has the number of the others.
func TestFewErrorsAreShown(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		phones, errors int
		last           string
	}{{10, 19, "one number of each kind"}, {11, 20, "has 2 more errors"}, {15_000, 20, "has 29980 more errors"}} {
		synctest.Test(t, func(t *testing.T) {
			w, stop := newWorld(t, newVendor(), nil, nil)
			defer stop()
			res, err := contact(func(c *writes.CreateContact, _ *world) {
				c.Phones = make([]connectors.Phone, tc.phones) // without a number, and all of one kind
			})(t.Context(), w)
			if err != nil || res.Outcome != writes.Rejected || len(res.Errors) != tc.errors || !strings.Contains(res.Errors[len(res.Errors)-1].Message, tc.last) {
				t.Errorf("%d phones: %v, %s with %d errors, the last %+v; want %d, the last with %q",
					tc.phones, err, res.Outcome, len(res.Errors), res.Errors[len(res.Errors)-1], tc.errors, tc.last)
			}
		})
	}
}
