//go:build linux

package attack_test

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// asides is what the others ask: of people, and of something that no attack changes.
const asides = `{ nodes(ids: [%s]) { ... on Team { name } } users(first: 3) { nodes { id name } } }`

// teamIDs are in what the program knows before all attacks.
var teamIDs = regexp.MustCompile(`"id":("[^"]+")`)

// served is how the others were served.
type served struct {
	mu   sync.Mutex
	took []time.Duration
}

// serveOthers has all others ask again and again until ctx ends, and waits for them. Each answer must be there and right.
func (g *ground) serveOthers(ctx context.Context, t *testing.T, pace time.Duration) *served {
	t.Helper()
	s := &served{}
	bodies := []string{document(g.asides), document(g.asides + "#" + strings.Repeat(" ", 70_000))} // large ones have places of their own
	var all sync.WaitGroup
	for i := range others {
		all.Go(func() {
			client := from(fmt.Sprintf("127.0.4.%d", i+1))
			defer client.CloseIdleConnections()
			next := time.NewTicker(pace)
			defer next.Stop()
			want, _, _ := strings.Cut(g.aside.body, `"users"`)
			for n := i; ctx.Err() == nil; n++ {
				began := time.Now()
				a := g.send(client, "POST", "", strings.NewReader(bodies[n%2]), "Authorization", "Bearer "+keyOf(i))
				g.asked.Add(1)
				s.mu.Lock()
				s.took = append(s.took, time.Since(began))
				s.mu.Unlock()
				if a.status != 200 || strings.Contains(a.body, `"errors"`) || !strings.HasPrefix(a.body, want) {
					t.Errorf("beside %s another caller gets HTTP %d %.300s", g.under.Load(), a.status, a.body)
					g.lost.Store(true)
					return
				}
				select {
				case <-next.C:
				case <-ctx.Done():
				}
			}
		})
	}
	all.Wait()
	g.lost.Store(true)
	slices.Sort(s.took)
	return s
}

// percentile gives how long that share of the answers took at most.
func (s *served) percentile(share float64) time.Duration {
	if len(s.took) == 0 {
		return 0
	}
	return s.took[int(share*float64(len(s.took)-1))]
}

func (s *served) String() string {
	return fmt.Sprintf("%d answers to %d others, p50 %s, p99 %s, at most %s", len(s.took), others, s.percentile(.5).Round(time.Millisecond),
		s.percentile(.99).Round(time.Millisecond), s.percentile(1).Round(time.Millisecond))
}
