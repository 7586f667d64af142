package instance

import (
	"fmt"

	"roster/internal/config"
	"roster/internal/persisted"
)

// documentsOf says which documents may run. What clients register by their hash is kept where the snapshots are, if that is Redis.
func documentsOf(cfg *config.Config, opt *Options) (*persisted.Documents, error) {
	documents := persisted.Options{Logger: opt.Logger}
	if cfg.PersistedQueries {
		shelf, _ := opt.Tier.(persisted.Shelf)
		documents.Recent = persisted.NewRecent(shelf)
	}
	if t := cfg.TrustedDocuments; t != nil {
		m, err := persisted.Load(t.File)
		if err != nil {
			return nil, fmt.Errorf("trusted_documents: %w", err)
		}
		documents.Manifest, documents.Enforce = m, t.Enforce
	}
	return persisted.New(documents), nil
}
