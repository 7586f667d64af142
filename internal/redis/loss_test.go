package redis_test

import (
	"path/filepath"
	"testing"
	"time"

	"roster/connectors"
	"roster/internal/redis"
	"roster/internal/redis/redistest"
	"roster/internal/snapshot"
)

// What is held back travels with the snapshot, its times too, and the snapshot keeps its own: in every tier.
func TestLossTravelsWithTheSnapshot(t *testing.T) {
	t.Parallel()
	tiers(t, func(t *testing.T, a, b snapshot.Tier) {
		lease := claim(t, a, 0)
		s := stored("v1", time.Now().Add(-2*time.Hour), true, "one") // of the last reading that was believed
		s.Loss = &snapshot.Loss{Since: time.Now().Add(-time.Hour), At: time.Now(), Known: 441, Found: 12, Lost: 430}
		stamp, err := lease.Save(t.Context(), s)
		if err != nil {
			t.Fatal(err)
		}
		m := look(t, b, item)
		if m.Loss == nil || m.Stamp != stamp || m.Loss.Known != 441 || m.Loss.Found != 12 || m.Loss.Lost != 430 {
			t.Fatalf("the other sees %+v, %+v", m, m.Loss)
		}
		for what, off := range map[string]time.Duration{
			"the snapshot's reading": m.ReadAt.Sub(s.ReadAt), "its oldest records": m.Since.Sub(s.Since), "its last reading of everything": m.Full.Sub(s.Full),
			"the first loss": m.Loss.Since.Sub(s.Loss.Since), "the latest": m.Loss.At.Sub(s.Loss.At), "the beginning": m.Began().Sub(s.Began()),
		} {
			if off.Abs() > time.Second {
				t.Errorf("%s is %v off", what, off)
			}
		}
		lease.Release(t.Context())
		if l, _, err := b.Acquire(t.Context(), snapshot.LeaseRequest{Item: item, MaxAge: time.Minute}); l != nil || err != nil {
			t.Errorf("a reading that was just held back is to be taken, not made again: %v", err)
		}
		lease = claim(t, b, stamp)
		if _, err := lease.Save(t.Context(), stored("v2", time.Now(), true, "two")); err != nil {
			t.Fatal(err)
		}
		if m := look(t, a, item); m.Loss != nil || m.Version != "v2" {
			t.Errorf("after the next reading there is %+v", m)
		}
	})
}

// A check beside a process that has the directory reads what is there.
func TestLookDirBesideAProcess(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "cache")
	if marks := redis.LookDir(dir, []snapshot.Item{item}); len(marks) != 1 || marks[0].Stamp != 0 {
		t.Errorf("where there is no directory: %+v", marks)
	}
	k, _ := keepIn(t, dir, "", newSource("a", "1", "2"))
	settled(t, "fresh[1 2]", "a", k)
	of := snapshot.Item{Key: key("a", connectors.Accounts), Fingerprint: "f"}
	redistest.Await(t, func() bool { // it is stored after it is served
		marks := redis.LookDir(dir, []snapshot.Item{of})
		return marks[0].Count == 2 && marks[0].Complete
	}, "it sees what is stored")
}
