package connectors_test

import (
	"slices"
	"strconv"
	"testing"

	"pgregory.net/rapid"

	"roster/connectors"
)

// However many values come, and however often, each is kept once and in the place where it came first.
func TestDistinct(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		var got connectors.Distinct[int]
		var want []int
		for _, v := range rapid.SliceOfN(rapid.IntRange(0, 40), 0, 200).Draw(rt, "values") {
			before := slices.Index(want, v)
			if before < 0 {
				want = append(want, v)
			}
			place, added := got.Add(v)
			if added != (before < 0) || place != slices.Index(want, v) {
				rt.Errorf("%d: place %d, added %t", v, place, added)
			}
		}
		if !slices.Equal(got.Values(), want) {
			rt.Errorf("%v, want %v", got.Values(), want)
		}
	})
}

// A list that gives everybody twice takes no more memory than twice as much as one that gives everybody once, whatever its length.
func TestCollectorKeepsOnceWhatComesTwice(t *testing.T) {
	t.Parallel()
	const people = 5_000
	records := make([]connectors.Account, people)
	for i := range records {
		records[i] = connectors.Account{ID: strconv.Itoa(i), Name: "Person " + strconv.Itoa(i)}
	}
	collect := func(times int) testing.BenchmarkResult {
		return testing.Benchmark(func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				var c connectors.Collector[connectors.Account]
				for range times {
					for _, r := range records {
						c.Add(r)
					}
					c.Listing(nil, false)
				}
				if c.Len() != people {
					b.Fatalf("%d records, want %d", c.Len(), people)
				}
			}
		})
	}
	if once, twice := collect(1).AllocedBytesPerOp(), collect(2).AllocedBytesPerOp(); twice > 2*once {
		t.Errorf("it takes %d bytes for everybody once, and %d for everybody twice", once, twice)
	}
}

// What has been handed out does not change.
func TestCollectorLends(t *testing.T) {
	t.Parallel()
	var c connectors.Collector[connectors.Account]
	c.Add(connectors.Account{ID: "1", Name: "before"})
	lent := c.Listing(nil, false).Records
	c.Add(connectors.Account{ID: "1", Name: "after"})
	c.Add(connectors.Account{ID: "1", Name: "later"})
	if got := c.Listing(nil, true).Records; lent[0].Name != "before" || len(got) != 1 || got[0].Name != "later" {
		t.Errorf("handed out: %v; now: %v", lent, got)
	}
}
