package redis_test

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
func (s *site) callers(t *testing.T, opt redis.Options) (tiers []*redis.Redis, stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	var calling sync.WaitGroup
	stop = sync.OnceFunc(func() {
		cancel()
		calling.Wait()
	})
	for range 3 {
		tiers = append(tiers, open(t, opt))
	}
	t.Cleanup(stop)
	for _, r := range tiers {
		redistest.Await(t, func() bool { return r.Agreed() == 3 }, "three replicas share the limits")
	}
	for i, r := range tiers {
		calling.Go(func() { s.load(ctx, fmt.Sprint("replica", i), limit.New(r), 2) })
	}
	return tiers, stop
}

// The node that has the budgets gives its place to its replica, which then dies: what it had counted last may be lost with it.
func TestLimitsHoldWhileAClusterFailsOver(t *testing.T) {
	t.Parallel()
	c := redistest.StartCluster(t)
	s := newSite(t)
	tiers, stop := s.callers(t, nodes(c))
	_, owner := c.Owner("{budgets}")
	s.more(t, 5)
	c.FailOver(owner)
	s.more(t, 8)
	c.Replicas[owner].Kill()
	c.Masters[owner].AwaitMaster()
	s.more(t, 8)
	connected(t, true, tiers...)
	s.more(t, 8)
	stop()
	s.fair(t)
}

func TestLimitsHoldWhileASlotMoves(t *testing.T) {
	t.Parallel()
	c := redistest.StartCluster(t)
	s := newSite(t)
	tiers, stop := s.callers(t, nodes(c))
	slot, owner := c.Owner("{budgets}")
	s.more(t, 5)
	c.MoveSlot(slot, owner, (owner+1)%3)
	s.more(t, 8)
	connected(t, true, tiers...)
	s.more(t, 5)
	stop()
	s.fair(t)
}

func TestLimitsHoldWhileSentinelsFailOver(t *testing.T) {
	t.Parallel()
	server := redistest.StartSentinel(t)
	s := newSite(t)
	tiers, stop := s.callers(t, watched(server))
	s.more(t, 5)
	server.Master.Kill()
	server.Replica.AwaitMaster()
	s.more(t, 8)
	connected(t, true, tiers...)
	s.more(t, 8)
	stop()
	s.fair(t)
}
