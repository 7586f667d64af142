// Package heap sets when the garbage collector runs: by the memory limit of the container, and by how much memory is in use. It must not depend on any
// other package of the program. ADR 54 has the reasons.
package heap

import (
	"os"
	"runtime"
	"runtime/debug"
	"runtime/metrics"

	"github.com/KimMachineGun/automemlimit/memlimit"
)

// The heap grows by percent of what is in use, and by headroom, before the collector runs. A large heap has no room for more: large answers to several
// callers at once leave so much garbage that the heap reaches any memory limit with Go's own default of 100 percent. In a small heap, the headroom makes the
// collector run seldom, which saves up to a quarter of the processor time of requests.
const (
	percent  = 50
	headroom = 64 << 20
	// leastChange is the least change of the percentage that is set, because setting it stops the program for an instant.
	leastChange = 5
)

// limitRatio is the share of the container's memory that the program may use. The rest is for what Go does not count.
const limitRatio = 0.9

// Tune sets the collector's limits, unless GOMEMLIMIT and GOGC in the environment do. Call it once, at the start of the program.
func Tune() {
	// Without a container there is no limit; a limit that cannot be read is no reason not to start.
	memlimit.Set(memlimit.WithProvider(memlimit.FromCgroup), memlimit.WithRatio(limitRatio)) //nolint:errcheck // see above
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(percent)
		new(tuner).tune()
	}
}

// tuner sets the percentage after each run of the collector.
type tuner struct{ percent int }

// tune sets the percentage for the heap that is in use, and again after the next run of the collector.
func (t *tuner) tune() {
	live := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
	metrics.Read(live)
	if live[0].Value.Kind() == metrics.KindUint64 {
		if p := percentFor(live[0].Value.Uint64()); p < t.percent-leastChange || p > t.percent+leastChange {
			debug.SetGCPercent(p)
			t.percent = p
		}
	}
	// The collector frees this at its next run. It has a pointer so that it does not share its memory with other small values.
	runtime.AddCleanup(&struct{ *tuner }{t}, (*tuner).tune, t)
}

// percentFor returns the percentage with which so many bytes in use have room for percent of them, and for headroom.
func percentFor(live uint64) int {
	live = max(live, 4<<20)                 // the least heap for which Go collects garbage
	return percent + int(100*headroom/live) //nolint:gosec // at most 1600
}
