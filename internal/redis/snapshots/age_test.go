package snapshots

import (
	"testing"
	"time"
	"unsafe"
)

// A clock that is set back between a reading and its being offered must not make the data look younger.
func TestAgeGoesByTheClockThatSaysMore(t *testing.T) {
	t.Parallel()
	now := time.Now()
	for name, tt := range map[string]struct {
		wall, monotonic, want time.Duration // how long ago
	}{
		"both clocks agree":       {time.Minute, time.Minute, time.Minute},
		"the wall's was set back": {-time.Hour, time.Minute, time.Minute},
		"the machine has slept":   {time.Hour, time.Minute, time.Hour},
		"a reading in the future": {-time.Hour, -time.Minute, 0},
	} {
		then := now.Add(-tt.wall)
		// A time holds two readings of the clock, and only these bits can tell them apart.
		(*struct {
			wall uint64
			ext  int64
		})(unsafe.Pointer(&then)).ext -= int64(tt.monotonic - tt.wall)
		if got := age(now, then); got != tt.want {
			t.Errorf("%s: %v, want %v", name, got, tt.want)
		}
	}
}
