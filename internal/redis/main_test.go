package redis_test

import (
	"context"
	"flag"
	"sync/atomic"
	"testing"

	"go.uber.org/goleak"

	"roster/connectors"
	"roster/internal/redis"
	"roster/internal/redis/budgets"
	"roster/internal/redis/callers"
	"roster/internal/redis/changes"
	"roster/internal/redis/documents"
	"roster/internal/redis/presence"
	"roster/internal/redis/redistest"
	"roster/internal/redis/snapshots"
	"roster/internal/snapshot"
	"roster/internal/snapshot/snapshottest"
)

func TestMain(m *testing.M) {
	flag.Parse()
	_ = flag.Set("test.parallel", "8") // they wait more than they work
	goleak.VerifyTestMain(m, redistest.Leaks()...)
}

// replica is a client and what adapts it to its consumers.
type replica struct {
	client    *redis.Client
	snapshots *snapshots.Store
	presence  *presence.Store
	budgets   *budgets.Budgets
	callers   *callers.Store
	documents *documents.Store
	changes   *changes.Log
}

// running returns a replica that runs until the test ends.
func running(t *testing.T, opt redis.Options) *replica {
	t.Helper()
	return runningWith(t, redistest.Open(t, opt))
}

// runningWith is running with a client that does not run yet.
func runningWith(t *testing.T, c *redis.Client) *replica {
	t.Helper()
	r := &replica{c, snapshots.New(c), presence.New(c), budgets.New(c, 0), callers.New(c), documents.New(c), changes.New(c)}
	redistest.Run(t, c)
	return r
}

// crew is three replicas that fetch from one source, all connected.
func crew(t *testing.T, src *snapshottest.Source, opt redis.Options) ([]*replica, []*snapshot.Keeper) {
	t.Helper()
	var replicas []*replica
	var ks []*snapshot.Keeper
	for range 3 {
		replicas = append(replicas, running(t, opt))
	}
	for _, r := range replicas {
		redistest.Await(t, func() bool { return r.client.Membership().Size == 3 }, "three replicas know of each other")
		k, _ := snapshottest.Keep(t, r.snapshots, snapshottest.Brisk, src.Open("f"))
		ks = append(ks, k)
	}
	return replicas, ks
}

// everyoneIn is a source that says that everyone is online, and counts the calls.
type everyoneIn struct{ asked *atomic.Int64 }

func (everyoneIn) MaxIDs() int { return 100 }

func (e everyoneIn) Presence(_ context.Context, ids []string) (map[string]connectors.Presence, error) {
	e.asked.Add(1)
	of := make(map[string]connectors.Presence)
	for _, id := range ids {
		of[id] = connectors.Presence{State: connectors.PresenceOnline}
	}
	return of, nil
}
