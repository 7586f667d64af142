package writes

import (
	"cmp"
	"context"
	"log/slog"
	"sync"
	"time"

	"roster/connectors"
	"roster/internal/backoff"
	"roster/internal/directory"
	"roster/internal/generation"
	"roster/internal/snapshot"
)

// Options configure a Writer.
type Options struct {
	Keeper    *snapshot.Keeper
	Publisher *generation.Publisher
	Ledger    *Ledger
	// SettleAfter is how long after a call without an answer the source's data may still lack its result. Later fetches are believed; zero means 5 s.
	SettleAfter time.Duration
	// Within limits a write with all its waits and reconciliation, even if no caller waits for it; zero means 2 min.
	Within time.Duration
	// MaxOfCaller and MaxInAll limit the writes under way; zero means 256 and 1024.
	MaxOfCaller, MaxInAll int
	// Audit logs every write, at any level; nil for no log. With AuditValues the log has the input too.
	Audit       *slog.Logger
	AuditValues bool
	// Observer is called for every write; nil for none.
	Observer Observer
}

// Writer changes sources. Safe for concurrent use.
type Writer struct {
	opt     Options
	ledger  *Ledger
	running sync.WaitGroup
	limiter *limiter        // of the running writes
	ending  context.Context // ends when Close no longer waits for the writes
	end     context.CancelFunc
}

// New returns a writer.
func New(opt Options) *Writer {
	if opt.Ledger == nil {
		opt.Ledger = NewLedger(LedgerOptions{})
	}
	opt.SettleAfter, opt.Within = cmp.Or(opt.SettleAfter, 5*time.Second), cmp.Or(opt.Within, 2*time.Minute)
	opt.Audit = slog.New(everyLevel{cmp.Or(opt.Audit, slog.New(slog.DiscardHandler)).Handler()})
	w := &Writer{opt: opt, ledger: opt.Ledger, limiter: &limiter{
		perCaller: cmp.Or(opt.MaxOfCaller, 256), total: cmp.Or(opt.MaxInAll, 1024), each: make(map[string]int),
	}}
	w.ending, w.end = context.WithCancel(context.Background())
	return w
}

// closeWithin is how long Close waits before it cancels the running writes.
const closeWithin = 10 * time.Second

// Close waits for the running writes. It cancels those that take too long, as the end of the process would: the next call reconciles them.
func (w *Writer) Close() {
	late := time.AfterFunc(closeWithin, w.end)
	defer late.Stop()
	w.running.Wait()
	w.end()
}

// Request is what all writes have in common.
type Request struct {
	// Caller identifies the caller: each caller has keys of their own. Method is how the caller was authenticated.
	Caller, Method string
	Source         string
	// Key makes a repetition harmless; nil for none.
	Key    *string
	DryRun bool
}

// loadDirectory returns the directory to check an input against, after its required collections have been fetched or tried.
func (w *Writer) loadDirectory(ctx context.Context, source string, cs ...connectors.Collection) *directory.Directory {
	keys := make([]snapshot.Key, len(cs))
	for i, c := range cs {
		keys[i] = snapshot.Key{Source: source, Collection: c}
	}
	results := w.opt.Keeper.Load(ctx, keys)
	return w.opt.Publisher.View(ctx, results, true).Directory
}

// records returns the known records of a collection: those of the snapshot and those of the overlay. It returns false if the collection has never been
// fetched.
func (w *Writer) records(key snapshot.Key, res snapshot.Result) (snapshot.Records, bool) {
	if res.Snapshot == nil {
		return snapshot.Records{}, false
	}
	source := w.opt.Publisher.Source(key.Source)
	more, _ := w.ledger.Additions(source, key.Collection, res.Snapshot)
	var all snapshot.Records
	add(&all, res.Snapshot.Records)
	add(&all, more)
	return all, true
}

// snapshot returns the snapshot of a collection; nil for none.
func (w *Writer) snapshot(key snapshot.Key) *snapshot.Snapshot {
	res := w.opt.Keeper.Current()
	for i := range res {
		if res[i].Status.Key == key {
			return res[i].Snapshot
		}
	}
	return nil
}

// willShow reports whether the next directory that is built has a record.
func (w *Writer) willShow(c *change, id string) bool {
	snap := w.snapshot(c.key)
	more, _ := w.ledger.Additions(c.source, c.key.Collection, snap)
	made := only(more, id)
	return made.Len() > 0 || snap != nil && has(snap.Records, id)
}

// readSince requests a fetch of a collection if its snapshot is older than since, as soon as the source's limits allow, and waits for it. It returns
// false if there is no complete fetch before ctx ends.
func (w *Writer) readSince(ctx context.Context, key snapshot.Key, since time.Time) (snapshot.Result, bool) {
	for {
		res := w.opt.Keeper.LoadSince(ctx, []snapshot.Key{key}, snapshot.Requirement{NotBefore: since})[0]
		if snap := res.Snapshot; snap != nil && snap.Complete && !snap.FetchedAt.Before(since) {
			return res, true
		}
		if res.Status.Err != nil && !w.retryable(res.Status.Err) {
			return res, false
		}
		if !backoff.Wait(ctx, max(minPause, time.Until(res.NextAt), time.Until(res.Status.RetryAt))) {
			return res, false
		}
	}
}

// minPause is the least pause between two requests for a fetch that is not allowed yet.
const minPause = 50 * time.Millisecond

// retryable reports whether waiting may remove the reason why a collection could not be fetched.
func (*Writer) retryable(e *connectors.Error) bool {
	switch e.Kind {
	case connectors.KindUnauthorized, connectors.KindForbidden, connectors.KindNotFound, connectors.KindUnsupported:
		return false
	default:
		return !e.Blocked
	}
}
