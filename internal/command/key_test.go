package command

import (
	"regexp"
	"strings"
	"testing"

	"roster/internal/access"
)

// The key is printed once. The printed configuration line accepts the key and does not contain it.
func TestKeyCommand(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{{"key", "dashboard"}, {"key", "--name", "dashboard"}} {
		var stdout, stderr strings.Builder
		if err := Run(t.Context(), args, &stdout, &stderr); err != nil || stderr.Len() > 0 {
			t.Fatalf("%v, %s", err, &stderr)
		}
		key, rest, _ := strings.Cut(stdout.String(), "\n")
		hash := regexp.MustCompile(`name: dashboard, hash: "(sha256:[0-9a-f]+)"`).FindStringSubmatch(rest)
		if hash == nil || access.HashKey(key).String() != hash[1] || strings.Contains(rest, strings.TrimPrefix(key, access.KeyPrefix)) {
			t.Errorf("%v prints %s", args, &stdout)
		}
	}
	var stdout, stderr strings.Builder
	if err := Run(t.Context(), []string{"key", "a", "b"}, &stdout, &stderr); err == nil || stdout.Len() > 0 {
		t.Errorf("two names: %v, %s", err, &stdout)
	}
}
