package credential

import (
	"maps"
	"slices"

	"roster/connectors"
)

// Draft is the chains that a configuration needs from a Renewer. The configuration may still be rejected. Before Commit, a Draft changes nothing: the
// Renewer renews no chain for it, so its grants stay unused, and the current exchanges stay in force. Only one goroutine may use a Draft.
type Draft struct {
	renewer   *Renewer
	chains    map[string]*chain
	exchanges map[string]connectors.Exchange
}

var _ connectors.TokenRenewer = (*Draft)(nil)

// Draft begins a draft. A draft without a Commit has no effect.
func (k *Renewer) Draft() *Draft {
	return &Draft{renewer: k, chains: make(map[string]*chain), exchanges: make(map[string]connectors.Exchange)}
}

// Keep returns the tokens of one chain: see Renewer.Keep. Nobody may request these tokens before Commit.
func (d *Draft) Keep(source, id string, first connectors.TokenGrant, exchange connectors.Exchange) connectors.Tokens {
	c := d.chains[id]
	if c == nil {
		d.renewer.mu.Lock()
		c = d.renewer.chains[id]
		d.renewer.mu.Unlock()
	}
	if c == nil {
		c = newChain(d.renewer, source, id, first, exchange)
	}
	d.chains[id], d.exchanges[id] = c, exchange
	return c
}

// Commit puts the draft in force. Needed is the IDs of all chains that a current source uses, including sources that were opened for an earlier
// draft. The Renewer forgets all other chains: it no longer renews them, but they stay in the store. A renewal that already runs continues to its
// end.
func (d *Draft) Commit(needed []string) {
	d.apply()
	d.renewer.mu.Lock()
	defer d.renewer.mu.Unlock()
	maps.DeleteFunc(d.renewer.chains, func(id string, _ *chain) bool { return !slices.Contains(needed, id) })
}

func (d *Draft) apply() {
	for id, c := range d.chains {
		c.setExchange(d.exchanges[id])
		d.renewer.mu.Lock()
		d.renewer.chains[id] = c
		d.renewer.mu.Unlock()
	}
}
