//go:build unix

package snapshots_test

import (
	"syscall"
	"testing"

	"roster/connectors"
	"roster/internal/redis/redistest"
	"roster/internal/snapshot"
	"roster/internal/snapshot/snapshottest"
)

// A replica that is stopped in the middle of a reading, and goes on when another has read, does not put its older data in the place of the
// newer.
func TestSleeperDoesNotReplaceWhatIsNewer(t *testing.T) {
	t.Parallel()
	s := redistest.Start(t)
	asked, answer := make(chan struct{}), make(chan struct{})
	_, url := serveSource(t, func(path string, n int) []string {
		if path == "/accounts" && n == 1 {
			close(asked)
			<-answer
			return []string{"1"}
		}
		return []string{"1", "2"}
	})
	sleeper := start(t, "redis://"+s.Addr, url)
	<-asked
	sleeper.signal(syscall.SIGSTOP)
	close(answer)
	other := start(t, "redis://"+s.Addr, url)
	if got := other.says(); got != "fresh[1 2] 2" {
		t.Errorf("the other: %s", got)
	}
	store := open(t, redistest.At(s))
	i := snapshot.StoreKey{Key: snapshottest.Key("a", connectors.Accounts), Fingerprint: "f"}
	var before snapshot.Info
	redistest.Await(t, func() bool { // the other answers before it has stored what it has read
		before = snapshottest.Stat(t, store, i)
		return before.Stamp != 0
	}, "the other has stored it")
	sleeper.signal(syscall.SIGCONT)
	sleeper.says()
	redistest.Await(t, func() bool { return sleeper.again() == "fresh[1 2] 2" }, "the sleeper has the newer data")
	if after := snapshottest.Stat(t, store, i); after.Stamp != before.Stamp || after.Count != 2 {
		t.Errorf("Redis had %+v, and has %+v", before.Meta, after.Meta)
	}
	if got := other.again(); got != "fresh[1 2] 2" {
		t.Errorf("the other: %s", got)
	}
}
