package webhooks_test

import (
	"strings"
	"testing"

	"go.uber.org/goleak"

	"roster/internal/redis/redistest"
	"roster/internal/redis/webhooks"
	"roster/internal/seal"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m, redistest.Leaks()...) }

// One replica at a time has the lease, and only it can store the state, which every replica can read.
func TestOneReplicaDelivers(t *testing.T) {
	t.Parallel()
	s := redistest.Start(t)
	for name, key := range map[string]string{"plain": "", "sealed": strings.Repeat("k", seal.KeySize)} {
		t.Run(name, func(t *testing.T) {
			opt := redistest.At(s)
			opt.Prefix, opt.Key = name+":", []byte(key)
			one, _ := redistest.Replica(t, opt, webhooks.New)
			other, _ := redistest.Replica(t, opt, webhooks.New)
			mine, err := one.Acquire(t.Context(), "crm")
			if mine == nil || err != nil {
				t.Fatal(mine, err)
			}
			if theirs, err := other.Acquire(t.Context(), "crm"); theirs != nil || err != nil {
				t.Errorf("the other one: %v, %v", theirs, err)
			}
			if err := mine.Save(t.Context(), []byte("canary")); err != nil || !mine.Held() {
				t.Error(err, mine.Held())
			}
			if got, err := other.Load(t.Context(), "crm"); string(got) != "canary" || err != nil {
				t.Errorf("%q, %v", got, err)
			}
			stored := s.Must("GET", name+":webhook:{crm}")
			if name == "sealed" && strings.Contains(stored, "canary") {
				t.Error("the state is not encrypted")
			}
			s.Must("SET", name+":webhook:{erp}", stored)
			if got, err := other.Load(t.Context(), "erp"); got != nil || err != nil {
				t.Errorf("the state of another webhook: %q, %v", got, err)
			}

			// A holder that has lost the lease without knowing it stores nothing.
			s.Must("SET", name+":webhook:{crm}:lease", "somebody")
			if err := mine.Save(t.Context(), []byte("late")); err == nil {
				t.Error("it has stored the state without the lease")
			}
			s.Must("DEL", name+":webhook:{crm}:lease")
			mine.Release(t.Context())
			theirs, err := other.Acquire(t.Context(), "crm")
			if theirs == nil || err != nil {
				t.Fatal(theirs, err)
			}
			if got, err := one.Load(t.Context(), "crm"); string(got) != "canary" || err != nil {
				t.Errorf("%q, %v", got, err)
			}
			if err := theirs.Save(t.Context(), nil); err != nil {
				t.Error(err)
			}
			if got, err := one.Load(t.Context(), "crm"); got != nil || err != nil {
				t.Errorf("%q, %v", got, err)
			}
			theirs.Release(t.Context())
			again, err := one.Acquire(t.Context(), "crm")
			if again == nil || err != nil {
				t.Fatal("after the release:", again, err)
			}
			again.Release(t.Context())
		})
	}
}
