package redis_test

import (
	"context"
	"crypto/tls"
	"log/slog"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"roster/connectors"
	"roster/connectors/limit"
	"roster/internal/changes"
	"roster/internal/presence"
	"roster/internal/redis"
	"roster/internal/redis/redistest"
	"roster/internal/redis/tokens"
	"roster/internal/redis/webhooks"
	"roster/internal/seal"
	"roster/internal/snapshot/snapshottest"
)

func TestTLS(t *testing.T) {
	t.Parallel()
	s, over := redistest.StartTLS(t)
	config := func(change func(*tls.Config)) *tls.Config {
		c := &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: over.CA, Certificates: []tls.Certificate{over.Client}}
		change(c)
		return c
	}
	for name, tt := range map[string]struct {
		opt    redis.Options
		reason string // empty where it works
	}{
		"by a URL":                 {redis.Options{URL: "rediss://" + over.Addr, TLS: config(func(*tls.Config) {})}, ""},
		"not by TLS":               {redis.Options{URL: "redis://" + over.Addr}, "unreachable"},
		"another authority":        {redis.Options{URL: "rediss://" + over.Addr, TLS: config(func(c *tls.Config) { c.RootCAs = over.Other })}, "its certificate is not trusted"},
		"the system's authorities": {redis.Options{URL: "rediss://" + over.Addr, TLS: config(func(c *tls.Config) { c.RootCAs = nil })}, "its certificate is not trusted"},
		"another name":             {redis.Options{URL: "rediss://" + over.Addr, TLS: config(func(c *tls.Config) { c.ServerName = "redis.example" })}, "its certificate is not trusted"},
		"no certificate":           {redis.Options{URL: "rediss://" + over.Addr, TLS: config(func(c *tls.Config) { c.Certificates = nil })}, "unreachable"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var log redistest.Log
			opt := tt.opt
			opt.Logger, opt.Prefix = slog.New(&log), strings.ReplaceAll(name, " ", "-")+":"
			opt.CallTimeout, opt.DialTimeout = 10*time.Second, 10*time.Second
			src := snapshottest.NewSource("a", "1")
			r := running(t, opt)
			k, _ := snapshottest.Keep(t, r.snapshots, snapshottest.Brisk, src.Open("f"))
			snapshottest.Settled(t, "fresh[1]", "a", k)
			if tt.reason == "" {
				redistest.Connected(t, true, r.client)
				return
			}
			redistest.Await(t, func() bool { return len(log.Lines()) > 0 }, "the log says so")
			src.More(t, 2)
			if got := log.Lines(); len(got) != 1 || !strings.Contains(got[0], "redis cannot be used") || !strings.Contains(got[0], tt.reason) || r.client.Membership().Connected {
				t.Errorf("log: %q", got)
			}
			if got := s.Must("KEYS", opt.Prefix+"*"); got != "" {
				t.Errorf("it has written %q", got)
			}
		})
	}
}

// rights are what docs/replicas.md says a user needs, on a single server.
var rights = []string{"-@all", "+@read", "+@write", "+@scripting", "+@pubsub", "+@connection", "+time", "-@dangerous", "+info"}

func TestUserWithTheRightsThatAreNeeded(t *testing.T) {
	t.Parallel()
	s := redistest.Start(t, "--appendonly", "yes", "--maxmemory-policy", "noeviction")
	s.Must(append([]string{"ACL", "SETUSER", "app", "on", ">secret", "~roster:*", "&roster:*"}, rights...)...)
	var log redistest.Log
	opt := redistest.At(s)
	opt.Username, opt.Password, opt.Logger = "app", "secret", slog.New(&log)
	opt.Key = []byte(strings.Repeat("k", seal.KeySize))
	src := snapshottest.NewSource("a", snapshottest.Numbered(19)...)
	replicas, ks := crew(t, src, opt)
	snapshottest.Settled(t, "fresh"+"["+strings.Join(snapshottest.Numbered(19), " ")+"]", "a", ks...)
	src.Set("other")
	snapshottest.Settled(t, "fresh[other]", "a", ks...)
	var asked atomic.Int64
	office := &connectors.Source{Name: "chat", Fingerprint: "f", Presence: everyoneIn{&asked}}
	for _, r := range replicas {
		store := presence.New([]*connectors.Source{office}, presence.Options{SharedStore: r.presence, Timeout: 20 * time.Second, Life: time.Hour})
		if got := store.Get(t.Context(), []connectors.Ref{{Source: "chat", ID: "1"}}); got[0].Presence.State != connectors.PresenceOnline {
			t.Errorf("presence: %+v", got)
		}
		store.Close()
	}
	if got := asked.Load(); got != 1 {
		t.Errorf("presence was asked for %d times", got)
	}
	sharesABudget(t, replicas[0], replicas[1])
	tellsChanges(t, replicas[0], replicas[1])
	keepsTheRest(t, replicas[0])
	delivers(t, replicas[0])
	for name, clear := range map[string]func(context.Context, string) (int, error){
		"snapshots": replicas[0].snapshots.Clear, "presence": replicas[0].presence.Clear, "budgets": replicas[0].budgets.Clear, "changes": replicas[0].changes.Clear,
	} {
		if n, err := clear(t.Context(), map[string]string{"snapshots": "a", "presence": "chat"}[name]); n == 0 && name != "budgets" || err != nil {
			t.Errorf("clearing %s: %d keys, %v", name, n, err)
		}
	}
	if got := log.Lines(); len(got) != 3 {
		t.Errorf("log: %q, want a line for each replica", got)
	}
	if denied := s.Must("ACL", "LOG"); denied != "" {
		t.Errorf("refused: %s", denied)
	}
}

// sharesABudget has one replica use up a budget, and another find it used up.
func sharesABudget(t *testing.T, one, another *replica) {
	t.Helper()
	budget := []connectors.Budget{{Key: "account", Limit: connectors.RateLimit{Calls: 1, Per: time.Hour}}}
	pass, e := limit.New(one.budgets).Acquire(t.Context(), budget, time.Second)
	if e != nil {
		t.Fatalf("the first call of a budget: %v", e)
	}
	pass.Release(true)
	soon, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	if _, e := limit.New(another.budgets).Acquire(soon, budget, time.Second); e == nil || e.RetryAfter < 50*time.Minute {
		t.Errorf("another replica's call of a budget that is used up: %v", e)
	}
}

// tellsChanges has one replica write the log of changes, and another read it.
func tellsChanges(t *testing.T, one, another *replica) {
	t.Helper()
	bounds := changes.Options{Length: 10, KeepFor: time.Hour}
	w, err := one.changes.Acquire(t.Context())
	if err != nil || w == nil {
		t.Fatalf("the right to write changes: %v, %v", w, err)
	}
	defer w.Release(t.Context())
	if err := w.Append(t.Context(), changes.Append{NewID: "log", Count: 1, Data: []byte("change"), State: []byte("state"), Bounds: bounds}); err != nil {
		t.Errorf("writing a change: %v", err)
	}
	redistest.Await(t, func() bool { return len(another.changes.Changed()) > 0 }, "the other replica is notified")
	page, err := another.changes.Read(t.Context(), "", 0, bounds)
	if err != nil || len(page.Commits) != 1 || string(page.Commits[0].Data) != "change" || string(page.State) != "state" || !page.Written {
		t.Errorf("reading changes: %+v, %v", page, err)
	}
}

// keepsTheRest has Redis keep tokens, documents and what callers owe.
func keepsTheRest(t *testing.T, r *replica) {
	t.Helper()
	vault, err := tokens.New(r.client)
	if err != nil {
		t.Fatal(err)
	}
	lock, err := vault.Lock(t.Context(), "chain")
	if err != nil {
		t.Fatalf("the lock of tokens: %v", err)
	}
	if _, err := vault.Save(t.Context(), "chain", "", []byte("pair")); err != nil {
		t.Errorf("storing tokens: %v", err)
	}
	lock.Unlock()
	if got, _, err := vault.Load(t.Context(), "chain"); string(got) != "pair" || err != nil {
		t.Errorf("tokens: %q, %v", got, err)
	}
	if err := r.documents.KeepText(t.Context(), "hash", "{ users }"); err != nil {
		t.Errorf("keeping a document: %v", err)
	}
	if got, err := r.documents.Text(t.Context(), "hash"); got != "{ users }" || err != nil {
		t.Errorf("document: %q, %v", got, err)
	}
	if owed, err := r.callers.Spend(t.Context(), map[string]time.Duration{"caller": time.Hour}); len(owed) != 1 || err != nil {
		t.Errorf("what callers owe: %v, %v", owed, err)
	}
}

// delivers has Redis keep where a webhook is.
func delivers(t *testing.T, r *replica) {
	t.Helper()
	store := webhooks.New(r.client)
	lease, err := store.Acquire(t.Context(), "crm")
	if lease == nil || err != nil {
		t.Fatalf("the lease of a webhook: %v, %v", lease, err)
	}
	if err := lease.Save(t.Context(), []byte("{}")); err != nil {
		t.Errorf("storing where a webhook is: %v", err)
	}
	if got, err := store.Load(t.Context(), "crm"); string(got) != "{}" || err != nil {
		t.Errorf("where a webhook is: %q, %v", got, err)
	}
	lease.Release(t.Context())
}

// Without one of the rights Redis is not used at all, which one line tells: else it would come and go.
func TestUserWithoutARight(t *testing.T) {
	t.Parallel()
	s := redistest.Start(t)
	s.Must(append(append([]string{"ACL", "SETUSER", "app", "on", ">secret", "~roster:*", "&roster:*"}, rights...), "-info")...)
	var log redistest.Log
	opt := redistest.At(s)
	opt.CallTimeout, opt.DialTimeout = 2*time.Second, time.Second
	opt.Username, opt.Password, opt.Logger = "app", "secret", slog.New(&log)
	r := running(t, opt)
	k, _ := snapshottest.Keep(t, r.snapshots, snapshottest.Brisk, snapshottest.NewSource("a", "1").Open("f"))
	snapshottest.Settled(t, "fresh[1]", "a", k)
	denied := func() int { return strings.Count(s.Must("ACL", "LOG"), "reason") }
	redistest.Await(t, func() bool { return denied() > 0 && len(log.Lines()) > 0 }, "it is refused, and the log says so")
	pass, e := limit.New(r.budgets).Acquire(t.Context(), []connectors.Budget{{Key: "account", Limit: connectors.RateLimit{Calls: 1, Per: time.Hour}}}, time.Second)
	if e != nil {
		t.Fatalf("a call: %v", e)
	}
	pass.Release(true)
	s.Must("ACL", "SETUSER", "app", "+info")
	redistest.Connected(t, true, r.client)
	redistest.Await(t, func() bool { return len(log.Lines()) > 1 }, "the log says that Redis is back")
	if got := log.Lines(); len(got) != 2 || !strings.Contains(got[0], "may not do what is needed") || !strings.Contains(got[1], "redis is available") {
		t.Errorf("log: %q", got)
	}
}

func TestUserOfAClusterWithTheRightsThatAreNeeded(t *testing.T) {
	t.Parallel()
	c := redistest.StartCluster(t)
	for _, s := range append(c.Masters[:], c.Replicas[:]...) {
		s.Must(append(append([]string{"ACL", "SETUSER", "app", "on", ">secret", "~roster:*", "&roster:*"}, rights...), "+cluster")...)
	}
	src := snapshottest.NewSource("a", "1")
	replicas, ks := crew(t, src, redis.Options{Addrs: c.Addrs(), Username: "app", Password: "secret", CallTimeout: 10 * time.Second, DialTimeout: 10 * time.Second})
	snapshottest.Settled(t, "fresh[1]", "a", ks...)
	src.Set("2")
	snapshottest.Settled(t, "fresh[2]", "a", ks...)
	for _, r := range replicas {
		redistest.Connected(t, true, r.client)
	}
	sharesABudget(t, replicas[0], replicas[1])
	tellsChanges(t, replicas[0], replicas[1])
	for _, s := range append(c.Masters[:], c.Replicas[:]...) {
		if denied := s.Must("ACL", "LOG"); denied != "" {
			t.Errorf("refused: %s", denied)
		}
	}
}

func TestUserWithoutTheChannel(t *testing.T) {
	t.Parallel()
	s := redistest.Start(t)
	s.Must("ACL", "SETUSER", "app", "on", ">secret", "~*", "resetchannels", "+@all")
	var log redistest.Log
	opt := redistest.At(s)
	opt.Username, opt.Password, opt.Logger = "app", "secret", slog.New(&log)
	src := snapshottest.NewSource("a", "1")
	r := running(t, opt)
	redistest.Connected(t, true, r.client)
	k, _ := snapshottest.Keep(t, r.snapshots, snapshottest.Brisk, src.Open("f"))
	snapshottest.Settled(t, "fresh[1]", "a", k)
	src.More(t, 3) // each publishes, or would
	redistest.Await(t, func() bool { return len(log.Lines()) > 1 }, "the log says what is missing")
	if got := log.Lines(); len(got) != 2 || !strings.Contains(got[1], "publish changes") || !r.client.Membership().Connected {
		t.Errorf("log: %q, want one line that it is there, and one that it cannot publish", got)
	}
	s.Must("ACL", "SETUSER", "app", "&roster:*")
	redistest.Await(t, func() bool { return len(log.Lines()) > 2 }, "the log says that nothing is missing")
	if got := log.Lines(); len(got) != 3 || !strings.Contains(got[2], "publish changes again") {
		t.Errorf("log: %q", got)
	}
}
