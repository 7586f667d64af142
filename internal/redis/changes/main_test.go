package changes_test

import (
	"context"
	"flag"
	"fmt"
	"log/slog"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"roster/connectors"
	"roster/internal/changes"
	"roster/internal/generation"
	"roster/internal/redis"
	redischanges "roster/internal/redis/changes"
	"roster/internal/redis/redistest"
	"roster/internal/redis/snapshots"
	"roster/internal/snapshot"
	"roster/internal/snapshot/snapshottest"
)

func TestMain(m *testing.M) {
	flag.Parse()
	_ = flag.Set("test.parallel", "8") // they wait more than they work
	goleak.VerifyTestMain(m, redistest.Leaks()...)
}

// plenty are bounds that no test reaches.
var plenty = changes.Options{Length: 1000, KeepFor: time.Hour}

// replica is a replica that fetches one source, and follows its changes.
type replica struct {
	*changes.Log
	client *redis.Client
	keeper *snapshot.Keeper
	shared *redischanges.Log
	stop   func() // as a server stops
}

// start starts a replica that runs until the test ends, or is stopped.
func start(t *testing.T, opt redis.Options, bounds changes.Options, src *snapshottest.Source) *replica {
	t.Helper()
	client := redistest.Open(t, opt)
	store, shared := snapshots.New(client), redischanges.New(client)
	sources := []*connectors.Source{src.Open("f")}
	settings := snapshot.Options{Sources: sources, SharedStore: store, IdleAfter: time.Hour}
	snapshottest.Brisk(&settings)
	r := &replica{Log: changes.NewSharedLog(bounds, shared), client: client, keeper: snapshot.New(settings), shared: shared}
	publisher := generation.New(generation.Options{Keeper: r.keeper, Sources: []generation.Source{{Source: sources[0]}}})
	serving, end := context.WithCancel(context.WithoutCancel(t.Context()))
	connected, disconnect := context.WithCancel(context.WithoutCancel(t.Context()))
	var running, connection sync.WaitGroup
	connection.Go(func() { _ = client.Run(connected) })
	running.Go(func() { _ = r.keeper.Run(serving) })
	running.Go(func() { _ = publisher.Run(serving) })
	running.Go(func() { r.Follow(serving, publisher, slog.New(slog.DiscardHandler)) })
	r.stop = sync.OnceFunc(func() {
		end()
		running.Wait()
		disconnect()
		connection.Wait()
		_ = client.Close()
	})
	t.Cleanup(r.stop)
	return r
}

// reader reads a log on.
func reader(t *testing.T, r *replica, after string) *changes.Reader {
	t.Helper()
	var in *changes.Reader
	redistest.Await(t, func() bool {
		var err error
		in, err = r.Reader(after)
		return err == nil
	}, "a reader after %q", after)
	t.Cleanup(in.Close)
	return in
}

// next returns the next event but those of states, which depend on the time that fetches take.
func next(t *testing.T, in *changes.Reader) *changes.Event {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	e, err := in.Next(ctx, stateless)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func stateless(e *changes.Event) bool { return e.Kind != changes.Source || e.Reset }

// brief describes an event.
func brief(e *changes.Event) string {
	return fmt.Sprint(e.Kind, " ", [...]string{"added", "updated", "removed", "merged", "split"}[e.Action], " ", e.Label, map[bool]string{true: " reset"}[e.Reset])
}

// writers counts the replicas that write.
func writers(replicas ...*replica) (n int) {
	for _, r := range replicas {
		if r.Stats().Writer {
			n++
		}
	}
	return n
}
