package main

import (
	"testing"
	"time"
)

func TestVerdicts(t *testing.T) {
	t.Parallel()
	cost := func(ratio float64) *measured { return &measured{1000, time.Microsecond, time.Microsecond, ratio} }
	quiet, fetched, changed := phases[0], phases[1], phases[2]
	r := row{name: "page", goal: 1.3}
	var all table
	all.add(quiet, r, cost(1.3))
	all.add(quiet, row{name: "poll", goal: 1.3}, nil)
	all.add(quiet, row{name: "lists", goal: 1.3}, cost(1.31))
	all.add(fetched, r, cost(1.55))
	all.add(fetched, row{name: "lists"}, cost(1.58))
	all.add(fetched, row{name: "poll"}, nil)
	all.add(fetched, row{name: "person"}, cost(9))
	all.add(changed, r, cost(9))
	want := []string{"met", "missed: the answer has no ETag", "missed", "met", "missed", "-", "-", "-"}
	for i, l := range all.lines {
		if got := l.verdict(); got != want[i] {
			t.Errorf("line %d: %s, want %s", i, got, want[i])
		}
	}
	if got := all.missed(); got != 3 {
		t.Errorf("%d are missed", got)
	}
}
