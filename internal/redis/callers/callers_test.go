package callers_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"roster/internal/redis"
	"roster/internal/redis/callers"
	"roster/internal/redis/redistest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m, redistest.Leaks()...) }

// What callers owe is the sum of what they have sent to any replica, less what has run off.
func TestSpend(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	here, _ := redistest.Replica(t, redistest.At(server), callers.New)
	there, _ := redistest.Replica(t, redistest.At(server), callers.New)
	spend := func(r *callers.Store, debts map[string]time.Duration) map[string]time.Duration {
		t.Helper()
		owed, err := r.Spend(t.Context(), debts)
		if err != nil || len(owed) != len(debts) {
			t.Fatalf("owed %v, %v", owed, err)
		}
		return owed
	}
	spend(here, map[string]time.Duration{"name ann": time.Hour, "name bob": time.Minute})
	owed := spend(there, map[string]time.Duration{"name ann": time.Hour, "address 192.0.2.1": time.Minute})
	if got := owed["name ann"]; got > 2*time.Hour || got < 2*time.Hour-time.Minute {
		t.Errorf("ann owes %v, want nearly two hours", got)
	}
	if got := owed["address 192.0.2.1"]; got != time.Minute {
		t.Errorf("who is new owes %v, want what they have just spent", got)
	}
	keys, err := server.Do("KEYS", "*ann*")
	if err != nil || keys != "" {
		t.Errorf("a name stands in a key: %q, %v", keys, err)
	}
	spend(here, map[string]time.Duration{"short": 10 * time.Millisecond})
	redistest.Await(t, func() bool {
		callers, err := server.Do("KEYS", "roster:rate:*")
		return err == nil && len(strings.Fields(callers)) == 3
	}, "whoever owes nothing is forgotten")
	server.Kill()
	redistest.Await(t, func() bool {
		_, err := here.Spend(t.Context(), map[string]time.Duration{"name ann": time.Second})
		return errors.Is(err, redis.ErrAway)
	}, "a Redis that is away is not asked")
}
