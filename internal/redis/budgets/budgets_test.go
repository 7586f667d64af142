package budgets_test

import (
	"context"
	"flag"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"

	"roster/connectors"
	"roster/connectors/limit"
	"roster/internal/redis"
	"roster/internal/redis/budgets"
	"roster/internal/redis/redistest"
)

func TestMain(m *testing.M) {
	flag.Parse()
	_ = flag.Set("test.parallel", "8") // they wait more than they work
	goleak.VerifyTestMain(m, redistest.Leaks()...)
}

// vendor counts what reaches it, by what it counts calls by, and notes each time that this is more than it allows. A call that was on its way for longer than
// late does not count: its replica stood still, which no limit can foresee.
type vendor struct {
	limits map[string]connectors.RateLimit // by what a call names
	takes  time.Duration
	late   time.Duration

	mu      sync.Mutex
	at      map[string][]time.Time
	counts  map[string]int
	under   map[string]int
	over    []string
	arrived atomic.Int64
}

func (v *vendor) ServeHTTP(_ http.ResponseWriter, r *http.Request) {
	v.arrived.Add(1)
	names := r.URL.Query()["counts"]
	begun, _ := strconv.ParseInt(r.URL.Query().Get("begun"), 10, 64)
	v.mu.Lock()
	now := time.Now()
	for _, n := range names {
		v.counts[n]++
	}
	if now.Sub(time.Unix(0, begun)) > v.late {
		names = nil
	}
	for _, n := range names {
		l := v.limits[n]
		v.at[n] = append(v.at[n], now)
		v.under[n]++
		if at := v.at[n]; l.Calls > 0 && len(at) > l.Calls && now.Sub(at[len(at)-1-l.Calls]) < l.Per {
			v.over = append(v.over, fmt.Sprintf("%s: %d calls within %s", n, l.Calls+1, now.Sub(at[len(at)-1-l.Calls])))
		}
		if l.Parallel > 0 && v.under[n] > l.Parallel {
			v.over = append(v.over, fmt.Sprintf("%s: %d calls at a time", n, v.under[n]))
		}
	}
	v.mu.Unlock()
	select {
	case <-time.After(v.takes):
	case <-r.Context().Done(): // the caller has gone
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	for _, n := range names {
		v.under[n]--
	}
}

func (v *vendor) count(name string) int {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.counts[name]
}

// fair fails the test where the vendor was called too often.
func (v *vendor) fair(t *testing.T) {
	t.Helper()
	v.mu.Lock()
	defer v.mu.Unlock()
	if len(v.over) > 0 {
		t.Errorf("%d times too many: %v", len(v.over), v.over[:min(3, len(v.over))])
	}
}

// kinds are the four vendors' kinds of limits, with shorter windows: one call at a time that counts, several in two budgets, a few side by
// side, and many in a long window for each route.
var kinds = map[string][]connectors.Budget{
	"worksection": {{Key: "account", Limit: connectors.RateLimit{Calls: 1, Per: 300 * time.Millisecond}}},
	"kommo": {{Key: "first", Limit: connectors.RateLimit{Calls: 5, Per: 400 * time.Millisecond}},
		{Key: "all", Limit: connectors.RateLimit{Calls: 7, Per: 440 * time.Millisecond}}},
	"kommo 2": {{Key: "second", Limit: connectors.RateLimit{Calls: 5, Per: 400 * time.Millisecond}},
		{Key: "all", Limit: connectors.RateLimit{Calls: 7, Per: 440 * time.Millisecond}}},
	"altcraft":   {{Key: "host", Limit: connectors.RateLimit{Calls: 5, Per: 400 * time.Millisecond, Parallel: 2}}},
	"rocketchat": {{Key: "chat", Limit: connectors.RateLimit{}}, {Key: "chat/users.list", Limit: connectors.RateLimit{Calls: 10, Per: 1500 * time.Millisecond}}},
}

const callWithin = time.Second

// site is a vendor for all kinds and what calls it.
type site struct {
	*vendor
	url string
}

func newSite(t *testing.T) *site {
	t.Helper()
	v := &vendor{at: make(map[string][]time.Time), counts: make(map[string]int), under: make(map[string]int), limits: make(map[string]connectors.RateLimit),
		takes: 20 * time.Millisecond, late: 3 * beat / 2}
	for _, counted := range kinds {
		for _, b := range counted {
			v.limits[b.Key] = b.Limit
		}
	}
	server := httptest.NewServer(v)
	t.Cleanup(server.Close)
	return &site{vendor: v, url: server.URL}
}

// load calls the vendor by all kinds of limits, with several callers for each, until ctx ends.
func (s *site) load(ctx context.Context, who string, l *limit.Limits, callers int) {
	client := &http.Client{Transport: &http.Transport{DialContext: (&net.Dialer{}).DialContext, MaxIdleConnsPerHost: 100}, Timeout: callWithin}
	defer client.CloseIdleConnections()
	var calling sync.WaitGroup
	for _, counted := range kinds {
		query := "/?counts=" + who + "&"
		for _, b := range counted {
			query += "counts=" + b.Key + "&"
		}
		for range callers {
			calling.Go(func() {
				for ctx.Err() == nil {
					pass, e := l.Acquire(ctx, counted, callWithin)
					begun := time.Now()
					if e != nil {
						continue
					}
					// Once it has its turn, a call is made to its end.
					req, _ := http.NewRequestWithContext(context.WithoutCancel(ctx), http.MethodGet, fmt.Sprint(s.url, query, "begun=", begun.UnixNano()), http.NoBody)
					resp, err := client.Do(req)
					if err == nil {
						_ = resp.Body.Close()
					}
					pass.Release(err == nil)
				}
			})
		}
	}
	calling.Wait()
}

// replica is a ledger and its client.
type replica struct {
	*budgets.Budgets
	client *redis.Client
}

// open returns a replica that runs until the test ends, and is connected. It misses the others sooner than usual.
func open(t *testing.T, opt redis.Options) replica {
	t.Helper()
	opt.CallTimeout, opt.DialTimeout = 2*time.Second, time.Second
	return openEvery(t, opt, beat)
}

// beat is the time between two heartbeats of the replicas of a site.
const beat = 500 * time.Millisecond

// openEvery is open with a time between two heartbeats.
func openEvery(t *testing.T, opt redis.Options, every time.Duration) replica {
	t.Helper()
	ledger, client := redistest.Replica(t, opt, func(c *redis.Client) *budgets.Budgets { return budgets.New(c, every) })
	return replica{ledger, client}
}

// more waits until that many more calls of each kind have reached the vendor.
func (s *site) more(t *testing.T, n int, names ...string) {
	t.Helper()
	if len(names) == 0 {
		names = []string{"account", "first", "second", "host", "chat/users.list"}
	}
	was := make([]int, len(names))
	for i, name := range names {
		was[i] = s.count(name)
	}
	for i, name := range names {
		redistest.Await(t, func() bool { return s.count(name) >= was[i]+n }, "%d more calls counted as %s", n, name)
	}
}

func TestReplicasKeepEveryLimitTogether(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	s := newSite(t)
	ctx, cancel := context.WithCancel(t.Context())
	var replicas sync.WaitGroup
	for i := range 3 {
		r := open(t, redistest.At(server))
		replicas.Go(func() { s.load(ctx, fmt.Sprint("replica", i), limit.New(r), 3) })
	}
	defer replicas.Wait()
	defer cancel()
	s.more(t, 10)
	s.fair(t)
	server.Kill()
	s.more(t, 12) // each has its slices of time
	s.fair(t)
	server.Restart() // empty
	s.more(t, 20)
	s.fair(t)
	r := open(t, redistest.At(server)) // another one joins
	replicas.Go(func() { s.load(ctx, "another", limit.New(r), 3) })
	s.more(t, 15)
	s.more(t, 5, "another")
	server.Stop() // it does not answer, and may yet do late what it was told
	redistest.Await(t, func() bool { return !r.client.Membership().Connected }, "Redis is missed")
	server.Continue()
	s.more(t, 10)
	cancel()
	replicas.Wait()
	s.fair(t)
}

// One replica is cut off from Redis, which the others still have: neither it nor they stop, and together they keep the limits.
func TestAReplicaThatIsCutOffKeepsTheLimits(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	s := newSite(t)
	ctx, cancel := context.WithCancel(t.Context())
	var replicas sync.WaitGroup
	join := func(who string, opt redis.Options) {
		r := open(t, opt)
		replicas.Go(func() { s.load(ctx, who, limit.New(r), 2) })
	}
	proxy, url := redistest.Proxied(t, server)
	through := redistest.At(server)
	through.URL = url
	join("one", redistest.At(server))
	join("two", redistest.At(server))
	join("cutoff", through)
	defer replicas.Wait()
	defer cancel()
	s.more(t, 10, "one", "two", "cutoff")
	s.more(t, 5)
	for range 2 {
		proxy.Stop()
		s.more(t, 15, "one", "two", "cutoff")
		s.more(t, 5)
		if err := proxy.Start(); err != nil {
			t.Fatal(err)
		}
		s.more(t, 15, "one", "two", "cutoff")
		s.more(t, 5)
	}
	cancel()
	replicas.Wait()
	s.fair(t)
}

// By the account that all replicas share, a call counts for a window from its end, also where that comes later than was expected, and for a second more
// where it was given up.
func TestACallCountsFromItsEndForAll(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		within   time.Duration
		untold   bool // nobody says how it ended
		answered bool
		counts   time.Duration // from its end
	}{
		"in time":             {time.Hour, false, true, time.Hour},
		"later than expected": {-time.Minute, false, true, time.Hour},
		"given up":            {time.Hour, false, false, time.Hour + time.Second},
		"given up in the end": {time.Millisecond, false, false, time.Hour + time.Second},
		"given up later":      {-time.Minute, false, false, time.Hour + time.Second},
		"by one who has died": {0, true, false, time.Hour + time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := redistest.Start(t)
			one, other := openEvery(t, redistest.At(server), 0), openEvery(t, redistest.At(server), 0)
			counted := []connectors.Budget{{Key: "b", Limit: connectors.RateLimit{Calls: 1, Per: time.Hour}}}
			call := limit.Request{ID: "call", Budgets: counted, Within: tc.within}
			var ended time.Time
			redistest.Await(t, func() bool {
				ended = time.Now()
				return one.Acquire(t.Context(), call).Granted
			}, "the call may be made")
			if !tc.untold {
				ended = time.Now()
				one.Release(call, tc.answered)
			}
			var counts time.Duration
			redistest.Await(t, func() bool {
				v := other.Acquire(t.Context(), limit.Request{ID: "next", Budgets: counted, Within: time.Second})
				counts = time.Since(ended) + v.Wait
				return !v.Granted && counts >= tc.counts && counts < tc.counts+time.Minute
			}, "it counts for %s from its end, so far %s", tc.counts, &counts)
		})
	}
}

// What a source says to one replica, all obey; and who waits at one replica goes before the background of another.
func TestPausesAndUrgencyReachTheOthers(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	one, two := limit.New(open(t, redistest.At(server))), limit.New(open(t, redistest.At(server)))
	enter := func(l *limit.Limits, b connectors.Budget, within time.Duration) *connectors.Error {
		ctx, cancel := context.WithTimeout(t.Context(), within)
		defer cancel()
		pass, e := l.Acquire(ctx, []connectors.Budget{b}, time.Second)
		if e == nil {
			pass.Release(true)
		}
		return e
	}
	free := connectors.RateLimit{}
	one.Pause("paused", &connectors.Error{Kind: connectors.KindRateLimited, Status: 429, RetryAfter: time.Hour})
	one.Pause("blocked", &connectors.Error{Kind: connectors.KindRateLimited, Status: 403, RetryAfter: time.Hour, Blocked: true})
	one.Pause("blocked", &connectors.Error{Kind: connectors.KindRateLimited, Status: 429, RetryAfter: 2 * time.Hour})
	for key, most := range map[string]time.Duration{"paused": connectors.MaxPause, "blocked": time.Hour} {
		redistest.Await(t, func() bool { return enter(two, connectors.Budget{Key: key, Limit: free}, time.Minute) != nil }, "%s", key)
		e := enter(two, connectors.Budget{Key: key, Limit: free}, time.Minute)
		if e == nil || !e.Unsent || e.Kind != connectors.KindRateLimited || e.Blocked != (key == "blocked") || e.RetryAfter < most-10*time.Minute ||
			e.RetryAfter.Round(time.Second) > most { // it counts from when the other hears of it, which may be an instant after it asked for the time
			t.Errorf("%s: got %v", key, e)
		}
	}
	if e := enter(two, connectors.Budget{Key: "another", Limit: free}, time.Minute); e != nil {
		t.Errorf("another budget is refused: %v", e)
	}

	busy := connectors.Budget{Key: "busy", Limit: connectors.RateLimit{Calls: 1, Per: 500 * time.Millisecond}}
	ctx, cancel := context.WithCancel(t.Context())
	var background sync.WaitGroup
	for range 4 {
		background.Go(func() {
			for ctx.Err() == nil {
				if pass, e := one.Acquire(connectors.WithUrgency(ctx, connectors.NewUrgency()), []connectors.Budget{busy}, time.Second); e == nil {
					pass.Release(true)
				}
			}
		})
	}
	var waits []time.Duration
	for range 5 {
		began := time.Now()
		if e := enter(two, busy, time.Minute); e != nil {
			t.Fatal(e)
		}
		waits = append(waits, time.Since(began))
	}
	cancel()
	background.Wait()
	// Each is the next to go: by chance it would be one of five.
	if slow := slices.DeleteFunc(waits, func(d time.Duration) bool { return d < 1500*time.Millisecond }); len(slow) > 2 {
		t.Errorf("who is waited for had to wait %v", slow)
	}
}

// What is left for spare calls is left for those of all replicas together.
func TestReplicasShareWhatIsSpare(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	one, two := limit.New(open(t, redistest.At(server))), limit.New(open(t, redistest.At(server)))
	counted := []connectors.Budget{{Key: "b", Limit: connectors.RateLimit{Calls: 100, Per: time.Second}},
		{Key: "b/spare", Limit: connectors.RateLimit{Calls: 1, Per: time.Hour}, Spare: true}}
	pass, e := one.Acquire(t.Context(), counted, time.Second)
	if e != nil {
		t.Fatal(e)
	}
	pass.Release(true)
	if _, e := two.Acquire(t.Context(), counted, time.Second); e == nil || e.Kind != connectors.KindRateLimited || !e.Unsent || e.RetryAfter < 50*time.Minute {
		t.Errorf("a spare call of the other replica gets %v", e)
	}
	if pass, e := two.Acquire(t.Context(), counted[:1], time.Second); e != nil {
		t.Errorf("a call that is not spare gets %v", e)
	} else {
		pass.Release(true)
	}
}

// Redis's clock jumps ahead of ours, or ours has stood still: the next contact shows it, and calls go on.
func TestCallsGoOnWhenTheClockHasJumped(t *testing.T) {
	t.Parallel()
	store := open(t, redistest.At(redistest.Start(t)))
	redistest.Await(t, func() bool { return store.Agreed() == 1 }, "it shares the limits")
	limits := limit.New(store)
	counted := []connectors.Budget{{Key: "b", Limit: connectors.RateLimit{Calls: 1, Per: time.Millisecond}}}
	enter := func() bool {
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		defer cancel()
		pass, e := limits.Acquire(ctx, counted, time.Second)
		if e == nil {
			pass.Release(true)
		}
		return e == nil
	}
	if !enter() {
		t.Fatal("no call is let through")
	}
	store.Jump(time.Hour)
	redistest.Await(t, enter, "a call is let through")
}
