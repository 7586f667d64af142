package persisted

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"log/slog"
	"strings"
)

// Outcome is the result of a request for a document.
type Outcome int

const (
	// Found reports that the text may run.
	Found Outcome = iota
	// Unknown reports that no client has sent a document with that hash recently. The client must send the text.
	Unknown
	// Untrusted reports that only registered documents may run, and that this document is not registered.
	Untrusted
	// Mismatch reports that the text does not have the hash that the client sent with it.
	Mismatch
	// Unsupported reports that this server does not accept a hash without a text.
	Unsupported
)

// Documents decides which documents may run. A nil Documents lets all of them run, and finds none by its hash.
type Documents struct {
	manifest *Manifest
	enforce  bool
	recent   *Recent
	log      *slog.Logger
	warned   *Recent // hashes for which the log already has a warning
}

// Options configure Documents.
type Options struct {
	// Manifest holds the registered documents. It is nil if there are none.
	Manifest *Manifest
	// Enforce rejects all documents that are not registered. Without Enforce, Documents only logs them.
	Enforce bool
	// Recent keeps the documents that clients register. Nil disables that. With Enforce, Recent is not used.
	Recent *Recent
	// Logger receives one warning for each document that is not registered.
	Logger *slog.Logger
}

// New returns Documents with these options.
func New(opt Options) *Documents {
	d := &Documents{manifest: opt.Manifest, enforce: opt.Enforce && opt.Manifest != nil, recent: opt.Recent, log: cmp.Or(opt.Logger, slog.New(slog.DiscardHandler)), warned: NewRecent(nil)}
	if d.enforce {
		d.recent = nil
	}
	return d
}

// Resolve returns the text to run, for a request that has a text, a hash, or both.
func (d *Documents) Resolve(ctx context.Context, text, hash string) (string, Outcome) {
	if d == nil {
		if hash != "" && text == "" {
			return "", Unsupported
		}
		return text, Found
	}
	if text == "" && hash != "" {
		return d.byHash(ctx, hash)
	}
	if hash == "" && d.manifest == nil {
		return text, Found
	}
	sum := sha256.Sum256([]byte(text))
	registered := d.manifest != nil && d.manifest.texts[sum]
	hashMatches := hash == "" || strings.EqualFold(hash, hex.EncodeToString(sum[:])) || registered && d.manifest.byID[hash] == text
	switch {
	case !registered && d.enforce:
		return "", Untrusted
	case !hashMatches:
		return "", Mismatch
	case registered:
		return text, Found
	}
	d.warn(ctx, hex.EncodeToString(sum[:]))
	return text, Found
}

func (d *Documents) byHash(ctx context.Context, hash string) (string, Outcome) {
	if d.manifest != nil {
		if text, ok := d.manifest.byID[hash]; ok {
			return text, Found
		}
	}
	if d.enforce {
		return "", Untrusted
	}
	if d.recent == nil {
		return "", Unsupported
	}
	hash = strings.ToLower(hash)
	text, ok := d.recent.Get(ctx, hash)
	if !ok {
		return "", Unknown
	}
	d.warn(ctx, hash)
	return text, Found
}

// warn logs a document that is not registered, if a manifest exists.
func (d *Documents) warn(ctx context.Context, hash string) {
	if d.manifest == nil {
		return
	}
	if d.warned.seen(hash) {
		return
	}
	d.log.WarnContext(ctx, "an operation uses a document that is not registered", slog.String("sha256", hash))
}

// Register keeps a document under its hash, so that the hash alone is enough for the next request. The document must be valid, and Resolve must have
// confirmed its hash. Register ignores a document of the manifest: the manifest keeps such a document permanently, and its IDs need not be hashes.
func (d *Documents) Register(ctx context.Context, text, hash string) {
	if d == nil || d.recent == nil || len(hash) != 2*sha256.Size || d.manifest != nil && d.manifest.byID[hash] == text {
		return
	}
	d.recent.Put(ctx, strings.ToLower(hash), text)
}
