package rocketchat_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"roster/connectors"
	"roster/connectors/rocketchat"
)

func TestHook(t *testing.T) {
	t.Parallel()
	for body, want := range map[string]string{
		`{"token":"t0k","bot":false,"timestamp":"2026-05-11T08:15:42.310Z","user_id":"pW4kTzq8LrXc2NvHd","user_name":"lena.k","user":{"token":"no"}}`: "t0k",
		`{"token":"t0k","bot":false}`: "t0k",
		`{"bot":false}`:               "",
		`{"token":7}`:                 "",
		`["token","t0k"]`:             "",
		`{"token":"t0k"`:              "",
		`token=t0k`:                   "",
		``:                            "",
	} {
		if got := rocketchat.Kind.Hooks.Token([]byte(body)); got != want {
			t.Errorf("%s: token %q, want %q", body, got, want)
		}
		got := rocketchat.Kind.Hooks.Changes(connectors.AllCollections[:], []byte(body))
		if diff := cmp.Diff([]connectors.Change{{Collection: connectors.Accounts, Removed: true}}, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", body, diff)
		}
	}
}
