package admission

import (
	"context"
	"time"
)

// SharedRates adds up what callers have sent to all replicas.
type SharedRates interface {
	// Spend adds to the debt of each key, and returns the new debts. A debt is the time until all requests of the key are available again;
	// it decreases by itself as time passes. After an error the debts are unknown, and Spend may or may not have added anything.
	Spend(ctx context.Context, debts map[string]time.Duration) (owed map[string]time.Duration, err error)
}

// syncEvery is how often a replica calls the shared store. In between, a caller that asks several replicas can send more than its limit.
const syncEvery = time.Second

// Sync reports to the shared store what callers have sent to this replica, and applies what they have sent to others, until ctx ends. If the
// shared store fails, the limiter goes on with its own counts.
func (l *Limiter) Sync(ctx context.Context, shared SharedRates) {
	l.mu.Lock()
	l.syncs = true
	l.mu.Unlock()
	tick := time.NewTicker(syncEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			l.sync(ctx, shared)
		}
	}
}

func (l *Limiter) sync(ctx context.Context, shared SharedRates) {
	debts, names := make(map[string]time.Duration), make(map[string]Caller)
	l.mu.Lock()
	for c, s := range l.callers {
		if s.unsynced == 0 || c == overflow {
			continue
		}
		name := "name " + c.Name
		if c.Name == "" {
			name = "address " + c.Address.String()
		}
		names[name] = c
		debts[name] = time.Duration(s.unsynced) * l.limits.each(c)
		s.unsynced = 0
	}
	l.mu.Unlock()
	if len(debts) == 0 {
		return
	}
	owed, err := shared.Spend(ctx, debts)
	if err != nil {
		return // meanwhile the replicas together allow a little more
	}
	now := time.Now()
	l.mu.Lock()
	defer l.mu.Unlock()
	for name, debt := range owed {
		s := l.callers[names[name]]
		if s == nil {
			continue
		}
		// The debt does not contain the requests that came after the report.
		if full := now.Add(debt + time.Duration(s.unsynced)*l.limits.each(names[name])); full.After(s.fullAt) {
			s.fullAt = full
		}
	}
}
