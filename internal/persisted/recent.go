package persisted

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"time"

	lru "github.com/hashicorp/golang-lru/v2"
)

const (
	// recentDocuments of recentLength bytes at most are kept for recentLife after they were last sent whole.
	recentDocuments = 1000
	recentLength    = 16 << 10
	recentLife      = 24 * time.Hour
)

// Shelf keeps texts where other replicas find them too.
type Shelf interface {
	// Text gives a text by its name. That there is none is no error.
	Text(ctx context.Context, name string) (string, error)
	// KeepText keeps at least the most recent texts, in a bounded number.
	KeepText(ctx context.Context, name, text string) error
}

// Recent keeps the documents that clients have sent of late by their hashes, in bounded number and size. It is safe for concurrent use.
type Recent struct {
	texts *lru.Cache[string, entry]
	shelf Shelf
}

type entry struct {
	text  string
	until time.Time
}

// NewRecent gives an empty one. Shelf may be nil: then what is kept is known to this process only.
func NewRecent(shelf Shelf) *Recent {
	texts, err := lru.New[string, entry](recentDocuments)
	if err != nil {
		panic(err) // the size is a constant
	}
	return &Recent{texts: texts, shelf: shelf}
}

// Get finds a text, here or on the shelf. What is on the shelf is only believed if it has that hash.
func (r *Recent) Get(ctx context.Context, hash string) (string, bool) {
	if known, ok := r.texts.Get(hash); ok && time.Now().Before(known.until) {
		return known.text, true
	}
	if r.shelf == nil || len(hash) != 2*sha256.Size {
		return "", false
	}
	text, err := r.shelf.Text(ctx, hash)
	if err != nil || text == "" {
		return "", false
	}
	if sum := sha256.Sum256([]byte(text)); hex.EncodeToString(sum[:]) != hash {
		return "", false
	}
	r.keep(hash, text)
	return text, true
}

// Put keeps a text, unless it is too long. That the shelf is away costs nothing: the client sends the text again to whoever does not know it.
func (r *Recent) Put(ctx context.Context, hash, text string) {
	if len(text) > recentLength {
		return
	}
	if known, ok := r.texts.Get(hash); ok && known.text == text && time.Until(known.until) > recentLife/2 {
		return
	}
	r.keep(hash, text)
	if r.shelf != nil {
		r.shelf.KeepText(ctx, hash, text) //nolint:errcheck // see above
	}
}

func (r *Recent) keep(hash, text string) { r.texts.Add(hash, entry{text, time.Now().Add(recentLife)}) }

// seen says whether a name has been seen before, of late.
func (r *Recent) seen(name string) bool {
	known, _ := r.texts.ContainsOrAdd(name, entry{})
	return known
}
