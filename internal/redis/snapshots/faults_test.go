package snapshots_test

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"roster/connectors"
	"roster/internal/redis"
	"roster/internal/redis/redistest"
	"roster/internal/snapshot"
	"roster/internal/snapshot/snapshottest"
)

// load asks the keepers all the time until what it returns is called, which says how many answers there were. An answer without all of the
// data is a failure.
func load(t *testing.T, want string, source string, ks ...*snapshot.Keeper) (stop func() int64) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	var asking sync.WaitGroup
	var answers atomic.Int64
	for i := range 6 {
		k := ks[i%len(ks)]
		asking.Go(func() {
			pause := time.NewTicker(time.Millisecond)
			defer pause.Stop()
			for ctx.Err() == nil {
				r := k.Load(ctx, []snapshot.Key{snapshottest.Key(source, connectors.Accounts)})[0]
				if got := snapshottest.Brief(k, source); ctx.Err() == nil && (r.Snapshot == nil || !strings.HasSuffix(got, want)) {
					t.Errorf("an answer was %s", got)
					return
				}
				answers.Add(1)
				<-pause.C
			}
		})
	}
	return func() int64 {
		cancel()
		asking.Wait()
		return answers.Load()
	}
}

// accountReads gives how often the accounts were read while f ran.
func accountReads(src *snapshottest.Source, f func()) (int, time.Duration) {
	before, began := src.Count(connectors.Accounts), time.Now()
	f()
	return src.Count(connectors.Accounts) - before, time.Since(began)
}

// withinLimits fails where three replicas have read more often together than one may.
func withinLimits(t *testing.T, reads int, took time.Duration) {
	t.Helper()
	if most := int(took/time.Second) + 2; reads > most {
		t.Errorf("%d readings in %v, want at most %d", reads, took, most)
	}
}

// crew is three replicas that read one source, all connected.
func crew(t *testing.T, src *snapshottest.Source, opt func(i int) redis.Options) ([]replica, []*snapshot.Keeper) {
	t.Helper()
	var stores []replica
	var ks []*snapshot.Keeper
	for i := range 3 {
		stores = append(stores, open(t, opt(i)))
	}
	redistest.Await(t, func() bool {
		for _, r := range stores {
			if r.Membership().Size != 3 {
				return false
			}
		}
		return true
	}, "three replicas know of each other")
	for _, r := range stores {
		k, _ := snapshottest.Keep(t, r, snapshottest.Brisk, src.Open("f"))
		ks = append(ks, k)
	}
	return stores, ks
}

func TestRedisIsKilledAndComesBackUnderLoad(t *testing.T) {
	t.Parallel()
	s := redistest.Start(t)
	src := snapshottest.NewSource("a", snapshottest.Numbered(20)...)
	var log redistest.Log
	stores, ks := crew(t, src, func(i int) redis.Options {
		o := redistest.At(s)
		if i == 0 {
			o.Logger = slog.New(&log)
		}
		return o
	})
	want := fmt.Sprint(snapshottest.Numbered(20))
	snapshottest.Settled(t, "fresh"+want, "a", ks...)
	stop := load(t, want, "a", ks...)
	reads, took := accountReads(src, func() {
		src.More(t, 2)
		s.Kill()
		connected(t, false, stores...)
		src.More(t, 3)
		s.Restart()
		connected(t, true, stores...)
		src.More(t, 3)
	})
	if n := stop(); n < 100 {
		t.Errorf("only %d answers", n)
	}
	withinLimits(t, reads, took)
	if diff := cmp.Diff(3, len(log.Lines())); diff != "" {
		t.Errorf("the log has more or less than three lines: %q", log.Lines())
	}
	// They share again.
	snapshottest.Settled(t, "fresh"+want, "a", ks...)
	if m := snapshottest.Stat(t, stores[0], snapshot.StoreKey{Key: snapshottest.Key("a", connectors.Accounts), Fingerprint: "f"}); m.Count != 20 {
		t.Errorf("Redis has %+v", m)
	}
}

func TestStartWithoutRedis(t *testing.T) {
	t.Parallel()
	s := redistest.Start(t)
	s.Kill()
	src := snapshottest.NewSource("a", "1")
	var log redistest.Log
	opt := redistest.At(s)
	opt.Logger = slog.New(&log)
	r := running(t, opt)
	k, _ := snapshottest.Keep(t, r, snapshottest.Brisk, src.Open("f"))
	snapshottest.Settled(t, "fresh[1]", "a", k)
	s.Restart()
	connected(t, true, r)
	redistest.Await(t, func() bool {
		return snapshottest.Stat(t, r, snapshot.StoreKey{Key: snapshottest.Key("a", connectors.Accounts), Fingerprint: "f"}).Stamp != 0
	}, "what was read without it is shared")
	redistest.Await(t, func() bool { return len(log.Lines()) > 1 }, "the log says that Redis is back")
	if got := log.Lines(); len(got) != 2 {
		t.Errorf("log: %q", got)
	}
}

func TestRedisRefuses(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		args   []string
		opt    func(*redis.Options)
		spoil  func(*redistest.Server)
		mend   func(*redistest.Server)
		reason string
	}{
		"wrong password": {
			args: []string{"--requirepass", "right"}, opt: func(o *redis.Options) { o.Password = "wrong-canary" },
			mend:   func(s *redistest.Server) { s.Must("CONFIG", "SET", "requirepass", "wrong-canary") },
			reason: "it does not accept the credentials",
		},
		"no password": {
			args: []string{"--requirepass", "right"}, mend: func(s *redistest.Server) { s.Must("CONFIG", "SET", "requirepass", "") },
			reason: "it does not accept the credentials",
		},
		"full": {
			spoil: func(s *redistest.Server) {
				s.Must("CONFIG", "SET", "maxmemory", "1")
			},
			mend:   func(s *redistest.Server) { s.Must("CONFIG", "SET", "maxmemory", "0") },
			reason: "its memory is full",
		},
		"read-only": {
			spoil:  func(s *redistest.Server) { s.Must("REPLICAOF", "127.0.0.1", "1") },
			mend:   func(s *redistest.Server) { s.Must("REPLICAOF", "NO", "ONE") },
			reason: "it is a replica, and read-only",
		},
		"loading its data": {
			spoil: func(s *redistest.Server) {
				s.Must("EVAL", `for i = 1, 2000 do redis.call('SET', 'filler' .. i, string.rep(i, 800)) end`, "0")
				s.Must("CONFIG", "SET", "rdbcompression", "no")
				s.Must("SAVE")
				s.Kill()
				s.RestartLoading()
			},
			mend:   func(s *redistest.Server) { s.FinishLoading() },
			reason: "it is loading its data",
		},
		"cannot save": {
			args: []string{"--save", "3600 1"},
			spoil: func(s *redistest.Server) {
				s.LoseDisk()
				s.Must("SET", "x", "y")
				s.Must("BGSAVE")
				redistest.Await(t, func() bool { return strings.Contains(s.Must("INFO", "persistence"), "rdb_last_bgsave_status:err") }, "saving fails")
			},
			mend:   func(s *redistest.Server) { s.Must("CONFIG", "SET", "stop-writes-on-bgsave-error", "no") },
			reason: "it cannot save its data",
		},
		"no right to the keys": {
			opt: func(o *redis.Options) { o.Username, o.Password = "app", "secret-canary" },
			spoil: func(s *redistest.Server) {
				s.Must("ACL", "SETUSER", "app", "on", ">secret-canary", "~others:*", "&*", "+@all")
			},
			mend:   func(s *redistest.Server) { s.Must("ACL", "SETUSER", "app", "~roster:*") },
			reason: "the user may not do what is needed",
		},
		"stands still": {
			spoil: func(s *redistest.Server) { s.Stop() }, opt: func(o *redis.Options) { o.CallTimeout = 0 }, mend: func(s *redistest.Server) { s.Continue() },
			reason: "timed out",
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := redistest.Start(t, tt.args...)
			if tt.spoil != nil {
				tt.spoil(s)
			}
			opt := redistest.At(s)
			if tt.opt != nil {
				tt.opt(&opt)
			}
			var log redistest.Log
			opt.Logger = slog.New(&log)
			src := snapshottest.NewSource("a", "1")
			r := running(t, opt)
			k, _ := snapshottest.Keep(t, r, snapshottest.Brisk, src.Open("f"))
			snapshottest.Settled(t, "fresh[1]", "a", k)
			src.More(t, 2)
			if got := log.Lines(); len(got) != 1 || !strings.Contains(got[0], tt.reason) || strings.Contains(got[0], "canary") {
				t.Errorf("log: %q", got)
			}
			tt.mend(s)
			connected(t, true, r)
			redistest.Await(t, func() bool { return len(log.Lines()) > 1 }, "the log says that Redis is back")
			if got := log.Lines(); len(got) != 2 {
				t.Errorf("log: %q", got)
			}
		})
	}
}

func TestBadNetworkCostsNoAnswer(t *testing.T) {
	t.Parallel()
	for name, fault := range map[string][2]string{
		"slow":      {"latency", `"latency": 300, "jitter": 200`},
		"very slow": {"latency", `"latency": 3000`},
		"silent":    {"timeout", `"timeout": 0`},
		"cut off":   {"limit_data", `"bytes": 5000`},
		"reset":     {"reset_peer", `"timeout": 20`},
		"narrow":    {"bandwidth", `"rate": 1`},
		"crumbs":    {"slicer", `"average_size": 7, "size_variation": 3, "delay": 100`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p, url := redistest.Proxied(t, redistest.Start(t))
			src := snapshottest.NewSource("a", snapshottest.Numbered(30)...)
			stores, ks := crew(t, src, func(int) redis.Options { return redis.Options{URL: url} })
			want := fmt.Sprint(snapshottest.Numbered(30))
			snapshottest.Settled(t, "fresh"+want, "a", ks...)
			redistest.Toxic(t, p, fault[0], fault[1])
			stop := load(t, want, "a", ks...)
			reads, took := accountReads(src, func() { src.More(t, 4) })
			if n := stop(); n < 100 {
				t.Errorf("only %d answers", n)
			}
			withinLimits(t, reads, took)
			redistest.Replace(t, p)
			connected(t, true, stores...)
		})
	}
}

func TestWhileRedisIsAwayItIsNotAsked(t *testing.T) {
	t.Parallel()
	// A server that takes connections and never answers, and counts them.
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var calls atomic.Int64
	var open sync.WaitGroup
	open.Go(func() {
		var held []net.Conn
		for {
			c, err := l.Accept()
			if err != nil {
				for _, c := range held {
					_ = c.Close()
				}
				return
			}
			calls.Add(1)
			held = append(held, c)
		}
	})
	t.Cleanup(func() {
		_ = l.Close()
		open.Wait()
	})
	r := running(t, redis.Options{URL: "redis://" + l.Addr().String()})
	src := snapshottest.NewSource("a", "1")
	k, _ := snapshottest.Keep(t, r, snapshottest.Brisk, src.Open("f"))
	snapshottest.Settled(t, "fresh[1]", "a", k)
	stop := load(t, "[1]", "a", k)
	before := calls.Load()
	src.More(t, 3)
	answers := stop()
	if n := calls.Load() - before; n > 12 {
		t.Errorf("%d connections for %d answers: more than the probes", n, answers)
	}
}
