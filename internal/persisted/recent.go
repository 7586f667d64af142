package persisted

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"time"

	lru "github.com/hashicorp/golang-lru/v2"
)

const (
	// Recent keeps at most recentDocuments documents of at most recentLength bytes each, for recentLife after a client last sent the whole text.
	recentDocuments = 1000
	recentLength    = 16 << 10
	recentLife      = 24 * time.Hour
)

// TextStore keeps texts that all replicas share.
type TextStore interface {
	// Text returns a text by its name, and "" without an error if the store does not have the text.
	Text(ctx context.Context, name string) (string, error)
	// KeepText stores a text. The store keeps at least the most recent texts, and bounds their number.
	KeepText(ctx context.Context, name, text string) error
}

// Recent keeps the documents that clients have sent recently, by their hashes. Recent bounds their number and size. It is safe for concurrent use.
type Recent struct {
	texts  *lru.Cache[string, entry]
	shared TextStore
}

type entry struct {
	text  string
	until time.Time
}

// NewRecent returns an empty Recent. If shared is nil, only this process knows the texts.
func NewRecent(shelf TextStore) *Recent {
	texts, err := lru.New[string, entry](recentDocuments)
	if err != nil {
		panic(err) // the size is a valid constant
	}
	return &Recent{texts: texts, shared: shelf}
}

// Get finds a text in this process or in the shared store. Get verifies the hash of a text from the shared store.
func (r *Recent) Get(ctx context.Context, hash string) (string, bool) {
	if known, ok := r.texts.Get(hash); ok && time.Now().Before(known.until) {
		return known.text, true
	}
	if r.shared == nil || len(hash) != 2*sha256.Size {
		return "", false
	}
	text, err := r.shared.Text(ctx, hash)
	if err != nil || text == "" {
		return "", false
	}
	if sum := sha256.Sum256([]byte(text)); hex.EncodeToString(sum[:]) != hash {
		return "", false
	}
	r.keep(hash, text)
	return text, true
}

// Put keeps a text, unless the text is too long. A failure of the shared store does no harm: the client sends the text again to a replica that does
// not know the text.
func (r *Recent) Put(ctx context.Context, hash, text string) {
	if len(text) > recentLength {
		return
	}
	if known, ok := r.texts.Get(hash); ok && known.text == text && time.Until(known.until) > recentLife/2 {
		return
	}
	r.keep(hash, text)
	if r.shared != nil {
		r.shared.KeepText(ctx, hash, text) //nolint:errcheck // see above
	}
}

func (r *Recent) keep(hash, text string) { r.texts.Add(hash, entry{text, time.Now().Add(recentLife)}) }

// seen reports whether seen was called with this name before and the cache still has the name.
func (r *Recent) seen(name string) bool {
	known, _ := r.texts.ContainsOrAdd(name, entry{})
	return known
}
