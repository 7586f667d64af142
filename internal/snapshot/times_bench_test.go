package snapshot

import (
	"testing"
	"time"

	"roster/connectors"
	"roster/internal/history"
)

// BenchmarkTimes measures the history of 100,000 accounts after a fetch that brought other values for some of them: the time to compare the records, and
// what the history takes when it is stored.
func BenchmarkTimes(b *testing.B) {
	const n = 100_000
	before := people(n)
	for _, bench := range []struct {
		name    string
		changed int
	}{{"nothing changed", 0}, {"1 in 100 changed", n / 100}, {"all changed", n}} {
		b.Run(bench.name, func(b *testing.B) {
			after := people(n)
			for i := range bench.changed {
				after[i*(n/bench.changed)].Title += "!"
			}
			k := kinds[connectors.Accounts].of(detailed, false)
			start := time.Unix(1_700_000_000, 0)
			var h *history.History
			for b.Loop() {
				h = k.history(history.Begin(start), Records{Accounts: before}, Records{Accounts: after}, nil, true, start.Add(time.Hour), &Settings{KeepFor: time.Hour})
			}
			b.ReportMetric(float64(PartsSize(encodeTimes(h))), "stored-bytes")
		})
	}
}
