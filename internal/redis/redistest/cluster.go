package redistest

import (
	"fmt"
	"net"
	"strconv"
	"strings"
	"testing"
)

// Slots is the number of slots in a Cluster.
const Slots = 16384

// Cluster is three masters with one replica each.
type Cluster struct {
	Masters, Replicas [3]*Server
}

// StartCluster starts a Cluster and waits until it is ready.
func StartCluster(tb testing.TB) *Cluster {
	tb.Helper()
	c := &Cluster{}
	for _, nodes := range []*[3]*Server{&c.Masters, &c.Replicas} {
		for i := range nodes {
			nodes[i] = Start(tb, "--cluster-enabled", "yes", "--cluster-node-timeout", "1000", "--cluster-port", FreePort,
				"--cluster-replica-validity-factor", "0", "--cluster-require-full-coverage", "no")
		}
	}
	for i, m := range c.Masters {
		m.Must("CLUSTER", "ADDSLOTSRANGE", strconv.Itoa(i*Slots/3), strconv.Itoa((i+1)*Slots/3-1))
		m.Must("CLUSTER", "SET-CONFIG-EPOCH", strconv.Itoa(i+1))
	}
	for _, s := range append(c.Masters[1:], c.Replicas[:]...) {
		_, port, _ := net.SplitHostPort(s.Addr)
		bus := s.args[indexOf(s.args, "--cluster-port")+1]
		c.Masters[0].Must("CLUSTER", "MEET", "127.0.0.1", port, bus)
	}
	for i, r := range c.Replicas {
		id := c.Masters[i].Must("CLUSTER", "MYID")
		r.awaitReply("OK", "CLUSTER", "REPLICATE", id) // as soon as the replica knows its master
	}
	for i, r := range c.Replicas {
		r.awaitReplication(c.Masters[i])
		c.Masters[i].awaitReply("cluster_state:ok", "CLUSTER", "INFO")
		r.awaitReply("cluster_state:ok", "CLUSTER", "INFO")
	}
	return c
}

// Addrs returns the addresses of the masters.
func (c *Cluster) Addrs() []string {
	return []string{c.Masters[0].Addr, c.Masters[1].Addr, c.Masters[2].Addr}
}

// FailOver makes a master's replica the new master.
func (c *Cluster) FailOver(i int) {
	c.Replicas[i].Must("CLUSTER", "FAILOVER")
	c.Replicas[i].awaitReply("role:master", "INFO", "replication")
	c.Masters[i].awaitReply("role:slave", "INFO", "replication")
}

// Owner returns the slot of a key and the master that owns it.
func (c *Cluster) Owner(key string) (slot, master int) {
	slot, _ = strconv.Atoi(c.Masters[0].Must("CLUSTER", "KEYSLOT", key))
	return slot, slot * 3 / Slots
}

// MoveSlot moves a slot with all its keys to another master.
func (c *Cluster) MoveSlot(slot, from, to int) {
	source, target := c.Masters[from], c.Masters[to]
	name := strconv.Itoa(slot)
	sourceID, targetID := source.Must("CLUSTER", "MYID"), target.Must("CLUSTER", "MYID")
	target.Must("CLUSTER", "SETSLOT", name, "IMPORTING", sourceID)
	source.Must("CLUSTER", "SETSLOT", name, "MIGRATING", targetID)
	host, port, _ := net.SplitHostPort(target.Addr)
	for {
		keys := source.Must("CLUSTER", "GETKEYSINSLOT", name, "100")
		if keys == "" {
			break
		}
		for key := range strings.SplitSeq(keys, "\n") {
			source.Must("MIGRATE", host, port, key, "0", "5000")
		}
	}
	for _, s := range []*Server{target, source, c.Masters[3-from-to]} {
		s.Must("CLUSTER", "SETSLOT", name, "NODE", targetID)
	}
}

func indexOf(args []string, want string) int {
	for i, a := range args {
		if a == want {
			return i
		}
	}
	panic(fmt.Sprintf("%s is not among the arguments", want))
}
