package app

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"sync"

	"roster/connectors"
	"roster/graph"
	"roster/internal/admission"
	"roster/internal/config"
	"roster/internal/credential"
	"roster/internal/generation"
	"roster/internal/httpapi"
	"roster/internal/persisted"
	"roster/internal/presence"
	"roster/internal/snapshot"
	"roster/internal/writes"
	"roster/resolvers"
)

// Options are what instances have in common, whatever is configured.
type Options struct {
	// Tier is where snapshots are kept beside the memory; nil for nowhere.
	Tier snapshot.Tier
	// TierKind says what the tier is.
	TierKind snapshot.TierKind
	// Presence is where who is there is shared beside the memory; nil for nowhere.
	Presence presence.Tier
	// Writes is what writes remember beyond one configuration; nil for what the instance remembers itself.
	Writes *writes.Ledger
	// Runtime is lent to every source, and Tokens keeps the tokens of those that renew them; nil for nobody.
	Runtime connectors.Runtime
	Tokens  *credential.Renewer
	// Propagating takes the place of Runtime's observer for the sources that are told where in a trace a call belongs; nil for none.
	Propagating connectors.Observer
	// Readings follows the reading of the sources, and Operations what is asked of the graph; nil for nobody.
	Readings   snapshot.Observer
	Operations httpapi.Observer
	// Written follows the writes; nil for nobody.
	Written writes.Observer
	// Metrics are served beside the graph; nil for elsewhere. HealthElsewhere says that this holds for health and readiness too.
	Metrics         http.Handler
	HealthElsewhere bool
	// Pages serves what is not the graph.
	Pages http.Handler
	// Stopping says that the program is about to end, and no longer ready.
	Stopping func() bool
	Logger   *slog.Logger
	// AccessLines makes the logger of the access log's file; nil makes one of JSON lines.
	AccessLines func(io.Writer) *slog.Logger
}

// instance is one configuration at work.
type instance struct {
	config  *config.Config
	tier    snapshot.Tier
	sources []*connectors.Source
	keeper  *snapshot.Keeper
	people  *generation.Publisher
	there   *presence.Store
	writer  *writes.Writer
	ledger  *writes.Ledger // what outlives the instance; nil where nothing does
	gate    *admission.Gate
	door    *doorway
	// What clients have registered outlives a change, and when somebody was last reminded of what.
	recent    *persisted.Recent
	documents *persisted.Documents
	reminders *credential.Reminders
	tokens    *credential.Draft // what the sources want of Options.Tokens; nil where that is nil
	handler   http.Handler
	traffic   traffic
	retired   chan struct{} // closed when another has taken its place
	log       *slog.Logger

	stop  context.CancelFunc
	parts sync.WaitGroup
}

// build makes an instance that does nothing yet. It shares with the one before, if there is one, the sources that are configured alike. The error has a line
// for each fault. It has no effect on anything that outlives it: what has one is left to commit, since the configuration may still be refused.
func build(cfg *config.Config, opt *Options, before *instance, readiness func() error) (*instance, error) {
	i := &instance{config: cfg, tier: opt.Tier, ledger: opt.Writes, retired: make(chan struct{}), log: opt.Logger,
		reminders: new(credential.Reminders)}
	if before != nil {
		i.reminders = before.reminders
	}
	if err := i.openDocuments(opt, before); err != nil {
		return nil, err
	}
	runtime := opt.Runtime
	if opt.Tokens != nil {
		i.tokens = opt.Tokens.Draft()
		runtime.Tokens = i.tokens
	}
	var err error
	if i.sources, err = open(reusing(cfg, before), runtime, opt.Propagating); err != nil {
		return nil, err
	}
	if i.door, err = openDoor(&cfg.Access, opt, before); err != nil {
		return nil, err
	}
	collected := snapshot.Options{
		Sources: i.sources, Settings: settings(cfg), Tier: opt.Tier, IdleAfter: cfg.IdleAfter, FirstWait: cfg.FirstWait, MaxWait: cfg.MaxWait,
		TierKind: opt.TierKind, Observer: opt.Readings, Logger: opt.Logger,
	}
	told := presence.Options{Tier: opt.Presence, Logger: opt.Logger}
	if before != nil {
		collected.Before, told.Before = before.keeper, before.there
	}
	i.keeper = snapshot.New(collected)
	ledger := opt.Writes
	if ledger == nil {
		ledger = writes.NewLedger(writes.LedgerOptions{Logger: opt.Logger})
	}
	i.people = generation.New(generation.Options{
		Keeper: i.keeper, Sources: trusted(cfg, i.sources), Rules: rules(cfg), Overlay: ledger, Logger: opt.Logger,
	})
	i.writer = writes.New(writes.Options{
		Keeper: i.keeper, Publisher: i.people, Ledger: ledger, SettleAfter: cfg.Writes.SettleAfter, Audit: opt.Logger, AuditValues: cfg.Writes.AuditValues,
		Observer: opt.Written,
	})
	i.there = presence.New(i.sources, told)
	limits := httpapi.Limits(cfg.Limits)
	if before != nil { // nobody gains by a change
		i.gate = before.gate
	} else {
		i.gate = httpapi.NewGate(limits, own(&cfg.Access))
	}
	served := httpapi.Options{
		API: &resolvers.Resolver{Publisher: i.people, Keeper: i.keeper, Presence: i.there, Writer: i.writer, AccessLog: i.door.log, Logger: opt.Logger,
			SourcesApart: cfg.SourcesApart, Graph: graph.Options(cfg.Federation)},
		ClientSchema: graph.Client(graph.Options(cfg.Federation)),
		Pages:        opt.Pages, Hosts: cfg.Access.Hosts, LocalOnly: localOnly(cfg), Readiness: readiness,
		Limits: limits, Gate: i.gate, Documents: i.documents, Introspection: cfg.Introspection, Origins: cfg.Origins, Retired: i.retired,
		Observer: opt.Operations, Metrics: opt.Metrics, HealthElsewhere: opt.HealthElsewhere,
	}
	if i.door.who != nil {
		// Whoever asked the operator's questions here would be asked for nothing, be it through a proxy that others reach.
		served.Access, served.Metrics = i.door.who, nil
	}
	i.handler = httpapi.New(served)
	return i, nil
}

// commit changes what instances share as this one's configuration says. It comes once, before start.
func (i *instance) commit() {
	limits := httpapi.Limits(i.config.Limits)
	i.gate.Limit(limits.OfGate(own(&i.config.Access)))
	if i.tokens == nil {
		return
	}
	var chains []string
	for n := range i.config.Sources {
		if s := &i.config.Sources[n]; s.OAuth != nil {
			chains = append(chains, s.OAuth.Chain(s.Kind))
		}
	}
	i.tokens.Commit(chains) // whoever takes a source out does not expect it to be called
}

// start sets the instance to work until ctx ends or it is closed. What it takes over is its own from then on. It calls ready when every collection has
// been read or tried for the first time.
func (i *instance) start(ctx context.Context, ready func()) {
	ctx, i.stop = context.WithCancel(ctx)
	if ledger, ok := i.tier.(admission.Ledger); ok {
		i.parts.Go(func() { i.gate.Settle(ctx, ledger) })
	}
	i.parts.Go(func() { i.keeper.Run(ctx) }) //nolint:errcheck // it ends when it is told to
	i.parts.Go(func() { i.people.Run(ctx) }) //nolint:errcheck // as above
	i.parts.Go(func() { i.reminders.Watch(ctx, i.sources, i.log) })
	i.parts.Go(func() {
		if (i.ledger == nil || i.ledger.AwaitFirst(ctx)) && i.people.AwaitFirst(ctx) {
			ready()
		}
	})
}

// close ends what the instance does, and waits for that. Nobody may be asking it anything any more.
func (i *instance) close() {
	i.writer.Close()
	i.stop()
	i.parts.Wait()
	i.there.Close()
	i.door.close()
}
