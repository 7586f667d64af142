package presence

import (
	"context"
	"sync"
	"time"

	"roster/connectors"
)

const (
	// lookEvery is how soon the tier is looked at again for an account that it has not told anything current of.
	lookEvery = time.Second
	// looksKept is from how many accounts on those are forgotten that were looked for longer ago.
	looksKept = 1000
)

// looks remembers for which accounts the tier is being looked at, or has been just now: many callers ask for the same people.
type looks struct {
	mu sync.Mutex
	of map[connectors.Ref]*look
}

type look struct {
	at   time.Time
	done chan struct{}
}

// begin says which of the accounts to look for, gives the look that this is, and those under way that tell about others.
func (l *looks) begin(source string, ids []string, mine *look) (ask []string, others []*look) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.of == nil {
		l.of = make(map[connectors.Ref]*look)
	}
	if len(l.of) >= looksKept {
		for ref, o := range l.of {
			if mine.at.Sub(o.at) >= lookEvery {
				delete(l.of, ref)
			}
		}
	}
	var last *look
	for _, id := range ids {
		ref := connectors.Ref{Source: source, ID: id}
		switch o := l.of[ref]; {
		case o == nil || mine.at.Sub(o.at) >= lookEvery:
			l.of[ref] = mine
			ask = append(ask, id)
		case o != mine && o != last:
			others, last = append(others, o), o
		}
	}
	return ask, others
}

// look learns from the tier what it has on those accounts that nothing current is known of here.
func (s *Store) look(ctx context.Context, bySource map[*source][]string) {
	mine := &look{at: time.Now(), done: make(chan struct{})}
	defer close(mine.done)
	var questions []Question
	var asked []*source
	var others []*look
	for src, ids := range bySource {
		ask, under := s.looks.begin(src.item.Source, src.old(ids, mine.at), mine)
		if others = append(others, under...); len(ask) > 0 {
			questions, asked = append(questions, Question{src.item, ask}), append(asked, src)
		}
	}
	if len(questions) > 0 {
		if known, err := s.tier.Lookup(ctx, questions); err == nil {
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
