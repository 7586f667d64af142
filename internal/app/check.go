package app

import (
	"context"
	"log/slog"
	"sync"

	"roster/connectors"
	"roster/connectors/limit"
	"roster/internal/check"
	"roster/internal/config"
)

// Check asks each source what its credential can see, until ctx ends, and compares that with the stored snapshots. The watch follows the check. Check
// changes nothing except tokens that it has to renew.
func Check(ctx context.Context, cfg *config.Config, watch *check.Watch) ([]check.Report, error) {
	quiet := slog.New(slog.DiscardHandler)
	// Tokens that a check renews are stored, because the old grant is used up.
	tokens, endTokens, err := openTokens(ctx, cfg, quiet)
	if err != nil {
		return nil, err
	}
	defer endTokens()
	var runtime connectors.Runtime
	if tokens != nil {
		runtime.Tokens = tokens
	}
	kept := *cfg
	kept.CacheDir = "" // only one process can open it, and that may be a server
	shared, share, err := openShared(&kept, quiet)
	if err != nil {
		return nil, err
	}
	runtime.Limits, runtime.Observer, runtime.Memory = limit.New(shared.Budgets), watch, connectors.NewMemory(cfg.Limits.FetchBytes)
	sources, err := openSources(cfg, runtime)
	if err != nil {
		return nil, err
	}
	sharing, stopSharing := context.WithCancel(context.WithoutCancel(ctx)) // the calls count together with those of the servers
	var serving sync.WaitGroup
	serving.Go(func() { share(sharing) })
	defer serving.Wait()
	defer stopSharing()
	reports := check.Run(ctx, sources, watch)
	check.Compare(reports, knownCounts(context.WithoutCancel(ctx), shared.Snapshots, cfg, sources))
	return reports, nil
}
