package redistest

import (
	"net"
	"testing"
)

// MasterName is what the Sentinel calls its master.
const MasterName = "roster"

// Sentinel is a master and its replica with a Sentinel that watches over them.
type Sentinel struct {
	Master, Replica, Watch *Server
}

// StartSentinel starts all three and waits until they know each other.
func StartSentinel(tb testing.TB) *Sentinel {
	tb.Helper()
	s := &Sentinel{Master: Start(tb)}
	host, port, _ := net.SplitHostPort(s.Master.Addr)
	s.Replica = Start(tb, "--replicaof", host+" "+port)
	s.Replica.await("master_link_status:up", "INFO", "replication")
	s.Watch = launch(tb, "redis-sentinel", "sentinel monitor "+MasterName+" "+host+" "+port+" 1",
		"sentinel down-after-milliseconds "+MasterName+" 1000", "sentinel failover-timeout "+MasterName+" 3000")
	s.Watch.await("PONG", "PING")
	s.Watch.await("slaves=1", "INFO", "sentinel")
	return s
}
