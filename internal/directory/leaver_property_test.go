package directory_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"roster/connectors"
	"roster/internal/directory"
)

// seen is what a source had after one fetch.
type seen struct {
	at       time.Time
	accounts []connectors.Account
}

// log is everything that the fetches of a source have seen, from the first to the last.
type fetchLog []seen

// since returns the first fetch of the last ones without interruption in which the account is there and holds.
func (l fetchLog) since(id string, holds func(connectors.Account) bool) time.Time {
	var at time.Time
	for _, s := range slices.Backward(l) {
		i := slices.IndexFunc(s.accounts, func(a connectors.Account) bool { return a.ID == id })
		if i < 0 || !holds(s.accounts[i]) {
			break
		}
		at = s.at
	}
	return at
}

// removed returns the accounts that are gone, as they were last, with the first fetch without them.
func (l fetchLog) removed() map[time.Time][]connectors.Account {
	gone := make(map[string]bool)
	for _, s := range l {
		for _, a := range s.accounts {
			gone[a.ID] = true
		}
	}
	for _, a := range l[len(l)-1].accounts {
		delete(gone, a.ID)
	}
	out := make(map[time.Time][]connectors.Account)
	for _, id := range slices.Sorted(maps.Keys(gone)) {
		for i, s := range slices.Backward(l) {
			if at := slices.IndexFunc(s.accounts, func(a connectors.Account) bool { return a.ID == id }); at >= 0 {
				out[l[i+1].at] = append(out[l[i+1].at], s.accounts[at])
				break
			}
		}
	}
	return out
}

// Leavers of a random company with random fetches, complete and incomplete, are those that a plain reading of all that was fetched finds.
func TestLeaversOfRandomFetches(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		w := newLeaving()
		sources := map[string]*fetched{"hr": &w.hr, "chat": &w.chat, "crm": &w.crm}
		logs := make(map[string]fetchLog)
		complete := make(map[string]time.Time)
		for step := range rapid.IntRange(1, 12).Draw(t, "fetches") {
			at, name := hourly(step), rapid.SampledFrom([]string{"hr", "hr", "chat", "crm"}).Draw(t, "source")
			f := sources[name]
			accounts := fetchedAccounts(t, name)
			whole := rapid.IntRange(0, 3).Draw(t, "complete") > 0
			if !whole {
				for _, a := range f.data.Accounts {
					if !slices.ContainsFunc(accounts, func(b connectors.Account) bool { return a.ID == b.ID }) {
						accounts = append(accounts, a)
					}
				}
			}
			if whole {
				f.fetch(at, accounts...)
				complete[name] = at
			} else {
				f.fetchPart(at, accounts...)
			}
			logs[name] = append(logs[name], seen{at, f.data.Accounts})
		}
		d := w.build(joinedByLogin)
		want := naiveLeavers(d, logs, complete["hr"])
		if diff := cmp.Diff(want, leaversOf(t, d), cmpopts.EquateEmpty(), cmpopts.SortSlices(strings.Compare)); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	})
}

// logins are rare enough that most accounts have none.
var logins = []string{"", "", "", "-", "ann", "ben"}

// fetchedAccounts draws what a source has. It has few IDs and addresses, so that accounts come back and addresses are given to others.
func fetchedAccounts(t *rapid.T, source string) []connectors.Account {
	var out []connectors.Account
	for id := range 4 {
		if rapid.Bool().Draw(t, "there") {
			a := staff(fmt.Sprint(id), fmt.Sprint(source, id), rapid.Bool().Draw(t, "active"), rapid.SliceOfN(rapid.SampledFrom([]string{
				"ann@x.example", "ben@x.example", "zoe@x.example", "cem@x.example",
			}), 0, 2).Draw(t, "addresses")...)
			a.Bot = rapid.IntRange(0, 9).Draw(t, "bot") == 0
			a.Username = rapid.SampledFrom(logins).Draw(t, "login")
			out = append(out, a)
		}
	}
	return out
}

// naiveLeavers reads the logs of all fetches anew for each person. Of the authority, it looks at what the last complete fetch had.
func naiveLeavers(d *directory.Directory, logs map[string]fetchLog, complete time.Time) []string {
	var whole fetchLog
	for _, s := range logs["hr"] {
		if !s.at.After(complete) {
			whole = append(whole, s)
		}
	}
	hadThen := func(id string) bool {
		return len(whole) > 0 && slices.ContainsFunc(whole[len(whole)-1].accounts, func(a connectors.Account) bool { return a.ID == id })
	}
	there := func(connectors.Account) bool { return true }
	inactive := func(a connectors.Account) bool { return !a.Active }
	var lines []string
	for _, u := range everyone(d) {
		var elsewhere []connectors.Ref
		var own []string
		works := false
		for _, a := range u.Accounts {
			switch c := a.Core(); {
			case c.Source.Name != "hr" && c.Active:
				elsewhere = append(elsewhere, c.Ref())
			case c.Source.Name == "hr":
				works = works || c.Active
				if hadThen(c.ExternalID) {
					own = append(own, c.ExternalID)
				}
			}
		}
		if works || u.Bot || len(elsewhere) == 0 {
			continue
		}
		id, state, since := "", "", time.Time{}
		all := true
		for _, o := range own {
			at := logs["hr"].since(o, inactive)
			if all = all && !at.After(complete); at.After(since) {
				id, since = o, at
			}
		}
		if len(own) == 0 && slices.ContainsFunc(idsNow(logs["hr"]), hadThen) {
			for at, gone := range logs["hr"].removed() {
				for _, r := range gone {
					if at.After(since) && !at.After(complete) && belonged(d, logs, u, r, at) && slices.ContainsFunc(elsewhere, func(ref connectors.Ref) bool {
						return logs[ref.Source].since(ref.ID, there).Before(at)
					}) {
						id, state, since = r.ID, " removed", at
					}
				}
			}
		}
		if id == "" || !all {
			continue
		}
		line := fmt.Sprintf("%s hr/%s%s %s", u.Name, id, state, since.Format("15h"))
		for _, ref := range elsewhere {
			line += " " + ref.String()
		}
		lines = append(lines, line)
	}
	return lines
}

// idsNow returns the IDs of the accounts that a source has now.
func idsNow(l fetchLog) []string {
	var ids []string
	if len(l) > 0 {
		for _, a := range l[len(l)-1].accounts {
			ids = append(ids, a.ID)
		}
	}
	return ids
}

// marks are what can join an account of a source with others: its addresses, and its user name in the sources that the anchor names.
func marks(source string, a connectors.Account) []string {
	var all []string
	for _, e := range a.Emails {
		all = append(all, "address "+e.Address)
	}
	if source != "crm" && strings.Trim(a.Username, "-") != "" {
		all = append(all, "login "+a.Username)
	}
	return all
}

// belonged reports whether a removed account belonged to the person at that time: nobody else had one of its marks then, and one that this person had then is
// only theirs now.
func belonged(d *directory.Directory, logs map[string]fetchLog, u *directory.User, r connectors.Account, at time.Time) bool {
	shown := false
	for _, mark := range marks("hr", r) {
		now := owners(d, logs, mark)
		for _, owner := range now {
			for _, a := range owner.Accounts {
				c := a.Core()
				since, has := heldSince(logs[c.Source.Name], c, mark)
				if !has || !since.Before(at) {
					continue
				}
				if owner != u {
					return false
				}
				shown = shown || len(now) == 1 && !shared(logs, c, r, mark, since)
			}
		}
	}
	return shown
}

// heldSince returns since when an account has a mark that it has now. All addresses have one time.
func heldSince(log fetchLog, c *directory.AccountCore, mark string) (since time.Time, has bool) {
	now := log[len(log)-1].accounts
	is := now[slices.IndexFunc(now, func(x connectors.Account) bool { return x.ID == c.ExternalID })]
	return log.since(c.ExternalID, func(x connectors.Account) bool {
		return strings.HasPrefix(mark, "login") && x.Username == is.Username || strings.HasPrefix(mark, "address") && cmp.Equal(x.Emails, is.Emails)
	}), slices.Contains(marks(c.Source.Name, is), mark)
}

// owners returns the people who have a mark now.
func owners(d *directory.Directory, logs map[string]fetchLog, mark string) []*directory.User {
	var found []*directory.User
	if address, is := strings.CutPrefix(mark, "address "); is {
		if u := d.UserByEmail(address); u != nil {
			found = append(found, u)
		}
		return found
	}
	for _, u := range everyone(d) {
		if slices.ContainsFunc(u.Accounts, func(a directory.Account) bool {
			log := logs[a.Core().Source.Name]
			return slices.ContainsFunc(log[len(log)-1].accounts, func(x connectors.Account) bool {
				return x.ID == a.Core().ExternalID && slices.Contains(marks(a.Core().Source.Name, x), mark)
			})
		}) {
			found = append(found, u)
		}
	}
	return found
}

// shared reports whether another removed account had the mark: one of the authority, or one of the source of an account that had it since then.
func shared(logs map[string]fetchLog, c *directory.AccountCore, r connectors.Account, mark string, since time.Time) bool {
	for _, name := range []string{"hr", c.Source.Name} {
		for at, gone := range logs[name].removed() {
			for _, x := range gone {
				if slices.Contains(marks(name, x), mark) && (name == "hr" && x.ID != r.ID || name != "hr" && since.Before(at)) {
					return true
				}
			}
		}
	}
	return false
}

// before returns the accounts that the last fetch before that time saw.
func (l fetchLog) before(at time.Time) []connectors.Account {
	var accounts []connectors.Account
	for _, s := range l {
		if s.at.Before(at) {
			accounts = s.accounts
		}
	}
	return accounts
}

// Nobody becomes a leaver by an address or an anchor that did not join them with the removed account when that was still there. The test reads what the fetches before the
// removal saw, and nothing later. The addresses and the user name of an account stay the same, because Roster does not remember earlier ones.
func TestLeaversWereJoinedThen(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		w := newLeaving()
		sources := map[string]*fetched{"hr": &w.hr, "chat": &w.chat, "crm": &w.crm}
		logs, all := make(map[string]fetchLog), make(map[string][]connectors.Account)
		for _, name := range []string{"hr", "chat", "crm"} {
			for id := range 4 {
				all[name] = append(all[name], staff(fmt.Sprint(id), fmt.Sprint(name, id), true, rapid.SliceOfNDistinct(rapid.SampledFrom([]string{
					"ann@x.example", "ben@x.example", "zoe@x.example", "desk@x.example",
				}), 0, 2, rapid.ID[string]).Draw(t, "addresses")...))
				all[name][id].Username = rapid.SampledFrom(logins).Draw(t, "login")
			}
		}
		for step := range rapid.IntRange(3, 12).Draw(t, "fetches") {
			at, name := hourly(step), rapid.SampledFrom([]string{"hr", "chat", "crm"}).Draw(t, "source")
			if step < len(sources) {
				name = []string{"hr", "chat", "crm"}[step]
			}
			var accounts []connectors.Account
			for _, a := range all[name] {
				if rapid.IntRange(0, 2).Draw(t, "there") > 0 {
					accounts = append(accounts, a)
				}
			}
			sources[name].fetch(at, accounts...)
			logs[name] = append(logs[name], seen{at, accounts})
		}
		for _, u := range everyone(w.build(joinedByLogin)) {
			if l := u.Leaver(); l != nil && l.Account == nil && !joinedThen(u, l, logs) {
				t.Errorf("%s is a leaver by hr/%s, to which nothing joined any of the accounts", u.Name, l.ExternalID)
			}
		}
	})
}

// joinedThen reports whether one of the person's accounts was alone in its source with an address or user name that only the removed account had in the authority.
func joinedThen(u *directory.User, l *directory.Leaver, logs map[string]fetchLog) bool {
	only := func(source, id, mark string) bool {
		found := false
		for _, a := range logs[source].before(l.Since) {
			if slices.Contains(marks(source, a), mark) {
				if a.ID != id {
					return false
				}
				found = true
			}
		}
		return found
	}
	for _, mark := range []string{
		"address ann@x.example", "address ben@x.example", "address zoe@x.example", "address desk@x.example", "login ann", "login ben",
	} {
		if only("hr", l.ExternalID, mark) && slices.ContainsFunc(u.Accounts, func(a directory.Account) bool {
			return only(a.Core().Source.Name, a.Core().ExternalID, mark)
		}) {
			return true
		}
	}
	return false
}

// An incomplete fetch of the authority neither adds leavers nor takes any: those of the last complete fetch stay, unless it shows an active account of theirs. It
// shows the known accounts as they are or with another state, and new ones.
func TestIncompleteFetchesKeepTheLeavers(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		w := newLeaving()
		for step := range rapid.IntRange(2, 6).Draw(t, "fetches") {
			w.hr.fetch(hourly(2*step+1), fetchedAccounts(t, "hr")...)
			w.chat.fetch(hourly(2*step), fetchedAccounts(t, "chat")...)
		}
		before := w.build(joinedByLogin)
		var links [][]connectors.Ref
		shown := slices.Clone(w.hr.data.Accounts)
		for i := range shown {
			shown[i].Active = shown[i].Active != (rapid.IntRange(0, 4).Draw(t, "another state") == 0)
		}
		for i, u := range everyone(before) { // new accounts of those who are there
			if rapid.Bool().Draw(t, "new account") {
				added := staff(fmt.Sprint("n", i), "new", rapid.IntRange(0, 3).Draw(t, "active") == 0)
				shown = append(shown, added)
				links = append(links, []connectors.Ref{u.Accounts[0].Core().Ref(), {Source: "hr", ID: added.ID}})
			}
		}
		w.hr.fetchPart(hourly(50), shown...)
		after := w.build(func(r *directory.Rules) { joinedByLogin(r); r.Links = links })
		for _, is := range everyone(after) {
			i := slices.IndexFunc(everyone(before), func(u *directory.User) bool { return u.Accounts[0].Core().Ref() == is.Accounts[0].Core().Ref() })
			if i < 0 {
				continue // their first account is new
			}
			was, works := everyone(before)[i], false
			for _, a := range is.Accounts {
				works = works || a.Core().Source.Name == "hr" && a.Core().Active
			}
			if !works && is.Bot == was.Bot && (is.Leaver() != nil) != (was.Leaver() != nil) {
				t.Errorf("%s was a leaver: %t, and is: %t", is.Name, was.Leaver() != nil, is.Leaver() != nil)
			}
		}
	})
}
