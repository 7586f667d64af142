package writes_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"roster/internal/redis"
	"roster/internal/redis/redistest"
	rediswrites "roster/internal/redis/writes"
	"roster/internal/seal"
	"roster/internal/writes"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m, redistest.Leaks()...) }

// replica is a store and its client.
type replica struct {
	*rediswrites.Store
	client *redis.Client
}

// open returns a replica that runs until the test ends, and is connected.
func open(t *testing.T, opt redis.Options) replica {
	t.Helper()
	store, client := redistest.Replica(t, opt, rediswrites.New)
	return replica{store, client}
}

func TestLedgerInRedis(t *testing.T) {
	t.Parallel()
	s := redistest.Start(t)
	plain, sealed := redistest.At(s), redistest.At(s)
	plain.Prefix, sealed.Key = "plain:", []byte(strings.Repeat("k", seal.KeySize))
	for name, store := range map[string]replica{"plain": open(t, plain), "sealed": open(t, sealed)} {
		put := func(was writes.Held, value []byte, life time.Duration) (writes.Held, bool) {
			t.Helper()
			now, ok, err := store.Put(t.Context(), "a", was, value, life)
			if err != nil {
				t.Fatal(err)
			}
			return now, ok
		}
		first, ok := put(writes.Held{}, []byte("canary"), time.Minute)
		if now, again := put(writes.Held{}, []byte("two"), time.Minute); !ok || again || string(now.Value) != "canary" {
			t.Errorf("%s: %t, and %t for one who has not seen it: %q", name, ok, again, now.Value)
		}
		second, ok := put(first, []byte("canary two"), time.Minute)
		if _, stale := put(first, nil, 0); !ok || stale {
			t.Errorf("%s: replaced %t, and removed by one who has seen what was before %t", name, ok, stale)
		}
		for _, key := range strings.Fields(s.Must("KEYS", "*")) {
			if strings.Contains(key, "write:") && name == "sealed" && strings.Contains(s.Must("GET", key), "canary") {
				t.Error("the value lies open")
			}
		}
		if h, err := store.Get(t.Context(), "a"); err != nil || string(h.Value) != "canary two" {
			t.Errorf("%s: %q, %v", name, h.Value, err)
		}
		if _, ok := put(second, nil, 0); !ok {
			t.Errorf("%s: not removed", name)
		}
		if h, err := store.Get(t.Context(), "a"); err != nil || h.Value != nil {
			t.Errorf("%s: %q, %v", name, h.Value, err)
		}
		put(writes.Held{}, []byte("short"), 20*time.Millisecond)
		redistest.Await(t, func() bool {
			h, err := store.Get(t.Context(), "a")
			return err == nil && h.Value == nil
		}, "it has ended")
	}
}

// What was changed or moved in Redis is never taken for what was put, and never for nothing.
func TestLedgerDamaged(t *testing.T) {
	t.Parallel()
	s := redistest.Start(t)
	store := open(t, redistest.At(s))
	if _, ok, err := store.Put(t.Context(), "a", writes.Held{}, []byte("note"), time.Hour); !ok || err != nil {
		t.Fatal(ok, err)
	}
	keys := slices.DeleteFunc(strings.Fields(s.Must("KEYS", "*")), func(k string) bool { return !strings.Contains(k, "write:") })
	if len(keys) != 1 {
		t.Fatalf("keys %v", keys)
	}
	s.Must("APPEND", keys[0], "x")
	h, err := store.Get(t.Context(), "a")
	if err != nil || h.Value == nil || len(h.Value) != 0 {
		t.Errorf("%q, %v, want something that nobody can read", h.Value, err)
	}
}

// A replica hears when another has made something.
func TestLedgerTells(t *testing.T) {
	t.Parallel()
	s := redistest.Start(t)
	one, other := open(t, redistest.At(s)), open(t, redistest.At(s))
	redistest.Await(t, func() bool { return one.client.Membership().Size == 2 && other.client.Membership().Size == 2 }, "both are there")
	heard := other.Changed()
	redistest.Await(t, func() bool {
		held, err := one.Get(t.Context(), writes.OverlayName)
		if err != nil {
			return false
		}
		if _, _, err := one.Put(t.Context(), writes.OverlayName, held, []byte("x"), time.Hour); err != nil {
			return false
		}
		select {
		case <-heard:
			return true
		case <-time.After(100 * time.Millisecond):
			return false
		}
	}, "it has heard")
}
