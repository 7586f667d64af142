package writes

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"log/slog"
	"strings"
	"sync"
	"time"
)

const (
	// keptFor is how long an idempotency key is stored, and an intent that nobody has reconciled.
	keptFor = 24 * time.Hour
	// storeWithin limits a Put that runs after the caller has gone.
	storeWithin = 5 * time.Second
)

// Ledger is the state of writes beyond one call and one configuration: locks, intents with an unknown outcome, stored answers, and records that the
// sources' lists may not show yet.
type Ledger struct {
	store      Store
	log        *slog.Logger
	localLocks keyedMutex

	lease   time.Duration
	showFor time.Duration
	keepFor time.Duration
	overlay overlay

	mu     sync.Mutex // serializes the exchanges of the overlay with the store
	stored stored     // what the store held last, with its token
	token  string

	sharing   Sharing // nil if there are no other replicas
	acks      *acknowledgements
	first     chan struct{} // closed after the first exchange with the store
	firstDone func()
}

// LedgerOptions configure a ledger.
type LedgerOptions struct {
	// Store is where the state of this process alone is stored; nil for its memory.
	Store Store
	// Shared is the store of all replicas, instead of Store; nil if this process is alone.
	Shared Sharing
	// ShowFor is how long a new record is shown although its source's list does not have it; zero means 10 min.
	ShowFor time.Duration
	// KeepFor is the longest time for which data is served, with the records created meanwhile, while the source cannot be fetched; zero means 7 d.
	KeepFor time.Duration
	// LeaseFor is how long the locks of a process last after it has died; zero means 15 s.
	LeaseFor time.Duration
	Logger   *slog.Logger
}

// NewLedger returns a ledger. It follows other replicas while Run runs.
func NewLedger(opt LedgerOptions) *Ledger {
	l := &Ledger{store: opt.Store, log: cmp.Or(opt.Logger, slog.New(slog.DiscardHandler)), lease: cmp.Or(opt.LeaseFor, defaultLease),
		showFor: cmp.Or(opt.ShowFor, 10*time.Minute), keepFor: cmp.Or(opt.KeepFor, 7*24*time.Hour), first: make(chan struct{})}
	l.firstDone = sync.OnceFunc(func() { close(l.first) })
	l.overlay.published = make(chan struct{}, 1)
	switch {
	case opt.Shared != nil:
		l.store, l.sharing = opt.Shared, opt.Shared
	case l.store == nil:
		l.store = new(Memory)
	}
	l.acks = newAcknowledgements(l.log)
	return l
}

// nameOf hashes the parts of a name, because names are visible in places where values are not.
func nameOf(parts ...string) string {
	sum := sha256.Sum256([]byte(strings.Join(parts, "\x00")))
	return hex.EncodeToString(sum[:16])
}

// keyRecord is what is stored for an idempotency key.
type keyRecord struct {
	Input  string  `json:"input"`            // a hash of it
	By     string  `json:"by"`               // the attempt that is in the thing's intent
	Answer *answer `json:"answer,omitempty"` // nil until it is known
}

// answer is a result as stored. The records in the response are looked up again.
type answer struct {
	Outcome Outcome     `json:"outcome"`
	Source  string      `json:"source,omitempty"`
	ID      string      `json:"id,omitempty"`
	Errors  []UserError `json:"errors,omitempty"`
}

// intent records that a write was about to create something. It is stored from before the call until the outcome is known.
type intent struct {
	By string `json:"by"` // the attempt
}

// read decodes the value of a name. It returns false if there is no value or it cannot be decoded.
func (l *Ledger) read(ctx context.Context, name string, into any) (Held, bool, error) {
	h, err := l.store.Get(ctx, name)
	if err != nil || h.Value == nil {
		return h, false, err
	}
	return h, json.Unmarshal(h.Value, into) == nil, nil
}

// write replaces the value of a name. Only the holder of the name's lock calls it.
func (l *Ledger) write(ctx context.Context, name string, was Held, v any) (Held, error) {
	value, err := json.Marshal(v)
	if err != nil {
		return was, err
	}
	now, ok, err := l.store.Put(ctx, name, was, value, keptFor)
	if err == nil && !ok && string(now.Value) != string(value) {
		err = errLost
	}
	return now, err
}

// remove removes a name if it still has that value.
func (l *Ledger) remove(ctx context.Context, name string, was Held) {
	if was.Value == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), storeWithin)
	defer cancel()
	_, _, _ = l.store.Put(ctx, name, was, nil, 0) // if the intent stays, the next write reconciles it
}
