package directory_test

import (
	"testing"

	"roster/connectors"
	"roster/internal/directory"
)

// A row that is still in memory after the setting was removed is not shown.
func TestRawIsShownByTheSetting(t *testing.T) {
	t.Parallel()
	versions := make(map[string]bool)
	for _, raw := range []bool{true, false} {
		d := directory.Build(directory.Rules{}, []directory.SourceData{{Name: "a", Raw: raw, Accounts: []connectors.Account{
			{ID: "1", Extra: &connectors.Extra{Raw: []byte(`{"id":"1"}`)}}, {ID: "2", Extra: &connectors.Extra{}}, {ID: "3"},
		}}})
		for id, want := range map[string]string{"1": map[bool]string{true: `{"id":"1"}`}[raw], "2": "", "3": ""} {
			u := d.UserByAccount(connectors.Ref{Source: "a", ID: id})
			if got := u.Accounts[0].Core().Raw(); string(got) != want || (got == nil) != (want == "") {
				t.Errorf("%s with raw: %t: %q, want %q", id, raw, got, want)
			}
		}
		versions[d.Version()] = true
	}
	if len(versions) != 2 {
		t.Error("both directories have the same version")
	}
}
