package snapshottest

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"roster/connectors"
	"roster/internal/snapshot"
)

// Source is a source of accounts and teams that counts its fetches. Safe for concurrent use.
type Source struct {
	// Takes is how long a fetch takes. Set it before the first fetch.
	Takes time.Duration

	name  string
	mu    sync.Mutex
	ids   map[connectors.Collection][]string
	reads map[connectors.Collection]int
	times []time.Time
}

// NewSource returns a source whose accounts and teams have these IDs.
func NewSource(name string, ids ...string) *Source {
	return &Source{name: name, reads: make(map[connectors.Collection]int), ids: map[connectors.Collection][]string{
		connectors.Accounts: ids, connectors.Teams: ids}}
}

// Count returns how often a collection has been fetched.
func (s *Source) Count(c connectors.Collection) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.reads[c]
}

// Times returns when the fetches of all collections began.
func (s *Source) Times() []time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.times)
}

// Set replaces the accounts.
func (s *Source) Set(ids ...string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ids[connectors.Accounts] = ids
}

func (s *Source) fetch(ctx context.Context, c connectors.Collection) ([]string, error) {
	s.mu.Lock()
	s.reads[c]++
	s.times = append(s.times, time.Now())
	ids := s.ids[c]
	s.mu.Unlock()
	wait := time.NewTimer(s.Takes)
	defer wait.Stop()
	select {
	case <-wait.C:
		return ids, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// Open returns the source as a keeper takes it.
func (s *Source) Open(fingerprint string) *connectors.Source {
	return &connectors.Source{Name: s.name, Kind: "crm", Fingerprint: fingerprint,
		Accounts: connectors.ListFunc[connectors.Account](
			func(ctx context.Context, _ connectors.Progress[connectors.Account]) (l connectors.Listing[connectors.Account], err error) {
				ids, err := s.fetch(ctx, connectors.Accounts)
				for _, id := range ids {
					l.Records = append(l.Records, connectors.Account{ID: id, Name: "Person " + id})
				}
				l.Complete = err == nil
				return l, err
			}),
		Teams: connectors.ListFunc[connectors.Team](
			func(ctx context.Context, _ connectors.Progress[connectors.Team]) (l connectors.Listing[connectors.Team], err error) {
				ids, err := s.fetch(ctx, connectors.Teams)
				for _, id := range ids {
					l.Records = append(l.Records, connectors.Team{ID: id})
				}
				l.Complete = err == nil
				return l, err
			}),
	}
}

// Keep runs a keeper until the test ends, or until the returned function is called. Change changes the keeper's options; nil for none.
func Keep(t *testing.T, store snapshot.SharedStore, change func(*snapshot.Options), sources ...*connectors.Source) (*snapshot.Keeper, func()) {
	t.Helper()
	opt := snapshot.Options{Sources: sources, SharedStore: store, FirstWait: 10 * time.Second, MaxWait: 10 * time.Second}
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

// Brisk has the accounts of source a fetched as often as a configuration allows.
func Brisk(o *snapshot.Options) {
	o.Settings = map[snapshot.Key]snapshot.Settings{
		Key("a", connectors.Accounts): {FreshFor: time.Second, MinInterval: time.Second},
		Key("a", connectors.Teams):    {FreshFor: time.Hour},
	}
}

// Key names a collection of a source.
func Key(source string, c connectors.Collection) snapshot.Key {
	return snapshot.Key{Source: source, Collection: c}
}

// Brief returns the state and the IDs of the accounts of a source that a keeper serves, such as fresh[1 2].
func Brief(k *snapshot.Keeper, source string) string {
	r, _ := k.Take([]snapshot.Key{Key(source, connectors.Accounts)})
	if r[0].Snapshot == nil {
		return r[0].Status.State.String()
	}
	var ids []string
	for _, a := range r[0].Snapshot.Records.Accounts {
		ids = append(ids, a.ID)
	}
	return r[0].Status.State.String() + fmt.Sprint(ids)
}

// Numbered returns n IDs.
func Numbered(n int) []string {
	ids := make([]string, n)
	for i := range ids {
		ids[i] = fmt.Sprintf("%06d", i)
	}
	return ids
}

// Settled waits until each keeper serves these accounts of a source, in the form of Brief.
func Settled(t *testing.T, want, source string, ks ...*snapshot.Keeper) {
	t.Helper()
	for i, k := range ks {
		Await(t, func() bool { return Brief(k, source) == want }, "replica %d has %s, want %s", i, Brief(k, source), want)
	}
}

// More waits until the accounts have been fetched n times more.
func (s *Source) More(t *testing.T, n int) {
	t.Helper()
	before := s.Count(connectors.Accounts)
	Await(t, func() bool { return s.Count(connectors.Accounts) >= before+n }, "%d more fetches", n)
}

// Await waits for a condition, and fails the test if the condition does not become true in time.
func Await(t *testing.T, condition func() bool, format string, args ...any) {
	t.Helper()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for end := time.Now().Add(time.Minute); !condition(); <-tick.C {
		if time.Now().After(end) {
			t.Fatalf("waited in vain: "+format, args...)
		}
	}
}
