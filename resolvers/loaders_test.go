package resolvers

import (
	"context"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"roster/connectors"
	"roster/internal/presence"
	"roster/internal/snapshot"
)

func TestMain(m *testing.M) {
	// The coders of stored snapshots outlive each test, and must not be created within a test's bubble.
	parts, err := snapshot.Encode(connectors.Teams, snapshot.Records{Teams: []connectors.Team{{ID: "1"}}})
	if err == nil {
		_, err = snapshot.Decode(connectors.Teams, parts, 1)
	}
	if err != nil {
		panic(err)
	}
	goleak.VerifyTestMain(m)
}

func bubble(t *testing.T, f func(*testing.T)) {
	t.Helper()
	t.Parallel()
	synctest.Test(t, f)
}

// newKeeper runs a keeper over one source whose accounts take a while to fetch.
func newKeeper(t *testing.T, takes time.Duration) *snapshot.Keeper {
	t.Helper()
	source := &connectors.Source{
		Name: "a", Kind: "kommo",
		Accounts: connectors.ListFunc[connectors.Account](
			func(ctx context.Context, _ connectors.Progress[connectors.Account]) (connectors.Listing[connectors.Account], error) {
				select {
				case <-time.After(takes):
				case <-ctx.Done():
				}
				return connectors.Listing[connectors.Account]{Records: []connectors.Account{{ID: "1"}}, Complete: true}, nil
			}),
		Roles: connectors.ListFunc[connectors.Role](
			func(context.Context, connectors.Progress[connectors.Role]) (connectors.Listing[connectors.Role], error) {
				return connectors.Listing[connectors.Role]{Complete: true}, nil
			}),
	}
	keeper := snapshot.New(snapshot.Options{Sources: []*connectors.Source{source}})
	ctx, stop := context.WithCancel(t.Context())
	var running sync.WaitGroup
	running.Go(func() { _ = keeper.Run(ctx) })
	t.Cleanup(func() {
		stop()
		running.Wait()
	})
	synctest.Wait() // the first fetches have begun
	return keeper
}

func TestCollections(t *testing.T) {
	bubble(t, func(t *testing.T) {
		const takes = 700 * time.Millisecond
		keeper := newKeeper(t, takes)
		keys := []snapshot.Key{{Source: "a", Collection: connectors.Roles}, {Source: "a"}, {Source: "nobody"}}
		states := func(results []snapshot.Result) []snapshot.State {
			var out []snapshot.State
			for _, r := range results {
				out = append(out, r.Status.State)
			}
			return out
		}
		start := time.Now()
		results, waited := loadCollections(t.Context(), keeper, keys, snapshot.Requirement{})
		// The dataloader adds no wait time of its own.
		if took := time.Since(start); took != takes || !waited {
			t.Errorf("it took %s, waited %v; want %s", took, waited, takes)
		}
		want := []snapshot.State{snapshot.Fresh, snapshot.Fresh, snapshot.Missing}
		if diff := cmp.Diff(want, states(results)); diff != "" {
			t.Errorf("states (-want +got):\n%s", diff)
		}
		start = time.Now()
		results, waited = loadCollections(t.Context(), keeper, keys, snapshot.Requirement{})
		if took := time.Since(start); took != 0 || waited {
			t.Errorf("cached collections took %s, waited %v", took, waited)
		}
		if diff := cmp.Diff(want, states(results)); diff != "" {
			t.Errorf("states (-want +got):\n%s", diff)
		}
	})
}

func TestCollectionsUntilTheDeadline(t *testing.T) {
	bubble(t, func(t *testing.T) {
		keeper := newKeeper(t, time.Minute)
		ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
		defer cancel()
		start := time.Now()
		results, _ := loadCollections(ctx, keeper, []snapshot.Key{{Source: "a"}}, snapshot.Requirement{})
		if took := time.Since(start); took != 100*time.Millisecond || results[0].Status.State != snapshot.Missing {
			t.Errorf("it took %s and gives %v, want nothing after 100 ms", took, results[0].Status.State)
		}
	})
}

// onlineSource reports everyone as online, after a while.
type onlineSource struct {
	takes time.Duration
	mu    sync.Mutex
	calls [][]string
}

func (p *onlineSource) MaxIDs() int { return 1000 }

func (p *onlineSource) Presence(ctx context.Context, ids []string) (map[string]connectors.Presence, error) {
	p.mu.Lock()
	p.calls = append(p.calls, ids)
	p.mu.Unlock()
	select {
	case <-time.After(p.takes):
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	out := make(map[string]connectors.Presence)
	for _, id := range ids {
		out[id] = connectors.Presence{State: connectors.PresenceOnline}
	}
	return out, nil
}

func (p *onlineSource) asked() [][]string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.calls
}

func newStore(t *testing.T, p *onlineSource) *presence.Store {
	t.Helper()
	store := presence.New([]*connectors.Source{{Name: "chat", Presence: p}}, presence.Options{})
	t.Cleanup(store.Close)
	return store
}

func refs(ids ...string) []connectors.Ref {
	out := make([]connectors.Ref, len(ids))
	for i, id := range ids {
		out[i] = connectors.Ref{Source: "chat", ID: id}
	}
	return out
}

func states(answers []presence.Answer) []connectors.Presence {
	out := make([]connectors.Presence, len(answers))
	for i, a := range answers {
		out[i] = a.Presence
	}
	return out
}

var online = connectors.Presence{State: connectors.PresenceOnline}

func TestPrefetchedPresenceIsLoadedAtOnce(t *testing.T) {
	bubble(t, func(t *testing.T) {
		p := &onlineSource{takes: 300 * time.Millisecond}
		l := loadPresence(newStore(t, p))
		start := time.Now()
		l.prefetch(t.Context(), refs("c", "a", "b", "a", "c"))
		l.prefetch(t.Context(), refs("b", "a"))
		l.prefetch(t.Context(), nil)
		if took := time.Since(start); took != 0 {
			t.Errorf("prefetch took %s", took)
		}
		if diff := cmp.Diff([]connectors.Presence{online, online, online}, states(l.of(t.Context(), refs("a", "b", "a")...))); diff != "" {
			t.Errorf("presence (-want +got):\n%s", diff)
		}
		if took := time.Since(start); took != p.takes {
			t.Errorf("it took %s, want the %s of the call", took, p.takes)
		}
		if diff := cmp.Diff([][]string{{"a", "b", "c"}}, p.asked()); diff != "" {
			t.Errorf("calls (-want +got):\n%s", diff)
		}
	})
}

// Presence that is not prefetched is loaded in one batch within the loader's wait time.
func TestOtherPresenceIsLoadedInOneBatch(t *testing.T) {
	bubble(t, func(t *testing.T) {
		p := &onlineSource{}
		l := loadPresence(newStore(t, p))
		var fields sync.WaitGroup
		for _, ref := range refs("a", "b", "c") {
			fields.Go(func() {
				if got := l.of(t.Context(), ref); got[0].Presence != online || got[0].At.IsZero() {
					t.Errorf("presence %v", got)
				}
			})
		}
		fields.Wait()
		if diff := cmp.Diff([][]string{{"a", "b", "c"}}, p.asked()); diff != "" {
			t.Errorf("calls (-want +got):\n%s", diff)
		}
	})
}

// A batch is loaded for all its callers, even if the first one's context ends.
func TestFirstCallersContextEnds(t *testing.T) {
	bubble(t, func(t *testing.T) {
		p := &onlineSource{takes: time.Second}
		l := loadPresence(newStore(t, p))
		first, leave := context.WithCancel(t.Context())
		l.prefetch(first, refs("a", "b"))
		leave()
		if diff := cmp.Diff([]connectors.Presence{online, online}, states(l.of(t.Context(), refs("a", "b")...))); diff != "" {
			t.Errorf("presence (-want +got):\n%s", diff)
		}
	})
}

func TestUnknownPresence(t *testing.T) {
	bubble(t, func(t *testing.T) {
		l := loadPresence(newStore(t, &onlineSource{takes: time.Hour}))
		want := []presence.Answer{{}, {}}
		got := l.of(t.Context(), connectors.Ref{Source: "chat", ID: "a"}, connectors.Ref{Source: "other", ID: "a"})
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("presence (-want +got):\n%s", diff)
		}
		if got := l.of(t.Context()); len(got) != 0 {
			t.Errorf("the presence of no accounts is %v", got)
		}
	})
}
