package conntest_test

import (
	"net/http"
	"os"
	"os/exec"
	"strings"
	"testing"

	"roster/connectors"
	"roster/connectors/conntest"
)

// broken has connectors that each break one part of the contract, and the check that must fail.
var broken = map[string]struct {
	faulty
	check string
}{
	"hides errors":             {faulty{hidesErrors: true}, "accounts/status_500_with_JSON"},
	"marks a part as complete": {faulty{alwaysComplete: true}, "accounts/status_503_after_1_good_answers_of_3"},
	"shows the cause":          {faulty{showsCause: true}, "accounts/nobody_listens"},
	"follows redirects":        {faulty{followsRedirects: true}, "accounts/redirect_302_to_a_foreign_server"},
	"passes on vendor text":    {faulty{repeatsWords: true}, "presence/status_403_with_plain_text"},
	"forgets the URL's path":   {faulty{forgetsPrefix: true}, ""},
	"forgets the context":      {faulty{forgetsContext: true}, "accounts/the_caller_has_cancelled_before"},
	"accepts any shape":        {faulty{ignoresShape: true}, "accounts/success_with_another_shape"},
	"one fingerprint for all":  {faulty{sameFingerprint: true}, "opening/the_fingerprint_distinguishes_credentials_and_URLs"},
	"completes before the end": {faulty{completeProgress: true}, "accounts/healthy"},
	"repeats a record":         {faulty{repeatsIDs: true}, "accounts/healthy"},
	"hides its health":         {faulty{hidesHealth: true}, "accounts/down_for_long"},
	"calls without budgets":    {faulty{unlimited: true}, "accounts/each_call_acquires_its_budgets"},
	"gives no state":           {faulty{noState: true}, "changes_of_accounts/healthy,_states"},
	"accepts any state":        {faulty{anyState: true}, "changes_of_accounts/healthy,_states"},
	"keeps what is gone":       {faulty{keepsGone: true}, "changes_of_accounts/healthy,_states"},
	"has what it never has":    {faulty{titled: true}, "accounts/healthy"},
	"accepts too many rows":    {faulty{anyRows: true}, "accounts/more_rows_than_are_allowed"},
}

var kind = connectors.Kind{
	Name: "people", Collections: []connectors.KindCollection{{Collection: connectors.Accounts}},
	Never: []connectors.NeverOffered{{Collection: connectors.Accounts, Fields: []connectors.RecordField{connectors.FieldTitle}, Origin: "the fake"}},
}

func subject(f faulty) conntest.Subject {
	return conntest.Subject{
		Open:   f.open,
		Kind:   &kind,
		Config: connectors.Config{Kind: "people", Settings: &settings{AccessToken: "sesame-opens"}},
		Fake:   http.HandlerFunc(serve),
	}
}

func TestConnectorThatKeepsTheContract(t *testing.T) {
	t.Parallel()
	conntest.Run(t, subject(faulty{}))
}

func TestMemory(t *testing.T) { //nolint:paralleltest // measures what is allocated
	conntest.Memory(t, subject(faulty{}))
}

// TestBroken fails on purpose, in a separate process: see TestConnectorThatBreaksTheContract.
func TestBroken(t *testing.T) {
	b, ok := broken[os.Getenv("CONNTEST_BROKEN")]
	if !ok {
		t.Skip("started by another test")
	}
	conntest.Run(t, subject(b.faulty))
}

func TestConnectorThatBreaksTheContract(t *testing.T) {
	t.Parallel()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	for name, b := range broken {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			run := "^TestBroken$"
			if first, rest, ok := strings.Cut(b.check, "/"); ok {
				run += "/^" + first + "$/" + rest
			} else {
				run += "/none"
			}
			cmd := exec.CommandContext(t.Context(), self, "-test.run="+run)
			cmd.Env = append(os.Environ(), "CONNTEST_BROKEN="+name)
			out, err := cmd.CombinedOutput()
			if err == nil {
				t.Fatalf("no check failed:\n%s", out)
			}
			if !strings.Contains(string(out), "--- FAIL: TestBroken/"+b.check) && b.check != "" {
				t.Errorf("another check failed than %s:\n%s", b.check, out)
			}
		})
	}
}
