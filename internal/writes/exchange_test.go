package writes

import (
	"context"
	"fmt"
	"testing"
	"time"

	"roster/connectors"
	"roster/internal/snapshot"
)

func teamMade(id string) *shown {
	return &shown{Source: "ws", Fingerprint: "f", Collection: connectors.Teams, ID: id, Until: time.Now().Add(time.Hour), Record: snapshot.Records{
		Teams: []connectors.Team{{ID: id, Name: "A team with a name of its own " + id, Kind: connectors.TeamCompany}}}}
}

// BenchmarkShow measures a write's cost in the ledger: it merges the stored overlay and stores a new record. BenchmarkTakeUp measures the cost for
// each of the other replicas.
func BenchmarkShow(b *testing.B) {
	for _, n := range []int{1, 1_000, 10_000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			l := NewLedger(LedgerOptions{})
			for i := range n {
				l.overlay.put(teamMade(fmt.Sprint("before", i)))
			}
			if err := l.exchange(b.Context()); err != nil {
				b.Fatal(err)
			}
			for i := 0; b.Loop(); i++ {
				_ = l.exchange(b.Context())
				l.show(b.Context(), teamMade(fmt.Sprint(i%10)))
			}
		})
	}
}

func BenchmarkTakeUp(b *testing.B) {
	for _, n := range []int{1, 1_000, 10_000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			store := new(Memory)
			one, other := NewLedger(LedgerOptions{Store: store}), NewLedger(LedgerOptions{Store: store})
			for i := range n {
				one.overlay.put(teamMade(fmt.Sprint("before", i)))
			}
			for i := 0; b.Loop(); i++ {
				b.StopTimer()
				one.show(context.Background(), teamMade(fmt.Sprint(i%10)))
				b.StartTimer()
				if err := other.exchange(b.Context()); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
