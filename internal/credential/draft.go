package credential

import (
	"maps"
	"slices"

	"roster/connectors"
)

// Draft is what a configuration wants of a keeper that may still be refused. Until Commit it changes nothing: no chain is renewed for it, so that
// its grants stay unspent, and the exchanges in force stay. It is for one goroutine.
type Draft struct {
	keeper    *Renewer
	chains    map[string]*chain
	exchanges map[string]connectors.Exchange
}

var _ connectors.TokenKeeper = (*Draft)(nil)

// Draft begins a draft. One that is dropped without Commit leaves no trace.
func (k *Renewer) Draft() *Draft {
	return &Draft{keeper: k, chains: make(map[string]*chain), exchanges: make(map[string]connectors.Exchange)}
}

// Keep gives the tokens of one chain, which nobody may ask for before Commit: see Keeper.Keep.
func (d *Draft) Keep(source, id string, first connectors.TokenGrant, exchange connectors.Exchange) connectors.Tokens {
	c := d.chains[id]
	if c == nil {
		d.keeper.mu.Lock()
		c = d.keeper.chains[id]
		d.keeper.mu.Unlock()
	}
	if c == nil {
		c = newChain(d.keeper, source, id, first, exchange)
	}
	d.chains[id], d.exchanges[id] = c, exchange
	return c
}

// Commit puts the draft in force. Needed are the IDs of all chains that there is a source for now, also those of sources that were opened for an
// earlier draft: the others are forgotten, stay stored, and are renewed no more. A renewal under way goes on to its end.
func (d *Draft) Commit(needed []string) {
	d.apply()
	d.keeper.mu.Lock()
	defer d.keeper.mu.Unlock()
	maps.DeleteFunc(d.keeper.chains, func(id string, _ *chain) bool { return !slices.Contains(needed, id) })
}

func (d *Draft) apply() {
	for id, c := range d.chains {
		c.exchangeBy(d.exchanges[id])
		d.keeper.mu.Lock()
		d.keeper.chains[id] = c
		d.keeper.mu.Unlock()
	}
}
