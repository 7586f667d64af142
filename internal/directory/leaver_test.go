package directory_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"roster/connectors"
	"roster/internal/directory"
	"roster/internal/history"
)

// hourly is the time after that many hours.
func hourly(n int) time.Time { return time.Date(2026, 5, 1, n, 0, 0, 0, time.UTC) }

// fetched is a source, and what its fetches have seen.
type fetched struct {
	data    directory.SourceData
	history *history.History
}

// fetch has a complete fetch begin at a time and bring these accounts.
func (f *fetched) fetch(at time.Time, accounts ...connectors.Account) {
	f.data.Partial, f.data.Known = false, nil
	if f.history == nil {
		f.history, f.data.Accounts = history.Begin(at), accounts
		return
	}
	f.compare(at, accounts)
}

// fetchPart has an incomplete fetch begin at a time, after which the source has these accounts.
func (f *fetched) fetchPart(at time.Time, accounts ...connectors.Account) {
	if !f.data.Partial {
		f.data.Partial, f.data.Known = true, f.history
	}
	if f.history == nil {
		f.history, f.data.Accounts = history.Begin(at), accounts
		return
	}
	f.compare(at, accounts)
}

// compare continues the history by the difference to the accounts before: which are new, gone, active, or have another address.
func (f *fetched) compare(at time.Time, accounts []connectors.Account) {
	byID := func(a, b connectors.Account) int { return strings.Compare(a.ID, b.ID) }
	accounts = slices.SortedFunc(slices.Values(accounts), byID)
	was := slices.SortedFunc(slices.Values(f.data.Accounts), byID)
	u := f.history.Update(at)
	find := func(in []connectors.Account, id string) int {
		return slices.IndexFunc(in, func(a connectors.Account) bool { return a.ID == id })
	}
	ids := make(map[string]bool)
	for _, a := range slices.Concat(was, accounts) {
		ids[a.ID] = true
	}
	var sorted []string
	for id := range ids {
		sorted = append(sorted, id)
	}
	slices.Sort(sorted)
	for _, id := range sorted {
		before, after := find(was, id), find(accounts, id)
		switch {
		case before < 0:
			u.Add(id)
		case after < 0:
			r := history.Removal{ID: id}
			for _, e := range was[before].Emails {
				r.Addresses = append(r.Addresses, history.AddressesOf(e.Address, e.Verified != nil && *e.Verified)...)
			}
			r.Addresses = append(r.Addresses, history.AnchorsOf("login", was[before].Username)...)
			u.Remove(r)
		default:
			var fields []string
			if was[before].Active != accounts[after].Active {
				fields = append(fields, "Active")
			}
			if !cmp.Equal(was[before].Emails, accounts[after].Emails) {
				fields = append(fields, "Emails")
			}
			if was[before].Username != accounts[after].Username {
				fields = append(fields, "Username")
			}
			if len(fields) > 0 {
				u.Change(id, fields)
			}
		}
	}
	f.history, f.data.Accounts = u.Done(1000*time.Hour), accounts
}

// joinedByLogin are rules with an anchor that joins accounts by the user names of two of the sources.
func joinedByLogin(r *directory.Rules) {
	r.Anchors = []directory.Anchor{{Name: "login", Fields: map[string]string{"hr": connectors.AccountUsername, "chat": connectors.AccountUsername}}}
}

// known returns the account with a user name, and without addresses.
func known(a connectors.Account, login string) connectors.Account {
	a.Username, a.Emails = login, nil
	return a
}

// leaving is a human resources system, and two others.
type leaving struct{ hr, chat, crm fetched }

func newLeaving() *leaving {
	w := &leaving{}
	w.hr.data.Name, w.chat.data.Name, w.crm.data.Name = "hr", "chat", "crm"
	return w
}

func (w *leaving) build(change func(*directory.Rules)) *directory.Directory {
	rules := directory.Rules{Authority: "hr"}
	if change != nil {
		change(&rules)
	}
	var data []directory.SourceData
	for _, f := range []*fetched{&w.hr, &w.chat, &w.crm} {
		d := f.data
		d.Times = map[connectors.Collection]*history.History{connectors.Accounts: f.history}
		data = append(data, d)
	}
	return directory.Build(rules, data)
}

// leaversOf returns who is a leaver: the name, the account in the authority, since when, and the active accounts. It checks that the filter says the same.
func leaversOf(t rapid.TB, d *directory.Directory) []string {
	t.Helper()
	var found, filtered []string
	for _, u := range everyone(d) {
		l := u.Leaver()
		if l == nil {
			continue
		}
		line := u.Name + " " + l.Authority.Name + "/" + l.ExternalID
		if l.Account == nil {
			line += " removed"
		}
		if l.Since.IsZero() {
			line += " ?"
		} else {
			line += " " + l.Since.Format("15h")
		}
		for _, a := range l.ActiveAccounts {
			line += " " + refOf(a).String()
		}
		if a := l.Account; a != nil && a.Core().ID != l.AccountID {
			t.Errorf("%s: the ID is %s", line, l.AccountID)
		}
		found, filtered = append(found, line), append(filtered, u.ID)
	}
	for _, wanted := range []bool{true, false} {
		page, err := d.Users(&directory.UserFilter{Leaver: &wanted}, directory.UserOrder{}, directory.PageArgs{First: new(directory.MaxPageSize)})
		if err != nil {
			t.Fatal(err)
		}
		var ids []string
		for _, u := range page.Nodes() {
			ids = append(ids, u.ID)
		}
		if slices.Sort(ids); wanted && !slices.Equal(ids, slices.Sorted(slices.Values(filtered))) || !wanted && len(ids)+len(filtered) != len(everyone(d)) {
			t.Errorf("the filter leaver: %t has %v; leavers are %v", wanted, ids, filtered)
		}
	}
	return found
}

func staff(id, name string, active bool, addresses ...string) connectors.Account {
	a := connectors.Account{ID: id, Name: name, Active: active}
	for _, address := range addresses {
		a.Emails = append(a.Emails, connectors.Email{Address: address})
	}
	return a
}

func TestLeavers(t *testing.T) {
	t.Parallel()
	ann := func(active bool) connectors.Account { return staff("1", "Ann", active, "ann@x.example") }
	ben := staff("2", "Ben", true, "ben@x.example")
	annChat, benChat := staff("c1", "Ann", true, "ann@x.example"), staff("c2", "Ben", true, "ben@x.example")
	for name, tc := range map[string]struct {
		fetches func(w *leaving)
		rules   func(*directory.Rules)
		want    []string
	}{
		"everybody works here": {func(w *leaving) {
			w.hr.fetch(hourly(1), ann(true), ben)
			w.chat.fetch(hourly(1), annChat, benChat)
		}, nil, nil},
		"deactivated in the authority": {func(w *leaving) {
			w.hr.fetch(hourly(1), ann(true), ben)
			w.chat.fetch(hourly(1), annChat, benChat)
			w.crm.fetch(hourly(1), staff("k1", "Ann", true, "ann@x.example"), staff("k2", "Ben", false, "ben@x.example"))
			w.hr.fetch(hourly(3), ann(false), ben)
		}, nil, []string{"Ann hr/1 03h chat/c1 crm/k1"}},
		"removed in the authority": {func(w *leaving) {
			w.hr.fetch(hourly(1), ann(true), ben)
			w.chat.fetch(hourly(1), annChat, benChat)
			w.hr.fetch(hourly(3), ann(true))
		}, nil, []string{"Ben hr/2 removed 03h chat/c2"}},
		"inactive everywhere": {func(w *leaving) {
			w.hr.fetch(hourly(1), ann(false))
			w.chat.fetch(hourly(1), staff("c1", "Ann", false, "ann@x.example"))
		}, nil, nil},
		"inactive at the first fetch of all": {func(w *leaving) {
			w.hr.fetch(hourly(2), ann(false))
			w.chat.fetch(hourly(1), annChat)
		}, nil, []string{"Ann hr/1 02h chat/c1"}},
		"no times are known": {func(w *leaving) {
			w.hr.data.Accounts, w.chat.data.Accounts = []connectors.Account{ann(false)}, []connectors.Account{annChat}
		}, nil, []string{"Ann hr/1 ? chat/c1"}},
		"accounts from before times were kept count as seen before": {func(w *leaving) {
			w.hr.fetch(hourly(1), ann(true), ben)
			w.hr.fetch(hourly(3), ann(true))
			w.chat.data.Accounts = []connectors.Account{benChat}
		}, nil, []string{"Ben hr/2 removed 03h chat/c2"}},
		"never had an account there, such as a contractor": {func(w *leaving) {
			w.hr.fetch(hourly(1), ann(true))
			w.chat.fetch(hourly(1), annChat, staff("c9", "Zoe", true, "zoe@x.example"))
		}, nil, nil},
		"a program, and a shared mailbox": {func(w *leaving) {
			bot := staff("3", "Bot", true, "bot@x.example")
			bot.Bot = true
			w.hr.fetch(hourly(1), bot, staff("4", "Info", true, "info@x.example"))
			chatBot := staff("c3", "Bot", true, "bot@x.example")
			chatBot.Bot = true
			w.chat.fetch(hourly(1), chatBot, staff("c4", "Info", true, "info@x.example"))
			bot.Active = false
			w.hr.fetch(hourly(2), bot)
		}, nil, nil},
		"the address is given to a new person whom the authority does not have yet": {func(w *leaving) {
			w.hr.fetch(hourly(1), ann(true), ben)
			w.chat.fetch(hourly(1), staff("c2", "Ben", false, "ben@x.example"))
			w.hr.fetch(hourly(2), ann(true))
			w.chat.fetch(hourly(3), staff("c8", "Ben Newman", true, "ben@x.example"))
		}, nil, nil},
		"the address is given to somebody who was there before": {func(w *leaving) {
			w.hr.fetch(hourly(1), ann(true), ben)
			w.chat.fetch(hourly(1), staff("c9", "Zoe", true, "zoe@x.example"))
			w.hr.fetch(hourly(2), ann(true))
			w.chat.fetch(hourly(3), staff("c9", "Zoe", true, "zoe@x.example", "ben@x.example"))
		}, nil, nil},
		"an address of two accounts, of which the leaver's is removed later": {func(w *leaving) {
			w.hr.fetch(hourly(1), ann(true), staff("2", "Ben", true, "ben@x.example", "desk@x.example"))
			w.chat.fetch(hourly(1), staff("c2", "Ben", true, "ben@x.example", "desk@x.example"), staff("c9", "Zoe", true, "desk@x.example"))
			w.hr.fetch(hourly(2), ann(true))
			w.chat.fetch(hourly(3), staff("c9", "Zoe", true, "desk@x.example"))
		}, nil, nil},
		"an address of two accounts, and the leaver has another": {func(w *leaving) {
			w.hr.fetch(hourly(1), ann(true), staff("2", "Ben", true, "ben@x.example", "desk@x.example"))
			w.chat.fetch(hourly(1), staff("c2", "Ben", true, "ben@x.example", "desk@x.example"), staff("c9", "Zoe", true, "desk@x.example"))
			w.hr.fetch(hourly(2), ann(true))
		}, nil, []string{"Ben hr/2 removed 02h chat/c2"}},
		"an address of several people in the authority, who leave one after the other": {func(w *leaving) {
			w.hr.fetch(hourly(1), ann(true), staff("2", "Ben", true, "site@x.example"), staff("3", "Cem", true, "site@x.example"))
			w.chat.fetch(hourly(1), staff("c9", "Site", true, "site@x.example"))
			w.hr.fetch(hourly(2), ann(true), staff("3", "Cem", true, "site@x.example"))
			w.hr.fetch(hourly(3), ann(true))
		}, nil, nil},
		"an account that replaces a removed one with the same address": {func(w *leaving) {
			w.hr.fetch(hourly(1), ann(true), ben)
			w.chat.fetch(hourly(1), benChat)
			w.chat.fetch(hourly(2), staff("c3", "Ben", true, "ben@x.example"))
			w.hr.fetch(hourly(3), ann(true))
		}, nil, []string{"Ben hr/2 removed 03h chat/c3"}},
		"an account in another source that is removed too": {func(w *leaving) {
			w.hr.fetch(hourly(1), ann(true), ben)
			w.chat.fetch(hourly(1), benChat)
			w.crm.fetch(hourly(1), staff("k2", "Ben", true, "ben@x.example"))
			w.hr.fetch(hourly(2), ann(true))
			w.crm.fetch(hourly(3))
		}, nil, []string{"Ben hr/2 removed 02h chat/c2"}},
		"the authority has everybody with new IDs": {func(w *leaving) {
			w.hr.fetch(hourly(1), ann(true), ben)
			w.chat.fetch(hourly(1), annChat, benChat)
			w.hr.fetch(hourly(2), staff("101", "Ann", true, "ann@x.example"), staff("102", "Ben", true, "ben@x.example"))
		}, nil, nil},
		"an account there is active, and another one is not": {func(w *leaving) {
			w.hr.fetch(hourly(1), ann(false), staff("7", "Ann", true))
			w.chat.fetch(hourly(1), annChat)
		}, func(r *directory.Rules) {
			r.Links = [][]connectors.Ref{refs("hr/1 hr/7")}
		}, nil},
		"the last of two accounts counts": {func(w *leaving) {
			w.hr.fetch(hourly(1), ann(false), staff("7", "Ann", true))
			w.chat.fetch(hourly(1), annChat)
			w.hr.fetch(hourly(4), ann(false), staff("7", "Ann", false))
		}, func(r *directory.Rules) {
			r.Links = [][]connectors.Ref{refs("hr/1 hr/7")}
		}, []string{"Ann hr/7 04h chat/c1"}},
		"a removed account that the operator has linked": {func(w *leaving) {
			w.hr.fetch(hourly(1), staff("5", "Ann", true), ben)
			w.chat.fetch(hourly(1), annChat)
			w.hr.fetch(hourly(2), ben)
		}, func(r *directory.Rules) {
			r.Links = [][]connectors.Ref{refs("hr/5 chat/c1")}
		}, []string{"Ann hr/5 removed 02h chat/c1"}},
		"a removed account that the operator has split": {func(w *leaving) {
			w.hr.fetch(hourly(1), ann(true), ben)
			w.chat.fetch(hourly(1), benChat)
			w.hr.fetch(hourly(2), ann(true))
		}, func(r *directory.Rules) {
			r.Splits = [][]connectors.Ref{refs("hr/2 chat/c2")}
		}, nil},
		"the authority has nobody any more": {func(w *leaving) {
			w.hr.fetch(hourly(1), ann(true), ben)
			w.chat.fetch(hourly(1), annChat, benChat)
			w.hr.fetch(hourly(2))
		}, nil, nil},
		"the authority has nobody any more, and an incomplete fetch shows somebody": {func(w *leaving) {
			w.hr.fetch(hourly(1), ann(true), ben)
			w.chat.fetch(hourly(1), annChat, benChat)
			w.hr.fetch(hourly(2))
			w.hr.fetchPart(hourly(3), ben)
		}, nil, nil},
		"newly configured: who is not there was never there": {func(w *leaving) {
			w.chat.fetch(hourly(1), annChat, benChat)
			w.hr.fetch(hourly(5), ann(true))
		}, nil, nil},
		"the authority has no data": {func(w *leaving) { w.chat.fetch(hourly(1), annChat) }, nil, nil},
		"back in the authority": {func(w *leaving) {
			w.hr.fetch(hourly(1), ann(true), ben)
			w.chat.fetch(hourly(1), benChat)
			w.hr.fetch(hourly(2), ann(true))
			w.hr.fetch(hourly(3), ann(true), ben)
		}, nil, nil},
		"a first fetch that is not over": {func(w *leaving) {
			w.hr.fetchPart(hourly(2), ann(false))
			w.chat.fetch(hourly(1), annChat)
		}, nil, nil},
		"a later fetch that was incomplete": {func(w *leaving) {
			w.hr.fetch(hourly(1), ann(true), ben)
			w.chat.fetch(hourly(1), annChat, benChat)
			w.hr.fetch(hourly(2), ann(false), ben)
			w.hr.fetchPart(hourly(3), ann(false), staff("2", "Ben", false, "ben@x.example"))
			w.hr.fetchPart(hourly(4), ann(false), staff("2", "Ben", false, "ben@x.example"))
		}, nil, []string{"Ann hr/1 02h chat/c1"}},
		"removed, before a fetch that was incomplete": {func(w *leaving) {
			w.hr.fetch(hourly(1), ann(true), ben)
			w.chat.fetch(hourly(1), annChat, benChat)
			w.hr.fetch(hourly(2), ben)
			w.hr.fetchPart(hourly(3), staff("2", "Benjamin", true, "ben@x.example"))
		}, nil, []string{"Ann hr/1 removed 02h chat/c1"}},
		"an incomplete fetch shows a second account, which is inactive": {func(w *leaving) {
			w.hr.fetch(hourly(1), ann(true), ben)
			w.chat.fetch(hourly(1), annChat, benChat)
			w.hr.fetch(hourly(2), ann(false), ben)
			w.hr.fetchPart(hourly(3), ann(false), ben, staff("7", "Ann", false))
		}, func(r *directory.Rules) {
			r.Links = [][]connectors.Ref{refs("hr/1 hr/7")}
		}, []string{"Ann hr/1 02h chat/c1"}},
		"an incomplete fetch shows a second account, which is active": {func(w *leaving) {
			w.hr.fetch(hourly(1), ann(true), ben)
			w.chat.fetch(hourly(1), annChat, benChat)
			w.hr.fetch(hourly(2), ann(false), ben)
			w.hr.fetchPart(hourly(3), ann(false), ben, staff("7", "Ann", true))
		}, func(r *directory.Rules) {
			r.Links = [][]connectors.Ref{refs("hr/1 hr/7")}
		}, nil},
		"removed, and an incomplete fetch shows another account, which is inactive": {func(w *leaving) {
			w.hr.fetch(hourly(1), ann(true), ben)
			w.chat.fetch(hourly(1), annChat, benChat)
			w.hr.fetch(hourly(2), ben)
			w.hr.fetchPart(hourly(3), ben, staff("7", "Ann", false))
		}, func(r *directory.Rules) {
			r.Links = [][]connectors.Ref{refs("chat/c1 hr/7")}
		}, []string{"Ann hr/1 removed 02h chat/c1"}},
		"removed, and an inactive account that was written here": {func(w *leaving) {
			w.hr.fetch(hourly(1), ann(true), ben)
			w.chat.fetch(hourly(1), annChat, benChat)
			w.hr.fetch(hourly(2), ben)
			w.hr.data.Accounts = append(slices.Clone(w.hr.data.Accounts), staff("7", "Ann", false))
			w.hr.history = w.hr.history.Without([]string{"7"})
		}, func(r *directory.Rules) {
			r.Links = [][]connectors.Ref{refs("chat/c1 hr/7")}
		}, []string{"Ann hr/1 removed 02h chat/c1"}},
		"an incomplete fetch shows what an earlier one saw before the last complete one": {func(w *leaving) {
			w.hr.fetch(hourly(1), ann(true), ben)
			w.chat.fetch(hourly(1), annChat, benChat)
			w.hr.fetchPart(hourly(2), ann(false), ben)
			w.hr.fetch(hourly(3), ann(false), ben)
			w.hr.fetchPart(hourly(4), ann(false), ben)
		}, nil, []string{"Ann hr/1 02h chat/c1"}},
		"an inactive account, and one that was written here": {func(w *leaving) {
			w.hr.fetch(hourly(1), ann(true), ben)
			w.chat.fetch(hourly(1), annChat, benChat)
			w.hr.fetch(hourly(2), ann(false), ben)
			w.hr.data.Accounts = append(slices.Clone(w.hr.data.Accounts), staff("3", "Ann", false))
			w.hr.history = w.hr.history.Without([]string{"3"})
		}, func(r *directory.Rules) {
			r.Links = [][]connectors.Ref{{{Source: "hr", ID: "1"}, {Source: "hr", ID: "3"}}}
		}, []string{"Ann hr/1 02h chat/c1"}},
		"only an inactive account that was written here": {func(w *leaving) {
			w.hr.fetch(hourly(1), ben)
			w.chat.fetch(hourly(1), annChat, benChat)
			w.hr.data.Accounts = append(slices.Clone(w.hr.data.Accounts), ann(false))
			w.hr.history = w.hr.history.Without([]string{"1"})
		}, nil, nil},
		"removed, and joined by an anchor only": {func(w *leaving) {
			w.hr.fetch(hourly(1), known(ann(true), "ann7"), ben)
			w.chat.fetch(hourly(1), known(annChat, " ANN7"), benChat)
			w.hr.fetch(hourly(2), ben)
		}, joinedByLogin, []string{"Ann hr/1 removed 02h chat/c1"}},
		"no anchor of that name any more": {func(w *leaving) {
			w.hr.fetch(hourly(1), known(ann(true), "ann7"), ben)
			w.chat.fetch(hourly(1), known(annChat, "ann7"), benChat)
			w.hr.fetch(hourly(2), ben)
		}, nil, nil},
		"somebody gets the value of the anchor afterwards": {func(w *leaving) {
			w.hr.fetch(hourly(1), known(ann(true), "ann7"), ben)
			w.chat.fetch(hourly(1), known(annChat, "ann8"), benChat)
			w.hr.fetch(hourly(2), ben)
			w.chat.fetch(hourly(3), known(annChat, "ann7"), benChat)
		}, joinedByLogin, nil},
		"two removed accounts had the value of the anchor": {func(w *leaving) {
			w.hr.fetch(hourly(1), known(ann(true), "x"), known(ben, "x"))
			w.chat.fetch(hourly(1), known(annChat, "x"), benChat)
			w.hr.fetch(hourly(2), staff("3", "Zoe", true))
		}, joinedByLogin, nil},
		"the address is of one person, the value of the anchor of another": {func(w *leaving) {
			w.hr.fetch(hourly(1), staff("1", "Ann", true, "ann@x.example"), ben)
			w.hr.data.Accounts[0].Username = "ann7"
			w.chat.fetch(hourly(1), annChat, known(staff("c3", "Cem", true), "ann7"))
			w.hr.fetch(hourly(2), ben)
		}, joinedByLogin, nil},
		"somebody else gets the value of the anchor later, and the person is known by the address": {func(w *leaving) {
			w.hr.fetch(hourly(1), staff("1", "Ann", true, "ann@x.example"), ben)
			w.hr.data.Accounts[0].Username = "ann7"
			w.chat.fetch(hourly(1), annChat, staff("c3", "Zoe", true, "zoe@x.example"))
			w.hr.fetch(hourly(2), ben)
			zoe := staff("c3", "Zoe", true, "zoe@x.example")
			zoe.Username = "ann7"
			w.chat.fetch(hourly(3), annChat, zoe)
		}, joinedByLogin, []string{"Ann hr/1 removed 02h chat/c1"}},
		"somebody else gets another address of the account later": {func(w *leaving) {
			w.hr.fetch(hourly(1), staff("1", "Ann", true, "ann@x.example", "desk@x.example"), ben)
			w.chat.fetch(hourly(1), annChat)
			w.hr.fetch(hourly(2), ben)
			w.crm.fetch(hourly(3), staff("k3", "Zoe", true, "desk@x.example"))
		}, nil, []string{"Ann hr/1 removed 02h chat/c1"}},
		"somebody gets the value of the anchor later, and had an address for which the authority does not vouch": {func(w *leaving) {
			w.hr.data.Trust = directory.TrustNothing
			zoe := staff("c3", "Zoe", true, "zoe@x.example")
			w.hr.fetch(hourly(1), staff("1", "Ann", true, "zoe@x.example"), ben)
			w.hr.data.Accounts[0].Username = "ann7"
			w.chat.fetch(hourly(1), zoe)
			w.crm.fetch(hourly(1), staff("k1", "Ann", true, "zoe@x.example"))
			w.crm.fetch(hourly(2))
			w.hr.fetch(hourly(3), ben)
			zoe.Username = "ann7"
			w.chat.fetch(hourly(4), zoe)
		}, joinedByLogin, nil},
		"another source decides": {func(w *leaving) {
			w.hr.fetch(hourly(1), ann(false))
			w.chat.fetch(hourly(1), annChat)
		}, func(r *directory.Rules) { r.Authority = "chat" }, []string{}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newLeaving()
			tc.fetches(w)
			got := leaversOf(t, w.build(tc.rules))
			if len(got)+len(tc.want) > 0 && !slices.Equal(got, tc.want) {
				t.Errorf("leavers are %v, want %v", got, tc.want)
			}
		})
	}
}

// Without a source that decides, nobody is a leaver, and to ask for them is an error that says what to do.
func TestLeaversWithoutAnAuthority(t *testing.T) {
	t.Parallel()
	w := newLeaving()
	w.hr.fetch(hourly(1), staff("1", "Ann", false, "ann@x.example"))
	w.chat.fetch(hourly(1), staff("c1", "Ann", true, "ann@x.example"))
	d := w.build(func(r *directory.Rules) { r.Authority = "" })
	for _, u := range everyone(d) {
		if u.Leaver() != nil {
			t.Errorf("%s is a leaver", u.Name)
		}
	}
	_, err := d.Users(&directory.UserFilter{Leaver: new(true)}, directory.UserOrder{}, directory.PageArgs{})
	if err == nil || !strings.Contains(err.Error(), "set identity.authority") {
		t.Errorf("the filter: %v", err)
	}
	if with := w.build(nil); with.Version() == d.Version() {
		t.Error("with an authority, the version is the same")
	} else if with.RulesVersion() != d.RulesVersion() {
		t.Error("with an authority, those who follow the changes begin again")
	}
}

// What an anchor names counts only from when its changes were recorded: a value that somebody may have got after the removal makes nobody a leaver.
func TestLeaversByAFieldThatAnAnchorNamesLater(t *testing.T) {
	t.Parallel()
	number := func(a connectors.Account, number string) connectors.Account {
		a.Emails, a.Details = nil, &connectors.Attributes{{Name: "number", Value: number}}
		return a
	}
	part := history.AnchorPart("number")
	change := func(h *history.History, at int, tracked, changed []string) *history.History {
		u := h.Update(hourly(at))
		u.Track(tracked)
		u.Change("k1", changed)
		return u.Done(1000 * time.Hour)
	}
	tracks, details, both := []string{part}, []string{"Details"}, []string{"Details", part}
	started := func(h *history.History) *history.History { // tracked since another account has come
		u := h.Update(hourly(5))
		u.Track(tracks)
		u.Add("k0")
		return u.Done(1000 * time.Hour)
	}
	for name, tc := range map[string]struct {
		times *history.History // of the account with the number; another one is removed at 4
		want  []string
	}{
		"since the first fetch of all":                      {history.Begin(hourly(1), part), []string{"Cem hr/1 removed 04h crm/k1"}},
		"never, and nothing has changed":                    {history.Begin(hourly(1)), []string{"Cem hr/1 removed 04h crm/k1"}},
		"since the first fetch, and something else changes": {change(history.Begin(hourly(1), part), 5, tracks, details), []string{"Cem hr/1 removed 04h crm/k1"}},
		"since before the removal, and something else changes": {
			change(change(history.Begin(hourly(1)), 2, tracks, details), 5, tracks, details), []string{"Cem hr/1 removed 04h crm/k1"},
		},
		"since before the removal, and the number changes after it": {change(change(history.Begin(hourly(1)), 2, tracks, details), 5, tracks, both), nil},
		"not yet when the details changed":                          {change(history.Begin(hourly(1)), 5, nil, details), nil},
		"since a time after the removal":                            {change(change(history.Begin(hourly(1)), 5, nil, details), 6, tracks, details), nil},
		"since a time after the removal, and the details changed before it": {
			started(change(history.Begin(hourly(1)), 2, nil, details)), []string{"Cem hr/1 removed 04h crm/k1"},
		},
		"not by a replica that fetches between others": {change(change(history.Begin(hourly(1), part), 5, nil, details), 6, tracks, details), nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newLeaving()
			anchor := history.AnchorsOf("employee", "7")
			w.hr.fetch(hourly(1), staff("2", "Ben", true))
			u := w.hr.history.Update(hourly(4))
			u.Remove(history.Removal{ID: "1", Addresses: anchor})
			w.hr.history = u.Done(1000 * time.Hour)
			w.crm.data.Accounts, w.crm.history = []connectors.Account{number(staff("k1", "Cem", true), "7")}, tc.times
			got := leaversOf(t, w.build(func(r *directory.Rules) {
				r.Anchors = []directory.Anchor{{Name: "employee", Fields: map[string]string{"hr": "number", "crm": "number"}}}
			}))
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}
