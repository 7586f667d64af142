package directory_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"roster/connectors"
	"roster/internal/directory"
	"roster/internal/history"
)

// The filter finds the people of whom a record is known to have changed since then, or who have lost an account, whatever the histories are.
func TestChangedSinceFindsWhoHasChanged(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		hours := func(label string) int { return rapid.IntRange(0, 6).Draw(t, label) }
		changed := make(map[string]time.Time) // by address; zero if unknown
		var data []directory.SourceData
		for s, name := range []string{"hr", "crm"} {
			d := directory.SourceData{Name: name, Kind: "crm"}
			var h *history.History
			if base := hours("base"); base > 0 {
				h = history.Begin(at(base - 1))
			}
			begun := h.Since()
			gone := map[string]bool{}
			for i := range 5 {
				id, address := fmt.Sprint(i), fmt.Sprintf("p%d@example.com", i+s)
				known := begun
				if n := hours("changed"); n > 0 && at(6+n).After(known) {
					known = at(6 + n)
					u := h.Update(known)
					switch rapid.IntRange(0, 2).Draw(t, "how") {
					case 0:
						u.Add(id)
					case 1:
						u.Change(id, []string{rapid.SampledFrom([]string{"Title", "Emails"}).Draw(t, "field")})
					case 2:
						u.Remove(history.Removal{ID: id, Addresses: history.AddressesOf(address, false)})
						gone[id] = true
					}
					h = u.Done(1000 * time.Hour)
				}
				if !gone[id] {
					d.Accounts = append(d.Accounts, connectors.Account{ID: id, Name: id, Emails: []connectors.Email{{Address: address}}})
				}
				if known.After(changed[address]) {
					changed[address] = known
				}
			}
			d.Times = map[connectors.Collection]*history.History{connectors.Accounts: h}
			data = append(data, d)
		}
		d := directory.Build(directory.Rules{}, data)
		since := at(rapid.IntRange(0, 13).Draw(t, "since")).Add(time.Duration(rapid.IntRange(-1, 1).Draw(t, "off")))
		page, err := d.Users(&directory.UserFilter{ChangedSince: &since}, directory.UserOrder{}, directory.PageArgs{})
		if err != nil {
			t.Fatal(err)
		}
		for _, u := range everyone(d) {
			last := changed[string(u.Email)]
			want := !last.IsZero() && !last.Before(since)
			if got := slices.Contains(page.Nodes(), u); got != want {
				t.Errorf("%s, who last changed at %s, is found since %s: %t, want %t", u.Email, last, since, got, want)
			}
		}
	})
}

// Whether somebody has lost an account shows nobody a value that only some may see: who is found by a value of an anchor is found only for those.
func TestChangedSinceOfRemovedAccounts(t *testing.T) {
	t.Parallel()
	number, part := &connectors.Attributes{{Name: "number", Value: "7"}}, history.AnchorPart("number")
	later := history.Begin(at(1), part).Update(at(6))
	later.Track([]string{part})
	later.Change("c", []string{"Details", part})
	for name, tc := range map[string]struct {
		account       connectors.Account // the account of another source that had ann@x.example and the number 7 is removed at 4
		times         *history.History
		open, private bool
	}{
		"by an address":                       {staff("c", "Ann", true, "ann@x.example"), history.Begin(at(1)), true, true},
		"by an anchor":                        {connectors.Account{ID: "c", Details: number}, history.Begin(at(1), part), false, true},
		"not by the value of an anchor later": {connectors.Account{ID: "c", Details: number}, later.Done(1000 * time.Hour), false, true}, // the details have changed
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			removal := history.Removal{ID: "1", Addresses: slices.Concat(history.AddressesOf("ann@x.example", false), history.AnchorsOf("employee", "7"))}
			removed := history.Begin(at(1)).Update(at(4))
			removed.Remove(removal)
			times := func(h *history.History) map[connectors.Collection]*history.History {
				return map[connectors.Collection]*history.History{connectors.Accounts: h}
			}
			d := directory.Build(directory.Rules{Anchors: []directory.Anchor{{Name: "employee", Fields: map[string]string{"hr": "number", "chat": "number"}}}},
				[]directory.SourceData{
					{Name: "hr", Times: times(removed.Done(1000 * time.Hour))},
					{Name: "chat", Accounts: []connectors.Account{tc.account}, Times: times(tc.times)},
				})
			for private, want := range map[bool]bool{false: tc.open, true: tc.private} {
				page, err := d.For(nil, private).Users(&directory.UserFilter{ChangedSince: new(at(4))}, directory.UserOrder{}, directory.PageArgs{})
				if err != nil {
					t.Fatal(err)
				}
				if found := len(page.Nodes()) == 1; found != want {
					t.Errorf("who sees private values (%t) finds the person: %t, want %t", private, found, want)
				}
			}
		})
	}
}
