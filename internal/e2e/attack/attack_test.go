//go:build linux

package attack_test

import (
	"strings"
	"sync"
	"testing"
	"time"
)

// prompt is how soon a plain query is answered after an attack: the best of some, since a test shares its processors with others.
const prompt = time.Second

// spare is how much more memory than at rest the program may hold once an attack is over.
const spare = 192 << 20

// What one attack may get out of the program, and have it use, while it goes on.
const (
	mostOut    = 100 << 10
	mostMemory = 512 << 20
	mostTime   = 10 * time.Second // of the processors, where the machine is slow and the program built with the race detector
)

// Each attack is refused with what was wrong, costs no more than it may, and afterwards the program answers as before, and holds no more than before.
func TestAttacks(t *testing.T) {
	t.Parallel()
	p := start(t)
	friend, foe := from("127.0.0.1"), from("127.0.0.2")
	if err := p.plainly(friend); err != nil {
		t.Fatal(err)
	}
	rest, err := p.memory()
	if err != nil {
		t.Fatal(err)
	}
	open := p.descriptors()
	var slow sync.WaitGroup
	for _, a := range attacks() {
		run := func() {
			got := a.do(p, foe)
			if got.status != a.status || !strings.Contains(got.body, a.says) {
				t.Errorf("%s: %d %.300s; want %d and %s", a.name, got.status, got.body, a.status, a.says)
			}
			if len(got.body) > mostOut {
				t.Errorf("%s: %d kB out", a.name, len(got.body)>>10)
			}
		}
		if strings.HasPrefix(a.name, "slow") || strings.HasPrefix(a.name, "a s") { // these wait for the server to lose patience
			slow.Go(run)
		} else {
			p.forgetPeak(t)
			before := p.processorTime(t)
			run()
			if spent := p.processorTime(t) - before; spent > mostTime {
				t.Errorf("%s: %s of processor time", a.name, spent)
			}
			if peak := p.peak(t); peak > rest+mostMemory {
				t.Errorf("%s: the program held %d MiB, %d before", a.name, peak>>20, rest>>20)
			}
		}
		best := patience
		for range 20 {
			began := time.Now()
			if err := p.plainly(friend); err != nil {
				t.Fatalf("after %s: %v; the log:\n%.2000s", a.name, err, p.log.String())
			}
			if best = min(best, time.Since(began)); best <= prompt {
				break
			}
		}
		if best > prompt {
			t.Errorf("after %s a plain query takes %s", a.name, best)
		}
	}
	slow.Wait()
	foe.CloseIdleConnections()
	friend.CloseIdleConnections()
	if !until(func() bool { return p.descriptors() <= open+1 }) {
		t.Errorf("%d descriptors are open, %d before", p.descriptors(), open)
	}
	if !until(func() bool {
		if err := p.plainly(friend); err != nil { // without work, the program collects its garbage every two minutes only
			return false
		}
		held, err := p.memory()
		return err == nil && held <= rest+spare
	}) {
		held, _ := p.memory()
		t.Errorf("the program holds %d MiB, %d before", held>>20, rest>>20)
	}
	friend.CloseIdleConnections()
	if n := p.goroutines(); n == 0 || n > idleGoroutines {
		t.Errorf("it is at %d things at once when nobody asks", n)
	}
}

// idleGoroutines is more than the program has when nobody asks it anything.
const idleGoroutines = 100
