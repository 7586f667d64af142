package presence

import (
	"context"
	"sync"
	"time"

	"roster/connectors"
)

const (
	// lookupEvery is the shortest time between two lookups of an account for which the shared store had no current answer.
	lookupEvery = time.Second
	// lookupsKept is the number of accounts from which begin removes lookups older than lookEvery.
	lookupsKept = 1000
)

// lookups records the accounts that are being looked up in the shared store, or were just now, because many callers ask for the same people.
type lookups struct {
	mu sync.Mutex
	of map[connectors.Ref]*lookup
}

type lookup struct {
	at   time.Time
	done chan struct{}
}

// begin returns the accounts to look up, and registers mine for them. It also returns the lookups in progress that cover other accounts.
func (l *lookups) begin(source string, ids []string, mine *lookup) (ask []string, others []*lookup) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.of == nil {
		l.of = make(map[connectors.Ref]*lookup)
	}
	if len(l.of) >= lookupsKept {
		for ref, o := range l.of {
			if mine.at.Sub(o.at) >= lookupEvery {
				delete(l.of, ref)
			}
		}
	}
	var last *lookup
	for _, id := range ids {
		ref := connectors.Ref{Source: source, ID: id}
		switch o := l.of[ref]; {
		case o == nil || mine.at.Sub(o.at) >= lookupEvery:
			l.of[ref] = mine
			ask = append(ask, id)
		case o != mine && o != last:
			others, last = append(others, o), o
		}
	}
	return ask, others
}

// lookup applies what the shared store knows of the accounts without a current answer here.
func (s *Store) lookup(ctx context.Context, bySource map[*source][]string) {
	mine := &lookup{at: time.Now(), done: make(chan struct{})}
	defer close(mine.done)
	var questions []Question
	var asked []*source
	var others []*lookup
	for src, ids := range bySource {
		ask, under := s.looks.begin(src.item.Source, src.old(ids, mine.at), mine)
		if others = append(others, under...); len(ask) > 0 {
			questions, asked = append(questions, Question{src.item, ask}), append(asked, src)
		}
	}
	if len(questions) > 0 {
		if known, err := s.shared.Lookup(ctx, questions); err == nil {
			for i, src := range asked {
				src.applyState(ctx, &known[i], time.Now())
			}
		}
	}
	for _, o := range others {
		select {
		case <-o.done:
		case <-ctx.Done():
		}
	}
}
