package shared_test

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"roster/internal/limit"
	"roster/internal/shared"
	"roster/internal/shared/redistest"
)

// callers has three replicas call a vendor until the test ends, or what it returns is called. The first replica's log is given.
func (s *site) callers(t *testing.T, opt shared.Options) (tiers []*shared.Redis, log *lines, stop func()) {
	t.Helper()
	log = new(lines)
	ctx, cancel := context.WithCancel(t.Context())
	var calling sync.WaitGroup
	stop = sync.OnceFunc(func() {
		cancel()
		calling.Wait()
	})
	for i := range 3 {
		o := opt
		if i == 0 {
			o.Logger = slog.New(log)
		}
		tiers = append(tiers, open(t, o))
	}
	t.Cleanup(stop)
	for _, r := range tiers {
		redistest.Await(t, func() bool { return r.Agreed() == 3 }, "three replicas share the limits")
	}
	for i, r := range tiers {
		calling.Go(func() { s.load(ctx, fmt.Sprint("replica", i), limit.New(r), 2) })
	}
	return tiers, log, stop
}

// The node that has the budgets gives its place to its replica, which then dies: what it had counted last may be lost with it.
func TestLimitsHoldWhileAClusterFailsOver(t *testing.T) {
	t.Parallel()
	c := redistest.StartCluster(t)
	s := newSite(t)
	tiers, _, stop := s.callers(t, nodes(c))
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
	tiers, _, stop := s.callers(t, nodes(c))
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
	redis := redistest.StartSentinel(t)
	s := newSite(t)
	tiers, _, stop := s.callers(t, watched(redis))
	s.more(t, 5)
	redis.Master.Kill()
	redis.Replica.AwaitMaster()
	s.more(t, 8)
	connected(t, true, tiers...)
	s.more(t, 8)
	stop()
	s.fair(t)
}

// A Cluster that lacks nothing but what all replicas need counts as away until it has that again, and is not found and lost by turns.
func TestAClusterThatLacksOneSlotIsAway(t *testing.T) {
	t.Parallel()
	for name, key := range map[string]string{"budgets": "{budgets}", "replicas": "roster:replicas"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := redistest.StartCluster(t)
			s := newSite(t)
			tiers, log, stop := s.callers(t, nodes(c))
			slot, owner := c.Owner(key)
			s.more(t, 5)
			c.DropSlot(slot, owner)
			connected(t, false, tiers...)
			s.more(t, 10)
			connected(t, false, tiers...)
			c.TakeSlot(slot, owner)
			connected(t, true, tiers...)
			s.more(t, 8)
			stop()
			s.fair(t)
			var said []string
			for _, line := range log.all() {
				said = append(said, strings.Join(strings.Fields(line)[:4], " "))
			}
			if diff := cmp.Diff([]string{"INFO redis is there:", "WARN redis is away:", "INFO redis is there:"}, said); diff != "" {
				t.Errorf("the log (-want +got):\n%s", diff)
			}
		})
	}
}
