package model_test

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"roster/connectors"
	_ "roster/connectors/registry"
	"roster/graph/model"
	"roster/internal/directory"
)

// Each kind's account type is one that the schema has: else its accounts would be shown as accounts of a kind without a type.
func TestAccountTypesOfKinds(t *testing.T) {
	t.Parallel()
	for _, k := range connectors.Kinds() {
		if k.AccountType != "" && !slices.Contains(model.AccountTypes(), k.AccountType) {
			t.Errorf("%s: the schema has no account type %s", k.Name, k.AccountType)
		}
		if made := model.AccountOf(k.Name); (made == nil) != (k.AccountType == "") {
			t.Errorf("%s: its accounts are not of type %q", k.Name, k.AccountType)
		}
	}
	if model.AccountOf("no-such-kind") != nil {
		t.Error("an unknown kind has a type")
	}
}

func TestRocketChatAddresses(t *testing.T) {
	t.Parallel()
	emails := func(a connectors.Account) []model.RocketChatEmail {
		d := directory.Build(directory.Rules{}, []directory.SourceData{{Name: "chat", Kind: "rocketchat", Account: model.AccountOf("rocketchat"), Accounts: []connectors.Account{a}}})
		return d.UserByAccount(connectors.Ref{Source: "chat", ID: a.ID}).Accounts[0].(*model.RocketChatAccount).Emails()
	}
	if got := emails(connectors.Account{ID: "h"}); got != nil {
		t.Errorf("addresses that the source does not show are given as %v, want null", got)
	}
	got := emails(connectors.Account{ID: "s", Emails: []connectors.Email{{Address: ""}, {Address: "Zoe@x.example", Verified: new(false)}}})
	if diff := cmp.Diff([]model.RocketChatEmail{{Address: "Zoe@x.example", Verified: new(false)}}, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}
