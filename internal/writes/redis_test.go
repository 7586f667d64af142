package writes_test

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"roster/connectors"
	"roster/internal/redis"
	"roster/internal/redis/redistest"
	rediswrites "roster/internal/redis/writes"
	"roster/internal/snapshot"
	"roster/internal/writes"
)

// A Redis at its maxmemory refuses new values: the write is refused before anything is sent, and existing values stay. If Redis fills up between the
// call and its answer, the caller gets the answer, and the key repeats it as soon as there is memory.
func TestRedisAtItsMaxmemory(t *testing.T) {
	t.Parallel()
	s := redistest.Start(t, "--maxmemory-policy", "noeviction")
	client, err := redis.Open(redis.Options{URL: "redis://" + s.Addr})
	if err != nil {
		t.Fatal(err)
	}
	store := rediswrites.New(client)
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	var running sync.WaitGroup
	running.Go(func() { _ = client.Run(ctx) })
	v := newVendor()
	v.settings = map[snapshot.Key]snapshot.Settings{{Source: "ws", Collection: connectors.Teams}: quick}
	w, stop := newWorld(t, v, store, func(o *writes.Options) { o.SettleAfter = 100 * time.Millisecond })
	t.Cleanup(func() {
		stop()
		cancel()
		running.Wait()
		_ = client.Close()
	})
	full := func(is bool) {
		limit := map[bool]string{true: "1", false: "0"}[is]
		s.Must("CONFIG", "SET", "maxmemory", limit)
	}
	team := func(ctx context.Context, key, name string) (writes.Result, error) {
		r := writes.Request{Source: "ws"}
		if key != "" {
			r.Key = &key
		}
		return w.writer.CreateTeam(ctx, r, writes.CreateTeam{Name: name})
	}
	kept := func() []string {
		names := strings.Fields(s.Must("KEYS", "*write:*"))
		slices.Sort(names)
		return names
	}
	first, err := team(t.Context(), "1", "One")
	if err != nil || first.Outcome != writes.Done {
		t.Fatalf("%+v, %v", first, err)
	}
	before := kept()
	full(true)
	for _, key := range []string{"", "2"} {
		res, err := team(t.Context(), key, "Two")
		if !errors.Is(err, writes.ErrUnavailable) || v.calls() != 1 {
			t.Errorf("full, key %q: %+v, %v after %d calls", key, res, err, v.calls())
		}
		if err != nil && (strings.Contains(err.Error(), "maxmemory") || strings.Contains(err.Error(), s.Addr)) {
			t.Errorf("the error holds Redis's own words: %v", err)
		}
	}
	if after := kept(); !slices.Equal(before, after) {
		t.Errorf("it holds %v, and held %v", after, before)
	}
	full(false)
	redistest.Await(t, func() bool {
		res, err := team(t.Context(), "2", "Two")
		return err == nil && res.Outcome == writes.Done
	}, "with room again, it is written")
	if again, err := team(t.Context(), "1", "One"); err != nil || again.Outcome != writes.Done || *again.Ref != *first.Ref {
		t.Errorf("the first key: %+v, %v", again, err)
	}

	stepping := writes.WithSteps(t.Context(), func(step string) {
		if step == "sent" {
			full(true)
		}
	})

	third, err := team(stepping, "3", "Three")
	if err != nil || third.Outcome != writes.Done {
		t.Errorf("full after the call: %+v, %v", third, err)
	}
	full(false)
	for _, name := range kept() { // locks could not be released, and expire after 15 s
		if left, err := strconv.Atoi(s.Must("PTTL", name)); err != nil || left < 16_000 {
			s.Must("DEL", name)
		}
	}
	redistest.Await(t, func() bool {
		again, err := team(t.Context(), "3", "Three")
		return err == nil && again.Outcome == writes.Done && *again.Ref == *third.Ref
	}, "the key gives the same answer")
	if n := v.holds(connectors.Teams, "Three"); n != 1 {
		t.Errorf("there are %d", n)
	}
}
