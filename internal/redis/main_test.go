package redis_test

import (
	"context"
	"flag"
	"fmt"
	"log/slog"
	"os"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"roster/connectors"
	"roster/internal/redis"
	"roster/internal/redis/redistest"
	"roster/internal/snapshot"
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

// source is a source whose readings are counted and give what is set.
type source struct {
	name  string
	mu    sync.Mutex
	ids   map[connectors.Collection][]string
	reads map[connectors.Collection]int
	at    []time.Time
	takes time.Duration
	gate  chan struct{} // where it is not nil, a reading waits for it to close
	err   error
}

func newSource(name string, ids ...string) *source {
	return &source{name: name, reads: make(map[connectors.Collection]int), ids: map[connectors.Collection][]string{
		connectors.Accounts: ids, connectors.Teams: ids}}
}

func (s *source) count(c connectors.Collection) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.reads[c]
}

func (s *source) set(ids ...string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ids[connectors.Accounts] = ids
}

func (s *source) begin(ctx context.Context, c connectors.Collection) ([]string, error) {
	s.mu.Lock()
	s.reads[c]++
	s.at = append(s.at, time.Now())
	gate, ids, err := s.gate, s.ids[c], s.err
	s.mu.Unlock()
	wait := time.NewTimer(s.takes)
	defer wait.Stop()
	select {
	case <-wait.C:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	if gate != nil {
		select {
		case <-gate:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	return ids, err
}

func (s *source) source(fingerprint string) *connectors.Source {
	return &connectors.Source{Name: s.name, Kind: connectors.Kommo, Fingerprint: fingerprint,
		Accounts: connectors.ListFunc[connectors.Account](
			func(ctx context.Context, _ connectors.Progress[connectors.Account]) (l connectors.Listing[connectors.Account], err error) {
				ids, err := s.begin(ctx, connectors.Accounts)
				for _, id := range ids {
					l.Records = append(l.Records, connectors.Account{ID: id, Name: "Person " + id})
				}
				l.Complete = err == nil
				return l, err
			}),
		Teams: connectors.ListFunc[connectors.Team](
			func(ctx context.Context, _ connectors.Progress[connectors.Team]) (l connectors.Listing[connectors.Team], err error) {
				ids, err := s.begin(ctx, connectors.Teams)
				for _, id := range ids {
					l.Records = append(l.Records, connectors.Team{ID: id})
				}
				l.Complete = err == nil
				return l, err
			}),
	}
}

// keep runs a keeper until the test ends, or until what it returns is called.
func keep(t *testing.T, tier snapshot.Tier, change func(*snapshot.Options), sources ...*connectors.Source) (*snapshot.Keeper, func()) {
	t.Helper()
	opt := snapshot.Options{Sources: sources, Tier: tier, FirstWait: 10 * time.Second, MaxWait: 10 * time.Second}
	if change != nil {
		change(&opt)
	}
	k := snapshot.New(opt)
	ctx, cancel := context.WithCancel(t.Context())
	var run sync.WaitGroup
	run.Go(func() { _ = k.Run(ctx) })
	stop := sync.OnceFunc(func() {
		cancel()
		run.Wait()
	})
	t.Cleanup(stop)
	return k, stop
}

func key(source string, c connectors.Collection) snapshot.Key {
	return snapshot.Key{Source: source, Collection: c}
}

// brief gives what a keeper serves of a source's accounts.
func brief(k *snapshot.Keeper, source string) string {
	r, _ := k.Take([]snapshot.Key{key(source, connectors.Accounts)})
	if r[0].Snapshot == nil {
		return r[0].Status.State.String()
	}
	var ids []string
	for _, a := range r[0].Snapshot.Records.Accounts {
		ids = append(ids, a.ID)
	}
	return r[0].Status.State.String() + fmt.Sprint(ids)
}

func numbered(n int) []string {
	ids := make([]string, n)
	for i := range ids {
		ids[i] = fmt.Sprintf("%06d", i)
	}
	return ids
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
