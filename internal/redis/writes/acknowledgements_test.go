package writes_test

import (
	"strings"
	"testing"

	"roster/internal/redis/redistest"
)

// Each replica knows what the others show, as long as they are there.
func TestAcknowledged(t *testing.T) {
	t.Parallel()
	s := redistest.Start(t)
	s.Must("ACL", "SETUSER", "app", "on", ">secret", "~roster:*", "&roster:*", "-@all", "+@read", "+@write", "+@scripting", "+@pubsub", "+@connection",
		"+time", "-@dangerous", "+info") // what docs/replicas.md says
	user := redistest.At(s)
	user.Username, user.Password = "app", "secret"
	s.Must("SET", "roster:shown", "something else")
	one, other := open(t, user), open(t, user)
	redistest.Await(t, func() bool { return one.client.Membership().Size == 2 && other.client.Membership().Size == 2 }, "both are there")
	said := func(by replica) (n int, all []uint64) {
		t.Helper()
		acknowledged, err := by.Acknowledged(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for _, seq := range acknowledged {
			all = append(all, seq)
		}
		return len(all), all
	}
	if n, all := said(one); n != 1 || all[0] != 0 {
		t.Errorf("before anybody has said anything: %v", all)
	}
	const seq = 1<<63 + 1
	if err := other.Acknowledge(t.Context(), seq); err != nil {
		t.Fatal(err)
	}
	<-one.Heard()
	if n, all := said(one); n != 1 || all[0] != seq {
		t.Errorf("what the other has said: %v", all)
	}
	if _, all := said(other); len(all) != 1 || all[0] != 0 {
		t.Errorf("what the first has said: %v", all)
	}
	s.Must("HSET", "roster:shown", "gone", "7")
	said(one)
	if left := s.Must("HGETALL", "roster:shown"); strings.Contains(left, "gone") {
		t.Errorf("what one has said who is gone is kept: %s", left)
	}
	if denied := s.Must("ACL", "LOG"); denied != "" {
		t.Errorf("the user lacks a right: %s", denied)
	}
}

// A replica that takes its leave is waited for no more, and what it has said is forgotten.
func TestAcknowledgedByWhoLeaves(t *testing.T) {
	t.Parallel()
	s := redistest.Start(t)
	one := open(t, redistest.At(s))
	t.Run("another", func(t *testing.T) {
		other := open(t, redistest.At(s))
		if err := other.Acknowledge(t.Context(), 7); err != nil {
			t.Fatal(err)
		}
		if n, err := one.Acknowledged(t.Context()); err != nil || len(n) != 1 {
			t.Errorf("%v, %v", n, err)
		}
	})
	if n, err := one.Acknowledged(t.Context()); err != nil || len(n) != 0 || s.Must("HGETALL", "roster:shown") != "" {
		t.Errorf("%v, %v", n, err)
	}
}
