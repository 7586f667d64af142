package changes_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"roster/internal/changes"
	"roster/internal/redis"
	redischanges "roster/internal/redis/changes"
	"roster/internal/redis/redistest"
	"roster/internal/seal"
	"roster/internal/snapshot/snapshottest"
)

const (
	commits = "roster:changes:{log}:commits"
	end     = "roster:changes:{log}:end"
	holder  = "roster:changes:{log}:writer"
)

// expired waits until a cursor has expired at a replica. At first, the replica may not know the log.
func expired(t *testing.T, r *replica, cursor string) {
	t.Helper()
	redistest.Await(t, func() bool {
		in, err := r.Reader(cursor)
		if err == nil {
			defer in.Close()
			ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second) // the replica may have to read the log first
			defer cancel()
			_, err = in.Next(ctx, stateless)
		}
		return errors.Is(err, changes.ErrExpired)
	}, "the cursor %s has expired", cursor)
}

// A Redis that comes back without the last commits, as after a failover, does not leave anybody waiting. The replica that starts then is told, too.
func TestLostCommits(t *testing.T) {
	t.Parallel()
	s, src := redistest.Start(t), snapshottest.NewSource("a", "1")
	opt := redistest.At(s)
	r := start(t, opt, plenty, src)
	redistest.Await(t, func() bool { return r.Stats().Length > 0 }, "the first fetch is told")
	in := reader(t, r, "")
	src.Set("1", "2")
	kept := next(t, in).Cursor
	stored := [...]string{s.Must("DUMP", commits), s.Must("DUMP", end)}
	src.Set("1", "2", "3")
	e := next(t, in)
	expect(t, e, "User added Person 3")
	slow := reader(t, r, kept)
	for i, key := range []string{commits, end} {
		s.Must("RESTORE", key, "0", stored[i], "REPLACE")
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	if e, err := in.Next(ctx, stateless); !errors.Is(err, changes.ErrExpired) {
		t.Errorf("the reader of what was lost: %v, %v", e, err)
	}
	for { // the source as a whole, or what has changed
		if got := brief(next(t, slow)); got == "Source updated a reset" || got == "User added Person 3" {
			break
		}
	}
	late := start(t, opt, plenty, src)
	redistest.Await(t, func() bool { return late.Stats().Length > 0 }, "a replica that starts later has read the log")
	for _, r := range []*replica{r, late} {
		expired(t, r, e.Cursor)
		reader(t, r, kept)
	}
}

// If Redis evicts the commits alone, those who have read them go on, and the others are told. If it evicts the end alone, the log begins anew.
func TestAnEvictedKey(t *testing.T) {
	t.Parallel()
	for _, key := range []string{commits, end} {
		t.Run(key, func(t *testing.T) {
			t.Parallel()
			s, src := redistest.Start(t), snapshottest.NewSource("a", "1")
			opt := redistest.At(s)
			r := start(t, opt, changes.Options{Length: 3, KeepFor: time.Hour}, src)
			redistest.Await(t, func() bool { return r.Stats().Length > 0 }, "the first fetch is told")
			first := r.Cursor()
			in := reader(t, r, "")
			src.Set("1", "2")
			last := next(t, in).Cursor
			s.Must("DEL", key)
			late := start(t, opt, changes.Options{Length: 3, KeepFor: time.Hour}, src)
			redistest.Await(t, func() bool { return late.Cursor() != "none" }, "a late replica has a log")
			expired(t, late, first)
			if key == end {
				expired(t, r, last)
				return
			}
			again := reader(t, late, last)
			for _, id := range []string{"3", "4", "5"} {
				src.Set("1", "2", id)
				for _, in := range []*changes.Reader{in, again} {
					if id != "3" {
						next(t, in) // the one before has gone
					}
					expect(t, next(t, in), "User added Person "+id)
				}
			}
			// What came after the eviction is kept within the same bounds as before.
			redistest.Await(t, func() bool { return s.Must("EVAL", countKept, "2", commits, end) == "1" }, "the bounds hold for what is there")
		})
	}
}

// countKept returns 1 if the changes in the stream are as many as are counted, and not fewer than may be kept.
const countKept = `
local n = 0
for _, e in ipairs(redis.call('XRANGE', KEYS[1], '-', '+')) do n = n + e[2][2] end
return n >= 3 and n == tonumber(redis.call('HGET', KEYS[2], 'kept')) and redis.call('XLEN', KEYS[1]) < 4`

// A writer that stood still while another replica took over appends nothing.
func TestFencing(t *testing.T) {
	t.Parallel()
	s := redistest.Start(t)
	opt := redistest.At(s)
	first, _ := redistest.Replica(t, opt, redischanges.New)
	second, _ := redistest.Replica(t, opt, redischanges.New)
	acquire := func(l *redischanges.Log) changes.Writer {
		t.Helper()
		w, err := l.Acquire(t.Context())
		if err != nil || w == nil {
			t.Fatal(w, err)
		}
		t.Cleanup(func() { w.Release(context.WithoutCancel(t.Context())) })
		return w
	}
	tell := func(w changes.Writer, a changes.Append) error {
		a.Bounds, a.State = plenty, []byte("{}")
		return w.Append(t.Context(), a)
	}
	page := func() *changes.Page {
		t.Helper()
		p, err := first.Read(t.Context(), "", 0, plenty)
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	w := acquire(first)
	if err := tell(w, changes.Append{NewID: "log", Count: 2}); err != nil {
		t.Fatal(err)
	}
	p := page()
	if theirs, err := second.Acquire(t.Context()); theirs != nil || err != nil || !p.Written {
		t.Errorf("while another one has it: %v, %v", theirs, err)
	}
	s.Must("DEL", holder) // the lease ends
	other := acquire(second)
	for name, a := range map[string]changes.Append{
		"the end that it knows": {ID: "log", NewID: "log", After: p.End, Count: 1},
		"a log that begins":     {NewID: "other", Count: 1},
	} {
		if err := tell(w, a); !errors.Is(err, changes.ErrMoved) {
			t.Errorf("without the lease, after %s: %v", name, err)
		}
	}
	for name, a := range map[string]changes.Append{
		"an earlier end": {ID: "log", NewID: "log", After: p.End - 1, Count: 1},
		"a later end":    {ID: "log", NewID: "log", After: p.End + 1, Count: 1},
		"another log":    {ID: "other", NewID: "other", After: p.End, Count: 1},
	} {
		if err := tell(other, a); !errors.Is(err, changes.ErrMoved) {
			t.Errorf("after %s: %v", name, err)
		}
	}
	above := p.End + uint64(time.Hour.Microseconds())
	if err := tell(other, changes.Append{ID: "log", NewID: "log", After: p.End, Above: above, Count: 3}); err != nil {
		t.Fatal(err)
	}
	now := page()
	if n := len(now.Commits); n != 2 || now.Commits[1].After != p.End || now.Commits[1].Count != 3 || now.End != above+3 || now.From != p.From || now.Cut != p.Cut {
		t.Errorf("%+v, before %+v", now, p)
	}
}

// A replica with another encryption key leaves the log to those that can read it. When they have gone, it begins anew.
func TestAnotherKeyAtTheSameTime(t *testing.T) {
	t.Parallel()
	s, src := redistest.Start(t), snapshottest.NewSource("a", "1")
	keyed := func(key string) redis.Options {
		opt := redistest.At(s)
		opt.Key = []byte(strings.Repeat(key, seal.KeySize))
		return opt
	}
	first, second := start(t, keyed("k"), plenty, src), start(t, keyed("k"), plenty, src)
	redistest.Await(t, func() bool { return writers(first, second) == 1 }, "one replica writes")
	redistest.Await(t, func() bool { return first.Stats().Length > 0 && second.Stats().Length > 0 }, "both have the first fetch")
	other := start(t, keyed("o"), plenty, src)
	redistest.Await(t, func() bool { return other.Cursor() != "none" }, "the other one follows the log")
	in := reader(t, second, "")
	first.stop()
	src.Set("1", "2")
	expect(t, next(t, in), "User added Person 2")
	if other.Stats().Writer {
		t.Error("the replica with another key writes")
	}
	second.stop()
	redistest.Await(t, func() bool { return other.Stats().Writer && other.Stats().Length > 0 }, "the log begins anew")
}
