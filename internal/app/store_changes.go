package app

import (
	"roster/internal/changes"
	"roster/internal/config"
)

// openChanges returns the log of changes: one that follows the log that replicas share or, if there is none, one of this process.
func openChanges(cfg *config.Config, shared changes.SharedLog) *changes.Log {
	if shared == nil {
		return changes.NewLog(changes.Options(cfg.Changes))
	}
	return changes.NewSharedLog(changes.Options(cfg.Changes), shared)
}
