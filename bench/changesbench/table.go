package main

import (
	"cmp"
	"fmt"
	"os"
	"runtime"
	"strings"
	"time"

	"roster/bench/internal/process"
)

// table is the result.
type table struct {
	settings
	flags       []string // of the command line
	load        string   // of the machine, before
	changeable  int
	alone, open process.Memory // of the server, without and with subscribers
	phases      []*phase
}

// String returns the table as text.
func (t *table) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%d subscribers to the changes of a company of %d people, of whom %d are in the source that changes; and in the first column, of a smaller one.\n"+
		"Each has got exactly its changes.\n"+
		"%s, %d processors, which the source, the server and the subscribers share. Load before: %s. Flags: %s\n\n",
		t.subscribers, t.people, t.changeable, runtime.Version(), runtime.NumCPU(), t.load, cmp.Or(strings.Join(t.flags, " "), "none"))
	row := func(title string, value func(*phase) string) {
		fmt.Fprintf(&b, "%-46s", title)
		for _, p := range t.phases {
			fmt.Fprintf(&b, " %20s", value(p))
		}
		fmt.Fprintln(&b)
	}
	row("", func(p *phase) string { return p.title })
	row("publications", func(p *phase) string { return fmt.Sprint(p.steps) })
	row("changes, and how many of them were received", func(p *phase) string { return fmt.Sprintf("%d, %d", p.steps*p.of, p.received) })
	published := func(p *phase, d time.Duration) string { // only where one publication has brought all changes of a step
		if p.builtOnce == 0 {
			return "-"
		}
		return fmt.Sprintf("%s (%d of %d)", millis(d), p.builtOnce, p.steps)
	}
	row("from publication to receipt, p50", func(p *phase) string { return published(p, p.sincePublished.Median) })
	row("from publication to receipt, p99", func(p *phase) string { return published(p, p.sincePublished.P99) })
	row("from the change in the source to receipt, p50", func(p *phase) string { return millis(p.sinceChange.Median) })
	row("from the change in the source to receipt, p99", func(p *phase) string { return millis(p.sinceChange.P99) })
	for i, name := range transports {
		row("bytes of a change, "+name, func(p *phase) string { return perChange(float64(p.bytes[i]), p.counts[i]) })
	}
	row("server: processor time of a received change", func(p *phase) string {
		return fmt.Sprintf("%.1f µs", float64(p.processor.Microseconds())/float64(p.received))
	})
	row("server: allocations of a received change", func(p *phase) string { return perChange(p.allocation, p.received) })
	row("server: allocated bytes of a received change", func(p *phase) string { return perChange(p.allocated, p.received) })
	row("server: memory at the peak, at the end", func(p *phase) string { return fmt.Sprintf("%s, %s", mebi(p.memory.Peak), mebi(p.memory.Now)) })
	fmt.Fprintf(&b, "\nserver: memory with no subscriber %s, with all of them %s\n", mebi(t.alone.Now), mebi(t.open.Now))
	return b.String()
}

const (
	// ofSubscriber and ofChange are more bytes than the server needs for an open stream, and for a change in the log.
	ofSubscriber, ofChange = 64 << 10, 1 << 10
	// logLength is the number of changes that the server keeps.
	logLength = 100_000
)

// bounded returns an error if the server needs memory for what was sent: more than for its subscribers, the log, and a second directory while one is built. A
// server that keeps the messages of a thousand subscribers needs more than a gigabyte.
func (t *table) bounded(p *phase) error {
	most := int64(t.subscribers)*ofSubscriber + logLength*ofChange + t.alone.Now/2
	if grown := p.memory.Peak - t.open.Now; grown > most {
		return fmt.Errorf("the memory of the server has grown by %s, want at most %s", mebi(grown), mebi(most))
	}
	return nil
}

// loadOf returns the average load of the machine in the last minutes.
func loadOf() string {
	text, err := os.ReadFile("/proc/loadavg")
	if fields := strings.Fields(string(text)); err == nil && len(fields) > 2 {
		return strings.Join(fields[:3], " ")
	}
	return "unknown"
}

func millis(d time.Duration) string { return fmt.Sprintf("%.0f ms", float64(d.Microseconds())/1000) }

func perChange(sum float64, changes int) string {
	if changes == 0 {
		return "-"
	}
	return fmt.Sprintf("%.0f", sum/float64(changes))
}

func mebi(bytes int64) string { return fmt.Sprintf("%d MiB", bytes>>20) }
