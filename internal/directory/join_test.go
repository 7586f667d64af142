package directory_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"roster/connectors"
	"roster/internal/directory"
)

// acc is an account with addresses: one with the suffix ! is verified, ? not verified, ~ synthetic; otherwise the source does not say.
func acc(id string, addresses ...string) connectors.Account {
	a := connectors.Account{ID: id, Active: true, Access: connectors.AccessMember, Emails: []connectors.Email{}}
	for _, s := range addresses {
		address := strings.TrimRight(s, "!?~")
		e := connectors.Email{Address: address}
		switch s[len(address):] {
		case "!":
			e.Verified = new(true)
		case "?":
			e.Verified = new(false)
		case "~":
			e.Synthetic = true
		}
		a.Emails = append(a.Emails, e)
	}
	return a
}

func worksection(accounts ...connectors.Account) directory.SourceData {
	return directory.SourceData{Name: "worksection", Kind: "worksection", Accounts: accounts}
}

func kommo(accounts ...connectors.Account) directory.SourceData {
	return directory.SourceData{Name: "kommo", Kind: "kommo", Accounts: accounts}
}

func altcraft(accounts ...connectors.Account) directory.SourceData {
	return directory.SourceData{Name: "altcraft", Kind: "altcraft", Accounts: accounts}
}

func rocketchat(accounts ...connectors.Account) directory.SourceData {
	return directory.SourceData{Name: "rocketchat", Kind: "rocketchat", Trust: directory.TrustVerifiedOnly, Accounts: accounts}
}

func distrusted(d directory.SourceData) directory.SourceData {
	d.Trust = directory.TrustNothing
	return d
}

func named(a connectors.Account, name string) connectors.Account {
	a.Name = name
	return a
}

// refs parses a list such as "worksection/1 kommo/2".
func refs(s string) []connectors.Ref {
	var out []connectors.Ref
	for f := range strings.FieldsSeq(s) {
		source, id, _ := strings.Cut(f, "/")
		out = append(out, connectors.Ref{Source: source, ID: id})
	}
	return out
}

func TestJoining(t *testing.T) {
	t.Parallel()
	type sources = []directory.SourceData
	phone := func(a connectors.Account) connectors.Account {
		a.Phones = []connectors.Phone{{Raw: "+380 44 234 56 78", E164: "+380442345678"}}
		return a
	}
	tests := map[string]struct {
		rules   directory.Rules
		sources sources
		want    []string // people, each with their accounts
	}{
		"one address, both sources vouch": {
			sources: sources{worksection(acc("1", "zoe@acme.example")), kommo(acc("7", "zoe@acme.example"))},
			want:    []string{"worksection/1 kommo/7"},
		},
		"case and blanks do not matter": {
			sources: sources{worksection(acc("1", " Zoe@Acme.Example\n")), kommo(acc("7", "zoe@acme.example"))},
			want:    []string{"worksection/1 kommo/7"},
		},
		"verified counts where only that is trusted": {
			sources: sources{worksection(acc("1", "zoe@acme.example")), rocketchat(acc("r", "zoe@acme.example!"))},
			want:    []string{"worksection/1 rocketchat/r"},
		},
		"not verified": {
			sources: sources{worksection(acc("1", "zoe@acme.example")), rocketchat(acc("r", "zoe@acme.example?"))},
			want:    []string{"rocketchat/r", "worksection/1"},
		},
		"the source does not say whether it is verified": {
			sources: sources{worksection(acc("1", "zoe@acme.example")), rocketchat(acc("r", "zoe@acme.example"))},
			want:    []string{"rocketchat/r", "worksection/1"},
		},
		"a source that is not trusted at all": {
			sources: sources{distrusted(worksection(acc("1", "zoe@acme.example!"))), kommo(acc("7", "zoe@acme.example"))},
			want:    []string{"kommo/7", "worksection/1"},
		},
		"a second address": {
			sources: sources{worksection(acc("1", "zoe@acme.example", "z@private.example")), kommo(acc("7", "z@private.example"))},
			want:    []string{"worksection/1 kommo/7"},
		},
		"a chain over four sources": {
			sources: sources{
				worksection(acc("1", "a@x.example")), kommo(acc("7", "a@x.example", "b@x.example")), altcraft(acc("z", "b@x.example", "c@x.example")),
				rocketchat(acc("r", "c@x.example!")),
			},
			want: []string{"worksection/1 kommo/7 altcraft/z rocketchat/r"},
		},
		"never by name": {
			sources: sources{worksection(named(acc("1", "a@x.example"), "Zoe Adams")), kommo(named(acc("7", "b@x.example"), "Zoe Adams"))},
			want:    []string{"kommo/7", "worksection/1"},
		},
		"never by phone": {
			sources: sources{worksection(phone(acc("1"))), kommo(phone(acc("7")))},
			want:    []string{"kommo/7", "worksection/1"},
		},
		"a shared mailbox": {
			sources: sources{worksection(acc("1", "info@acme.example")), kommo(acc("7", "INFO@acme.example"))},
			want:    []string{"kommo/7", "worksection/1"},
		},
		"a shared mailbox with a tag": {
			sources: sources{worksection(acc("1", "sales+web@acme.example")), kommo(acc("7", "sales+web@acme.example"))},
			want:    []string{"kommo/7", "worksection/1"},
		},
		"a shared mailbox of the operator's own": {
			rules:   directory.Rules{SharedMailboxes: []string{"Front.Desk"}},
			sources: sources{worksection(acc("1", "front.desk@acme.example", "info@acme.example")), kommo(acc("7", "front.desk@acme.example"), acc("8", "info@acme.example"))},
			want:    []string{"kommo/7", "worksection/1 kommo/8"},
		},
		"no shared mailboxes at all": {
			rules:   directory.Rules{SharedMailboxes: []string{}},
			sources: sources{worksection(acc("1", "info@acme.example")), kommo(acc("7", "info@acme.example"))},
			want:    []string{"worksection/1 kommo/7"},
		},
		"beside a shared mailbox a person's own address": {
			sources: sources{worksection(acc("1", "info@acme.example", "zoe@acme.example")), kommo(acc("7", "info@acme.example", "zoe@acme.example"))},
			want:    []string{"worksection/1 kommo/7"},
		},
		"an address that names two accounts of one source joins nobody": {
			sources: sources{worksection(acc("1", "zoe@acme.example"), acc("2", "zoe@acme.example")), kommo(acc("7", "zoe@acme.example")), altcraft(acc("z", "zoe@acme.example"))},
			want:    []string{"altcraft/z", "kommo/7", "worksection/1", "worksection/2"},
		},
		"an unverified claim beside a verified one takes nothing away": {
			sources: sources{worksection(acc("1", "zoe@acme.example")), rocketchat(acc("r", "zoe@acme.example!"), acc("s", "zoe@acme.example?"))},
			want:    []string{"rocketchat/s", "worksection/1 rocketchat/r"},
		},
		"a synthetic address": {
			sources: sources{worksection(acc("1", "1@1.worksection.com~")), kommo(acc("7", "1@1.worksection.com"))},
			want:    []string{"kommo/7", "worksection/1"},
		},
		"what is no address": {
			sources: sources{worksection(acc("1", "n/a", "@", "a@", "@b", "a b@c")), kommo(acc("7", "n/a", "@", "a@", "@b", "a b@c"))},
			want:    []string{"kommo/7", "worksection/1"},
		},
		"a chain that would bring two accounts of one source together makes no join at all": {
			sources: sources{
				worksection(acc("1", "a@x.example"), acc("2", "b@x.example")), kommo(acc("7", "a@x.example", "b@x.example")), altcraft(acc("z", "b@x.example")),
			},
			want: []string{"altcraft/z", "kommo/7", "worksection/1", "worksection/2"},
		},
		"a link stands where a chain is refused": {
			rules: directory.Rules{Links: [][]connectors.Ref{refs("worksection/1 kommo/7")}},
			sources: sources{
				worksection(acc("1", "a@x.example"), acc("2", "b@x.example")), kommo(acc("7", "a@x.example", "b@x.example")), altcraft(acc("z", "b@x.example")),
			},
			want: []string{"altcraft/z", "worksection/1 kommo/7", "worksection/2"},
		},
		"a link without any address": {
			rules:   directory.Rules{Links: [][]connectors.Ref{refs("worksection/1 rocketchat/r"), refs("kommo/7 rocketchat/r")}},
			sources: sources{worksection(acc("1")), kommo(acc("7")), rocketchat(acc("r"))},
			want:    []string{"worksection/1 kommo/7 rocketchat/r"},
		},
		"a link of two accounts of one source, and an address of one of them": {
			rules:   directory.Rules{Links: [][]connectors.Ref{refs("worksection/1 worksection/2")}},
			sources: sources{worksection(acc("1", "a@x.example"), acc("2", "b@x.example")), kommo(acc("7", "b@x.example"))},
			want:    []string{"worksection/1 worksection/2 kommo/7"},
		},
		"a link of two accounts of one source that hold one address": {
			rules:   directory.Rules{Links: [][]connectors.Ref{refs("worksection/1 worksection/2")}},
			sources: sources{worksection(acc("1", "a@x.example"), acc("2", "a@x.example")), kommo(acc("7", "a@x.example"))},
			want:    []string{"worksection/1 worksection/2 kommo/7"},
		},
		"a link that names who is not there": {
			rules:   directory.Rules{Links: [][]connectors.Ref{refs("worksection/404 kommo/7"), refs("nowhere/1 kommo/7"), nil}},
			sources: sources{worksection(acc("1")), kommo(acc("7"))},
			want:    []string{"kommo/7", "worksection/1"},
		},
		"a split of two who hold one address": {
			rules:   directory.Rules{Splits: [][]connectors.Ref{refs("worksection/1 kommo/7")}},
			sources: sources{worksection(acc("1", "a@x.example")), kommo(acc("7", "a@x.example"))},
			want:    []string{"kommo/7", "worksection/1"},
		},
		"a split across a chain makes no join at all": {
			rules:   directory.Rules{Splits: [][]connectors.Ref{refs("worksection/1 altcraft/z")}},
			sources: sources{worksection(acc("1", "a@x.example")), kommo(acc("7", "a@x.example", "b@x.example")), altcraft(acc("z", "b@x.example"))},
			want:    []string{"altcraft/z", "kommo/7", "worksection/1"},
		},
		"a split reaches those linked to one side": {
			rules: directory.Rules{
				Links:  [][]connectors.Ref{refs("worksection/1 altcraft/z")},
				Splits: [][]connectors.Ref{refs("altcraft/z kommo/7")},
			},
			sources: sources{worksection(acc("1", "a@x.example")), kommo(acc("7", "a@x.example")), altcraft(acc("z"))},
			want:    []string{"kommo/7", "worksection/1 altcraft/z"},
		},
		"a link wins over a split": {
			rules: directory.Rules{
				Links:  [][]connectors.Ref{refs("worksection/1 kommo/7")},
				Splits: [][]connectors.Ref{refs("worksection/1 kommo/7")},
			},
			sources: sources{worksection(acc("1")), kommo(acc("7"))},
			want:    []string{"worksection/1 kommo/7"},
		},
		"two sources of one vendor are two sources": {
			sources: sources{worksection(acc("1", "a@x.example")), {Name: "worksection-eu", Kind: "worksection", Accounts: []connectors.Account{acc("1", "a@x.example")}}},
			want:    []string{"worksection/1 worksection-eu/1"},
		},
		"an ID twice in one collection, and a record without one": {
			sources: sources{worksection(acc("1"), acc("1"), acc(""))},
			want:    []string{"worksection/1"},
		},
		"inactive accounts join too": {
			sources: sources{worksection(inactive(acc("1", "a@x.example"))), kommo(acc("7", "a@x.example"))},
			want:    []string{"worksection/1 kommo/7"},
		},
		"nobody": {sources: sources{worksection(), kommo()}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var got []string
			for _, p := range people(directory.Build(tt.rules, tt.sources)) {
				got = append(got, strings.Join(p, " "))
			}
			if diff := cmp.Diff(tt.want, got, cmpopts.SortSlices(strings.Compare), cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

func inactive(a connectors.Account) connectors.Account {
	a.Active = false
	return a
}

func TestPossibleDuplicates(t *testing.T) {
	t.Parallel()
	type sources = []directory.SourceData
	holders := make([]connectors.Account, 21)
	for i := range holders {
		holders[i] = acc(fmt.Sprint("r", i), "none@x.example?")
	}
	tests := map[string]struct {
		rules   directory.Rules
		sources sources
		want    map[string]string // people by their first accounts
	}{
		"an unverified address of somebody else": {
			sources: sources{worksection(named(acc("1", "zoe@acme.example"), "Zoe")), rocketchat(named(acc("r", "adam@acme.example!", "zoe@acme.example?"), "Adam"))},
			want:    map[string]string{"worksection/1": "rocketchat/r", "rocketchat/r": "worksection/1"},
		},
		"neither side vouches": {
			sources: sources{distrusted(worksection(acc("1", "zoe@acme.example"))), rocketchat(acc("r", "zoe@acme.example?"))},
			want:    map[string]string{"worksection/1": "rocketchat/r", "rocketchat/r": "worksection/1"},
		},
		"both sides vouch, and something else keeps them apart": {
			sources: sources{worksection(acc("1", "zoe@acme.example"), acc("2", "zoe@acme.example")), kommo(acc("7", "zoe@acme.example"))},
		},
		"joined": {
			sources: sources{worksection(acc("1", "zoe@acme.example", "z@x.example")), rocketchat(acc("r", "zoe@acme.example!", "z@x.example?"))},
		},
		"the operator has said that they are two": {
			rules:   directory.Rules{Splits: [][]connectors.Ref{refs("rocketchat/r worksection/1")}},
			sources: sources{worksection(acc("1", "zoe@acme.example")), rocketchat(acc("r", "zoe@acme.example?"))},
		},
		"a shared mailbox says nothing": {
			sources: sources{worksection(acc("1", "info@acme.example")), rocketchat(acc("r", "info@acme.example?"))},
		},
		"an address that everybody enters says nothing": {
			sources: sources{rocketchat(holders...)},
		},
		"several, by name": {
			sources: sources{
				worksection(named(acc("1", "zoe@acme.example"), "Zoe")),
				rocketchat(named(acc("r", "zoe@acme.example?"), "Wei"), named(acc("s", "zoe@acme.example?"), "Adam"), named(acc("t", "zoe@acme.example!"), "Ines")),
			},
			want: map[string]string{
				"worksection/1": "rocketchat/s rocketchat/r", // rocketchat/t is joined
				"rocketchat/r":  "rocketchat/s worksection/1",
				"rocketchat/s":  "rocketchat/r worksection/1",
			},
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := map[string]string{}
			for _, u := range everyone(directory.Build(tt.rules, tt.sources)) {
				var others []string
				for _, o := range u.PossibleDuplicates {
					others = append(others, accountsOf(o)[0])
				}
				if len(others) > 0 {
					got[accountsOf(u)[0]] = strings.Join(others, " ")
				}
			}
			if diff := cmp.Diff(tt.want, got, cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}
