package e2e_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"roster/web/browsertest"
)

// A newcomer opens the printed address, finds the examples, runs one, writes a query of their own, and sees what it gives.
func TestPlayground(t *testing.T) {
	t.Parallel()
	p := theDemo(t)
	page := browsertest.Open(t, p.url)
	var want []string
	for _, e := range examplesIn(t, repository+"/examples") {
		want = append(want, operationName(e.query))
	}
	if diff := cmp.Diff(want, page.Tabs()); diff != "" {
		t.Errorf("the tabs, which are built from the examples with `make web` (-want +got):\n%s", diff)
	}
	page.Run()
	page.WaitResult(`"totalCount"`)

	page.Type(`query Zoe { user(by: { email: "zoe.muller@corvidlark.test" }) { name nickname } }`)
	page.WaitMistake()
	page.Type(`query Zoe { user(by: { email: "zoe.muller@corvidlark.test" }) { name accessLevel } }`)
	page.Run()
	page.WaitResult(`"accessLevel": "OWNER"`)
	page.OpenDocs("Account")
	if diff := cmp.Diff([]string(nil), page.ConsoleErrors()); diff != "" {
		t.Errorf("the console (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string(nil), page.ForeignRequests()); diff != "" {
		t.Errorf("requests to other servers (-want +got):\n%s", diff)
	}
}
