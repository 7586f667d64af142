package snapshot

import (
	"runtime"
	"testing"

	"roster/connectors"
)

// The estimate must be good enough to decide how much memory a machine needs.
func TestSizeIsAboutTheMemoryTaken(t *testing.T) { //nolint:paralleltest // it measures the memory of the process
	measure := func() uint64 {
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	before := measure()
	records := people(20_000)
	took := float64(measure() - before)
	size := float64(kinds[connectors.Accounts].size(Records{Accounts: records}))
	runtime.KeepAlive(records)
	if ratio := size / took; ratio < 0.6 || ratio > 1.5 {
		t.Errorf("the records take %.0f bytes, and are said to take %.0f", took, size)
	}
}
