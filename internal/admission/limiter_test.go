package admission_test

import (
	"context"
	"errors"
	"maps"
	"net/netip"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"roster/internal/admission"
)

var (
	ann = admission.Caller{Name: "ann"}
	bob = admission.Caller{Name: "bob"}
)

func TestRate(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		g := admission.New(admission.Limits{Requests: 10, Per: time.Minute})
		for i := range 10 {
			if rate, ok := g.Count(ann); !ok || rate.Remaining != 9-i || rate.Reset != time.Duration(i+1)*6*time.Second {
				t.Fatalf("request %d: %+v, %v", i, rate, ok)
			}
		}
		if rate, ok := g.Count(ann); ok || rate.RetryAfter != 6*time.Second || rate.Reset != time.Minute {
			t.Errorf("one too many: %+v, %v", rate, ok)
		}
		if _, ok := g.Count(bob); !ok {
			t.Error("another caller is kept out")
		}
		time.Sleep(6*time.Second - 1)
		if _, ok := g.Count(ann); ok {
			t.Error("let in before the time that was told")
		}
		time.Sleep(time.Nanosecond)
		if rate, ok := g.Count(ann); !ok || rate.Remaining != 0 {
			t.Errorf("at the time that was told: %+v, %v", rate, ok)
		}
		time.Sleep(time.Hour)
		if rate, _ := g.Count(ann); rate.Remaining != 9 {
			t.Errorf("an hour later %d are left, want 9: no more can be saved up", rate.Remaining)
		}
	})
}

// In no period does a caller send more than twice the limit: all requests at once, and then those that become available again.
func TestRateHolds(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		requests := rapid.IntRange(1, 50).Draw(rt, "requests")
		pauses := rapid.SliceOfN(rapid.Int64Range(0, int64(time.Second)), 1, 300).Draw(rt, "pauses")
		synctest.Test(t, func(*testing.T) {
			g := admission.New(admission.Limits{Requests: requests, Per: 10 * time.Second})
			var came []time.Time
			for _, pause := range pauses {
				time.Sleep(time.Duration(pause))
				if _, ok := g.Count(ann); ok {
					came = append(came, time.Now())
				}
			}
			for i := range came {
				if j := i + 2*requests; j < len(came) && came[j].Sub(came[i]) < 10*time.Second {
					rt.Errorf("%d requests within %v", 2*requests+1, came[j].Sub(came[i]))
				}
			}
		})
	})
}

func TestNoLimits(t *testing.T) {
	t.Parallel()
	g := admission.New(admission.Limits{})
	for range 1000 {
		if _, ok := g.Count(ann); !ok {
			t.Fatal("kept out where nothing is limited")
		}
		h := g.Pool(admission.Operations).Hold(ann, 0)
		if h.Resize(1) != admission.NoBound {
			t.Fatal("kept out where nothing is limited")
		}
	}
}

func TestAt(t *testing.T) {
	t.Parallel()
	for a, b := range map[string]string{
		"192.0.2.1": "::ffff:192.0.2.1", "2001:db8::1": "2001:db8::ffff:ffff:ffff:ffff", "fe80::1%eth0": "fe80::2%eth1",
	} {
		if admission.At(netip.MustParseAddr(a)) != admission.At(netip.MustParseAddr(b)) {
			t.Errorf("%s and %s count apart", a, b)
		}
	}
	for a, b := range map[string]string{"192.0.2.1": "192.0.2.2", "2001:db8::1": "2001:db8:0:1::1"} {
		if admission.At(netip.MustParseAddr(a)) == admission.At(netip.MustParseAddr(b)) {
			t.Errorf("%s and %s count as one", a, b)
		}
	}
}

// However many callers come, the limiter tracks the active ones up to the limit, and the others share one bucket.
func TestCallersAreBounded(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		g := admission.New(admission.Limits{Requests: 10, Per: time.Minute})
		for i := range 120_000 {
			g.Count(manyAddresses(i))
		}
		if n := g.Callers(); n > 100_001 {
			t.Errorf("%d callers are known", n)
		}
		late := manyAddresses(120_000)
		if _, ok := g.Count(late); ok {
			t.Error("of too many callers each counts by itself")
		}
		time.Sleep(2 * time.Minute)
		if rate, ok := g.Count(late); !ok || rate.Remaining != 9 {
			t.Errorf("when the others have gone: %+v, %v", rate, ok)
		}
		if n := g.Callers(); n > 1 {
			t.Errorf("%d callers are known, want those alone who have asked of late", n)
		}
	})
}

// sharedRates adds up in memory, as Redis does.
type sharedRates struct {
	mu   sync.Mutex
	full map[string]time.Time
	away bool
}

func (l *sharedRates) Spend(_ context.Context, debts map[string]time.Duration) (map[string]time.Duration, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.away {
		return nil, errors.New("away")
	}
	out, now := maps.Clone(debts), time.Now()
	for name, debt := range debts {
		if l.full[name].Before(now) {
			l.full[name] = now
		}
		l.full[name] = l.full[name].Add(debt)
		out[name] = l.full[name].Sub(now)
	}
	return out, nil
}

func (l *sharedRates) leave() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.away = true
}

func TestReplicasShareARate(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx, stop := context.WithCancel(t.Context())
		shared := &sharedRates{full: make(map[string]time.Time)}
		limits := admission.Limits{Requests: 60, Per: time.Minute}
		here, there := admission.New(limits), admission.New(limits)
		var running sync.WaitGroup
		running.Go(func() { here.Sync(ctx, shared) })
		running.Go(func() { there.Sync(ctx, shared) })
		synctest.Wait()
		for range 50 {
			here.Count(ann)
		}
		there.Count(ann)
		time.Sleep(3 * time.Second)
		there.Count(ann) // a replica learns of other replicas' requests when it next reports its own
		time.Sleep(3 * time.Second)
		if rate, _ := there.Count(ann); rate.Remaining > 20 {
			t.Errorf("%d are left at a replica, of which others have taken 50", rate.Remaining)
		}
		shared.leave()
		time.Sleep(2 * time.Minute)
		for i := range 60 {
			if _, ok := here.Count(ann); !ok {
				t.Fatalf("request %d is refused while the shared rates fail", i)
			}
		}
		if _, ok := here.Count(ann); ok {
			t.Error("nothing is limited while the shared rates fail")
		}
		stop()
		running.Wait()
	})
}
