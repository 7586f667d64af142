package writes

import (
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
	// keptFor is how long an idempotency key is remembered, and a note of what nobody has settled.
	keptFor = 24 * time.Hour
	// storeWithin bounds what is put after the caller has gone.
	storeWithin = 5 * time.Second
)

// Ledger is what writes remember beyond one call and one configuration: who is writing what, what nobody knows the end of, what was answered,
// and what was made that sources' lists may not show yet.
type Ledger struct {
	store Store
	log   *slog.Logger
	gates gates

	lease   time.Duration
	showFor time.Duration
	keepFor time.Duration
	overlay overlay

	mu     sync.Mutex // one exchange of the overlay with the store at a time
	stored stored     // what the store held last, and the token that told it
	token  string

	sharing  Sharing // nil where there are no other replicas
	audience *acknowledgements
	first    chan struct{} // closed when the store has been looked at for the first time
	taken    func()
}

// LedgerOptions say where to remember, and for how long.
type LedgerOptions struct {
	// Store is where; nil for the memory of this process.
	Store Store
	// ShowFor is how long what was made is shown although its source's list does not have it; zero means 10 min.
	ShowFor time.Duration
	// KeepFor is how long data is served at most whose source cannot be read, and what was made with it; zero means 7 d.
	KeepFor time.Duration
	// LeaseFor is how long what a process was doing is left to it after it has died; zero means 15 s.
	LeaseFor time.Duration
	Logger   *slog.Logger
}

// NewLedger gives a ledger, which follows other replicas while it runs.
func NewLedger(opt LedgerOptions) *Ledger {
	l := &Ledger{store: opt.Store, log: opt.Logger, lease: opt.LeaseFor, showFor: opt.ShowFor, keepFor: opt.KeepFor, first: make(chan struct{})}
	l.taken = sync.OnceFunc(func() { close(l.first) })
	l.overlay.published = make(chan struct{}, 1)
	if l.lease <= 0 {
		l.lease = defaultLease
	}
	if l.store == nil {
		l.store = new(Memory)
	}
	l.sharing, _ = l.store.(Sharing)
	if l.log == nil {
		l.log = slog.New(slog.DiscardHandler)
	}
	l.audience = newAcknowledgements(l.log)
	if l.keepFor <= 0 {
		l.keepFor = 7 * 24 * time.Hour
	}
	if l.showFor <= 0 {
		l.showFor = 10 * time.Minute
	}
	return l
}

// nameOf hashes what a name is made of: names are seen where values are not.
func nameOf(parts ...string) string {
	sum := sha256.Sum256([]byte(strings.Join(parts, "\x00")))
	return hex.EncodeToString(sum[:16])
}

// keyRecord is what is remembered of an idempotency key.
type keyRecord struct {
	Input  string  `json:"input"`            // a hash of it
	By     string  `json:"by"`               // the attempt that is noted under the thing
	Answer *answer `json:"answer,omitempty"` // nil while nobody knows it
}

// answer is a result as it is remembered. What is shown with it is looked up anew.
type answer struct {
	Outcome Outcome     `json:"outcome"`
	Source  string      `json:"source,omitempty"`
	ID      string      `json:"id,omitempty"`
	Errors  []UserError `json:"errors,omitempty"`
}

// intent says that somebody was about to make something. It is there from before the call until it is known what came of it.
type intent struct {
	By string `json:"by"` // the attempt
}

// read decodes what a name holds; it is false where there is nothing, or something that cannot be read.
func (l *Ledger) read(ctx context.Context, name string, into any) (Held, bool, error) {
	h, err := l.store.Get(ctx, name)
	if err != nil || h.Value == nil {
		return h, false, err
	}
	return h, json.Unmarshal(h.Value, into) == nil, nil
}

// write puts a value in the place of what a name held. Only who has the lock of that name does this.
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

// remove takes a name away, if it still holds that.
func (l *Ledger) remove(ctx context.Context, name string, was Held) {
	if was.Value == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), storeWithin)
	defer cancel()
	_, _, _ = l.store.Put(ctx, name, was, nil, 0) // what stays is settled by who comes next
}
