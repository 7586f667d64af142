package writes

import (
	"cmp"
	"context"
	"log/slog"
	"sync"
	"time"

	"roster/connectors"
	"roster/internal/directory"
	"roster/internal/generation"
	"roster/internal/snapshot"
)

// Options say what to write to.
type Options struct {
	Keeper    *snapshot.Keeper
	Publisher *generation.Publisher
	Ledger    *Ledger
	// SettleAfter is how long after a call without an answer a source's data are believed that do not show it: zero means 5 s.
	SettleAfter time.Duration
	// Within bounds a write with all its waiting and settling, whether or not somebody waits for it; zero means 2 min.
	Within time.Duration
	// MaxOfCaller and MaxInAll bound the writes under way; zero means 256 and 1024.
	MaxOfCaller, MaxInAll int
	// Audit is told of every write, whatever its level is; nil for nobody. With AuditValues it is told what was written, too.
	Audit       *slog.Logger
	AuditValues bool
	// Observer is told of every write, too; nil for nobody.
	Observer Observer
}

// Writer changes sources. Safe for concurrent use.
type Writer struct {
	opt     Options
	ledger  *Ledger
	running sync.WaitGroup
	bound   *bound          // of those that are running
	ending  context.Context // ends when nobody waits for the writes any more
	end     context.CancelFunc
}

// New gives a writer.
func New(opt Options) *Writer {
	if opt.Ledger == nil {
		opt.Ledger = NewLedger(LedgerOptions{})
	}
	if opt.SettleAfter <= 0 {
		opt.SettleAfter = 5 * time.Second
	}
	if opt.Within <= 0 {
		opt.Within = 2 * time.Minute
	}
	if opt.Audit == nil {
		opt.Audit = slog.New(slog.DiscardHandler)
	}
	opt.Audit = slog.New(always{opt.Audit.Handler()})
	w := &Writer{opt: opt, ledger: opt.Ledger, bound: &bound{
		ofCaller: cmp.Or(opt.MaxOfCaller, 256), inAll: cmp.Or(opt.MaxInAll, 1024), each: make(map[string]int),
	}}
	w.ending, w.end = context.WithCancel(context.Background())
	return w
}

// closeWithin is how long Close waits before it breaks off what is under way.
const closeWithin = 10 * time.Second

// Close waits for the writes that are under way. What takes long is broken off, as if the process had ended: the next call settles it.
func (w *Writer) Close() {
	late := time.AfterFunc(closeWithin, w.end)
	defer late.Stop()
	w.running.Wait()
	w.end()
}

// Request is what all writes have in common.
type Request struct {
	// Caller tells callers apart: keys are each caller's own. Method says how they have shown who they are.
	Caller, Method string
	Source         string
	// Key makes a repetition harmless; nil for none.
	Key    *string
	DryRun bool
}

// look gives the directory to check an input against: what is there, once all that it needs has been read or tried.
func (w *Writer) look(ctx context.Context, source string, cs ...connectors.Collection) *directory.Directory {
	keys := make([]snapshot.Key, len(cs))
	for i, c := range cs {
		keys[i] = snapshot.Key{Source: source, Collection: c}
	}
	results := w.opt.Keeper.Load(ctx, keys)
	return w.opt.Publisher.View(ctx, results, true).Directory
}

// records gives what is known of a collection: what was read of it, and what was made and its list may not show. It is false where it has
// never been read.
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

// snapshot gives what has been read of a collection; nil for nothing.
func (w *Writer) snapshot(key snapshot.Key) *snapshot.Snapshot {
	res := w.opt.Keeper.Current()
	for i := range res {
		if res[i].Status.Key == key {
			return res[i].Snapshot
		}
	}
	return nil
}

// knows says whether the next directory that is built has a record.
func (w *Writer) knows(c *change, id string) bool {
	snap := w.snapshot(c.key)
	more, _ := w.ledger.Additions(c.source, c.key.Collection, snap)
	made := only(more, id)
	return made.Len() > 0 || snap != nil && has(snap.Records, id)
}

// readSince has a collection read that was last read before then, as soon as the source's limits allow, and waits for that. It is false where no
// complete reading came of it before ctx ended.
func (w *Writer) readSince(ctx context.Context, key snapshot.Key, since time.Time) (snapshot.Result, bool) {
	for {
		res := w.opt.Keeper.LoadSince(ctx, []snapshot.Key{key}, snapshot.Requirement{NotBefore: since})[0]
		if snap := res.Snapshot; snap != nil && snap.Complete && !snap.ReadAt.Before(since) {
			return res, true
		}
		if res.Status.Err != nil && !w.worthwhile(res.Status.Err) {
			return res, false
		}
		again := time.NewTimer(max(minPause, time.Until(res.NextAt), time.Until(res.Status.RetryAt)))
		select {
		case <-again.C:
		case <-ctx.Done():
			again.Stop()
			return res, false
		}
	}
}

// minPause keeps a reading that is not allowed yet from being asked for without a pause.
const minPause = 50 * time.Millisecond

// worthwhile says whether waiting may mend why a collection could not be read.
func (*Writer) worthwhile(e *connectors.Error) bool {
	switch e.Kind {
	case connectors.KindUnauthorized, connectors.KindForbidden, connectors.KindNotFound, connectors.KindUnsupported:
		return false
	default:
		return !e.Blocked
	}
}
