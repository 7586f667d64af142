package backoff_test

import (
	"math"
	"testing"
	"time"

	"pgregory.net/rapid"

	"roster/internal/backoff"
)

func TestAfter(t *testing.T) {
	t.Parallel()
	for failures, want := range []time.Duration{1, 2, 4, 8, 10, 10} {
		if got := backoff.After(failures, time.Second, 10*time.Second); got != want*time.Second {
			t.Errorf("after %d failures: %v, want %v", failures, got, want*time.Second)
		}
	}
	if got := backoff.After(0, time.Minute, time.Second); got != time.Second {
		t.Errorf("a first pause above the limit is %v", got)
	}
}

// However long the failures last and whatever the limits are, a pause stays within them and never gets shorter.
func TestAfterStaysWithinItsLimits(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		first := time.Duration(rapid.Int64Range(1, math.MaxInt64/4).Draw(t, "first"))
		most := time.Duration(rapid.Int64Range(int64(first), math.MaxInt64/2).Draw(t, "most"))
		failures := rapid.IntRange(0, math.MaxInt).Draw(t, "failures")
		got := backoff.After(failures, first, most)
		if got < first || got > most || failures > 0 && got < backoff.After(failures-1, first, most) {
			t.Errorf("%v", got)
		}
		if j := backoff.Jitter(got); j < got/2 || j > got {
			t.Errorf("the pause of %v with jitter is %v", got, j)
		}
	})
}
