package e2e_test

import (
	"regexp"
	"testing"

	"roster/internal/sandbox"
)

// A source with a small limit is well: check keeps within the limit, says what it waits for, and ends with 0 also where its time is up before.
func TestCheckOfASmallLimit(t *testing.T) {
	t.Parallel()
	source := sourceSettings(system(t, sandbox.RocketChat, sandbox.DefaultPeople).Sources()[0])
	source["rate_limit"] = map[string]any{"calls": 10, "per": "1h"}
	code, stdout, stderr := run(t, "check", "--config", configFile(t, settingsOf(source)), "--timeout", "50s")
	if short := regexp.MustCompile(`rocketchat +yes +accepted +(875|\d+ of 875) +(\d of \d+|…) `); code != 0 || !short.MatchString(stdout) || withoutProgress(stderr) != "" {
		t.Errorf("with no time to wait: exit code %d, errors %q, output:\n%s", code, stderr, stdout)
	}
	source["rate_limit"] = map[string]any{"calls": 10, "per": "5s"}
	code, stdout, stderr = run(t, "check", "--config", configFile(t, settingsOf(source)))
	if whole := regexp.MustCompile(`rocketchat +yes +accepted +875 +\d+ +\d+ `); code != 0 || !whole.MatchString(stdout) {
		t.Errorf("with time to wait: exit code %d, output:\n%s", code, stdout)
	}
	if told := regexp.MustCompile(`^rocketchat: [a-z.]+ waits \ds, to stay within the source's limit\n`); !told.MatchString(withoutProgress(stderr)) {
		t.Errorf("with time to wait, it says %q", stderr)
	}
}
