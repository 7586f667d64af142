package admission_test

import (
	"net/netip"
	"sync"
	"testing"

	"pgregory.net/rapid"

	"roster/internal/admission"
)

func limiterOf(r admission.Resource, size int) *admission.Limiter {
	var limits admission.Limits
	limits.Sizes[r] = size
	return admission.New(limits)
}

func TestPool(t *testing.T) {
	t.Parallel()
	g := limiterOf(admission.Cost, 100)
	pool := g.Pool(admission.Cost)
	hold := func(c admission.Caller) *admission.Hold {
		h := pool.Hold(c, 60)
		return &h
	}
	first, second, third, fourth := hold(ann), hold(ann), hold(bob), hold(bob)
	for _, step := range []struct {
		what string
		h    *admission.Hold
		n    int
		want admission.Bound
	}{
		{"all of the caller's part", first, 60, admission.NoBound},
		{"more than that", second, 1, admission.CallerBound},
		{"another caller's", third, 30, admission.NoBound},
		{"more than there is", fourth, 11, admission.PoolBound},
		{"the rest", fourth, 10, admission.NoBound},
		{"less", first, 50, admission.NoBound},
		{"of what was given back", second, 10, admission.NoBound},
		{"more of both", second, 11, admission.CallerBound},
		{"nothing", first, 0, admission.NoBound},
		{"nothing again", first, 0, admission.NoBound},
		{"nothing", second, 0, admission.NoBound},
		{"more than the part, where the caller holds nothing else", second, 61, admission.PoolBound},
		{"nothing", third, 0, admission.NoBound},
		{"more than the part, where the caller holds nothing else and there is enough", second, 61, admission.NoBound},
		{"more beside it", first, 1, admission.CallerBound},
		{"nothing", fourth, 0, admission.NoBound},
		{"more than there is, of what is alone", second, 1000, admission.NoBound},
		{"anything beside it", third, 1, admission.PoolBound},
	} {
		if got := step.h.Resize(step.n); got != step.want {
			t.Fatalf("%s: %v, want %v", step.what, got, step.want)
		}
	}
	if got, want := pool.Stats(), (admission.PoolStats{Size: 100, Held: 1000, Holders: 1, RefusedCaller: 3, RefusedPool: 3}); got != want {
		t.Errorf("%+v, want %+v", got, want)
	}
	second.Release()
	if held := pool.Stats(); held.Held != 0 || held.Holders != 0 {
		t.Errorf("%+v is held when all is given back", held)
	}
	var none admission.Hold
	none.Release() // a hold that never held anything
}

// However many callers have no name, they leave the rest of a pool to those who have one.
func TestUnnamedCallersHaveAPartTogether(t *testing.T) {
	t.Parallel()
	var limits admission.Limits
	limits.Sizes[admission.Cost], limits.Anonymous[admission.Cost] = 100, 50
	pool := admission.New(limits).Pool(admission.Cost)
	hold := func(c admission.Caller) *admission.Hold {
		h := pool.Hold(c, 25)
		return &h
	}
	var all []*admission.Hold
	for i := range 100 {
		h := hold(admission.At(netip.AddrFrom16([16]byte{0x20, 1, 0xd, 0xb8, 0, 0, 0, byte(i)}))) // each in a /64 of its own
		want := admission.NoBound
		if i >= 5 {
			want = admission.AnonymousBound
		}
		if got := h.Resize(10); got != want {
			t.Errorf("caller %d: %v, want %v", i, got, want)
		}
		all = append(all, h)
	}
	for _, c := range []admission.Caller{ann, bob} {
		if got := hold(c).Resize(25); got != admission.NoBound {
			t.Errorf("a caller with a name: %v", got)
		}
	}
	if got, want := pool.Stats(), (admission.PoolStats{Size: 100, Held: 100, Holders: 7, RefusedAnonymous: 95}); got != want {
		t.Errorf("%+v, want %+v", got, want)
	}
	for _, h := range all {
		h.Release()
	}
	if got := all[0].Resize(60); got != admission.PoolBound { // what is alone may be more than the part
		t.Errorf("one caller without a name, beside half of the pool: %v", got)
	}
	if got := all[0].Resize(20); got != admission.NoBound {
		t.Errorf("one caller without a name: %v", got)
	}
}

// A change of the size leaves holds as they are, and holds nothing itself.
func TestPoolIsResized(t *testing.T) {
	t.Parallel()
	g := limiterOf(admission.Operations, 2)
	pool := g.Pool(admission.Operations)
	first, second, third := pool.Hold(ann, 0), pool.Hold(bob, 0), pool.Hold(bob, 0)
	if first.Resize(1) != admission.NoBound || second.Resize(1) != admission.NoBound || third.Resize(1) != admission.PoolBound {
		t.Fatal("there is not as much as was said")
	}
	var limits admission.Limits
	limits.Sizes[admission.Operations] = 1
	g.SetLimits(limits)
	first.Release()
	if third.Resize(1) != admission.PoolBound {
		t.Error("more is held than there is now")
	}
	limits.Sizes[admission.Operations] = 3
	g.SetLimits(limits)
	if third.Resize(1) != admission.NoBound || pool.Stats().Held != 2 {
		t.Errorf("%+v is held, want 2", pool.Stats())
	}
}

// Whatever callers ask for, all together hold at most the size and each at most its part, unless one hold is alone. No caller is refused
// without a reason, a refusal changes nothing, and Release releases everything.
func TestPoolModel(t *testing.T) {
	t.Parallel()
	callers := []admission.Caller{ann, bob, {Name: "eve"}}
	rapid.Check(t, func(rt *rapid.T) {
		size, most := rapid.IntRange(1, 100).Draw(rt, "size"), rapid.IntRange(1, 100).Draw(rt, "most")
		pool := limiterOf(admission.AnswerBytes, size).Pool(admission.AnswerBytes)
		holds, by, held := make([]admission.Hold, 9), make([]admission.Caller, 9), make([]int, 9)
		for i := range holds {
			by[i] = callers[i%len(callers)]
			holds[i] = pool.Hold(by[i], most)
		}
		sums := func(but int) (own, all, holders int) {
			seen := make(map[admission.Caller]bool)
			for i, n := range held {
				if n > 0 {
					seen[by[i]] = true
				}
				if i == but {
					continue
				}
				all += n
				if by[i] == by[but] {
					own += n
				}
			}
			return own, all, len(seen)
		}
		for range rapid.IntRange(0, 60).Draw(rt, "steps") {
			i, n := rapid.IntRange(0, len(holds)-1).Draw(rt, "hold"), rapid.IntRange(0, 120).Draw(rt, "n")
			own, all, _ := sums(i)
			want := admission.NoBound
			switch {
			case n <= held[i]:
			case most < size && own > 0 && own+n > most:
				want = admission.CallerBound
			case all > 0 && all+n > size:
				want = admission.PoolBound
			}
			got := holds[i].Resize(n)
			if got != want {
				rt.Fatalf("%d: %v, want %v, with %v of %d, at most %d each", n, got, want, held, size, most)
			}
			if got == admission.NoBound {
				held[i] = n
			}
			_, all, holders := sums(i)
			if stats := pool.Stats(); stats.Held != all+held[i] || stats.Holders != holders {
				rt.Fatalf("%+v, want what is held of %v", stats, held)
			}
		}
		for i := range holds {
			holds[i].Release()
		}
		if stats := pool.Stats(); stats.Held != 0 || stats.Holders != 0 {
			rt.Fatalf("%+v is not given back", stats)
		}
	})
}

// Concurrent callers hold at most the size.
func TestPoolAtOnce(t *testing.T) {
	t.Parallel()
	pool := limiterOf(admission.Operations, 8).Pool(admission.Operations)
	var running sync.WaitGroup
	for i := range 16 {
		running.Go(func() {
			h := pool.Hold([]admission.Caller{ann, bob}[i%2], 4)
			for range 1000 {
				if h.Resize(1) == admission.NoBound {
					if held := pool.Stats(); held.Held < 1 || held.Held > 8 {
						t.Errorf("%+v", held)
					}
					h.Release()
				}
			}
		})
	}
	running.Wait()
	if held := pool.Stats(); held.Held != 0 || held.Holders != 0 {
		t.Errorf("%+v is not given back", held)
	}
}
