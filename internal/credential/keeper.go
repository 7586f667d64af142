package credential

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"roster/connectors"
)

// Options say where tokens are kept.
type Options struct {
	Store  Store
	Logger *slog.Logger // nil for nobody
	// Fault is called at each step of a renewal with the step's name, for tests that end the process there; nil for nothing.
	Fault func(point string)
}

// Renewer keeps the tokens of all sources. It does nothing by itself before Run.
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

var _ connectors.TokenKeeper = (*Renewer)(nil)

// lookEvery is how often Run looks whether something is due.
const lookEvery = time.Minute

// New gives a keeper.
func New(opt Options) *Renewer {
	k := &Renewer{store: opt.Store, log: opt.Logger, fault: opt.Fault, chains: make(map[string]*chain)}
	if k.log == nil {
		k.log = slog.New(slog.DiscardHandler)
	}
	if k.fault == nil {
		k.fault = func(string) {}
	}
	if d, ok := k.store.(*Dir); ok {
		d.files.Step = func(step string) error { k.fault(step); return nil }
	}
	k.closing, k.close = context.WithCancel(context.Background())
	return k
}

// Keep gives the tokens of one chain: see connectors.TokenKeeper. Sources that share a first grant share them, and the exchange that was
// given last is used: a configuration that is read anew may have another secret.
func (k *Renewer) Keep(source, id string, first connectors.TokenGrant, exchange connectors.Exchange) connectors.Tokens {
	d := k.Draft()
	tokens := d.Keep(source, id, first, exchange)
	d.apply()
	return tokens
}

// Run renews what is due until ctx ends, whether or not anybody asks: a refresh token dies when it is not used for long.
func (k *Renewer) Run(ctx context.Context) {
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	for {
		for _, c := range k.all() {
			c.look()
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

// Close gives up what has not been sent, and waits for the answers to what has, and until they are stored. No renewal begins after it.
func (k *Renewer) Close() {
	k.mu.Lock()
	k.close()
	k.mu.Unlock()
	k.flights.Wait()
}
