package presence_test

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"go.uber.org/goleak"

	"roster/connectors"
	"roster/internal/presence"
	"roster/internal/redis"
	redispresence "roster/internal/redis/presence"
	"roster/internal/redis/redistest"
	"roster/internal/seal"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m, redistest.Leaks()...) }

// office is a source that tells presence. Whoever has an even number is in.
type office struct {
	mu    sync.Mutex
	calls []string // how many IDs each call named, or "all"
	at    []time.Time
	text  string
	size  int
	err   error
	gate  chan struct{} // where it is not nil, a call waits for it to close
}

func (o *office) MaxIDs() int { return 100 }

func (o *office) Presence(ctx context.Context, ids []string) (map[string]connectors.Presence, error) {
	o.mu.Lock()
	what := "all"
	if len(ids) > 0 {
		what = fmt.Sprint(len(ids))
	}
	o.calls, o.at = append(o.calls, what), append(o.at, time.Now())
	gate, err, text, size := o.gate, o.err, o.text, o.size
	o.mu.Unlock()
	if gate != nil {
		select {
		case <-gate:
		case <-ctx.Done():
			return nil, &connectors.Error{Kind: connectors.KindTimeout}
		}
	}
	if err != nil {
		return nil, err
	}
	of := make(map[string]connectors.Presence)
	for n := 0; n < size; n += 2 {
		if id := fmt.Sprintf("%06d", n); len(ids) == 0 || slices.Contains(ids, id) {
			of[id] = connectors.Presence{State: connectors.PresenceOnline, Text: text}
		}
	}
	return of, nil
}

func (o *office) asked() []string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return slices.Clone(o.calls)
}

func (o *office) source(fingerprint string) *connectors.Source {
	return &connectors.Source{Name: "chat", Fingerprint: fingerprint, Presence: o}
}

// stores gives replicas of a store over one office.
func stores(t *testing.T, n int, opt presence.Options, o *office, options redis.Options) ([]*presence.Store, []*redis.Client) {
	t.Helper()
	if opt.Timeout == 0 {
		opt.Timeout = 20 * time.Second
	}
	var all []*presence.Store
	var clients []*redis.Client
	for range n {
		store, client := redistest.Replica(t, options, redispresence.New)
		opt.SharedStore = store
		s := presence.New([]*connectors.Source{o.source("f")}, opt)
		t.Cleanup(s.Close)
		all, clients = append(all, s), append(clients, client)
	}
	return all, clients
}

// chatters gives references to accounts by number.
func chatters(from, to int) []connectors.Ref {
	var refs []connectors.Ref
	for n := from; n < to; n++ {
		refs = append(refs, connectors.Ref{Source: "chat", ID: fmt.Sprintf("%06d", n)})
	}
	return refs
}

// there gives a letter for each answer: o online, - offline, ? unknown.
func there(ps []presence.Answer) string {
	var b strings.Builder
	for _, p := range ps {
		b.WriteString(map[connectors.PresenceState]string{
			connectors.PresenceOnline: "o", connectors.PresenceOffline: "-", connectors.PresenceUnknown: "?"}[p.Presence.State])
	}
	return b.String()
}

func evenIn(n int) string { return strings.Repeat("o-", n/2) }

func TestReplicasAskForPresenceOnce(t *testing.T) {
	t.Parallel()
	single := func(t *testing.T) redis.Options { return redistest.At(redistest.Start(t)) }
	cluster := func(t *testing.T) redis.Options {
		return redis.Options{Addrs: redistest.StartCluster(t).Addrs(), CallTimeout: 10 * time.Second, DialTimeout: 10 * time.Second}
	}
	for name, tt := range map[string]struct {
		options func(t *testing.T) redis.Options
		people  int
		want    string
	}{
		"some":                   {single, 100, "100"},
		"everyone":               {single, 3000, "all"},
		"some, in a Cluster":     {cluster, 100, "100"},
		"everyone, in a Cluster": {cluster, 3000, "all"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := &office{size: 4000, gate: make(chan struct{}), text: "in a call"}
			all, _ := stores(t, 3, presence.Options{Life: time.Hour, KeepFor: 2 * time.Hour}, o, tt.options(t))
			var callers sync.WaitGroup
			for i := range 30 {
				callers.Go(func() {
					got := all[i%3].Get(t.Context(), chatters(0, tt.people))
					if there(got) != evenIn(tt.people) || got[2].Presence.Text != "in a call" {
						t.Errorf("caller %d got %.100s", i, there(got))
					}
				})
			}
			redistest.Await(t, func() bool { return len(o.asked()) > 0 }, "the source is asked")
			close(o.gate)
			callers.Wait()
			if diff := cmp.Diff([]string{tt.want}, o.asked()); diff != "" {
				t.Errorf("calls (-want +got):\n%s", diff)
			}
		})
	}
}

func TestPresenceOfAnotherReplicaIsServed(t *testing.T) {
	t.Parallel()
	o := &office{size: 4000}
	opt := presence.Options{Life: time.Hour, KeepFor: 2 * time.Hour}
	server := redistest.Start(t)
	all, _ := stores(t, 2, opt, o, redistest.At(server))
	if got := there(all[0].Get(t.Context(), chatters(0, 10))); got != evenIn(10) {
		t.Fatalf("the first got %s", got)
	}
	if got := there(all[1].Get(t.Context(), chatters(0, 10))); got != evenIn(10) {
		t.Errorf("the other got %s", got)
	}
	if diff := cmp.Diff([]string{"10"}, o.asked()); diff != "" {
		t.Errorf("calls (-want +got):\n%s", diff)
	}
	// One that the others know of only by what lies in Redis, and that has another credential: it sees nothing of it.
	opt.SharedStore, _ = redistest.Replica(t, redistest.At(server), redispresence.New)
	lesser := presence.New([]*connectors.Source{(&office{err: &connectors.Error{Kind: connectors.KindForbidden}}).source("another")}, opt)
	t.Cleanup(lesser.Close)
	if got := there(lesser.Get(t.Context(), chatters(0, 4))); got != "????" {
		t.Errorf("with another credential: %s", got)
	}
}

func TestRightToAskForPresenceWhoseAnswerWasLost(t *testing.T) {
	t.Parallel()
	store, _ := redistest.Replica(t, redistest.At(redistest.Start(t)), redispresence.New)
	claim := presence.LeaseRequest{StoreKey: presence.StoreKey{Source: "chat"}, IDs: []string{"1"}, Token: "mine", Life: time.Minute, Lease: time.Minute}
	first, standing, err := store.Acquire(t.Context(), claim)
	again, same, errAgain := store.Acquire(t.Context(), claim)
	if !first || !again || err != nil || errAgain != nil || standing.Stamp != same.Stamp {
		t.Errorf("got %t, %v, and again %t, %v, stamps %d and %d", first, err, again, errAgain, standing.Stamp, same.Stamp)
	}
	claim.Token = "another's"
	if granted, _, err := store.Acquire(t.Context(), claim); granted || err != nil {
		t.Errorf("another gets it too: %t, %v", granted, err)
	}
}

// A list whose pages are turned and that is sorted anew has each page, whichever replica is asked, and says when it was asked for.
func TestPagesTurnedAcrossReplicas(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	o := &office{size: 4000}
	all, _ := stores(t, 2, presence.Options{Life: time.Hour, KeepFor: 2 * time.Hour}, o, redistest.At(server))
	began := time.Now().Add(-time.Minute) // two clocks are compared
	for i, page := range [][]connectors.Ref{chatters(0, 10), chatters(50, 60), slices.Concat(chatters(4, 8), chatters(54, 70)), chatters(90, 100)} {
		if got := there(all[i%2].Get(t.Context(), page)); got != evenIn(len(page)) {
			t.Errorf("page %d: %s", i, got)
		}
	}
	if diff := cmp.Diff([]string{"10", "all"}, o.asked()); diff != "" {
		t.Errorf("calls (-want +got):\n%s", diff)
	}
	asked := all[0].Known(chatters(4, 5))[0].At
	late, _ := stores(t, 1, presence.Options{Life: time.Hour, KeepFor: 2 * time.Hour}, o, redistest.At(server))
	for _, a := range late[0].Get(t.Context(), chatters(0, 10)) {
		if a.At.Before(began) || a.At.Sub(asked).Abs() > time.Minute {
			t.Errorf("a replica that comes later says that it was asked for at %v, and not at %v", a.At, asked)
		}
	}
}

// Who asks for others while another replica's call is under way waits for its end, and then may ask.
func TestPageTurnedWhileAnotherReplicaAsks(t *testing.T) {
	t.Parallel()
	o := &office{size: 4000, gate: make(chan struct{})}
	all, _ := stores(t, 2, presence.Options{Life: time.Hour, KeepFor: 2 * time.Hour}, o, redistest.At(redistest.Start(t)))
	var callers sync.WaitGroup
	ask := func(s *presence.Store, page []connectors.Ref) {
		callers.Go(func() {
			if got := there(s.Get(t.Context(), page)); got != evenIn(len(page)) {
				t.Errorf("%v: %s", page, got)
			}
		})
	}
	ask(all[0], chatters(0, 10))
	redistest.Await(t, func() bool { return len(o.asked()) == 1 }, "the source is asked")
	ask(all[1], chatters(50, 60))
	close(o.gate)
	callers.Wait()
	if diff := cmp.Diff([]string{"10", "all"}, o.asked()); diff != "" {
		t.Errorf("calls (-want +got):\n%s", diff)
	}
}

func TestPauseOfPresenceIsShared(t *testing.T) {
	t.Parallel()
	o := &office{size: 10, err: &connectors.Error{Kind: connectors.KindRateLimited, RetryAfter: time.Hour}}
	all, _ := stores(t, 3, presence.Options{Life: 10 * time.Millisecond}, o, redistest.At(redistest.Start(t)))
	for range 3 {
		for _, s := range all {
			if got := there(s.Get(t.Context(), chatters(0, 4))); got != "????" {
				t.Errorf("got %s", got)
			}
		}
	}
	if diff := cmp.Diff([]string{"4"}, o.asked()); diff != "" {
		t.Errorf("calls (-want +got):\n%s", diff)
	}
}

func TestPresenceWithoutRedis(t *testing.T) {
	t.Parallel()
	o := &office{size: 10}
	const life = 500 * time.Millisecond
	server := redistest.Start(t)
	all, clients := stores(t, 3, presence.Options{Life: life, KeepFor: time.Hour}, o, redistest.At(server))
	redistest.Await(t, func() bool {
		return !slices.ContainsFunc(clients, func(r *redis.Client) bool { return r.Membership().Size != 3 })
	}, "three replicas know of each other")
	for _, s := range all {
		if got := there(s.Get(t.Context(), chatters(0, 4))); got != "o-o-" {
			t.Fatalf("with Redis: %s", got)
		}
	}
	began := time.Now()
	server.Kill()
	ask := func(condition func() bool, what string) {
		redistest.Await(t, func() bool {
			for _, s := range all {
				if got := there(s.Get(t.Context(), chatters(0, 4))); got != "o-o-" {
					t.Errorf("%s: %s", what, got)
				}
			}
			return condition() || t.Failed()
		}, what)
	}
	before := len(o.asked())
	ask(func() bool { return len(o.asked()) >= before+6 }, "each replica asks by itself")
	redistest.Connected(t, false, clients...)
	if n, most := len(o.asked())-before, int(time.Since(began)/life)+3; n > most {
		t.Errorf("%d calls without Redis, want at most %d", n, most)
	}
	server.Restart()
	redistest.Connected(t, true, clients...)
	before = len(o.asked())
	ask(func() bool { return len(o.asked()) >= before+3 }, "they share again")
}

func TestSlowRedisHoldsUpNoPresence(t *testing.T) {
	t.Parallel()
	p, url := redistest.Proxied(t, redistest.Start(t))
	o := &office{size: 10}
	all, clients := stores(t, 1, presence.Options{Life: 10 * time.Millisecond, KeepFor: time.Hour}, o, redis.Options{URL: url})
	redistest.Toxic(t, p, "latency", `"latency": 300`)
	store := redispresence.New(clients[0])
	var failed int
	redistest.Await(t, func() bool {
		_, err := store.Lookup(t.Context(), []presence.Question{{StoreKey: presence.StoreKey{Source: "chat", Fingerprint: "f"}}})
		if err != nil {
			failed++
		}
		return !store.Membership().Connected
	}, "the breaker opens")
	if failed < 3 || failed > 5 { // the toxic may cut a call off while it is put in place
		t.Errorf("it took %d slow calls, want three", failed)
	}
	if !clients[0].Membership().Connected {
		t.Error("snapshots, which nobody waits for, are not shared either")
	}
	// Nobody asks it now, and the source is asked without it.
	redistest.Await(t, func() bool { return there(all[0].Get(t.Context(), chatters(0, 4))) == "o-o-" }, "the source is asked alone")
	redistest.Replace(t, p)
	redistest.Await(t, func() bool {
		_, _ = store.Lookup(t.Context(), []presence.Question{{StoreKey: presence.StoreKey{Source: "chat", Fingerprint: "f"}}})
		return store.Membership().Connected
	}, "the breaker closes")
}

func TestPresenceIsSealed(t *testing.T) {
	t.Parallel()
	for name, key := range map[string]string{"plain": "", "encrypted": strings.Repeat("k", seal.KeySize)} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := redistest.Start(t)
			opt := redistest.At(server)
			opt.Key = []byte(key)
			o := &office{size: 300, text: "canary"}
			all, _ := stores(t, 1, presence.Options{Life: time.Hour, KeepFor: 2 * time.Hour}, o, opt)
			all[0].Get(t.Context(), chatters(0, 2))
			item := presence.StoreKey{Source: "chat", Fingerprint: "f"}
			store, _ := redistest.Replica(t, opt, redispresence.New)
			know := func() map[string]presence.Answer {
				known, err := store.Lookup(t.Context(), []presence.Question{{StoreKey: item, IDs: []string{"000000", "000001", "000002"}}})
				if err != nil {
					t.Fatal(err)
				}
				return known[0].Answers
			}
			if diff := cmp.Diff([]string{"000000", "000001"}, slices.Sorted(maps.Keys(know()))); diff != "" {
				t.Errorf("known (-want +got):\n%s", diff)
			}
			keys := strings.Fields(server.Must("KEYS", "roster:presence:1:*"))
			if len(keys) != 2 {
				t.Fatalf("keys: %q", keys)
			}
			for _, k := range keys {
				value := server.Must("GET", k)
				if strings.Contains(k, "000000") || key != "" && strings.Contains(value, "canary") {
					t.Errorf("%s holds %q", k, value)
				}
				if ttl := server.Must("PTTL", k); len(ttl) != len("7199999") {
					t.Errorf("%s lives for %s ms", k, ttl)
				}
				// Flipping a bit anywhere, or moving it elsewhere, makes it absent.
				for i := range []byte(value) {
					flipped := []byte(value)
					flipped[i] ^= 1
					server.Must("SET", k, string(flipped))
					if got := know(); len(got) != 1 {
						t.Fatalf("with byte %d flipped: %v", i, got)
					}
				}
				server.Must("SET", k, value)
			}
			first := server.Must("GET", keys[0])
			server.Must("SET", keys[1], first)
			if got := know(); len(got) != 1 {
				t.Errorf("what was written under another key is taken: %v", got)
			}
			server.Must("DEL", keys[0])
			server.Must("LPUSH", keys[0], "garbage")
			if got := know(); len(got) != 0 {
				t.Errorf("garbage is taken: %v", got)
			}
		})
	}
}

func TestClearForgetsPresence(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	o := &office{size: 300}
	all, clients := stores(t, 1, presence.Options{}, o, redistest.At(server))
	all[0].Get(t.Context(), chatters(0, 2))
	if n, err := redispresence.New(clients[0]).Clear(t.Context(), "cha"); n != 0 || err != nil {
		t.Errorf("another source: %d keys, %v", n, err)
	}
	if n, err := redispresence.New(clients[0]).Clear(t.Context(), "chat"); n != 2 || err != nil {
		t.Errorf("%d keys, %v, want the two accounts", n, err)
	}
	if got := server.Must("KEYS", "roster:presence:*"); got != "roster:presence:{chat:f}:standing" {
		t.Errorf("left: %q", got)
	}
}
