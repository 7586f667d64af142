package shared

import (
	"errors"
	"testing"
)

// Each reason has a word of its own: none falls on another's.
func TestReasonsHaveWords(t *testing.T) {
	t.Parallel()
	if len(words) != len(Reasons) || len(Reasons) != len(stats{}.failures) {
		t.Fatalf("%d reasons have %d words, of which %d are counted", len(words), len(Reasons), len(stats{}.failures))
	}
	for _, text := range []string{"LOADING x", "READONLY x", "OOM x", "NOAUTH x", "NOPERM x", "CLUSTERDOWN x", "MISCONF x", "MASTERDOWN x", "MOVED x", "ERR x"} {
		if _, ok := words[reason(redisError(text))]; !ok {
			t.Errorf("%s: %q has no word", text, reason(redisError(text)))
		}
	}
	if _, ok := words[reason(errors.New("x"))]; !ok {
		t.Error("any other failure has no word")
	}
}

type redisError string

func (e redisError) Error() string { return string(e) }

func (redisError) RedisError() {}
