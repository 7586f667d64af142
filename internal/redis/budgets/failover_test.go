package budgets_test

import (
	"context"
	"fmt"
	"sync"
	"testing"

	"roster/connectors/limit"
	"roster/internal/redis"
	"roster/internal/redis/redistest"
)

// callers has three replicas call a vendor until the test ends, or what it returns is called.
func (s *site) callers(t *testing.T, opt redis.Options) (replicas []replica, stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	var calling sync.WaitGroup
	stop = sync.OnceFunc(func() {
		cancel()
		calling.Wait()
	})
	for range 3 {
		replicas = append(replicas, open(t, opt))
	}
	t.Cleanup(stop)
	for _, r := range replicas {
		redistest.Await(t, func() bool { return r.Agreed() == 3 }, "three replicas share the limits")
	}
	for i, r := range replicas {
		calling.Go(func() { s.load(ctx, fmt.Sprint("replica", i), limit.New(r), 2) })
	}
	return replicas, stop
}

// The node that has the budgets gives its place to its replica, which then dies: what it had counted last may be lost with it.
func TestLimitsHoldWhileAClusterFailsOver(t *testing.T) {
	t.Parallel()
	c := redistest.StartCluster(t)
	s := newSite(t)
	replicas, stop := s.callers(t, redis.Options{Addrs: c.Addrs()})
	_, owner := c.Owner("{budgets}")
	s.more(t, 5)
	c.FailOver(owner)
	s.more(t, 8)
	c.Replicas[owner].Kill()
	c.Masters[owner].AwaitMaster()
	s.more(t, 8)
	redistest.Connected(t, true, clients(replicas)...)
	s.more(t, 8)
	stop()
	s.fair(t)
}

func TestLimitsHoldWhileASlotMoves(t *testing.T) {
	t.Parallel()
	c := redistest.StartCluster(t)
	s := newSite(t)
	replicas, stop := s.callers(t, redis.Options{Addrs: c.Addrs()})
	slot, owner := c.Owner("{budgets}")
	s.more(t, 5)
	c.MoveSlot(slot, owner, (owner+1)%3)
	s.more(t, 8)
	redistest.Connected(t, true, clients(replicas)...)
	s.more(t, 5)
	stop()
	s.fair(t)
}

func TestLimitsHoldWhileSentinelsFailOver(t *testing.T) {
	t.Parallel()
	server := redistest.StartSentinel(t)
	s := newSite(t)
	replicas, stop := s.callers(t, redis.Options{Addrs: []string{server.Watch.Addr}, MasterName: redistest.MasterName})
	s.more(t, 5)
	server.Master.Kill()
	server.Replica.AwaitMaster()
	s.more(t, 8)
	redistest.Connected(t, true, clients(replicas)...)
	s.more(t, 8)
	stop()
	s.fair(t)
}

func clients(replicas []replica) (all []*redis.Client) {
	for _, r := range replicas {
		all = append(all, r.client)
	}
	return all
}
