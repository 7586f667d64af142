package presence

import (
	"context"
	"strconv"
	"testing"
	"testing/synctest"
	"time"

	"roster/connectors"
)

// nobody is a source where everyone is offline.
type nobody struct{}

func (nobody) MaxIDs() int { return 10 }

func (nobody) Presence(context.Context, []string) (map[string]connectors.Presence, error) {
	return nil, nil
}

func TestMemoryIsBounded(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := New([]*connectors.Source{{Name: "a", Presence: nobody{}}}, Options{})
		defer s.Close()
		src := s.sources["a"]
		for i := range 10_000 {
			s.Get(t.Context(), []connectors.Ref{{Source: "a", ID: strconv.Itoa(i)}})
			<-time.After([]time.Duration{time.Millisecond, 20 * time.Second}[i/5000])
			if n := len(src.wanted); n > wantedFactor*10 {
				t.Fatalf("%d accounts of interest after %d questions", n, i+1)
			}
			if n := len(src.known); n > 100 {
				t.Fatalf("%d answers kept after %d questions", n, i+1)
			}
		}
	})
}
