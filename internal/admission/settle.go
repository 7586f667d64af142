package admission

import (
	"context"
	"time"
)

// Ledger adds up what callers have sent to all replicas.
type Ledger interface {
	// Spend adds to the debt of each key, and returns the new debts. A debt is the time until all requests of the key are available again;
	// it decreases by itself as time passes. After an error the debts are unknown, and Spend may or may not have added anything.
	Spend(ctx context.Context, debts map[string]time.Duration) (owed map[string]time.Duration, err error)
}

// settleEvery is how often a replica calls the ledger. In between, a caller that asks several replicas can send more than its limit.
const settleEvery = time.Second

// Settle reports to the ledger what callers have sent to this replica, and applies what they have sent to others, until ctx ends. If the
// ledger fails, the gate goes on with its own counts.
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
		return // meanwhile the replicas together allow a little more
	}
	now := time.Now()
	g.mu.Lock()
	defer g.mu.Unlock()
	for name, debt := range owed {
		s := g.callers[names[name]]
		if s == nil {
			continue
		}
		// The debt does not contain the requests that came after the report.
		if full := now.Add(debt + time.Duration(s.unsettled)*g.limits.each(names[name])); full.After(s.full) {
			s.full = full
		}
	}
}
