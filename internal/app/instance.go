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
	"roster/internal/changes"
	"roster/internal/config"
	"roster/internal/credential"
	"roster/internal/edits"
	"roster/internal/generation"
	"roster/internal/httpapi"
	"roster/internal/persisted"
	"roster/internal/plan"
	"roster/internal/presence"
	"roster/internal/responsecache"
	"roster/internal/snapshot"
	"roster/internal/webhook"
	"roster/internal/writes"
	"roster/resolvers"
)

// Options are what all instances have in common, whatever the configuration.
type Options struct {
	// Stores are the stores outside of the process; zero for none.
	Stores Stores
	// Writes is the state of writes that outlives one configuration; nil for a ledger of the instance's own.
	Writes *writes.Ledger
	// Edits are the edits of the identity rules; nil if none can be made.
	Edits *edits.Edits
	// Runtime is shared by all sources. Tokens stores the tokens of sources that renew them; nil if there are none.
	Runtime connectors.Runtime
	Tokens  *credential.Renewer
	// Changes is the log of changes, which outlives one configuration; nil for one of the host's own.
	Changes *changes.Log
	// Webhooks delivers the log of changes, and outlives one configuration too; nil if nothing does.
	Webhooks *webhook.Deliverer
	// Propagating replaces Runtime's observer for the sources that receive the trace context; nil for none.
	Propagating connectors.Observer
	// Fetches observes the fetches of the sources, and Operations observes the GraphQL operations; nil for none.
	Fetches    snapshot.Observer
	Operations httpapi.Observer
	// Written observes the writes; nil for none.
	Written writes.Observer
	// Hooked counts the webhooks of sources; see httpapi.Options. Nil for none.
	Hooked func(source string, result httpapi.HookResult)
	// Metrics are served on the public listener; nil if they are not.
	Metrics http.Handler
	// Pages returns the handler of all paths that are not the server's own, for a graph whose names have this prefix; nil for none.
	Pages func(prefix string) http.Handler
	// Stopping reports that the program is about to end, and is no longer ready.
	Stopping func() bool
	Logger   *slog.Logger
	// AccessLines returns the logger for the access log's file; nil for JSON lines.
	AccessLines func(io.Writer) *slog.Logger
}

// instance is one configuration at work.
type instance struct {
	config    *config.Config
	callers   admission.SharedRates // counts the callers of all replicas; nil if there are no others
	sources   []*connectors.Source
	keeper    *snapshot.Keeper
	publisher *generation.Publisher
	presence  *presence.Store
	writer    *writes.Writer
	ledger    *writes.Ledger // outlives the instance; nil if nothing does
	edits     *edits.Edits   // outlive the instance
	limiter   *admission.Limiter
	access    *accessControl
	// Registered documents and the times of the last reminders outlive the instance.
	recent    *persisted.Recent
	documents *persisted.Documents
	reminders *credential.Reminders
	tokens    *credential.Draft    // the tokens that the sources want from Options.Tokens; nil if that is nil
	responses *responsecache.Cache // nil if no answers are kept
	plans     *plan.Counts         // outlive the instance
	handler   http.Handler
	traffic   traffic
	changes   *changes.Log // outlives the instance, as does what delivers it to the receivers; nil if nothing does
	deliverer *webhook.Deliverer
	receivers []webhook.Hook
	retired   chan struct{} // closed when the instance has been replaced
	log       *slog.Logger

	stop  context.CancelFunc
	parts sync.WaitGroup
}

// build creates an instance that does nothing yet. It reuses the sources of the instance before, if there is one, that have the same configuration.
// The error has one line for each fault. Build has no effect on anything that outlives the instance: commit makes such changes, because the
// configuration may still be refused.
func build(cfg *config.Config, opt *Options, before *instance, readiness func() error) (*instance, error) {
	i := &instance{config: cfg, callers: opt.Stores.Callers, ledger: opt.Writes, changes: opt.Changes, deliverer: opt.Webhooks, retired: make(chan struct{}), log: opt.Logger,
		reminders: new(credential.Reminders)}
	if before != nil {
		i.reminders = before.reminders
	}
	if err := i.openDocuments(opt, before); err != nil {
		return nil, err
	}
	var err error
	if i.receivers, err = webhooks(cfg); err != nil {
		return nil, err
	}
	runtime := opt.Runtime
	if opt.Tokens != nil {
		i.tokens = opt.Tokens.Draft()
		runtime.Tokens = i.tokens
	}
	if i.sources, err = open(reusing(cfg, before), runtime, opt.Propagating); err != nil {
		return nil, err
	}
	if i.access, err = openAccess(&cfg.Access, opt, before); err != nil {
		return nil, err
	}
	keeperOptions := snapshot.Options{
		Sources: i.sources, Settings: settings(cfg), SharedStore: opt.Stores.Snapshots, IdleAfter: cfg.IdleAfter, FirstWait: cfg.FirstWait, MaxWait: cfg.MaxWait,
		TierKind: opt.Stores.Kind, Observer: opt.Fetches, Logger: opt.Logger,
	}
	presenceOptions := presence.Options{SharedStore: opt.Stores.Presence, Logger: opt.Logger}
	if before != nil {
		keeperOptions.Before, presenceOptions.Before = before.keeper, before.presence
	}
	i.keeper = snapshot.New(keeperOptions)
	ledger := opt.Writes
	if ledger == nil {
		ledger = writes.NewLedger(writes.LedgerOptions{Logger: opt.Logger})
	}
	if i.edits = opt.Edits; i.edits == nil {
		i.edits = edits.New(edits.Options{})
	}
	i.publisher = generation.New(generation.Options{
		Keeper: i.keeper, Sources: trusted(cfg, i.sources), Rules: rules(cfg), Edits: i.edits, Overlay: ledger, Logger: opt.Logger,
	})
	i.writer = writes.New(writes.Options{
		Keeper: i.keeper, Publisher: i.publisher, Ledger: ledger, SettleAfter: cfg.Writes.SettleAfter, Audit: opt.Logger, AuditValues: cfg.Writes.AuditValues,
		Observer: opt.Written,
	})
	editor := edits.NewEditor(edits.EditorOptions{Edits: i.edits, Configured: rules(cfg), Publisher: i.publisher, Record: i.writer.Record})
	i.presence = presence.New(i.sources, presenceOptions)
	limits := limitsOf(cfg)
	if before != nil { // a reload resets no caller's limits
		i.limiter = before.limiter
	} else {
		i.limiter = httpapi.NewLimiter(limits, ownLimits(&cfg.Access))
	}
	var responses *responsecache.Cache
	i.plans = new(plan.Counts)
	if before != nil {
		responses, i.plans = before.responses, before.plans
	}
	i.responses = responsecache.New(cfg.Cache.ResponseBytes, responses)
	handlerOptions := httpapi.Options{
		API: &resolvers.Resolver{Publisher: i.publisher, Keeper: i.keeper, Presence: i.presence, Writer: i.writer, Identity: editor, AccessLog: i.access.log, Changes: opt.Changes, Logger: opt.Logger,
			SourceErrorsInExtensions: cfg.SourceErrorsInExtensions, Graph: graph.Options(cfg.Federation), Plans: i.plans},
		ClientSchema: graph.Client(graph.Options(cfg.Federation)),
		Hosts:        cfg.Access.Hosts, LocalOnly: localOnly(cfg), Readiness: readiness,
		Limits: limits, Limiter: i.limiter, Documents: i.documents, Introspection: cfg.Introspection, Origins: cfg.Origins, Retired: i.retired, Changes: opt.Changes, Responses: i.responses, PublicAnswers: cfg.Cache.Public,
		Observer: opt.Operations, Metrics: opt.Metrics, Hooks: i.hooks(), Hooked: opt.Hooked,
	}
	if opt.Pages != nil {
		handlerOptions.Pages = opt.Pages(cfg.Federation.Prefix)
	}
	if i.access.authenticator != nil {
		// With authentication, the operator's metrics must not be public without it, for example through a proxy that others can reach.
		handlerOptions.Access, handlerOptions.Metrics = i.access.authenticator, nil
	}
	i.handler = httpapi.New(handlerOptions)
	return i, nil
}

// commit applies this instance's configuration to what instances share. Call it once, before start.
func (i *instance) commit() {
	limits := limitsOf(i.config)
	i.changes.Bound(changes.Options(i.config.Changes))
	if i.deliverer != nil {
		i.deliverer.Set(i.receivers)
	}
	i.limiter.SetLimits(limits.OfCallers(ownLimits(&i.config.Access)))
	if i.tokens == nil {
		return
	}
	var chains []string
	for n := range i.config.Sources {
		if s := &i.config.Sources[n]; s.OAuth() != nil {
			chains = append(chains, s.OAuth().Chain(s.Kind))
		}
	}
	i.tokens.Commit(chains) // whoever removes a source does not expect calls to it any more
}

// start runs the instance until ctx ends or the instance is closed. What it takes over from the instance before belongs to it from then on. It calls
// ready when every collection has been fetched or tried for the first time.
func (i *instance) start(ctx context.Context, ready func()) {
	ctx, i.stop = context.WithCancel(ctx)
	if i.callers != nil {
		i.parts.Go(func() { i.limiter.Sync(ctx, i.callers) })
	}
	i.presence.Start(ctx)
	i.parts.Go(func() { i.keeper.Run(ctx) }) //nolint:errcheck // it ends with ctx
	i.parts.Go(func() {
		i.edits.AwaitFirst(ctx) // so that nobody is shown under an ID that an edit has changed long ago
		i.publisher.Run(ctx)    //nolint:errcheck // it ends with ctx
	})
	i.parts.Go(func() { i.reminders.Watch(ctx, i.sources, i.log) })
	i.parts.Go(func() {
		if (i.ledger == nil || i.ledger.AwaitFirst(ctx)) && i.publisher.AwaitFirst(ctx) {
			ready()
		}
	})
}

// close ends the instance's work and waits for the end. No request may use the instance any more.
func (i *instance) close() {
	i.writer.Close()
	i.stop()
	i.parts.Wait()
	i.presence.Close()
	i.access.close()
}

// limitsOf returns the limits of requests. Where all callers are anonymous, they may hold everything.
func limitsOf(cfg *config.Config) httpapi.Limits {
	limits := httpapi.Limits(cfg.Limits)
	if !cfg.Access.Authenticates() {
		limits.AnonymousShare = 100
	}
	return limits
}
