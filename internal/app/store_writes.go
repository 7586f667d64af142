package app

import (
	"context"
	"fmt"
	"log/slog"

	"roster/internal/config"
	"roster/internal/filestore"
	"roster/internal/writes"
)

// openLedger opens the ledger of writes, as configured: in the shared store if there is one, in a directory, or in memory. Follow runs the ledger until
// its context ends.
func openLedger(shared writes.Sharing, cfg *config.Config, log *slog.Logger) (ledger *writes.Ledger, follow func(context.Context), err error) {
	opt := writes.LedgerOptions{ShowFor: cfg.Writes.ShowFor, Logger: log}
	for i := range cfg.Sources {
		for _, c := range cfg.Sources[i].Collections {
			opt.KeepFor = max(opt.KeepFor, c.KeepFor)
		}
	}
	if shared != nil {
		opt.Shared = shared
		ledger = writes.NewLedger(opt)
		return ledger, ledger.Run, nil
	}
	var dir *writes.Dir
	if cfg.Writes.Dir != "" {
		if dir, err = writes.OpenDir(cfg.Writes.Dir); err != nil {
			return nil, nil, fmt.Errorf("writes.dir: %w", err)
		}
		if filestore.AllowsOthers(cfg.Writes.Dir, 0o022) { // the permissions stay, because they may be intended: a volume for a group
			log.Warn("users other than the owner may write to writes.dir: a file that they delete can cause a write to be made twice")
		}
		opt.Store = dir
	}
	ledger = writes.NewLedger(opt)
	return ledger, func(ctx context.Context) {
		ledger.Run(ctx)
		if dir != nil {
			dir.Close() //nolint:errcheck // nothing uses it afterwards
		}
	}, nil
}
