package redistest

import (
	"net"
	"testing"
)

// MasterName is the Sentinel's name of its master.
const MasterName = "roster"

// Sentinel is a master and its replica, watched by a Sentinel.
type Sentinel struct {
	Master, Replica, Watch *Server
}

// StartSentinel starts all three servers and waits until they know each other.
func StartSentinel(tb testing.TB) *Sentinel {
	tb.Helper()
	s := &Sentinel{Master: Start(tb)}
	host, port, _ := net.SplitHostPort(s.Master.Addr)
	s.Replica = Start(tb, "--replicaof", host+" "+port)
	s.Replica.awaitReplication(s.Master)
	s.Watch = launch(tb, "redis-sentinel", "sentinel monitor "+MasterName+" "+host+" "+port+" 1",
		"sentinel down-after-milliseconds "+MasterName+" 1000", "sentinel failover-timeout "+MasterName+" 3000")
	s.Watch.awaitReply("PONG", "PING")
	s.Watch.awaitReply("slaves=1", "INFO", "sentinel")
	return s
}
