package redis_test

import (
	"context"
	"flag"
	"log/slog"
	"os"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"roster/internal/redis"
	"roster/internal/redis/redistest"
)

func TestMain(m *testing.M) {
	if os.Getenv(replicaEnv) != "" {
		os.Exit(replica())
	}
	flag.Parse()
	_ = flag.Set("test.parallel", "8") // they wait more than they work
	goleak.VerifyTestMain(m, append(redistest.ProxyLeaks(),
		goleak.IgnoreAnyFunction("github.com/redis/go-redis/v9/internal/pool.(*ConnPool).tryDial"))...) // ends within a second of Close
}

// open gives a tier that runs until the test ends, and is connected.
func open(t *testing.T, opt redis.Options) *redis.Redis {
	t.Helper()
	r := running(t, opt)
	redistest.Await(t, func() bool { return r.Membership().Connected }, "connected to Redis")
	return r
}

// running gives a tier that runs until the test ends.
func running(t *testing.T, opt redis.Options) *redis.Redis {
	t.Helper()
	r, err := redis.Open(opt)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	var run sync.WaitGroup
	run.Go(func() { _ = r.Run(ctx) })
	t.Cleanup(func() {
		cancel()
		run.Wait()
		_ = r.Close() // it fails where a server has hung up first, as one does that refuses a certificate
	})
	return r
}

// at gives options for a server, with more patience than usual, since many tests run at once.
func at(s *redistest.Server) redis.Options {
	return redis.Options{URL: "redis://" + s.Addr + "/0", CallTimeout: 10 * time.Second, DialTimeout: 10 * time.Second}
}

// lines is a log handler that keeps what is said.
type lines struct {
	mu   sync.Mutex
	said []string
}

func (l *lines) Enabled(context.Context, slog.Level) bool { return true }
func (l *lines) WithAttrs([]slog.Attr) slog.Handler       { return l }
func (l *lines) WithGroup(string) slog.Handler            { return l }

func (l *lines) Handle(_ context.Context, r slog.Record) error {
	text := r.Level.String() + " " + r.Message
	r.Attrs(func(a slog.Attr) bool {
		text += " " + a.String()
		return true
	})
	l.mu.Lock()
	defer l.mu.Unlock()
	l.said = append(l.said, text)
	return nil
}

func (l *lines) all() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return append([]string{}, l.said...)
}
