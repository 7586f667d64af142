package app

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"time"

	"roster/connectors"
	"roster/connectors/limit"
	"roster/internal/config"
	"roster/internal/credential"
	"roster/internal/edits"
	"roster/internal/httpapi"
	"roster/internal/snapshot"
	"roster/internal/systemd"
	"roster/internal/telemetry"
	"roster/internal/webhook"
	"roster/internal/writes"
)

// Serving are the options of Serve in addition to the configuration.
type Serving struct {
	// Changes define when the configuration is read again; nil for never.
	Changes *Changes
	// Pages returns the handler of all paths that are not the server's own, for a graph whose names have this prefix.
	Pages  func(prefix string) http.Handler
	Logger *slog.Logger
	// Listener is where to serve. Serve closes it.
	Listener net.Listener
	// Listening is called with the server's address when it listens. Ready is called when every collection has been fetched or tried for the first
	// time. Both are given a function that returns the state of all collections.
	Listening, Ready func(address string, state FetchState)
}

// FetchState returns the state of every collection, in the order of the configuration.
type FetchState func() []snapshot.Status

// keptStores outlive a configuration.
type keptStores struct {
	Stores
	credentials *credential.Renewer
	ledger      *writes.Ledger
	edits       *edits.Edits
	webhooks    webhook.Store
	run         []func(context.Context) // serve the stores until their context ends
	close       func()                  // after run has ended
}

// openStores opens the configured stores.
func openStores(ctx context.Context, cfg *config.Config, log *slog.Logger) (*keptStores, error) {
	credentials, closeCredentials, err := openTokens(ctx, cfg, log)
	if err != nil {
		return nil, err
	}
	shared, share, err := openShared(cfg, log)
	if err != nil {
		closeCredentials()
		return nil, err
	}
	ledger, follow, err := openLedger(shared.Writes, cfg, log)
	if err != nil {
		closeCredentials()
		return nil, err
	}
	identity, followEdits, err := openEdits(ctx, shared.Edits, cfg, log)
	if err != nil {
		closeCredentials()
		return nil, err
	}
	hooked, closeWebhooks, err := openWebhooks(shared.Webhooks, cfg)
	if err != nil {
		closeCredentials()
		return nil, err
	}
	return &keptStores{Stores: shared, credentials: credentials, ledger: ledger, edits: identity, webhooks: hooked, run: []func(context.Context){share, follow, followEdits}, close: func() {
		closeWebhooks()
		closeCredentials()
	}}, nil
}

// Serve fetches the sources and serves until ctx ends, and then drains.
func Serve(ctx context.Context, cfg *config.Config, opt Serving) error {
	var secure *tls.Config
	l, scheme := opt.Listener, "http://"
	if cfg.TLS != nil {
		var err error
		if secure, err = httpapi.TLS(*cfg.TLS).Open(opt.Logger); err != nil {
			return errors.Join(err, l.Close())
		}
		scheme = "https://"
	}
	admin, err := listenAdmin(ctx, cfg.Admin.Listen)
	if err != nil {
		return errors.Join(err, l.Close())
	}
	closeListeners := func(err error) error { return errors.Join(err, l.Close(), admin.Close()) }
	kept, err := openStores(ctx, cfg, opt.Logger)
	if err != nil {
		return closeListeners(err)
	}
	defer kept.close()
	seen, stopTracing, err := observe(ctx, cfg, opt.Logger)
	if err != nil {
		return closeListeners(err)
	}
	defer stopTracing() // after everything that is traced has ended
	// Fetching outlives the signal to stop, because the remaining requests may need it. Other replicas can use even the last fetches.
	fetching, stopFetching := context.WithCancel(context.WithoutCancel(ctx))
	defer stopFetching()
	sharing, stopSharing := context.WithCancel(context.WithoutCancel(ctx))
	var fetched, shared sync.WaitGroup
	for _, run := range kept.run {
		shared.Go(func() { run(sharing) })
	}
	defer shared.Wait()
	defer stopSharing()
	options := hostOptions(ctx, cfg, kept, seen, opt)
	if admin == nil && isLoopback(l.Addr()) { // without authentication, everyone who reaches the server may see everything anyway
		options.Metrics = seen.Metrics()
	}
	address := scheme + l.Addr().String()
	var host *Host
	fetchedOnce := make(chan struct{})
	host, err = NewHost(cfg, options, func() {
		systemd.Ready()
		opt.Ready(address, host.Statuses)
		close(fetchedOnce)
	})
	if err != nil {
		return closeListeners(err)
	}
	seen.Watch(host, kept.Redis)
	opt.Listening(address, host.Statuses)
	defer context.AfterFunc(ctx, systemd.Stopping)()
	fetched.Go(func() { host.Run(fetching, opt.Changes) })
	delivering, stopDelivering := context.WithCancel(ctx) // it stops with the signal, so that another replica goes on
	defer stopDelivering()
	fetched.Go(func() {
		select {
		case <-fetchedOnce: // before that, receivers would read what is not there yet
			options.Webhooks.Run(delivering)
		case <-delivering.Done():
		}
	})
	if kept.credentials != nil {
		fetched.Go(func() { kept.credentials.Run(fetching) })
	}
	stopAdmin := admin.Serve(ctx, httpapi.NewAdmin(httpapi.AdminOptions{Metrics: seen.Metrics(), Readiness: host.Readiness, Pprof: cfg.Admin.Pprof, Webhooks: host.WebhookStatuses}), opt.Logger)
	server := httpapi.Server{Handler: seen.Handler(host, opt.Logger), Limits: httpapi.Limits(cfg.Limits), TLS: secure, DrainDelay: cfg.DrainDelay, Logger: opt.Logger,
		TrustedProxies: cfg.TrustedProxies, Dropped: seen.Dropped, Refused: seen.Refused}
	err = server.Serve(ctx, l)
	stopAdmin()      // until here it reports how the drain proceeds
	stopDelivering() // there was no signal if the listener has failed
	stopFetching()
	fetched.Wait()
	return err
}

// hostOptions returns what all instances of a server have in common.
func hostOptions(ctx context.Context, cfg *config.Config, kept *keptStores, seen *telemetry.Telemetry, opt Serving) Options {
	waits := telemetry.NewWaits(opt.Logger)
	log := openChanges(cfg, kept.Changes)
	return Options{
		Changes: log, Webhooks: webhook.New(webhook.Options{Log: webhook.LogOf(log), Store: kept.webhooks, Logger: opt.Logger}),
		Stores: kept.Stores, Writes: kept.ledger, Edits: kept.edits, Tokens: kept.credentials, Pages: opt.Pages,
		Stopping: func() bool { return ctx.Err() != nil }, Logger: opt.Logger,
		Runtime: connectors.Runtime{
			Observer: waits.Follow(seen.Calls(false)), Limits: limit.New(kept.Budgets), Memory: connectors.NewMemory(cfg.Limits.FetchBytes),
		},
		Propagating: waits.Follow(seen.Calls(true)), Fetches: seen.Fetches(), Operations: seen, Written: seen, Hooked: seen.Hooked,
		AccessLines: func(w io.Writer) *slog.Logger { return telemetry.NewLogger(w, telemetry.FormatJSON, slog.LevelInfo) },
	}
}

// sendWithin limits the time to send the last traces.
const sendWithin = 3 * time.Second

// observe returns the telemetry, and a function that sends the last traces.
func observe(ctx context.Context, cfg *config.Config, log *slog.Logger) (seen *telemetry.Telemetry, stop func(), err error) {
	tracing, err := telemetry.OpenTracing(ctx, telemetry.TracingOptions{Endpoint: cfg.Tracing.Endpoint, Ratio: cfg.Tracing.Ratio, Logger: log})
	if err != nil {
		return nil, nil, err
	}
	return telemetry.New(tracing), func() {
		last, cancel := context.WithTimeout(context.WithoutCancel(ctx), sendWithin)
		defer cancel()
		tracing.Close(last)
	}, nil
}

func isLoopback(address net.Addr) bool {
	a, ok := address.(*net.TCPAddr)
	return ok && a.IP.IsLoopback()
}
