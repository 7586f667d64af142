package app

import (
	"context"
	"fmt"
	"log/slog"

	"roster/internal/config"
	"roster/internal/edits"
	"roster/internal/filestore"
)

// openEdits returns the edits of the identity rules: kept in the shared store if there is one, in a directory, or nowhere, so that none can be made. Follow
// takes over the edits of other replicas until its context ends. Edits in a directory are read at once, and an error if they cannot be read.
func openEdits(ctx context.Context, shared edits.Store, cfg *config.Config, log *slog.Logger) (all *edits.Edits, follow func(context.Context), err error) {
	if shared != nil || cfg.Identity.Dir == "" {
		all = edits.New(edits.Options{Store: shared, Logger: log})
		return all, all.Run, nil
	}
	dir, err := edits.OpenDir(cfg.Identity.Dir)
	if err != nil {
		return nil, nil, fmt.Errorf("identity.dir: %w", err)
	}
	if filestore.AllowsOthers(cfg.Identity.Dir, 0o022) { // the permissions stay, because they may be intended: a volume for a group
		log.WarnContext(ctx, "users other than the owner may write to identity.dir: they can change which accounts are one person")
	}
	all = edits.New(edits.Options{Store: dir, Logger: log})
	if err := all.Read(ctx); err != nil {
		dir.Close() //nolint:errcheck // nothing has been written
		return nil, nil, fmt.Errorf("identity.dir: %w", err)
	}
	return all, func(ctx context.Context) {
		<-ctx.Done()
		dir.Close() //nolint:errcheck // nothing uses it afterwards
	}, nil
}
