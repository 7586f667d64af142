package redis

import (
	"context"
	"crypto/tls"
	"errors"
	"testing"
)

// Each reason has a word of its own: none falls on another's.
func TestReasonsHaveWords(t *testing.T) {
	t.Parallel()
	if len(reasonIndex) != len(Reasons) || len(Reasons) != len(stats{}.failures) {
		t.Fatalf("%d reasons have %d words, of which %d are counted", len(reasonIndex), len(Reasons), len(stats{}.failures))
	}
	for _, text := range []string{"LOADING x", "READONLY x", "OOM x", "NOAUTH x", "NOPERM x", "CLUSTERDOWN x", "MISCONF x", "MASTERDOWN x", "MOVED x", "ERR x"} {
		if _, ok := reasonIndex[Reason(redisError(text))]; !ok {
			t.Errorf("%s: %q has no word", text, Reason(redisError(text)))
		}
	}
	for _, err := range []error{errors.New("x"), context.DeadlineExceeded, &tls.CertificateVerificationError{}} {
		if _, ok := reasonIndex[Reason(err)]; !ok {
			t.Errorf("%v: %q has no word", err, Reason(err))
		}
	}
	const denied = "ERR The user executing the script can't run this command or subcommand script: 1f, on @user_script:1."
	if Reason(redisError(denied)) != Reason(redisError("NOPERM x")) {
		t.Errorf("%q is taken for %q", denied, Reason(redisError(denied)))
	}
}

type redisError string

func (e redisError) Error() string { return string(e) }

func (redisError) RedisError() {}
