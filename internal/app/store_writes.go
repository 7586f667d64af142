package app

import (
	"context"
	"fmt"
	"log/slog"

	"roster/internal/config"
	"roster/internal/filestore"
	"roster/internal/shared"
	"roster/internal/snapshot"
	"roster/internal/writes"
)

// openLedger gives what writes remember: in Redis beside the snapshots in that tier, in a directory, or in memory, as configured. It is kept going until the
// context of follow ends.
func openLedger(common snapshot.Tier, cfg *config.Config, log *slog.Logger) (ledger *writes.Ledger, follow func(context.Context), err error) {
	opt := writes.LedgerOptions{ShowFor: cfg.Writes.ShowFor, Logger: log}
	for i := range cfg.Sources {
		for _, c := range cfg.Sources[i].Collections {
			opt.KeepFor = max(opt.KeepFor, c.KeepFor)
		}
	}
	if r, ok := common.(*shared.Redis); ok {
		opt.Store = r.Writes()
		ledger = writes.NewLedger(opt)
		return ledger, func(ctx context.Context) {
			r.TellDurable(ctx)
			ledger.Run(ctx)
		}, nil
	}
	var dir *writes.Dir
	if cfg.Writes.Dir != "" {
		if dir, err = writes.OpenDir(cfg.Writes.Dir); err != nil {
			return nil, nil, fmt.Errorf("writes.dir: %w", err)
		}
		if filestore.AllowsOthers(cfg.Writes.Dir, 0o022) { // it is left so, since it may be meant: a volume for a group
			log.Warn("others than the owner may write to writes.dir: whoever takes a file away there can have something made twice")
		}
		opt.Store = dir
	}
	ledger = writes.NewLedger(opt)
	return ledger, func(ctx context.Context) {
		ledger.Run(ctx)
		if dir != nil {
			dir.Close() //nolint:errcheck // nothing comes after it
		}
	}, nil
}
