package redis_test

import (
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"roster/connectors"
	"roster/connectors/limit"
	"roster/internal/redis/redistest"
	"roster/internal/snapshot"
	"roster/internal/snapshot/snapshottest"
)

// raw is a connection to a server beside the tier's.
func raw(t *testing.T, server *redistest.Server) *redis.Client {
	t.Helper()
	client := redis.NewClient(&redis.Options{Addr: server.Addr, Protocol: 2})
	t.Cleanup(func() { _ = client.Close() })
	return client
}

// of gives the only key that ends so.
func of(t *testing.T, client *redis.Client, end string) string {
	t.Helper()
	keys, err := client.Keys(t.Context(), "*"+end).Result()
	if err != nil || len(keys) != 1 {
		t.Fatalf("the keys that end with %s are %v, %v", end, keys, err)
	}
	return keys[0]
}

// now is Redis's clock, in microseconds.
func now(t *testing.T, client *redis.Client) int64 {
	t.Helper()
	at, err := client.Time(t.Context()).Result()
	if err != nil {
		t.Fatal(err)
	}
	return at.UnixMicro()
}

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

// An earlier release may have stored that a source is to be left alone for a day. That is cut in Redis, once, to what the source is configured for; it can
// be forced, and goes with the cache.
func TestStoredPausesAreCut(t *testing.T) {
	t.Parallel()
	for name, tt := range cuts {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := redistest.Start(t)
			client, tier := raw(t, server), open(t, at(server))
			item := snapshottest.Item
			item.MaxPause = tt.configured
			day := time.Now().Add(24*time.Hour - time.Minute) // what is beyond a day counts as garbage
			fail := func(lease snapshot.Lease) {
				t.Helper()
				err := lease.Fail(t.Context(), snapshot.Failure{RetryAt: day, Floor: day,
					Err: &connectors.Error{Kind: connectors.KindRateLimited, RetryAfter: 24 * time.Hour, Blocked: tt.blocked}})
				if err != nil {
					t.Fatal(err)
				}
				lease.Release(t.Context())
			}
			fail(snapshottest.Acquire(t, tier, 0))
			before := now(t, client)
			if m := snapshottest.Stat(t, tier, item); m.Failure.RetryAt.IsZero() || m.Failure.Floor.After(m.Failure.RetryAt) {
				t.Errorf("the failure is %+v", m.Failure)
			}
			after := now(t, client)
			stored := func() (ends []int64) {
				for _, field := range []string{"retry", "floor"} {
					end, err := client.HGet(t.Context(), of(t, client, ":last"), field).Int64()
					if err != nil {
						t.Fatal(err)
					}
					ends = append(ends, end)
				}
				return ends
			}
			first := stored()
			for _, end := range first {
				if !between(end, before, after, tt.want) {
					t.Errorf("it ends %d us after the look, want %s", end-before, tt.want)
				}
			}
			if l, _, err := tier.Acquire(t.Context(), snapshot.LeaseRequest{Item: item, Urgent: true}); l != nil || err != nil {
				t.Errorf("it may be read: %v", err)
			}
			if again := stored(); again[0] != first[0] || again[1] != first[1] {
				t.Errorf("a second look moves its end from %v to %v", first, again)
			}
			l, _, err := tier.Acquire(t.Context(), snapshot.LeaseRequest{Item: item, Forced: true})
			if l == nil || err != nil {
				t.Fatalf("it may not be read by force: %v", err)
			}
			fail(l)
			if _, err := tier.Clear(t.Context(), item.Source); err != nil {
				t.Fatal(err)
			}
			if m := snapshottest.Stat(t, tier, item); !m.Failure.RetryAt.IsZero() {
				t.Errorf("emptied, and there is still %+v", m.Failure)
			}
		})
	}
}

// The same of what a budget's pause is.
func TestStoredPausesOfBudgetsAreCut(t *testing.T) {
	t.Parallel()
	for name, tt := range cuts {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := redistest.Start(t)
			client, tier := raw(t, server), open(t, at(server))
			ask := limit.Ask{ID: "call", Within: time.Second, Budgets: []connectors.Budget{{Key: "b", MaxPause: tt.configured, Source: "crm"}}}
			tier.Pause("b", limit.Pause{For: 24 * time.Hour, Blocked: tt.blocked, Status: 429, Source: "crm"})
			redistest.Await(t, func() bool { keys, _ := client.Keys(t.Context(), "*:pause").Result(); return len(keys) == 1 }, "the pause is stored")
			before := now(t, client)
			v := tier.Ask(t.Context(), ask)
			after := now(t, client)
			if v.Granted || v.Pause == nil || v.Pause.Blocked != tt.blocked {
				t.Fatalf("the verdict is %+v", v)
			}
			stored := func() int64 {
				text, err := client.Get(t.Context(), of(t, client, ":pause")).Result()
				if err != nil {
					t.Fatal(err)
				}
				end, err := strconv.ParseInt(strings.Fields(text)[0], 10, 64)
				if err != nil {
					t.Fatal(err)
				}
				return end
			}
			first := stored()
			if !between(first, before, after, tt.want) {
				t.Errorf("it ends %d us after it was asked for, want %s", first-before, tt.want)
			}
			if v := tier.Ask(t.Context(), ask); v.Granted || stored() != first {
				t.Errorf("a second time gives %+v and an end moved by %d us", v, stored()-first)
			}
		})
	}
}

// Clearing the cache of a source ends the pauses that keep its calls back, whoever was told, and no others.
func TestClearEndsPauses(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	client, tier := raw(t, server), open(t, at(server))
	for key, source := range map[string]string{"acme": "crm", "acme/route": "crm", "other": "crm2"} {
		tier.Pause(key, limit.Pause{For: time.Minute, Status: 429, Source: source})
	}
	known := func(pauses, names int) func() bool {
		return func() bool {
			keys, _ := client.Keys(t.Context(), "*:pause").Result()
			hash, _ := client.Keys(t.Context(), "*:paused").Result()
			if len(keys) != pauses || len(hash) != 1 {
				return false
			}
			n, _ := client.HLen(t.Context(), hash[0]).Result()
			return n == int64(names)
		}
	}
	redistest.Await(t, known(3, 3), "the pauses are stored")
	paused := func(key, source string) bool {
		t.Helper()
		return tier.Ask(t.Context(), limit.Ask{ID: key + source, Within: time.Second, Budgets: []connectors.Budget{{Key: key, Source: source}}}).Pause != nil
	}
	if !paused("acme", "another name for it") {
		t.Error("who shares the budget may call")
	}
	redistest.Await(t, known(3, 4), "it is known whom it keeps back")
	for _, step := range []struct {
		clear string
		left  string
	}{{"cr", "acme acme/route other"}, {"another name for it", "acme/route other"}, {"crm", "other"}, {"", ""}} {
		if _, err := tier.Clear(t.Context(), step.clear); err != nil {
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
