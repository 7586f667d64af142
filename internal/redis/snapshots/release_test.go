package snapshots_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"roster/connectors"
	"roster/internal/redis"
	"roster/internal/redis/redistest"
	"roster/internal/redis/snapshots"
	"roster/internal/snapshot"
	"roster/internal/snapshot/snapshottest"
)

// Two releases that encode records differently keep their data apart, and still do not read a source twice: the last reading and the lock
// are common to both.
func TestReleasesKeepTheirDataApart(t *testing.T) {
	t.Parallel()
	s := redistest.Start(t)
	src := snapshottest.NewSource("a", "1")
	k, stop := snapshottest.Keep(t, open(t, redistest.At(s)), nil, src.Open("f"))
	snapshottest.Settled(t, "fresh[1]", "a", k)
	redistest.Await(t, func() bool { // what is served is stored a little later
		return len(strings.Split(s.Must("KEYS", "*part:*"), "\n"))+len(strings.Split(s.Must("KEYS", "*manifest:*"), "\n")) == 6
	}, "both snapshots are stored")
	stop()
	// What the release with the other encoding would have written instead.
	mine, other := fmt.Sprint(snapshot.Encoding), fmt.Sprint(snapshot.Encoding+1)
	moved := map[string]string{}
	for _, name := range strings.Split(s.Must("KEYS", "*"), "\n") {
		to := strings.Replace(strings.Replace(name, "part:"+mine+":", "part:"+other+":", 1), "manifest:"+mine, "manifest:"+other, 1)
		if to != name {
			s.Must("RENAME", name, to)
			moved[to] = s.Must("GET", to)
		}
	}
	if len(moved) != 6 {
		t.Fatalf("moved %d keys", len(moved))
	}
	k, _ = snapshottest.Keep(t, open(t, redistest.At(s)), func(o *snapshot.Options) {
		o.Settings = map[snapshot.Key]snapshot.Settings{snapshottest.Key("a", connectors.Accounts): {MinInterval: 3 * time.Second}}
	}, src.Open("f"))
	snapshottest.Settled(t, "fresh[1]", "a", k)
	var gaps []time.Duration
	times := src.Times()
	for _, at := range times[1:] {
		gaps = append(gaps, at.Sub(times[0]))
	}
	if n := src.Count(connectors.Accounts); n != 2 || gaps[len(gaps)-1] < 2500*time.Millisecond {
		t.Errorf("read %d times, the last time after %v", n, gaps)
	}
	for name, value := range moved {
		if s.Must("GET", name) != value {
			t.Errorf("%s was changed", name)
		}
	}
}

// A replaced snapshot's parts go soon, and the new one's stay.
func TestOldPartsExpire(t *testing.T) {
	t.Parallel()
	s := redistest.Start(t)
	r := open(t, redistest.At(s))
	save := func(have int64, snap snapshot.Stored) int64 {
		lease := snapshottest.Acquire(t, r, have)
		defer lease.Release(t.Context())
		stamp, err := lease.Save(t.Context(), snap)
		if err != nil {
			t.Fatal(err)
		}
		return stamp
	}
	lives := func() (short, long int) {
		for _, name := range strings.Split(s.Must("KEYS", "*part:*"), "\n") {
			var ttl int
			if _, err := fmt.Sscan(s.Must("TTL", name), &ttl); err != nil || ttl < 0 {
				t.Fatalf("%s lives for %d s, %v", name, ttl, err)
			}
			if ttl < 300 {
				short++
			} else {
				long++
			}
		}
		return short, long
	}
	stamp := save(0, snapshottest.Stored("v1", time.Now(), true, "one", "two"))
	stamp = save(stamp, snapshottest.Stored("v2", time.Now(), true, "two", "three"))
	if short, long := lives(); short != 1 || long != 2 {
		t.Errorf("%d parts are to go, %d to stay", short, long)
	}
	for _, name := range strings.Split(s.Must("KEYS", "*part:*"), "\n") {
		s.Must("EXPIRE", name, "100")
	}
	unchanged := snapshottest.Stored("v2", time.Now(), true, "two", "three")
	unchanged.Encode = func() ([][]byte, error) {
		t.Error("encoded again what is there")
		return nil, nil
	}
	save(stamp, unchanged)
	if short, long := lives(); short != 1 || long != 2 {
		t.Errorf("after an unchanged reading %d parts are to go, %d to stay", short, long)
	}
}

func BenchmarkRedis(b *testing.B) {
	s := redistest.Start(b)
	r, err := redis.Open(redis.Options{URL: "redis://" + s.Addr})
	if err != nil {
		b.Fatal(err)
	}
	defer r.Close() //nolint:errcheck // it is over
	store := snapshots.New(r)
	done := make(chan struct{})
	ctx, cancel := context.WithCancel(b.Context())
	go func() {
		_ = r.Run(ctx)
		close(done)
	}()
	defer func() {
		cancel()
		<-done
	}()
	redistest.Await(b, func() bool { return r.Membership().Connected }, "connected")
	var records snapshot.Records
	for i := range 100_000 {
		id := fmt.Sprintf("%08d", i)
		records.Accounts = append(records.Accounts, connectors.Account{ID: id, Name: "Person " + id, FirstName: "Person", LastName: id, Active: true,
			Emails: []connectors.Email{{Address: "person." + id + "@example.com"}}, Phones: []connectors.Phone{{Raw: "+380 50 " + id, E164: "+38050" + id}},
			Teams: []connectors.TeamRef{{ID: id[6:], Name: "Team " + id[6:]}}, CreatedAt: time.Unix(1_600_000_000+int64(i)*977, 0).UTC()})
	}
	write := func(b *testing.B, n int) {
		snap := snapshottest.Stored(fmt.Sprint(n), time.Now(), true)
		snap.Count, snap.Rewrite = len(records.Accounts), true
		snap.Encode = func() ([][]byte, error) { return snapshot.Encode(connectors.Accounts, records) }
		if _, err := store.Put(b.Context(), snap); err != nil {
			b.Fatal(err)
		}
	}
	b.Run("to", func(b *testing.B) {
		b.ReportAllocs()
		for n := 0; b.Loop(); n++ {
			write(b, n)
		}
	})
	b.Run("from", func(b *testing.B) {
		write(b, -1)
		marks, err := store.Stat(b.Context(), []snapshot.StoreKey{snapshottest.Item})
		if err != nil {
			b.Fatal(err)
		}
		b.ReportAllocs()
		size := 0
		for b.Loop() {
			parts, err := store.Load(b.Context(), snapshottest.Item, marks[0].Meta)
			if err != nil {
				b.Fatal(err)
			}
			size = 0
			for _, p := range parts {
				size += len(p)
			}
			if _, err := snapshot.Decode(connectors.Accounts, parts, marks[0].Count); err != nil {
				b.Fatal(err)
			}
		}
		b.ReportMetric(float64(size), "bytes")
	})
}
