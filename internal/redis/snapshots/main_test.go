package snapshots_test

import (
	"flag"
	"os"
	"testing"

	"go.uber.org/goleak"

	"roster/internal/redis"
	"roster/internal/redis/redistest"
	"roster/internal/redis/snapshots"
)

func TestMain(m *testing.M) {
	if os.Getenv(replicaEnv) != "" {
		os.Exit(runReplica())
	}
	flag.Parse()
	_ = flag.Set("test.parallel", "8") // they wait more than they work
	goleak.VerifyTestMain(m, redistest.Leaks()...)
}

// replica is a store and its client.
type replica struct {
	*snapshots.Store
	client *redis.Client
}

// open returns a replica that runs until the test ends, and is connected.
func open(t *testing.T, opt redis.Options) replica {
	t.Helper()
	r := running(t, opt)
	redistest.Connected(t, true, r.client)
	return r
}

// running returns a replica that runs until the test ends.
func running(t *testing.T, opt redis.Options) replica {
	t.Helper()
	client := redistest.Open(t, opt)
	store := snapshots.New(client)
	redistest.Run(t, client)
	return replica{store, client}
}

// connected waits until the replicas know that Redis is available, or not.
func connected(t *testing.T, want bool, replicas ...replica) {
	t.Helper()
	for _, r := range replicas {
		redistest.Connected(t, want, r.client)
	}
}
