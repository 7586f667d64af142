package budgets_test

import (
	"strconv"
	"strings"
	"testing"
	"time"

	"roster/connectors"
	"roster/connectors/limit"
	"roster/internal/redis/redistest"
)

// cuts are what is left of a pause of a day, by what the source is configured for.
var cuts = map[string]struct {
	blocked    bool
	configured time.Duration
	want       time.Duration
}{
	"a pause":                            {false, 0, connectors.MaxPause},
	"a pause, for a source with a bound": {false, time.Minute, time.Minute},
	"a bound above the most":             {false, time.Hour, connectors.MaxPause},
	"a block":                            {true, time.Minute, time.Hour},
}

// between says whether a time lies so long after an instant between two, in microseconds.
func between(at, before, after int64, want time.Duration) bool {
	return at >= before+want.Microseconds() && at <= after+want.Microseconds()
}

// An earlier release may have stored that a source is to be left alone for a day. That is cut in Redis, once, to what the source is configured for.
func TestStoredPausesOfBudgetsAreCut(t *testing.T) {
	t.Parallel()
	for name, tt := range cuts {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := redistest.Start(t)
			store := openEvery(t, redistest.At(server), 0)
			ask := limit.Request{ID: "call", Within: time.Second, Budgets: []connectors.Budget{{Key: "b", MaxPause: tt.configured, Source: "crm"}}}
			store.Pause("b", limit.Pause{For: 24 * time.Hour, Blocked: tt.blocked, Status: 429, Source: "crm"})
			redistest.Await(t, func() bool { return server.Must("KEYS", "*:pause") != "" }, "the pause is stored")
			before := server.Time()
			v := store.Acquire(t.Context(), ask)
			after := server.Time()
			if v.Granted || v.Pause == nil || v.Pause.Blocked != tt.blocked {
				t.Fatalf("the verdict is %+v", v)
			}
			stored := func() int64 {
				end, err := strconv.ParseInt(strings.Fields(server.Must("GET", server.Key(":pause")))[0], 10, 64)
				if err != nil {
					t.Fatal(err)
				}
				return end
			}
			first := stored()
			if !between(first, before, after, tt.want) {
				t.Errorf("it ends %d us after it was asked for, want %s", first-before, tt.want)
			}
			if v := store.Acquire(t.Context(), ask); v.Granted || stored() != first {
				t.Errorf("a second time gives %+v and an end moved by %d us", v, stored()-first)
			}
		})
	}
}

// Clearing the cache of a source ends the pauses that keep its calls back, whoever was told, and no others.
func TestClearEndsPauses(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	store := openEvery(t, redistest.At(server), 0)
	for key, source := range map[string]string{"acme": "crm", "acme/route": "crm", "other": "crm2"} {
		store.Pause(key, limit.Pause{For: time.Minute, Status: 429, Source: source})
	}
	known := func(pauses, names int) func() bool {
		return func() bool {
			keys, hash := strings.Fields(server.Must("KEYS", "*:pause")), strings.Fields(server.Must("KEYS", "*:paused"))
			return len(keys) == pauses && len(hash) == 1 && server.Must("HLEN", hash[0]) == strconv.Itoa(names)
		}
	}
	redistest.Await(t, known(3, 3), "the pauses are stored")
	paused := func(key, source string) bool {
		t.Helper()
		return store.Acquire(t.Context(), limit.Request{ID: key + source, Within: time.Second, Budgets: []connectors.Budget{{Key: key, Source: source}}}).Pause != nil
	}
	if !paused("acme", "another name for it") {
		t.Error("who shares the budget may call")
	}
	redistest.Await(t, known(3, 4), "it is known whom it keeps back")
	for _, step := range []struct {
		clear string
		left  string
	}{{"cr", "acme acme/route other"}, {"another name for it", "acme/route other"}, {"crm", "other"}, {"", ""}} {
		if _, err := store.Clear(t.Context(), step.clear); err != nil {
			t.Fatal(err)
		}
		var left []string
		for _, key := range []string{"acme", "acme/route", "other"} {
			if paused(key, "") {
				left = append(left, key)
			}
		}
		if got := strings.Join(left, " "); got != step.left {
			t.Errorf("after clearing %q, %q are paused, want %q", step.clear, got, step.left)
		}
	}
}
