package persisted

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"log/slog"
	"strings"
)

// Outcome is what becomes of a request for a document.
type Outcome int

// The outcomes.
const (
	// Found says that the text may run.
	Found Outcome = iota
	// Unknown says that nobody has sent a document of that hash, or not of late: the client is to send it.
	Unknown
	// Untrusted says that only registered documents run, and this is none.
	Untrusted
	// Mismatch says that the text has another hash than the one it was sent with.
	Mismatch
	// Unsupported says that a hash alone means nothing here.
	Unsupported
)

// Documents says which documents may run. Nil lets all of them run, and knows none by its hash.
type Documents struct {
	manifest *Manifest
	enforce  bool
	recent   *Recent
	log      *slog.Logger
	warned   *Recent // whom the log has been told of
}

// Options say what Documents go by.
type Options struct {
	// Manifest holds the registered documents; nil where none are.
	Manifest *Manifest
	// Enforce lets no other document run. Without it, the log is told of them.
	Enforce bool
	// Recent keeps what clients register themselves; nil for none. With Enforce it is not used.
	Recent *Recent
	// Logger is told of documents that are not registered, once each.
	Logger *slog.Logger
}

// New gives what goes by these options.
func New(opt Options) *Documents {
	d := &Documents{manifest: opt.Manifest, enforce: opt.Enforce && opt.Manifest != nil, recent: opt.Recent, log: opt.Logger, warned: NewRecent(nil)}
	if d.enforce {
		d.recent = nil
	}
	if d.log == nil {
		d.log = slog.New(slog.DiscardHandler)
	}
	return d
}

// Resolve gives the text to run, for a request that has a text, a hash, or both.
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
	itsOwn := hash == "" || strings.EqualFold(hash, hex.EncodeToString(sum[:])) || registered && d.manifest.byID[hash] == text
	switch {
	case !registered && d.enforce:
		return "", Untrusted
	case !itsOwn:
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

// warn tells the log of a document that is not registered, where any are.
func (d *Documents) warn(ctx context.Context, hash string) {
	if d.manifest == nil {
		return
	}
	if d.warned.seen(hash) {
		return
	}
	d.log.WarnContext(ctx, "a document runs that is not registered", slog.String("sha256", hash))
}

// Register keeps a document under its hash, so that the hash is enough the next time. It is to be one that can run, and whose hash Resolve has found
// to be its own. One that is registered is known already, for good, and by names that need be no hashes.
func (d *Documents) Register(ctx context.Context, text, hash string) {
	if d == nil || d.recent == nil || len(hash) != 2*sha256.Size || d.manifest != nil && d.manifest.byID[hash] == text {
		return
	}
	d.recent.Put(ctx, strings.ToLower(hash), text)
}
