package credential

import (
	"cmp"
	"context"
	"log/slog"
	"sync"
	"time"

	"roster/connectors"
)

// Options configure a Renewer.
type Options struct {
	Store  Store
	Logger *slog.Logger // nil discards all messages
	// Fault is called at each step of a renewal with the name of the step. Tests use it to end the process at that step. It may be nil.
	Fault func(point string)
}

// Renewer keeps the tokens of all sources. Before Run, it renews a token only when a caller requests one.
type Renewer struct {
	store Store
	log   *slog.Logger
	fault func(string)

	mu      sync.Mutex
	chains  map[string]*chain
	flights sync.WaitGroup
	closing context.Context
	close   context.CancelFunc
}

var _ connectors.TokenRenewer = (*Renewer)(nil)

// checkInterval is the time between two checks of Run for renewals that are due.
const checkInterval = time.Minute

// New returns a Renewer.
func New(opt Options) *Renewer {
	k := &Renewer{store: opt.Store, log: cmp.Or(opt.Logger, slog.New(slog.DiscardHandler)), fault: opt.Fault, chains: make(map[string]*chain)}
	if k.fault == nil {
		k.fault = func(string) {}
	}
	if d, ok := k.store.(*Dir); ok {
		d.files.Step = func(step string) error { k.fault(step); return nil }
	}
	k.closing, k.close = context.WithCancel(context.Background())
	return k
}

// Keep returns the tokens of one chain: see connectors.TokenRenewer. Sources with the same first grant share its tokens. The chain uses the exchange
// of the last call, because a reloaded configuration may have another secret.
func (k *Renewer) Keep(source, id string, first connectors.TokenGrant, exchange connectors.Exchange) connectors.Tokens {
	d := k.Draft()
	tokens := d.Keep(source, id, first, exchange)
	d.apply()
	return tokens
}

// Run renews tokens when they are due, until ctx ends. Run does so even if no caller requests a token, because a refresh token expires if it is not
// used for a long time.
func (k *Renewer) Run(ctx context.Context) {
	tick := time.NewTicker(checkInterval)
	defer tick.Stop()
	for {
		for _, c := range k.all() {
			c.renewIfDue()
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
	}
}

func (k *Renewer) all() []*chain {
	k.mu.Lock()
	defer k.mu.Unlock()
	all := make([]*chain, 0, len(k.chains))
	for _, c := range k.chains {
		all = append(all, c)
	}
	return all
}

// Close cancels exchanges that have not been sent. For exchanges that have been sent, Close waits until the answers have arrived and are stored. No
// renewal begins after Close.
func (k *Renewer) Close() {
	k.mu.Lock()
	k.close()
	k.mu.Unlock()
	k.flights.Wait()
}
