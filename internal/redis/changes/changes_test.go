package changes_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"roster/internal/changes"
	"roster/internal/redis"
	"roster/internal/redis/redistest"
	"roster/internal/redis/snapshots"
	"roster/internal/seal"
	"roster/internal/snapshot/snapshottest"
)

func expect(t *testing.T, e *changes.Event, want string) {
	t.Helper()
	if got := brief(e); got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

// All replicas tell the same changes with the same cursors, and one of them writes. When it stops, another one goes on where it was, and nothing is missing.
func TestReplicasTellOneLog(t *testing.T) {
	t.Parallel()
	for name, opt := range map[string]func() redis.Options{
		"single": func() redis.Options { return redistest.At(redistest.Start(t)) },
		"cluster": func() redis.Options {
			return redis.Options{Addrs: redistest.StartCluster(t).Addrs(), CallTimeout: 10 * time.Second, DialTimeout: 10 * time.Second}
		},
	} {
		o := opt()
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			src := snapshottest.NewSource("a", "1")
			replicas := []*replica{start(t, o, plenty, src), start(t, o, plenty, src), start(t, o, plenty, src)}
			redistest.Await(t, func() bool { return writers(replicas...) == 1 }, "one replica writes")
			readers := make([]*changes.Reader, len(replicas))
			var from string
			for i, r := range replicas {
				redistest.Await(t, func() bool { return r.Stats().Length > 0 }, "replica %d has the first fetch", i)
				readers[i] = reader(t, r, from)
				from = r.Cursor()
			}
			tell := func(want string, of ...int) (cursor string) {
				t.Helper()
				for _, i := range of {
					e := next(t, readers[i])
					expect(t, e, want)
					if cursor == "" {
						cursor = e.Cursor
					} else if e.Cursor != cursor {
						t.Errorf("replica %d: cursor %s, want %s", i, e.Cursor, cursor)
					}
				}
				return cursor
			}
			src.Set("1", "2")
			second := tell("User added Person 2", 0, 1, 2)
			src.Set("2")
			tell("User removed Person 1", 0, 1, 2)
			w := slices.IndexFunc(replicas, func(r *replica) bool { return r.Stats().Writer })
			others := slices.DeleteFunc([]int{0, 1, 2}, func(i int) bool { return i == w })
			replicas[w].stop()
			src.Set("2", "3")
			tell("User added Person 3", others...)
			redistest.Await(t, func() bool { return writers(replicas[others[0]], replicas[others[1]]) == 1 }, "one of the others writes")
			late := reader(t, start(t, o, plenty, src), second) // one that starts later has what came before
			for _, want := range []string{"User removed Person 1", "User added Person 3"} {
				expect(t, next(t, late), want)
			}
		})
	}
}

// A cursor survives the restart of all replicas. If nothing was fetched in between, nothing is told; otherwise the source is read anew.
func TestRestart(t *testing.T) {
	t.Parallel()
	opt, src := redistest.At(redistest.Start(t)), snapshottest.NewSource("a", "1")
	first := start(t, opt, plenty, src)
	redistest.Await(t, func() bool { return first.Stats().Length > 0 }, "the first fetch is told")
	cursor := first.Cursor()
	first.stop()
	second := start(t, opt, plenty, src)
	in := reader(t, second, cursor)
	redistest.Await(t, func() bool { return second.Stats().Writer }, "the replica writes")
	src.Set("1", "2")
	expect(t, next(t, in), "User added Person 2") // and nothing before
	cursor = second.Cursor()
	second.stop()

	// A replica that fetches and ends before anybody compares.
	src.Set("1", "2", "3")
	client := redistest.Open(t, opt)
	store := snapshots.New(client)
	redistest.Run(t, client)
	keeper, end := snapshottest.Keep(t, store, snapshottest.Brisk, src.Open("f"))
	snapshottest.Settled(t, "fresh[1 2 3]", "a", keeper)
	end()
	expect(t, next(t, reader(t, start(t, opt, plenty, src), cursor)), "Source updated a reset")
}

// Whoever flushes Redis ends the log: its cursors expire, and so do its readers.
func TestFlushedRedis(t *testing.T) {
	t.Parallel()
	s, src := redistest.Start(t), snapshottest.NewSource("a", "1")
	r := start(t, redistest.At(s), plenty, src)
	redistest.Await(t, func() bool { return r.Stats().Length > 0 }, "the first fetch is told")
	cursor := r.Cursor()
	in := reader(t, r, cursor)
	s.Must("FLUSHALL")
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	if e, err := in.Next(ctx, stateless); !errors.Is(err, changes.ErrExpired) {
		t.Errorf("a reader of before: %v, %v", e, err)
	}
	redistest.Await(t, func() bool { return r.Cursor() != cursor && r.Stats().Length > 0 }, "there is a log again")
	if _, err := r.Reader(cursor); !errors.Is(err, changes.ErrExpired) {
		t.Errorf("the cursor of before: %v", err)
	}
	now := reader(t, r, "")
	src.Set("1", "2")
	expect(t, next(t, now), "User added Person 2")
}

// While Redis is away, readers keep what they have. When it is back, they get what has changed meanwhile.
func TestRedisAway(t *testing.T) {
	t.Parallel()
	s, src := redistest.Start(t, "--appendonly", "yes", "--appendfsync", "always"), snapshottest.NewSource("a", "1")
	r := start(t, redistest.At(s), plenty, src)
	redistest.Await(t, func() bool { return r.Stats().Length > 0 }, "the first fetch is told")
	from := r.Cursor()
	src.Set("1", "2")
	in := reader(t, r, from)
	e := next(t, in)
	expect(t, e, "User added Person 2")
	s.Kill()
	redistest.Connected(t, false, r.client)
	expect(t, next(t, reader(t, r, from)), "User added Person 2")
	src.Set("2")
	src.More(t, 2)
	s.Restart()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	after := e.Cursor
	e, err := in.Next(ctx, stateless)
	if errors.Is(err, changes.ErrUnavailable) { // Redis was away for long, because the machine is busy: a client comes again with its last cursor
		e, err = reader(t, r, after).Next(ctx, stateless)
	}
	if err != nil {
		t.Fatal(err)
	}
	expect(t, e, "User removed Person 1")
}

// What is stored is encrypted, and goes with the cache.
func TestStoredChanges(t *testing.T) {
	t.Parallel()
	s, src := redistest.Start(t), snapshottest.NewSource("a", "1")
	opt := redistest.At(s)
	opt.Key = []byte(strings.Repeat("k", seal.KeySize))
	r := start(t, opt, plenty, src)
	redistest.Await(t, func() bool { return r.Stats().Length > 0 }, "the first fetch is told")
	in := reader(t, r, "")
	src.Set("1", "2")
	expect(t, next(t, in), "User added Person 2")
	for _, stored := range []string{s.Must("XRANGE", "roster:changes:{log}:commits", "-", "+"), s.Must("HGETALL", "roster:changes:{log}:end")} {
		if stored == "" || strings.Contains(stored, "Person") || strings.Contains(stored, "accounts") {
			t.Errorf("stored: %q", stored)
		}
	}
	r.stop()
	// Without the key, nobody can read the log, and it begins anew.
	other := start(t, redistest.At(s), plenty, src)
	redistest.Await(t, func() bool { return other.Stats().Writer && other.Stats().Length > 0 }, "the log begins anew")
	if n, err := other.shared.Clear(t.Context(), "a"); n != 2 || err != nil {
		t.Errorf("cleared %d keys: %v", n, err)
	}
}

// The log in Redis stays within its bounds, and a cursor from before them has expired at each replica.
func TestBoundsOfTheSharedLog(t *testing.T) {
	t.Parallel()
	s, src := redistest.Start(t), snapshottest.NewSource("a")
	r := start(t, redistest.At(s), changes.Options{Length: 2, KeepFor: time.Hour}, src)
	redistest.Await(t, func() bool { return r.Stats().Length > 0 }, "the first fetch is told")
	from := r.Cursor()
	in := reader(t, r, from)
	var ids []string
	for _, id := range []string{"1", "2", "3"} {
		ids = append(ids, id)
		src.Set(slices.Clone(ids)...)
		expect(t, next(t, in), "User added Person "+id)
	}
	redistest.Await(t, func() bool { return s.Must("HGET", "roster:changes:{log}:end", "kept") == "2" }, "two changes are kept")
	late := start(t, redistest.At(s), changes.Options{Length: 2, KeepFor: time.Hour}, src)
	for i, r := range []*replica{r, late} {
		var err error
		redistest.Await(t, func() bool { _, err = r.Reader(from); return errors.Is(err, changes.ErrExpired) }, "replica %d: %v", i, err)
	}
}
