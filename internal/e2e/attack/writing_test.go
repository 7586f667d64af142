//go:build linux

package attack_test

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"roster/internal/sandbox"
)

// teams is how many teams a soak makes; whoever wants one that is there learns that it is. Without a bound, the company would grow, and with
// it the memory that holds it.
const teams = 200

// writing is what callers do who change things, while connections are cut on both sides of the program.
type writing struct {
	systems                   *sandbox.Sandbox
	done, there, unknown, cut atomic.Int64
	later                     atomic.Int64       // done, and not shown yet: under attack a directory takes longer to build than an operation waits for it
	made                      [teams]atomic.Bool // confirmed to a caller
}

func (w *writing) String() string {
	return fmt.Sprintf("%d made, %d there, %d unknown at first, %d shown later, %d to be cut", w.done.Load(), w.there.Load(), w.unknown.Load(),
		w.later.Load(), w.cut.Load())
}

func teamName(n int) string { return fmt.Sprintf("Soak team %d", n) }

// write sends writes until ctx ends. Each of them is asked again, with the same input and key, until its end is known.
func (w *writing) write(ctx context.Context, t *testing.T, p *target, client *http.Client, writer int) {
	pace := time.NewTicker(50 * time.Millisecond)
	defer pace.Stop()
	for i := 0; ctx.Err() == nil; i++ {
		n := rand.IntN(teams)
		if i%11 == 0 { // the source's connection, before it has done anything or after it has
			w.systems.Cut("add_user_group", i%2 == 0)
			w.cut.Add(1)
		}
		body := fmt.Sprintf(`{"query":"mutation { createTeam(input: { source: \"worksection\", name: \"%s\", idempotencyKey: \"%d-%d\" }) { outcome team { name } userErrors { code } } }"}`,
			teamName(n), writer, i)
		if i%7 == 0 { // the caller's
			gone, cancel := context.WithTimeout(ctx, time.Duration(rand.IntN(5_000_000)))
			p.sendWithin(gone, client, http.MethodPost, "", strings.NewReader(body))
			cancel()
			w.cut.Add(1)
		}
		if !until(func() bool { return w.settled(t, p.send(client, http.MethodPost, "", strings.NewReader(body)), n) }) {
			t.Errorf("nobody knows what became of %s", teamName(n))
			return
		}
		select {
		case <-pace.C:
		case <-ctx.Done():
		}
	}
}

// settled takes in an answer, and says whether it tells the end.
func (w *writing) settled(t *testing.T, a answer, n int) bool {
	var got struct {
		Data struct {
			CreateTeam struct {
				Outcome string
				Team    *struct{ Name string }
			}
		}
		Errors []struct{ Extensions struct{ Code string } }
	}
	made := &got.Data.CreateTeam
	if err := json.Unmarshal([]byte(a.body), &got); err != nil || a.status != http.StatusOK || len(got.Errors) > 0 {
		t.Errorf("a write gets HTTP %d %.300s", a.status, a.body)
		return true
	}
	switch made.Outcome {
	case "DONE":
		if made.Team != nil {
			w.done.Add(1)
		}
	case "ALREADY_DONE":
		w.there.Add(1)
	case "UNKNOWN":
		w.unknown.Add(1)
		return false
	case "REJECTED": // the source's circuit breaker may have had enough of cut connections
		return !strings.Contains(a.body, "UNAVAILABLE")
	}
	if made.Team == nil && made.Outcome == "DONE" {
		w.later.Add(1)
		return false
	}
	if made.Team == nil || made.Team.Name != teamName(n) {
		t.Errorf("a write of %s gets %.300s", teamName(n), a.body)
		return true
	}
	w.made[n].Store(true)
	return true
}

// judge looks at the source itself: what was confirmed is there, and nothing is there twice.
func (w *writing) judge(t *testing.T) {
	t.Helper()
	for n := range w.made {
		held := w.systems.Held(teamName(n))
		if held > 1 || w.made[n].Load() && held == 0 {
			t.Errorf("the source holds %s %d times; confirmed: %v", teamName(n), held, w.made[n].Load())
		}
	}
}
