package main

import (
	"fmt"
	"runtime"
	"strings"
	"time"

	"roster/bench/internal/process"
)

// table is the result.
type table struct {
	settings
	changeable  int
	alone, open process.Memory // of the server, without and with subscribers
	phases      []*phase
}

// String returns the table as text.
func (t *table) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%d subscribers to the changes of a company of %d people, of whom %d are in the source that changes; and in the first column, of a smaller one.\n"+
		"Each has got exactly its changes.\n"+
		"%s, %d processors, which the source, the server and the subscribers share.\n\n", t.subscribers, t.people, t.changeable, runtime.Version(), runtime.NumCPU())
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
	row("from publication to receipt, p50", func(p *phase) string { return millis(p.sincePublished.Median) })
	row("from publication to receipt, p99", func(p *phase) string { return millis(p.sincePublished.P99) })
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

func millis(d time.Duration) string { return fmt.Sprintf("%.0f ms", float64(d.Microseconds())/1000) }

func perChange(sum float64, changes int) string {
	if changes == 0 {
		return "-"
	}
	return fmt.Sprintf("%.0f", sum/float64(changes))
}

func mebi(bytes int64) string { return fmt.Sprintf("%d MiB", bytes>>20) }
