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
			f.fetch(at, accounts...)
			logs[name] = append(logs[name], seen{at, f.data.Accounts})
			if whole || complete[name].IsZero() {
				complete[name] = at
			}
			if f.data.Partial = nil; !whole {
				f.data.Partial = new(complete[name])
			}
		}
		d := w.build(nil)
		want := naiveLeavers(d, logs, w.hr.data.Partial)
		if diff := cmp.Diff(want, leaversOf(t, d), cmpopts.EquateEmpty(), cmpopts.SortSlices(strings.Compare)); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	})
}

// fetchedAccounts draws what a source has. It has few IDs and addresses, so that accounts come back and addresses are given to others.
func fetchedAccounts(t *rapid.T, source string) []connectors.Account {
	var out []connectors.Account
	for id := range 4 {
		if rapid.Bool().Draw(t, "there") {
			a := staff(fmt.Sprint(id), fmt.Sprint(source, id), rapid.Bool().Draw(t, "active"), rapid.SliceOfN(rapid.SampledFrom([]string{
				"ann@x.example", "ben@x.example", "zoe@x.example", "cem@x.example",
			}), 0, 2).Draw(t, "addresses")...)
			a.Bot = rapid.IntRange(0, 9).Draw(t, "bot") == 0
			out = append(out, a)
		}
	}
	return out
}

// naiveLeavers reads the logs of all fetches anew for each person.
func naiveLeavers(d *directory.Directory, logs map[string]fetchLog, partial *time.Time) []string {
	believed := func(at time.Time) bool { return partial == nil || at.Before(*partial) }
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
				own, works = append(own, c.ExternalID), works || c.Active
			}
		}
		if works || u.Bot || len(elsewhere) == 0 {
			continue
		}
		id, state, since := "", "", time.Time{}
		all := true
		for _, o := range own {
			at := logs["hr"].since(o, inactive)
			if all = all && believed(at); at.After(since) {
				id, since = o, at
			}
		}
		if log := logs["hr"]; len(own) == 0 && len(log) > 0 && len(log[len(log)-1].accounts) > 0 {
			for at, gone := range logs["hr"].removed() {
				for _, r := range gone {
					if at.After(since) && believed(at) && belonged(d, logs, u, r, at) && slices.ContainsFunc(elsewhere, func(ref connectors.Ref) bool {
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

// belonged reports whether a removed account belonged to the person at that time: only this person has one of its addresses, and had it already.
func belonged(d *directory.Directory, logs map[string]fetchLog, u *directory.User, r connectors.Account, at time.Time) bool {
	had := false
	for _, e := range r.Emails {
		if owner := d.UserByEmail(e.Address); owner != nil && owner != u {
			return false
		}
		for _, a := range u.Accounts {
			c := a.Core()
			of := func(x connectors.Account) []connectors.Email { return x.Emails }
			log := logs[c.Source.Name]
			now := log[len(log)-1].accounts
			i := slices.IndexFunc(now, func(x connectors.Account) bool { return x.ID == c.ExternalID })
			emails := of(now[i])
			if d.UserByEmail(e.Address) == u && slices.ContainsFunc(emails, func(x connectors.Email) bool { return x.Address == e.Address }) &&
				log.since(c.ExternalID, func(x connectors.Account) bool { return cmp.Equal(x.Emails, emails) }).Before(at) {
				had = true
			}
		}
	}
	return had
}
