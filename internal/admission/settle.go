package admission

import (
	"context"
	"time"
)

// Ledger is where replicas add up what callers have sent to any of them.
type Ledger interface {
	// Spend adds to what each key owes, as time until all of it has come back, and gives what it owes then. Debts run off by themselves. An error
	// means that nothing is known; nothing need have been added.
	Spend(ctx context.Context, debts map[string]time.Duration) (owed map[string]time.Duration, err error)
}

// settleEvery is how often replicas tell each other. What callers gain by asking several of them is what comes in between.
const settleEvery = time.Second

// Settle tells the ledger what callers have sent here, and learns what they have sent to others, until ctx ends. A ledger that is away costs
// nothing: the gate counts on by itself.
func (g *Gate) Settle(ctx context.Context, ledger Ledger) {
	g.mu.Lock()
	g.settles = true
	g.mu.Unlock()
	tick := time.NewTicker(settleEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			g.settle(ctx, ledger)
		}
	}
}

func (g *Gate) settle(ctx context.Context, ledger Ledger) {
	debts, names := make(map[string]time.Duration), make(map[string]Caller)
	g.mu.Lock()
	for c, s := range g.callers {
		if s.unsettled == 0 || c == overflow {
			continue
		}
		name := "name " + c.Name
		if c.Name == "" {
			name = "address " + c.Address.String()
		}
		names[name] = c
		debts[name] = time.Duration(s.unsettled) * g.limits.each(c)
		s.unsettled = 0
	}
	g.mu.Unlock()
	if len(debts) == 0 {
		return
	}
	owed, err := ledger.Spend(ctx, debts)
	if err != nil {
		return // others let in a little more meanwhile
	}
	now := time.Now()
	g.mu.Lock()
	defer g.mu.Unlock()
	for name, debt := range owed {
		s := g.callers[names[name]]
		if s == nil {
			continue
		}
		// What has come since is not in it yet.
		if full := now.Add(debt + time.Duration(s.unsettled)*g.limits.each(names[name])); full.After(s.full) {
			s.full = full
		}
	}
}
