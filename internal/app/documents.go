package app

import (
	"fmt"

	"roster/internal/persisted"
)

// openDocuments sets which documents may run. Documents that clients register by hash survive a change of the configuration. They are stored in the
// shared store if there is one.
func (i *instance) openDocuments(opt *Options, before *instance) error {
	documents := persisted.Options{Logger: opt.Logger}
	if i.config.PersistedQueries {
		if before != nil {
			i.recent = before.recent
		}
		if i.recent == nil {
			i.recent = persisted.NewRecent(opt.Stores.Documents)
		}
		documents.Recent = i.recent
	}
	if t := i.config.TrustedDocuments; t != nil {
		m, err := persisted.Load(t.File)
		if err != nil {
			return fmt.Errorf("trusted_documents.file: %w", err)
		}
		documents.Manifest, documents.Enforce = m, t.Enforce
	}
	i.documents = persisted.New(documents)
	return nil
}
