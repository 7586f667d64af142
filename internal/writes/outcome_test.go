package writes_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"roster/connectors"
	"roster/internal/writes"
)

// each runs a test for every kind of write, in a bubble of its own.
func each(t *testing.T, test func(t *testing.T, kind string, v *vendor, store *writes.Memory, w *world)) {
	t.Helper()
	for _, kind := range kindNames() {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				v, store := newVendor(), new(writes.Memory)
				w, stop := newWorld(t, v, store, nil)
				defer stop()
				test(t, kind, v, store, w)
			})
		})
	}
}

func (w *world) do(kind string, r writes.Request) writes.Result {
	w.t.Helper()
	r.Source = "ws"
	res, err := kinds[kind].do(w.t.(*testing.T).Context(), w, r)
	if err != nil {
		w.t.Fatal(err)
	}
	return res
}

func (w *world) shows(kind string, res writes.Result) bool {
	return res.Ref != nil && kinds[kind].shows(w.directory(), *res.Ref)
}

func TestDone(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, kind string, v *vendor, _ *writes.Memory, w *world) {
		v.tune(func(v *vendor) { v.lag = time.Minute })
		first := w.do(kind, writes.Request{})
		if first.Outcome != writes.Done || !w.shows(kind, first) {
			t.Fatalf("%+v, and the directory shows it: %t", first, w.shows(kind, first))
		}
		second := w.do(kind, writes.Request{})
		if second.Outcome != writes.AlreadyDone || *second.Ref != *first.Ref {
			t.Errorf("again: %+v, want what there is, %v", second, first.Ref)
		}
		time.Sleep(30 * time.Second) // the source has been fetched since, and its list lags
		if !w.shows(kind, first) {
			t.Error("it is not shown while the list lags")
		}
		time.Sleep(10 * time.Minute)
		synctest.Wait()
		if !w.shows(kind, first) || v.calls() != 1 {
			t.Errorf("it is shown: %t, after %d calls", w.shows(kind, first), v.calls())
		}
	})
}

// The overlay gives up a record that the source never shows. After the source has shown it once, only the source's list is valid.
func TestOverlayEnds(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, kind string, v *vendor, _ *writes.Memory, w *world) {
		c := kinds[kind].collection
		v.tune(func(v *vendor) { v.lag = 24 * time.Hour })
		made := w.do(kind, writes.Request{})
		time.Sleep(9 * time.Minute)
		if !w.shows(kind, made) {
			t.Error("it is given up too soon")
		}
		time.Sleep(7 * time.Minute)
		synctest.Wait()
		if w.shows(kind, made) {
			t.Error("it is not given up")
		}
		// This record is shown, and then deleted.
		v.tune(func(v *vendor) { v.lag, v.rows[c] = 0, nil })
		made = w.do(kind, writes.Request{})
		w.awaitReading(c)
		v.tune(func(v *vendor) { v.rows[c] = nil })
		w.awaitReading(c)
		synctest.Wait()
		if w.shows(kind, made) {
			t.Error("it is shown although the source has shown and then deleted it")
		}
	})
}

func TestWithoutAnAnswer(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		fates   []fate
		outcome writes.Outcome
		after   writes.Outcome // of the next call
		calls   int
	}{
		"cut before":            {[]fate{cutBefore}, writes.Rejected, writes.Done, 2},
		"cut after":             {[]fate{cutAfter}, writes.Done, writes.AlreadyDone, 1},
		"late":                  {[]fate{late}, writes.Done, writes.AlreadyDone, 1},
		"bare":                  {[]fate{bare}, writes.Done, writes.AlreadyDone, 1},
		"too many":              {[]fate{tooMany}, writes.Done, writes.AlreadyDone, 2},
		"too many for too long": {[]fate{tooMany, tooMany, tooMany}, writes.Rejected, writes.Done, 4},
		"unreachable":           {[]fate{unreachable}, writes.Rejected, writes.Done, 2},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			each(t, func(t *testing.T, kind string, v *vendor, _ *writes.Memory, w *world) {
				v.tune(func(v *vendor) { v.fates = tt.fates })
				res := w.do(kind, writes.Request{})
				if res.Outcome != tt.outcome || (tt.outcome == writes.Done) != w.shows(kind, res) {
					t.Errorf("%+v", res)
				}
				if next := w.do(kind, writes.Request{}); next.Outcome != tt.after || !w.shows(kind, next) {
					t.Errorf("next: %+v", next)
				}
				if v.calls() != tt.calls || v.holds(kinds[kind].collection, kinds[kind].name) != 1 {
					t.Errorf("%d calls, and the source holds %d", v.calls(), v.holds(kinds[kind].collection, kinds[kind].name))
				}
			})
		})
	}
}

// While a source cannot be fetched, the outcome is unknown, and the next write reconciles it first.
func TestUnknown(t *testing.T) {
	t.Parallel()
	for name, cut := range map[string]fate{"done": cutAfter, "not done": cutBefore} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			each(t, func(t *testing.T, kind string, v *vendor, _ *writes.Memory, w *world) {
				v.tune(func(v *vendor) { v.fates, v.failing = []fate{cut}, true })
				key := "k"
				for range 2 {
					if res := w.do(kind, writes.Request{Key: &key}); res.Outcome != writes.Unknown || len(res.Errors) != 1 || v.calls() != 1 {
						t.Fatalf("%+v after %d calls", res, v.calls())
					}
				}
				v.tune(func(v *vendor) { v.failing = false })
				time.Sleep(10 * time.Minute)
				if res := w.do(kind, writes.Request{Key: &key}); res.Outcome != writes.Done || !w.shows(kind, res) {
					t.Errorf("then %+v", res)
				}
				if n := v.holds(kinds[kind].collection, kinds[kind].name); n != 1 {
					t.Errorf("the source holds %d", n)
				}
			})
		})
	}
}

func TestKeys(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, kind string, v *vendor, _ *writes.Memory, w *world) {
		key := "k"
		first := w.do(kind, writes.Request{Key: &key})
		if again := w.do(kind, writes.Request{Key: &key}); first.Outcome != writes.Done || !cmp.Equal(first, again) {
			t.Errorf("first %+v, again %+v", first, again)
		}
		if other := w.do(kind, writes.Request{Key: &key, Caller: "another"}); other.Outcome != writes.AlreadyDone {
			t.Errorf("another caller's key: %+v", other)
		}
		res, err := w.writer.CreateTeam(t.Context(), writes.Request{Source: "ws", Key: &key}, writes.CreateTeam{Name: "Something else"})
		want := writes.Result{Outcome: writes.Rejected, Errors: []writes.UserError{{Field: []string{"input", "idempotencyKey"}, Code: writes.Mismatch,
			Message: "the key was used with another input, or for another account of the source, within the last 24 hours"}}}
		if diff := cmp.Diff(want, res); err != nil || diff != "" {
			t.Errorf("another input: %v\n%s", err, diff)
		}
		time.Sleep(25 * time.Hour)
		if res := w.do(kind, writes.Request{Key: &key}); res.Outcome != writes.AlreadyDone {
			t.Errorf("after a day: %+v", res)
		}
		if v.calls() != 1 {
			t.Errorf("%d calls", v.calls())
		}
	})
}

// A key stores what was done or refused, but not that a source could not be reached.
func TestKeyIsFreeAfterNothing(t *testing.T) {
	t.Parallel()
	wrong := &connectors.Error{Kind: connectors.KindInvalid, Input: "name"}
	for name, tt := range map[string]struct {
		fate  fate
		err   *connectors.Error
		after writes.Outcome
	}{
		"unreachable": {unreachable, nil, writes.Done}, "refused": {refused, wrong, writes.Rejected},
		"refused, by a number":                           {refused, &connectors.Error{Kind: connectors.KindNotFound, Code: "30"}, writes.Rejected},
		"what stands before the source has no such page": {refused, &connectors.Error{Kind: connectors.KindNotFound}, writes.Done},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			each(t, func(t *testing.T, kind string, v *vendor, _ *writes.Memory, w *world) {
				v.tune(func(v *vendor) {
					v.fates, v.err = []fate{tt.fate}, tt.err
				})
				key := "k"
				if res := w.do(kind, writes.Request{Key: &key}); res.Outcome != writes.Rejected {
					t.Fatalf("%+v", res)
				}
				if res := w.do(kind, writes.Request{Key: &key}); res.Outcome != tt.after {
					t.Errorf("again: %+v", res)
				}
			})
		})
	}
}

// A caller that gives up gets an unknown outcome, and the write goes on.
func TestCallerGivesUp(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, kind string, v *vendor, _ *writes.Memory, w *world) {
		v.tune(func(v *vendor) { v.fates = []fate{tooMany} })
		ctx, cancel := contextWithTimeout(t, 900*time.Millisecond)
		defer cancel()
		key := "k"
		began := time.Now()
		res, err := kinds[kind].do(ctx, w, writes.Request{Source: "ws", Key: &key})
		if err != nil || res.Outcome != writes.Unknown || time.Since(began) >= 900*time.Millisecond {
			t.Errorf("%+v, %v after %s", res, err, time.Since(began))
		}
		if res := w.do(kind, writes.Request{Key: &key}); res.Outcome != writes.Done || v.holds(kinds[kind].collection, kinds[kind].name) != 1 {
			t.Errorf("then %+v", res)
		}
	})
}

// The fields of one mutation run in their order: while one goes on without its caller, the next is not sent.
func TestCallerGivesUpBeforeTheNextField(t *testing.T) {
	t.Parallel()
	for name, within := range map[string]time.Duration{"gone": time.Hour, "out of time": 10 * time.Second} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			each(t, func(t *testing.T, kind string, v *vendor, _ *writes.Memory, w *world) {
				ctx, cancel := contextWithTimeout(t, within)
				defer cancel()
				v.tune(func(v *vendor) {
					v.turn = func(_ context.Context, op string) {
						if op == "write" {
							time.AfterFunc(10*time.Second, cancel)
							time.Sleep(20 * time.Second)
						}
					}
				})
				for suffix, want := range []writes.Outcome{writes.Unknown, writes.Rejected} {
					next := *w
					next.suffix = fmt.Sprint(suffix)
					if res, err := kinds[kind].do(ctx, &next, writes.Request{Source: "ws"}); res.Outcome != want || err != nil {
						t.Errorf("field %d: %+v, %v", suffix, res, err)
					}
				}
				time.Sleep(time.Minute)
				for suffix, want := range []int{1, 0} {
					if n := v.holds(kinds[kind].collection, nameOf(kind, fmt.Sprint(suffix))); n != want {
						t.Errorf("field %d: there are %d, want %d", suffix, n, want)
					}
				}
			})
		})
	}
}

func TestDryRun(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, kind string, v *vendor, _ *writes.Memory, w *world) {
		res := w.do(kind, writes.Request{DryRun: true})
		if res.Outcome != writes.Checked || !strings.Contains(string(res.WouldSend), `"name":"`+kinds[kind].name+`"`) || v.calls() != 0 {
			t.Errorf("%+v %s after %d calls", res, res.WouldSend, v.calls())
		}
		made := w.do(kind, writes.Request{})
		if res := w.do(kind, writes.Request{DryRun: true}); res.Outcome != writes.AlreadyDone || *res.Ref != *made.Ref {
			t.Errorf("when it is there: %+v", res)
		}
	})
}

func TestAudit(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, kind string, v *vendor, _ *writes.Memory, w *world) {
		key := "person@canary.example"
		res := w.do(kind, writes.Request{Key: &key, Caller: "frontend", Method: "key"})
		v.tune(func(v *vendor) { v.fates = []fate{cutBefore} })
		line := w.log.String()
		for _, want := range []string{"write.field=" + kind, "write.source=ws", "write.caller=frontend", "write.outcome=DONE", "write.id=" + res.Ref.String(), "write.key="} {
			if !strings.Contains(line, want) {
				t.Errorf("%q is not in %s", want, line)
			}
		}
		if strings.Count(line, "\n") != 1 || strings.Contains(line, "canary") || strings.Contains(line, kinds[kind].name) {
			t.Errorf("the log has %s", line)
		}
	})
	synctest.Test(t, func(t *testing.T) {
		w, stop := newWorld(t, newVendor(), nil, func(o *writes.Options) { o.AuditValues = true })
		defer stop()
		w.do("createTeam", writes.Request{})
		if !strings.Contains(w.log.String(), "New  team") {
			t.Errorf("no values in %s", w.log)
		}
	})
}
