package app

import (
	"fmt"

	"roster/internal/persisted"
)

// openDocuments says which documents may run. What clients register by their hash stays known, and is kept where the snapshots are, if that is Redis.
func (i *instance) openDocuments(opt *Options, before *instance) error {
	documents := persisted.Options{Logger: opt.Logger}
	if i.config.PersistedQueries {
		if before != nil {
			i.recent = before.recent
		}
		if i.recent == nil {
			shelf, _ := opt.Tier.(persisted.TextStore)
			i.recent = persisted.NewRecent(shelf)
		}
		documents.Recent = i.recent
	}
	if t := i.config.TrustedDocuments; t != nil {
		m, err := persisted.Load(t.File)
		if err != nil {
			return fmt.Errorf("trusted_documents: %w", err)
		}
		documents.Manifest, documents.Enforce = m, t.Enforce
	}
	i.documents = persisted.New(documents)
	return nil
}
