package webhook

import (
	"crypto/sha256"
	"encoding/hex"
	"net/netip"
	"slices"
	"time"

	"roster/connectors"
	"roster/internal/changes"
)

// Hook is a receiver, and what it gets.
type Hook struct {
	// Name is unique, and has only lower-case letters, digits and hyphens.
	Name string
	// URL begins with https:// or http://, and has no user. Its path and query can be secret.
	URL connectors.Secret
	// Secret signs each message. Previous does so too, unless it is empty: the replaced secret, while the receiver still verifies with it.
	Secret, Previous connectors.Secret
	// Selects describes which changes See selects, for comparing two configurations.
	Selects Selection
	// See returns the names of the fields of a change that the receiver may see, and whether it gets the change at all.
	See func(*changes.Event) (fields []string, ok bool)
	// Networks are those that the receiver may be in although they are not public.
	Networks []netip.Prefix
	// Batch is the number of changes that a message has at most.
	Batch int
	// Timeout limits one attempt, and RetryFor how long a message with changes is tried.
	Timeout, RetryFor time.Duration
}

// Selection is which changes a receiver gets.
type Selection struct {
	Kinds, Sources []string
	Sensitive      bool
}

// equal reports whether two hooks are configured alike.
func (h *Hook) equal(o *Hook) bool {
	return h.fingerprint() == o.fingerprint() && h.Secret == o.Secret && h.Previous == o.Previous && h.Batch == o.Batch && h.Timeout == o.Timeout &&
		h.RetryFor == o.RetryFor && slices.Equal(h.Networks, o.Networks)
}

// fingerprint identifies the receiver and what it gets: the settings with which another one does not know what this one was told.
func (h *Hook) fingerprint() string { return hash(encode([]any{h.URL.Reveal(), h.Selects})) }

// settings identifies everything that can decide whether an attempt succeeds. Secrets are random and long, so that a hash does not tell them.
func (h *Hook) settings() string {
	return hash(encode([]any{h.URL.Reveal(), h.Selects, h.Secret.Reveal(), h.Previous.Reveal(), h.Networks, h.Timeout}))
}

func hash(text []byte) string {
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:16])
}
