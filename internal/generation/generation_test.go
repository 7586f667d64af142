package generation_test

import (
	"fmt"
	"log/slog"
	"math"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"roster/connectors"
	"roster/internal/directory"
	"roster/internal/generation"
)

// shown is what an answer shows of a view, by what it changes with.
type shown struct{ content, times, retries string }

func show(v *generation.View, n generation.Required) shown {
	c := v.Completeness(n)
	oldestAt, _, ok := v.Freshness()
	s := shown{
		content: fmt.Sprintf("%p %v %v", v.Directory, c.Complete, ok),
		times:   fmt.Sprint(c.AsOf, oldestAt, v.FetchedAt(n, func(source string) bool { return source == "a" })),
	}
	for _, sources := range [][]*directory.Source{c.Missing, c.Stale} {
		s.content += " of"
		for _, source := range sources {
			s.content += " " + source.Name
		}
	}
	for _, st := range v.Missing(n) {
		s.content += fmt.Sprint(" ", st.Key, st.State)
		for _, e := range []*connectors.Error{st.Err, st.Short} {
			if e != nil {
				s.content += fmt.Sprint(" ", e.Kind, e.Detail)
			}
		}
		if !st.RetryAt.IsZero() {
			s.retries += fmt.Sprint(" ", st.Source, max(1, math.Ceil(st.RetryAt.Sub(v.At).Seconds())))
		}
	}
	return s
}

// turn is one step of a test run: the sources change, time passes, and operations ask.
type turn struct {
	source int
	people []string
	pause  time.Duration
	short  bool
	err    *connectors.Error
	pass   time.Duration
	asks   bool
}

var turns = rapid.SliceOfN(rapid.Custom(func(t *rapid.T) turn {
	millis := func(name string, most int) time.Duration {
		return time.Duration(rapid.IntRange(0, most).Draw(t, name)) * time.Millisecond
	}
	u := turn{source: rapid.IntRange(0, 1).Draw(t, "source"), people: rapid.SliceOfNDistinct(rapid.SampledFrom([]string{"1", "2", "3"}), 0, 3, rapid.ID).Draw(t, "people"),
		pause: millis("pause", 4000), short: rapid.IntRange(0, 3).Draw(t, "short") == 0,
		pass: millis("pass", rapid.SampledFrom([]int{500, 3000, 100_000, 1_500_000}).Draw(t, "scale")), asks: rapid.Bool().Draw(t, "asks")}
	if rapid.IntRange(0, 2).Draw(t, "fails") == 0 {
		u.err = &connectors.Error{Kind: rapid.SampledFrom([]connectors.ErrorKind{connectors.KindUnavailable, connectors.KindForbidden}).Draw(t, "kind"),
			RetryAfter: millis("after", 40_000)}
	}
	return u
}), 1, 40)

// What the current generation gives is at each moment what an operation that loads its collections gets. Two generations with the same numbers show the same.
func TestGenerationIsThePresent(t *testing.T) {
	t.Parallel()
	looks, cached, lacking := 0, 0, 0
	rapid.Check(t, func(rt *rapid.T) {
		story := turns.Draw(rt, "turns")
		var faults []string
		synctest.Test(t, func(t *testing.T) {
			lists := []*listing{{pages: [][]connectors.Account{people("1"), people("1", "2")}}, {pages: [][]connectors.Account{people("3")}}}
			slow := func(stop func() bool, rules directory.Rules, data []directory.SourceData) (*directory.Directory, error) {
				time.Sleep(700 * time.Millisecond)
				return directory.BuildUntil(stop, rules, data)
			}
			r := runBuilding(t, slow, slog.New(slog.DiscardHandler), source("a", lists[0]), source("b", lists[1]))
			contents, times, retries := map[uint64]string{}, map[uint64]string{}, map[uint64]string{}
			var last *generation.Generation
			check := func() {
				synctest.Wait()
				g := r.Current()
				looks++
				if g == last {
					cached++
				}
				last = g
				for _, n := range []generation.Required{accounts, all, 0} {
					view, ok := g.View(n)
					if !ok {
						lacking++
						continue
					}
					got := show(view, n)
					results, wait := r.keeper.Take(r.Keys(n))
					if wait {
						faults = append(faults, "an operation would wait, and the generation says that it does not")
					}
					if want := show(r.View(t.Context(), results, false), n); got != want {
						faults = append(faults, fmt.Sprintf("the generation shows %+v, want %+v", got, want))
					}
					oldestAt, freshUntil, ok := view.Freshness()
					if o, f, k := g.Freshness(n); !o.Equal(oldestAt) || !f.Equal(freshUntil) || k != ok {
						faults = append(faults, fmt.Sprintf("the generation is of %s and fresh until %s, want %s and %s", o, f, oldestAt, freshUntil))
					}
					if n != all {
						continue
					}
					v := g.Version()
					for _, of := range []struct {
						number uint64
						text   string
						before map[uint64]string
					}{{v.Content, got.content, contents}, {v.Times, got.times, times}, {v.Retries, got.retries, retries}} {
						if was, known := of.before[of.number]; known && was != of.text {
							faults = append(faults, fmt.Sprintf("with the same number, %q was shown and %q is", was, of.text))
						}
						of.before[of.number] = of.text
					}
				}
			}
			for _, u := range story {
				lists[u.source].set(func(l *listing) {
					l.pages, l.pause, l.err, l.short = [][]connectors.Account{people(slices.Sorted(slices.Values(u.people))...)}, u.pause, u.err, u.short
				})
				for end := time.Now().Add(u.pass); time.Now().Before(end); time.Sleep(max(u.pass/7, time.Millisecond)) {
					check()
				}
				if u.asks {
					r.keeper.Take(r.Keys(accounts))
				}
				check()
			}
			r.end()
			for _, pass := range []time.Duration{0, 30 * time.Second, time.Minute, 10 * time.Minute, 200 * time.Hour} { // without fetches
				time.Sleep(pass)
				check()
			}
		})
		if len(faults) > 0 {
			rt.Fatal(strings.Join(faults, "\n"))
		}
	})
	if cached == 0 || lacking == 0 || cached == looks {
		t.Errorf("of %d looks, %d found the same generation, and %d parts lacked data", looks, cached, lacking)
	}
}

// A fetch that brings nothing new changes only the times.
func TestFetchWithoutNews(t *testing.T) {
	bubble(t, func(t *testing.T) {
		l := &listing{pages: [][]connectors.Account{people("1")}}
		r := run(t, source("a", l))
		if !r.AwaitFirst(t.Context()) {
			t.Fatal("the first fetch has not ended")
		}
		synctest.Wait()
		before := r.Current().Version()
		fetch := func() generation.Version {
			t.Helper()
			time.Sleep(30 * time.Second)
			key := r.Keys(accounts)[0]
			if _, ok := r.keeper.Refresh(key); !ok {
				t.Fatal("the source is not fetched")
			}
			time.Sleep(time.Second)
			synctest.Wait()
			return r.Current().Version()
		}
		after := fetch()
		if before.Content != after.Content || before.Times == after.Times || before.Retries != after.Retries {
			t.Errorf("a fetch without news changes %+v to %+v", before, after)
		}
		if before.Of(0) != after.Of(0) || before.Of(generation.ShowsTimes) == after.Of(generation.ShowsTimes) {
			t.Error("an answer changes if it shows times, and otherwise not")
		}
		l.set(func(l *listing) { l.pages = [][]connectors.Account{people("1", "2")} })
		if last := fetch(); last.Content == after.Content {
			t.Errorf("a fetch with news changes %+v to %+v", after, last)
		}
	})
}

// If nobody has asked for so long that data is far too old, an operation waits.
func TestGenerationAfterAnIdleTime(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r := run(t, source("a", &listing{pages: [][]connectors.Account{people("1")}}))
		if !r.AwaitFirst(t.Context()) {
			t.Fatal("the first fetch has not ended")
		}
		for _, step := range []struct {
			pass  time.Duration
			waits bool
		}{{0, false}, {68 * time.Minute, false}, {10 * time.Minute, true}} {
			time.Sleep(step.pass)
			synctest.Wait()
			if waits := r.Current().Waits(accounts); waits != step.waits {
				t.Errorf("after %s, an operation waits: %v", step.pass, waits)
			}
		}
	})
}
