package writes_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"roster/internal/writes"
)

// A credential is replaced while replicas run and keys are stored: the source stays the same.
func TestAnotherCredential(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, kind string, v *vendor, store *writes.Memory, w *world) {
		key := "k"
		v.tune(func(v *vendor) { v.lag = time.Hour })
		first := w.do(kind, writes.Request{Key: &key})
		v.fingerprint = "another credential"
		other, stop := newWorld(t, v, store, nil)
		defer stop()
		if again := other.do(kind, writes.Request{Key: &key}); again.Outcome != writes.Done || *again.Ref != *first.Ref {
			t.Errorf("%+v, want the first answer, %+v", again, first)
		}
		// Each replica reconciles the other's intent before it creates the thing.
		w.suffix, other.suffix = "2", "2"
		v.tune(func(v *vendor) { v.lag, v.fates = 3*time.Second, []fate{cutAfter} })
		sent := make(chan struct{})
		go func() {
			ctx := writes.WithSteps(t.Context(), func(step string) {
				if step == "sent" {
					close(sent)
				}
			})
			_, _ = kinds[kind].do(ctx, w, writes.Request{Source: "ws"})
		}()
		<-sent
		if second := other.do(kind, writes.Request{}); second.Outcome != writes.AlreadyDone {
			t.Errorf("the other: %+v", second)
		}
		if n := v.holds(kinds[kind].collection, nameOf(kind, "2")); n != 1 {
			t.Errorf("there are %d", n)
		}
	})
}

// The source's name now stands for another company's account: the answer of the earlier account is not repeated.
func TestAnotherAccount(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, kind string, v *vendor, store *writes.Memory, w *world) {
		key := "k"
		w.do(kind, writes.Request{Key: &key})
		v.fingerprint, v.url = "another account", "https://other.example"
		other, stop := newWorld(t, v, store, nil)
		defer stop()
		got := other.do(kind, writes.Request{Key: &key})
		if got.Outcome != writes.Rejected || got.Ref != nil || len(got.Errors) != 1 || got.Errors[0].Code != writes.Mismatch {
			t.Errorf("%+v, want no answer of the other account's", got)
		}
	})
}

// A record in a fetch that began before the source's answer arrived was still created by this call.
func TestReadWhileItIsMade(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, kind string, v *vendor, _ *writes.Memory, w *world) {
		v.answering = func() { w.awaitReading(kinds[kind].collection) }
		if res := w.do(kind, writes.Request{}); res.Outcome != writes.Done {
			t.Errorf("%+v", res)
		}
	})
}

// slow is a store that does not answer in time.
type slow struct {
	writes.Memory
	is atomic.Bool
}

func (s *slow) Get(ctx context.Context, name string) (writes.Held, error) {
	if s.is.Load() {
		return writes.Held{}, fmt.Errorf("store: %w", context.DeadlineExceeded)
	}
	return s.Memory.Get(ctx, name)
}

func TestSlowStoreIsUnavailable(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		v, store := newVendor(), new(slow)
		w, stop := newWorld(t, v, store, nil)
		defer stop()
		store.is.Store(true)
		key := "k"
		res, err := w.writer.CreateTeam(t.Context(), writes.Request{Source: "ws", Key: &key}, writes.CreateTeam{Name: "New team"})
		if !errors.Is(err, writes.ErrUnavailable) || v.calls() != 0 {
			t.Errorf("%+v, %v, %d calls", res, err, v.calls())
		}
	})
}

// The first answer is repeated, although what the input names has been deleted.
func TestKeyCountsBeforeWhatIsGone(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		v := newVendor()
		w, stop := newWorld(t, v, nil, func(o *writes.Options) { o.AuditValues = true })
		defer stop()
		key, name := "k", "Ada"
		r := writes.Request{Source: "ws", Key: &key}
		in := writes.Invite{Email: "new@example.com", FirstName: &name, TeamID: w.teamID("ws", "Sales")}
		first, err := w.writer.InviteUser(t.Context(), r, in)
		if err != nil || first.Outcome != writes.Done {
			t.Fatalf("%+v, %v", first, err)
		}
		if !strings.Contains(w.log.String(), "Ada") {
			t.Errorf("the name is not among the values in %s", w.log)
		}
		v.tune(func(v *vendor) { v.rows[kinds["createTeam"].collection] = nil })
		w.awaitReading(kinds["createTeam"].collection)
		synctest.Wait()
		again, err := w.writer.InviteUser(t.Context(), r, in)
		if err != nil || again.Outcome != writes.Done || *again.Ref != *first.Ref {
			t.Errorf("%+v, %v; want the first answer", again, err)
		}
		in.Email = "other@example.com"
		if other, _ := w.writer.InviteUser(t.Context(), r, in); len(other.Errors) != 1 || other.Errors[0].Code != writes.NotFound {
			t.Errorf("another input: %+v", other)
		}
	})
}

// A record that was in the last snapshot and has been deleted since is created.
func TestGoneSinceTheLastReading(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, kind string, v *vendor, _ *writes.Memory, w *world) {
		c := kinds[kind].collection
		first := w.do(kind, writes.Request{})
		w.awaitReading(c)
		time.Sleep(15 * time.Second)
		v.tune(func(v *vendor) { v.rows[c] = nil })
		if second := w.do(kind, writes.Request{}); second.Outcome != writes.Done || *second.Ref == *first.Ref {
			t.Errorf("%+v after %+v", second, first)
		}
	})
}

// A dry run reports that a key was used with another input. It uses up no key, and does not repeat the first answer: it reports what would be sent.
func TestKeysOfRehearsals(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, kind string, v *vendor, _ *writes.Memory, w *world) {
		if res := w.do(kind, writes.Request{Key: new("k"), DryRun: true}); res.Outcome != writes.Checked {
			t.Errorf("%+v", res)
		}
		w.suffix = "2"
		if res := w.do(kind, writes.Request{Key: new("k")}); res.Outcome != writes.Done {
			t.Errorf("after a rehearsal with another input: %+v", res)
		}
		w.suffix = "3"
		if res := w.do(kind, writes.Request{Key: new("k"), DryRun: true}); res.Outcome != writes.Rejected || len(res.Errors) != 1 || res.Errors[0].Code != writes.Mismatch {
			t.Errorf("with the key of another input: %+v", res)
		}
		if n := v.calls(); n != 1 {
			t.Errorf("%d calls were made", n)
		}
	})
}
