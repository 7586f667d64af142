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

// broken are connectors that each break one promise, and the check that must notice.
var broken = map[string]struct {
	faulty
	check string
}{
	"hides errors":             {faulty{hidesErrors: true}, "accounts/status_500_with_JSON"},
	"calls a part the whole":   {faulty{alwaysComplete: true}, "accounts/status_503_after_1_good_answers_of_3"},
	"shows the cause":          {faulty{showsCause: true}, "accounts/nobody_listens"},
	"follows redirects":        {faulty{followsRedirects: true}, "accounts/redirect_302_to_a_foreign_server"},
	"repeats the source":       {faulty{repeatsWords: true}, "presence/status_403_with_plain_text"},
	"forgets the URL's path":   {faulty{forgetsPrefix: true}, ""},
	"forgets the context":      {faulty{forgetsContext: true}, "accounts/the_caller_has_gone_before"},
	"takes any shape":          {faulty{ignoresShape: true}, "accounts/success_with_another_shape"},
	"one fingerprint for all":  {faulty{sameFingerprint: true}, "opening/the_fingerprint_tells_credentials_and_places_apart"},
	"completes before the end": {faulty{completeProgress: true}, "accounts/healthy"},
	"gives a record twice":     {faulty{repeatsIDs: true}, "accounts/healthy"},
	"hides its health":         {faulty{hidesHealth: true}, "accounts/down_for_long"},
	"calls without its turn":   {faulty{unlimited: true}, "accounts/each_call_has_its_turn"},
	"takes any number of rows": {faulty{anyRows: true}, "accounts/more_rows_than_are_allowed"},
}

func subject(f faulty) conntest.Subject {
	return conntest.Subject{
		Open:   f.open,
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

// TestBroken fails on purpose, in a process of its own: see TestConnectorThatBreaksTheContract.
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
				t.Fatalf("the kit noticed nothing:\n%s", out)
			}
			if !strings.Contains(string(out), "--- FAIL: TestBroken/"+b.check) && b.check != "" {
				t.Errorf("the kit failed elsewhere than in %s:\n%s", b.check, out)
			}
		})
	}
}
