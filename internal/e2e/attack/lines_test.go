//go:build linux

package attack_test

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// line is one thing that was seen to end the program, or to take it from everybody else, with others like it.
type line struct {
	seen    string
	most    bounds
	attacks []specimen
}

// specimen is one attack. It gives what it was answered at last.
type specimen struct {
	name   string
	do     func(t *testing.T, g *ground, says string) (answer, used)
	status int
	says   string // is part of the answer
}

// ofAll is how many MiB the program may hold while all attack at once. None may hold 1024.
const ofAll = 500

// client is an attack by somebody who asks: first by one, whose answer and work is judged, and then by all at once, who may be told that they are too many.
func client(do func(*target, *http.Client) answer) func(*testing.T, *ground, string) (answer, used) {
	return func(t *testing.T, g *ground, says string) (answer, used) {
		t.Helper()
		got, u := g.measured(t, func() answer { return do(g.target, g.foes[0].Client) })
		if len(g.foes) == 1 {
			return got, u
		}
		_, all := g.measured(t, func() answer {
			var at sync.WaitGroup
			for _, f := range g.foes {
				at.Go(func() {
					if a := do(g.target, f.Client); a.status == 0 && got.status != 0 || !strings.Contains(a.body, says) && !strings.Contains(a.body, `"LIMIT_EXCEEDED"`) {
						t.Errorf("one of %d at once gets HTTP %d %.300s", foes, a.status, a.body)
					}
				})
			}
			at.Wait()
			return answer{}
		})
		if all.memory > ofAll {
			t.Errorf("%d at once have it hold %d MiB", foes, all.memory)
		}
		return got, u
	}
}

// beside has all foes but the first ask again and again while an attack goes on.
func beside(ask func(*target, *http.Client) answer, do func(*testing.T, *ground, string) (answer, used)) func(*testing.T, *ground, string) (answer, used) {
	return func(t *testing.T, g *ground, says string) (answer, used) {
		t.Helper()
		var asking sync.WaitGroup
		var over atomic.Bool
		for _, f := range g.foes[1:] {
			asking.Go(func() {
				for !over.Load() {
					ask(g.target, f.Client)
				}
			})
		}
		defer asking.Wait()
		defer over.Store(true)
		return do(t, g, says)
	}
}

// Each attack costs no more than it may, on a program that has 1 GiB of memory; everybody else is served throughout, and a source that was made to misbehave is
// as before when it is well again.
func TestLines(t *testing.T) {
	t.Parallel()
	for name, lines := range map[string][]line{
		"of clients": slices.Concat(clientLines(), manyLines(), shareLines()),
		"of vendors": vendorLines(),
		"by itself":  aloneLines(),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := newGround(t)
			ctx, stop := context.WithCancel(t.Context())
			ended := make(chan *served)
			go func() { ended <- g.serveOthers(ctx, t, 250*time.Millisecond) }()
			var report strings.Builder
			for _, l := range lines {
				fmt.Fprintf(&report, "\n%s", l.seen)
				for _, a := range l.attacks {
					fmt.Fprintf(&report, "\n%s", g.attack(t, l, a))
					if g.over() {
						t.Fatalf("%s has ended the program:\n%.3000s", a.name, g.log.String())
					}
				}
			}
			stop()
			t.Logf("%s%s", <-ended, &report)
		})
	}
}

// attack carries an attack out, and says what it used.
func (g *ground) attack(t *testing.T, l line, a specimen) string {
	t.Helper()
	g.under.Store(a.name)
	slowly(func() bool { // what an attack before has left to the garbage collector is none of this one's
		held, err := g.memory()
		return err != nil || held < atRest
	})
	asked := g.asked.Load()
	got, u := a.do(t, g, a.says)
	if got.status != a.status || !strings.Contains(got.body, a.says) {
		t.Errorf("%s: %d %.2000s; want %d and %s", a.name, got.status, got.body, a.status, a.says)
	}
	most := l.most
	most.time += time.Duration(g.asked.Load()-asked) * ofOther
	if e := u.exceed(most); e != "" {
		t.Errorf("%s: %s", a.name, e)
	}
	return fmt.Sprintf("%s  %s", u, a.name)
}

// ofOther is the processor time that an answer to one of the others may take. They ask on while an attack waits for processors, which is none of its work.
const ofOther = 10 * time.Millisecond

// atRest is more memory than the program holds when its garbage has been collected.
const atRest = 300 << 20
