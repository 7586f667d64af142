package generation

import (
	"context"
	"log/slog"

	"roster/internal/directory"
)

// Edits are edits of the rules that were made while the program runs. It is safe for concurrent use.
type Edits interface {
	// Rules returns the rules of the configuration with the edits, and the number of the edits, which grows with each change of them.
	Rules(configured directory.Rules) (rules directory.Rules, number uint64)
	// Follow returns a channel that receives a value after each change, until stop is called.
	Follow() (changed <-chan struct{}, stop func())
}

func (p *Publisher) followEdits() (changed <-chan struct{}, stop func()) {
	if p.edits == nil {
		return nil, func() {}
	}
	return p.edits.Follow()
}

// ruled returns an input with the newest rules.
func (p *Publisher) ruled(in input) input {
	rules := p.rules
	if p.edits != nil {
		rules, in.edits = p.edits.Rules(p.rules)
	}
	in.rules = &rules
	return in
}

// buildWithEdits publishes the current directory with the newest rules, after a build with all that is new has failed. If that fails too, the earlier
// rules stay in use.
func (p *Publisher) buildWithEdits(ctx context.Context, wanted input) {
	current := p.published.Load()
	in := current.built
	if in.edits == wanted.edits {
		return
	}
	in.rules, in.edits = wanted.rules, wanted.edits
	d, err := p.build(ctx, in)
	switch {
	case err == nil:
		p.publish(&publication{directory: d, built: in, wanted: in, refused: current.refused})
	case ctx.Err() == nil:
		p.log.LogAttrs(ctx, slog.LevelError, "the directory cannot be built with the newest identity edits; the earlier ones stay in use", slog.Any("error", err))
	}
}

// AwaitEdits waits for a directory that has the edits with this number, or later ones. It returns false if ctx ends first.
func (p *Publisher) AwaitEdits(ctx context.Context, number uint64) bool {
	for {
		g := p.published.Load()
		if g.built.edits >= number {
			return true
		}
		select {
		case <-g.next:
		case <-ctx.Done():
			return false
		}
	}
}
