package directory_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"roster/connectors"
	"roster/internal/directory"
)

// login is an account with a user name, and maybe addresses.
func login(id, username string, addresses ...string) connectors.Account {
	a := acc(id, addresses...)
	a.Username = username
	return a
}

var byLogin = []directory.Anchor{{Name: "login", Fields: map[string]string{
	"worksection": connectors.AccountUsername, "kommo": connectors.AccountUsername, "altcraft": connectors.AccountID, "rocketchat": connectors.AccountUsername,
}}}

func TestIdentity(t *testing.T) {
	t.Parallel()
	const (
		operator = "rule 0 \"\": "
		anchor   = "rule 1 "
		email    = "rule 2 "
	)
	holders := func(n int, address string) (all []connectors.Account) {
		for i := range n {
			all = append(all, acc(fmt.Sprintf("r%02d", i), address))
		}
		return all
	}
	ofCrowd := func(n int, rest string) (all []string) {
		for i := range n {
			all = append(all, fmt.Sprintf(`rocketchat/r%02d: rule 2 "a@x.example", `, i)+rest)
		}
		return all
	}
	tests := map[string]struct {
		rules   directory.Rules
		sources []directory.SourceData
		links   []string // of the person with the first account of the first source
		apart   []string
	}{
		"alone": {sources: []directory.SourceData{worksection(acc("1", "a@x.example"))}},
		"a common address": {
			sources: []directory.SourceData{worksection(acc("1", "A@x.example")), rocketchat(acc("r", "a@x.example!"))},
			links:   []string{email + `"a@x.example" trust 1: rocketchat/r worksection/1`},
		},
		"an address that both sources have verified": {
			sources: []directory.SourceData{worksection(acc("1", "a@x.example!")), rocketchat(acc("r", "a@x.example!"))},
			links:   []string{email + `"a@x.example" trust 2: rocketchat/r worksection/1`},
		},
		"a link of the operator, and an address": {
			rules:   directory.Rules{Links: [][]connectors.Ref{refs("worksection/1 kommo/7 kommo/404"), refs("altcraft/z kommo/404")}},
			sources: []directory.SourceData{worksection(acc("1", "a@x.example")), kommo(acc("7")), altcraft(acc("z", "a@x.example"))},
			links:   []string{operator + "kommo/7 worksection/1", email + `"a@x.example" trust 1: altcraft/z worksection/1`},
		},
		"a common anchor, whatever its letter case and the spaces around it": {
			rules:   directory.Rules{Anchors: byLogin},
			sources: []directory.SourceData{worksection(login("1", " Zoe.A ")), altcraft(acc("zoe.a"))},
			links:   []string{anchor + `"login zoe.a": altcraft/zoe.a worksection/1`},
		},
		"an anchor that two accounts of one source have": {
			rules:   directory.Rules{Anchors: byLogin},
			sources: []directory.SourceData{worksection(login("1", "zoe.a")), kommo(login("7", "zoe.a"), login("8", "ZOE.A"))},
			apart:   []string{`kommo/7: rule 1 "login zoe.a", reason 4 of 3`, `kommo/8: rule 1 "login zoe.a", reason 4 of 3`},
		},
		"what is no value": {
			rules:   directory.Rules{Anchors: byLogin},
			sources: []directory.SourceData{worksection(login("1", "-"), login("2", "")), kommo(login("7", "-"), login("8", ""))},
		},
		"an anchor counts although the addresses contradict it": {
			rules: directory.Rules{Anchors: byLogin},
			sources: []directory.SourceData{
				worksection(login("1", "zoe.a", "a@x.example"), login("2", "", "b@x.example")), kommo(login("7", "zoe.a", "b@x.example")),
			},
			links: []string{anchor + `"login zoe.a": kommo/7 worksection/1`},
			apart: []string{`worksection/2: rule 2 "b@x.example", reason 5 of 2`},
		},
		"a split counts although there is an anchor": {
			rules:   directory.Rules{Anchors: byLogin, Splits: [][]connectors.Ref{refs("worksection/1 kommo/7")}},
			sources: []directory.SourceData{worksection(login("1", "zoe.a")), kommo(login("7", "zoe.a"))},
			apart:   []string{`kommo/7: rule 1 "login zoe.a", reason 0 of 2`},
		},
		"split by the operator": {
			rules:   directory.Rules{Splits: [][]connectors.Ref{refs("worksection/1 kommo/7")}},
			sources: []directory.SourceData{worksection(acc("1", "a@x.example")), kommo(acc("7", "a@x.example")), altcraft(acc("z", "a@x.example"))},
			apart:   []string{`kommo/7: rule 2 "a@x.example", reason 0 of 3`, `altcraft/z: rule 2 "a@x.example", reason 4 of 3`},
		},
		"a shared mailbox": {
			sources: []directory.SourceData{worksection(acc("1", "info@x.example")), kommo(acc("7", "info@x.example"))},
			apart:   []string{`kommo/7: rule 2 "info@x.example", reason 1 of 2`},
		},
		"a placeholder, which more than 20 people have": {
			sources: []directory.SourceData{worksection(acc("1", "a@x.example")), rocketchat(holders(21, "a@x.example!")...)},
			apart:   ofCrowd(20, "reason 3 of 21"),
		},
		"an address that 21 people have": {
			sources: []directory.SourceData{worksection(acc("1", "a@x.example")), rocketchat(holders(20, "a@x.example!")...)},
			apart:   ofCrowd(20, "reason 3 of 21"),
		},
		"an address that 20 people have": {
			sources: []directory.SourceData{worksection(acc("1", "a@x.example")), rocketchat(holders(19, "a@x.example!")...)},
			apart:   ofCrowd(19, "reason 4 of 20"),
		},
		"an address that many claim and two sources vouch for": {
			sources: []directory.SourceData{worksection(acc("1", "a@x.example")), kommo(acc("7", "a@x.example")), rocketchat(holders(22, "a@x.example?")...)},
			links:   []string{email + `"a@x.example" trust 1: kommo/7 worksection/1`},
			apart:   ofCrowd(20, "reason 2 of 21"),
		},
		"the other source does not vouch for the address": {
			sources: []directory.SourceData{worksection(acc("1", "a@x.example")), rocketchat(acc("r", "a@x.example?"))},
			apart:   []string{`rocketchat/r: rule 2 "a@x.example", reason 2 of 2`},
		},
		"the person's own source does not vouch for the address": {
			sources: []directory.SourceData{rocketchat(acc("r", "a@x.example?")), worksection(acc("1", "a@x.example"))},
			apart:   []string{`worksection/1: rule 2 "a@x.example", reason 2 of 2`},
		},
		"two accounts of one source have the address": {
			sources: []directory.SourceData{worksection(acc("1", "a@x.example"), acc("2", "a@x.example")), kommo(acc("7", "a@x.example"))},
			apart:   []string{`worksection/2: rule 2 "a@x.example", reason 4 of 3`, `kommo/7: rule 2 "a@x.example", reason 4 of 3`},
		},
		"a chain": {
			sources: []directory.SourceData{worksection(acc("1", "a@x.example"), acc("2", "b@x.example")), kommo(acc("7", "a@x.example", "b@x.example"))},
			apart:   []string{`kommo/7: rule 2 "a@x.example", reason 5 of 2`},
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := directory.Build(tt.rules, tt.sources)
			first := d.UserByAccount(connectors.Ref{Source: tt.sources[0].Name, ID: tt.sources[0].Accounts[0].ID})
			links, apart := reasonsOf(t, d.Identities(), first)
			if diff := cmp.Diff(tt.links, links, cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("links (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(tt.apart, apart, cmpopts.EquateEmpty(), cmpopts.SortSlices(strings.Compare)); diff != "" {
				t.Errorf("held apart (-want +got):\n%s", diff)
			}
		})
	}
}

func TestIdentityListsAreBounded(t *testing.T) {
	t.Parallel()
	d := directory.Build(directory.Rules{}, []directory.SourceData{
		worksection(acc("1", "a@x.example", "b@x.example", "info@x.example", "sales@x.example")),
		kommo(acc("7", "a@x.example", "b@x.example"), acc("8", "info@x.example", "sales@x.example")),
	})
	x := d.Identities().Of(d.UserByAccount(connectors.Ref{Source: "worksection", ID: "1"}))
	links, err := x.Links(1)
	if err != nil || len(links) != 1 || links[0].Evidence != "a@x.example" {
		t.Errorf("the first link: %v, %v", links, err)
	}
	apart, err := x.HeldApart(1)
	if err != nil || len(apart) != 1 || apart[0].Evidence != "info@x.example" {
		t.Errorf("the first that is held apart: %v, %v", apart, err)
	}
	for _, n := range []int{-1, directory.MaxPageSize + 1} {
		if _, err := x.Links(n); err == nil {
			t.Errorf("Links(%d) has no error", n)
		}
		if _, err := x.HeldApart(n); err == nil {
			t.Errorf("HeldApart(%d) has no error", n)
		}
	}
}

// Vouched accounts come first, so that the bound on those with one address leaves out the others.
func TestWhoIsVouchedForComesFirst(t *testing.T) {
	t.Parallel()
	accounts := []connectors.Account{named(acc("z", "a@x.example!"), "Zoe"), named(acc("y", "a@x.example!"), "Yan")}
	for i := range 30 {
		accounts = append(accounts, named(acc(fmt.Sprint(i), "a@x.example?"), "Adam"))
	}
	d := directory.Build(directory.Rules{}, []directory.SourceData{worksection(acc("1", "A@x.example")), rocketchat(accounts...)})
	apart, err := d.Identities().Of(d.UserByAccount(connectors.Ref{Source: "worksection", ID: "1"})).HeldApart(20)
	if err != nil || len(apart) != 20 {
		t.Fatalf("%d accounts, %v", len(apart), err)
	}
	for i, a := range apart {
		want, trust := directory.Untrusted, connectors.TrustNone
		if i < 2 {
			want, trust = directory.Placeholder, connectors.TrustVerified
		}
		if a.Reason != want || *a.Trust != trust || a.Evidence != "A@x.example" {
			t.Errorf("%d: %s has the reason %d and the trust %d by %q", i, refOf(a.Account), a.Reason, *a.Trust, a.Evidence)
		}
	}
}

// The evidence of a link is what the first account of the link shows, not another account of the person.
func TestEvidenceIsThatOfTheLink(t *testing.T) {
	t.Parallel()
	d := directory.Build(directory.Rules{Links: [][]connectors.Ref{refs("rocketchat/r worksection/1")}}, []directory.SourceData{
		rocketchat(acc("r", "Ann@X.example?")), worksection(acc("1", "ann@x.example")), kommo(acc("7", "ANN@x.example"))})
	links, err := d.Identities().Of(d.UserByAccount(connectors.Ref{Source: "kommo", ID: "7"})).Links(20)
	if err != nil || len(links) != 2 || links[1].Evidence != "ann@x.example" {
		t.Errorf("links: %v, %v", links, err)
	}
}

// Several operations ask at the same time.
func TestIdentitiesAreShared(t *testing.T) {
	t.Parallel()
	d := directory.Build(directory.Rules{Anchors: byLogin}, bigCompany(300))
	explained := d.Identities()
	var asking sync.WaitGroup
	for range 4 {
		asking.Go(func() {
			for _, u := range d.Everything().Users {
				if links, err := explained.Of(u).Links(20); err != nil || len(u.Accounts) > 1 && len(links) == 0 {
					t.Errorf("the links of %s: %v, %v", u.ID, links, err)
				}
			}
		})
	}
	asking.Wait()
}

// Links and splits that an edit has made name it.
func TestIdentityNamesEdits(t *testing.T) {
	t.Parallel()
	d := directory.Build(directory.Rules{
		Splits: [][]connectors.Ref{refs("worksection/1 rocketchat/r")},
		Edits: []directory.Edit{
			{ID: "e1", Links: [][]connectors.Ref{refs("worksection/1 kommo/7")}},
			{ID: "e2", Splits: [][]connectors.Ref{refs("worksection/1 altcraft/z"), refs("worksection/1 rocketchat/r")}},
		},
	}, []directory.SourceData{worksection(acc("1", "a@x.example")), kommo(acc("7")), altcraft(acc("z", "a@x.example")), rocketchat(acc("r", "a@x.example!"))})
	x := d.Identities().Of(d.UserByAccount(connectors.Ref{Source: "worksection", ID: "1"}))
	links, err := x.Links(20)
	if err != nil || len(links) != 1 || links[0].Edit != "e1" {
		t.Errorf("links: %v, %v", links, err)
	}
	apart, err := x.HeldApart(20)
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]directory.Text{}
	for _, a := range apart {
		got[refOf(a.Account).String()] = a.Edit
	}
	if diff := cmp.Diff(map[string]directory.Text{"altcraft/z": "e2", "rocketchat/r": ""}, got); diff != "" {
		t.Errorf("edits of splits (-want +got):\n%s", diff)
	}
}
