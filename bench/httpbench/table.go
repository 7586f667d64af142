package main

import (
	"fmt"
	"runtime"
	"strings"
	"time"
)

// table is the result.
type table struct {
	round  time.Duration
	rounds int
	lines  []line
}

type line struct {
	phase     phase
	row       row
	*measured         // nil if it could not be measured
	goal      float64 // 0 for none
}

// add adds a row. Its goal is the row's own in the first phase, and else follows from the first phase.
func (t *table) add(p phase, r row, m *measured) {
	l := line{phase: p, row: r, measured: m}
	if !p.fetched {
		l.goal = r.goal
	}
	for _, other := range t.lines {
		if p.within > 0 && !other.phase.fetched && other.row.name == r.name && other.measured != nil {
			l.goal = p.within * other.ratio
		}
	}
	t.lines = append(t.lines, l)
}

func (l *line) verdict() string {
	switch {
	case l.measured == nil && l.goal > 0:
		return "missed: the answer has no ETag"
	case l.measured == nil || l.goal == 0:
		return "-"
	case l.ratio <= l.goal:
		return "met"
	default:
		return "missed"
	}
}

// missed returns the number of missed goals.
func (t *table) missed() (n int) {
	for _, l := range t.lines {
		if strings.HasPrefix(l.verdict(), "missed") {
			n++
		}
	}
	return n
}

// String returns the table as text.
func (t *table) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "Processor time of a request, and how many times that of a plain net/http handler it is.\n"+
		"%d connections, %d rounds of %s, medians. %s, %d processors.\n", concurrency, t.rounds, t.round, runtime.Version(), runtime.NumCPU())
	for i, l := range t.lines {
		if i == 0 || t.lines[i-1].phase.name != l.phase.name {
			fmt.Fprintf(&b, "\n%s: %s\n%-42s %9s %9s %10s %8s %8s  %s\n", l.phase.name, l.phase.title, "", "answer", "floor", "server", "ratio", "goal", "verdict")
		}
		name := l.row.title
		goal := "-"
		if l.goal > 0 {
			goal = fmt.Sprintf("%.2f", l.goal)
		}
		if l.measured == nil {
			fmt.Fprintf(&b, "%-42s %9s %9s %10s %8s %8s  %s\n", name, "-", "-", "-", "-", goal, l.verdict())
			continue
		}
		fmt.Fprintf(&b, "%-42s %6.1f kB %6.1f µs %7.1f µs %8.2f %8s  %s\n", name, float64(l.bytes)/1000, micros(l.floor), micros(l.server), l.ratio, goal, l.verdict())
	}
	return b.String()
}

func micros(d time.Duration) float64 { return float64(d) / float64(time.Microsecond) }
