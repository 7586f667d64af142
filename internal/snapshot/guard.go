package snapshot

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"roster/connectors"
)

// A source can show far fewer records than it has and say that these are all: a right that was lost looks like an empty company. So a complete fetch that
// lacks a large part of the known records is held back. The known records are served as stale meanwhile. Fetches go on as usual: one that lacks less ends it,
// and one of the same kind is taken over once AcceptAfter has passed since the first, or when an operator says so.

// minLoss is how many records a fetch must lack at least to be held back.
const minLoss = 20

// Loss is a complete fetch that was held back because it lacked too many of the known records.
type Loss struct {
	// Since is when the first such fetch began, and At when the latest of the same kind did.
	Since, At time.Time
	// Known is how many records were known, Found how many the first fetch had, and Lost how many of the known ones it lacked.
	Known, Found, Lost int
}

// suspicious says whether that many records are too many to lose at once.
func suspicious(lost, known, maxLoss int) bool { return lost >= minLoss && lost*100 > known*maxLoss }

// alike says whether two fetches show the same kind of loss: neither in what they have nor in what they lack do they differ by more than one fetch may lose.
func (l *Loss) alike(other *Loss, maxLoss int) bool {
	near := func(a, b int) bool { return !suspicious(max(a, b)-min(a, b), max(a, b), maxLoss) }
	return near(l.Found, other.Found) && near(l.Lost, other.Lost)
}

// guard turns a complete fetch that lacks too many of the known records into one that is held back.
func (c *collection) guard(ctx context.Context, o *outcome, start time.Time) {
	if ctx.Err() != nil && !o.complete || o.complete && o.since != nil {
		return // broken off by us, or of changes only: what is lacking is for the next one of everything to show
	}
	accepted := c.accept.Swap(0) != 0
	snap := c.kept(c.view.Load(), time.Now())
	if !o.complete || snap == nil {
		return
	}
	loss := &Loss{Since: start, At: start, Known: snap.Records.Len(), Found: o.records.Len(), Lost: c.kind.lost(snap.Records, o.records)}
	if !suspicious(loss.Lost, loss.Known, c.settings.MaxLoss) {
		return
	}
	if was := snap.Loss; was != nil && was.alike(loss, c.settings.MaxLoss) {
		same := *was
		same.At, loss = start, &same
	}
	if accepted || !start.Before(c.acceptAt(loss)) {
		c.keeper.log.LogAttrs(ctx, slog.LevelWarn, "a large loss of records is taken over", slog.String("source", c.key.Source),
			slog.String("collection", c.key.Collection.String()), slog.Int("known", loss.Known), slog.Int("found", loss.Found), slog.Int("lost", loss.Lost),
			slog.Bool("accepted", accepted))
		return
	}
	o.complete, o.loss, o.err = false, loss, c.lossError(loss)
}

// acceptAt is from when a fetch with that loss is taken over.
func (c *collection) acceptAt(l *Loss) time.Time { return l.Since.Add(c.settings.AcceptAfter) }

func (c *collection) lossError(l *Loss) *connectors.Error {
	return &connectors.Error{Source: c.key.Source, Op: c.key.Collection.String(), Kind: connectors.KindSuspiciousLoss, Detail: fmt.Sprintf(
		"it shows %d records, and %d of the %d known ones are not among them; the known ones are kept until %s, unless the loss is accepted or the source shows them again",
		l.Found, l.Lost, l.Known, c.acceptAt(l).UTC().Format(time.RFC3339))}
}

// expires is when a snapshot is too old to be served. While a loss is held back, that is not before the fetch that takes it over is due: what the guard keeps, keep_for
// does not drop.
func (c *collection) expires(readAt time.Time, l *Loss, v *view) time.Time {
	end := readAt.Add(c.settings.KeepFor)
	if l == nil {
		return end
	}
	return later(end, c.acceptAt(l).Add(tolerated*c.freshFor(v)))
}

// dueSince is the time from which the age of a snapshot counts for when to fetch again.
func (s *Snapshot) dueSince() time.Time {
	if s.Loss != nil {
		return later(s.OldestAt, s.Loss.At)
	}
	return s.OldestAt
}

// Began is when the latest fetch began that has a part in the snapshot, if only by being held back.
func (s *Snapshot) Began() time.Time { return began(s.ReadAt, s.Loss) }

// Began is the snapshot's.
func (m *Meta) Began() time.Time { return began(m.ReadAt, m.Loss) }

func began(readAt time.Time, l *Loss) time.Time {
	if l == nil {
		return readAt
	}
	return later(readAt, l.At)
}

// AcceptLoss has a collection fetched as soon as its limits allow, and takes over what that gives, however many of the known records it lacks. It counts for one
// fetch of this replica, and one that fails ends it. It gives from when that fetch is allowed. It is false, and nothing happens, where Run is over or there is no such collection.
func (k *Keeper) AcceptLoss(key Key) (startsAt time.Time, ok bool) {
	c, now := k.byKey[key], time.Now()
	if c == nil || c.view.Load().over {
		return startsAt, false
	}
	c.accept.Store(now.UnixNano())
	c.prompt()
	return later(now, c.floor(c.view.Load())), true
}
