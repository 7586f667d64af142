package redistest

import (
	"context"
	"sync"
	"testing"
	"time"

	"roster/internal/redis"
)

// At returns options for a server, with longer timeouts than usual, because many tests run at once.
func At(s *Server) redis.Options {
	return redis.Options{URL: "redis://" + s.Addr + "/0", CallTimeout: 10 * time.Second, DialTimeout: 10 * time.Second}
}

// Open returns a client that does not run yet.
func Open(tb testing.TB, opt redis.Options) *redis.Client {
	tb.Helper()
	c, err := redis.Open(opt)
	if err != nil {
		tb.Fatal(err)
	}
	return c
}

// Run runs a client until the test ends, and closes it then.
func Run(tb testing.TB, c *redis.Client) {
	tb.Helper()
	ctx, cancel := context.WithCancel(context.WithoutCancel(tb.Context()))
	var run sync.WaitGroup
	run.Go(func() { _ = c.Run(ctx) })
	tb.Cleanup(func() {
		cancel()
		run.Wait()
		_ = c.Close() // it fails where a server has hung up first, as one does that refuses a certificate
	})
}

// Connected waits until the clients know that Redis is available, or not.
func Connected(tb testing.TB, want bool, clients ...*redis.Client) {
	tb.Helper()
	for i, c := range clients {
		Await(tb, func() bool { return c.Membership().Connected == want }, "replica %d: connected is %v", i, want)
	}
}

// Replica returns what build makes of a client that runs until the test ends, and is connected.
func Replica[T any](tb testing.TB, opt redis.Options, build func(*redis.Client) T) (T, *redis.Client) {
	tb.Helper()
	c := Open(tb, opt)
	made := build(c)
	Run(tb, c)
	Connected(tb, true, c)
	return made, c
}
