package sandbox

import (
	"sync"
	"time"

	"roster/connectors/rocketchat/fake"
)

// spell is how long somebody stays as they are.
const spell = 20 * time.Minute

var statusTexts = []string{"In a call", "Lunch", "On the road", "Heads down", ""}

// presence keeps who is there in the chat moving: what somebody does is a matter of the seed, who they are and what time it is, so that
// two sandboxes agree.
type presence struct {
	seed uint64
	ids  []string
	now  func() time.Time

	mu   sync.Mutex
	last []int64 // the spell that each of them was last set for
}

func newPresence(c *Company, now func() time.Time) *presence {
	p := &presence{seed: c.Seed, now: now}
	for i := range c.People {
		if a := c.People[i].In(RocketChat); a != nil && a.Active {
			p.ids = append(p.ids, a.ID)
		}
	}
	p.last = make([]int64, len(p.ids))
	return p
}

// update sets those whose spell is over. It is called before each answer about presence.
func (p *presence) update(chat *fake.Server) {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := p.now()
	for i, id := range p.ids {
		phase := time.Duration(i*37%1200) * time.Second // not all at once
		if nth := now.Add(phase).UnixNano() / int64(spell); nth != p.last[i] {
			p.last[i] = nth
			status, text := p.during(i, nth)
			chat.SetPresence(id, status, text)
		}
	}
}

func (p *presence) during(i int, nth int64) (status, text string) {
	d := newDice(p.seed^uint64(nth), streamPresence, uint64(i)) //nolint:gosec // any bits do
	switch d.weighted(45, 15, 8, 32) {
	case 0:
		return "online", ""
	case 1:
		return "away", pick(d, statusTexts)
	case 2:
		return "busy", pick(d, statusTexts)
	}
	return "offline", ""
}
