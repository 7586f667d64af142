package snapshots_test

import (
	"fmt"
	"testing"

	"roster/connectors"
	"roster/internal/redis"
	"roster/internal/redis/redistest"
	"roster/internal/snapshot"
	"roster/internal/snapshot/snapshottest"
)

// A Cluster that moves a slot with all that lies in it, has a replica take a master's place, and then loses a master, costs no answer.
func TestClusterMovesUnderLoad(t *testing.T) {
	t.Parallel()
	c := redistest.StartCluster(t)
	src := snapshottest.NewSource("a", snapshottest.Numbered(40)...)
	stores, ks := crew(t, src, func(int) redis.Options { return redis.Options{Addrs: c.Addrs()} })
	want := fmt.Sprint(snapshottest.Numbered(40))
	snapshottest.Settled(t, "fresh"+want, "a", ks...)
	slot, owner := c.Owner("{a:f:accounts}")
	stop := load(t, want, "a", ks...)
	reads, took := accountReads(src, func() {
		src.More(t, 1)
		c.MoveSlot(slot, owner, (owner+1)%3)
		src.More(t, 2)
		c.FailOver((owner + 1) % 3)
		src.More(t, 2)
		c.Replicas[(owner+1)%3].Kill()
		src.More(t, 2)
	})
	if n := stop(); n < 100 {
		t.Errorf("only %d answers", n)
	}
	withinLimits(t, reads, took)
	connected(t, true, stores...)
	snapshottest.Settled(t, "fresh"+want, "a", ks...)
}

// Whether all of a Cluster is there is judged by the items that a keeper has now, and not by those that it had at first.
func TestClusterIsJudgedByTheLatestItems(t *testing.T) {
	t.Parallel()
	c := redistest.StartCluster(t)
	r := open(t, redis.Options{Addrs: c.Addrs()})
	item := func(source string) snapshot.StoreKey {
		return snapshot.StoreKey{Key: snapshottest.Key(source, connectors.Accounts), Fingerprint: "f"}
	}
	owner := func(source string) int {
		_, master := c.Owner("{" + source + ":f:accounts}")
		return master
	}
	_, replicas := c.Owner("replicas")
	var near, far string // beside the list of replicas, and elsewhere
	for i := 0; near == "" || far == ""; i++ {
		if name := fmt.Sprint("s", i); owner(name) == replicas {
			near = name
		} else {
			far = name
		}
	}
	look := func(sources ...string) error {
		var items []snapshot.StoreKey
		for _, s := range sources {
			items = append(items, item(s))
		}
		_, err := r.Stat(t.Context(), items)
		return err
	}
	for _, sources := range [][]string{{near}, {near, far}, {near}} { // at the start; after a reload; one of them alone
		if err := look(sources...); err != nil {
			t.Fatal(err)
		}
	}
	lost := owner(far)
	c.Masters[lost].Kill()
	c.Replicas[lost].Kill()
	redistest.Await(t, func() bool { return look(near, far) != nil && !r.Membership().Connected }, "a part of the Cluster is away")
	if err := r.Probe(t.Context()); err == nil {
		t.Error("a Cluster that lacks what the new source is kept by is taken for whole")
	}
}

func TestSentinelFailsOverUnderLoad(t *testing.T) {
	t.Parallel()
	s := redistest.StartSentinel(t)
	src := snapshottest.NewSource("a", snapshottest.Numbered(40)...)
	stores, ks := crew(t, src, func(int) redis.Options {
		return redis.Options{Addrs: []string{s.Watch.Addr}, MasterName: redistest.MasterName}
	})
	want := fmt.Sprint(snapshottest.Numbered(40))
	snapshottest.Settled(t, "fresh"+want, "a", ks...)
	stop := load(t, want, "a", ks...)
	reads, took := accountReads(src, func() {
		src.More(t, 1)
		s.Master.Kill()
		s.Replica.AwaitMaster()
		src.More(t, 1)
		connected(t, true, stores...)
		src.More(t, 2)
	})
	if n := stop(); n < 100 {
		t.Errorf("only %d answers", n)
	}
	withinLimits(t, reads, took)
	redistest.Await(t, func() bool {
		m := snapshottest.Stat(t, stores[0], snapshot.StoreKey{Key: snapshottest.Key("a", connectors.Accounts), Fingerprint: "f"})
		return m.Count == 40 && m.Complete
	}, "the new master has the snapshot")
}
