package tokens_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"roster/internal/credential"
	"roster/internal/redis"
	"roster/internal/redis/redistest"
	"roster/internal/redis/tokens"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m, redistest.Leaks()...) }

// While one replica renews a pair, the node that has it gives its place to another, or dies: the other replica has to wait all the same, what
// was stored is there, and nothing replaces it but what came from it.
func TestARenewalOutlivesAFailover(t *testing.T) {
	t.Parallel()
	const secret = "01234567890123456789012345678901"
	tests := map[string]func(t *testing.T) (opt redis.Options, master *redistest.Server, failOver func()){
		"cluster, by order": func(t *testing.T) (redis.Options, *redistest.Server, func()) {
			t.Helper()
			c := durableCluster(t)
			_, owner := c.Owner("{chain}")
			return redis.Options{Addrs: c.Addrs()}, c.Masters[owner], func() { c.FailOver(owner) }
		},
		"cluster, by death": func(t *testing.T) (redis.Options, *redistest.Server, func()) {
			t.Helper()
			c := durableCluster(t)
			_, owner := c.Owner("{chain}")
			return redis.Options{Addrs: c.Addrs()}, c.Masters[owner], func() {
				c.Masters[owner].Kill()
				c.Replicas[owner].AwaitMaster()
			}
		},
		"sentinel": func(t *testing.T) (redis.Options, *redistest.Server, func()) {
			t.Helper()
			s := redistest.StartSentinel(t)
			durable(s.Master, s.Replica)
			return redis.Options{Addrs: []string{s.Watch.Addr}, MasterName: redistest.MasterName}, s.Master, func() {
				s.Master.Kill()
				s.Replica.AwaitMaster()
			}
		},
	}
	for name, begin := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			opt, master, failOver := begin(t)
			opt.Key, opt.CallTimeout = []byte(secret), 2*time.Second
			one, another := vaultOf(t, opt), vaultOf(t, opt)
			lock, err := one.Lock(t.Context(), "chain")
			if err != nil {
				t.Fatal(err)
			}
			first, err := one.Save(t.Context(), "chain", "", []byte("first"))
			if err != nil {
				t.Fatal(err)
			}
			if stats := master.Must("INFO", "commandstats"); !strings.Contains(stats, "cmdstat_wait:") {
				t.Error("it was not waited for until a replica had it")
			}
			failOver()
			for _, v := range []*tokens.Store{one, another} { // until they have found the new master
				redistest.Await(t, func() bool {
					_, _, err := v.Load(t.Context(), "chain")
					return err == nil
				}, "it can be loaded")
			}
			soon, cancel := context.WithTimeout(t.Context(), time.Second)
			defer cancel()
			// A lock is a lease: it may end before the new master is there, or not have been copied to it. Then the first replica must learn of that.
			switch second, err := another.Lock(soon, "chain"); {
			case err == nil:
				redistest.Await(t, func() bool { return !lock.Held() }, "the first replica knows that its lock is lost")
				second.Unlock()
			case !strings.Contains(err.Error(), "another replica"):
				t.Errorf("the lock of another replica: %v", err)
			}
			if got, version, err := another.Load(t.Context(), "chain"); string(got) != "first" || version != first || err != nil {
				t.Errorf("another replica finds %q, %v; is it the same: %v", got, err, version == first)
			}
			second := ""
			redistest.Await(t, func() bool {
				second, err = one.Save(t.Context(), "chain", first, []byte("second"))
				return err == nil || errors.Is(err, credential.ErrChanged)
			}, "what was renewed is stored")
			if err != nil {
				t.Errorf("storing what was renewed: %v", err)
			}
			if _, err := another.Save(t.Context(), "chain", first, []byte("fork")); !errors.Is(err, credential.ErrChanged) {
				t.Errorf("a second successor: %v", err)
			}
			lock.Unlock()
			lock, err = another.Lock(t.Context(), "chain")
			if err != nil {
				t.Fatal(err)
			}
			defer lock.Unlock()
			if got, version, err := another.Load(t.Context(), "chain"); string(got) != "second" || version != second || err != nil || !lock.Held() {
				t.Errorf("the next one finds %q, %v", got, err)
			}
		})
	}
}

func vaultOf(t *testing.T, opt redis.Options) *tokens.Store {
	t.Helper()
	v, _ := redistest.Replica(t, opt, func(c *redis.Client) *tokens.Store {
		v, err := tokens.New(c)
		if err != nil {
			t.Fatal(err)
		}
		return v
	})
	return v
}

func durableCluster(t *testing.T) *redistest.Cluster {
	t.Helper()
	c := redistest.StartCluster(t)
	durable(append(c.Masters[:], c.Replicas[:]...)...)
	return c
}

// durable has servers write their append-only files. A replica may be away for as long as it reads from its master anew.
func durable(servers ...*redistest.Server) {
	for _, s := range servers {
		s.Must("CONFIG", "SET", "appendonly", "yes")
	}
}
