package snapshot

import (
	"fmt"
	"log/slog"
	"time"

	"roster/connectors"
)

// A source can show far fewer records than it has and report that these are all: a lost right looks like an empty company. So the guard
// holds back a complete fetch that lacks a large part of the known records. Meanwhile the known records are served as stale. Fetches go on
// as usual. A fetch that lacks fewer records ends the hold. A fetch with the same kind of loss is accepted once AcceptAfter has passed
// since the first one, or when an operator accepts it.

// minLoss is the smallest number of lost records for which a fetch is held back.
const minLoss = 20

// Loss is a complete fetch that was held back because it lacked too many of the known records.
type Loss struct {
	// Since is when the first such fetch began, and At when the latest of the same kind did.
	Since, At time.Time
	// Known is how many records were known, Found how many the first fetch had, and Lost how many of the known ones it lacked.
	Known, Found, Lost int
}

// suspicious reports whether lost records are too many to lose in one fetch.
func suspicious(lost, known, maxLoss int) bool { return lost >= minLoss && lost*100 > known*maxLoss }

// alike reports whether two fetches show the same kind of loss: neither the numbers of found records nor the numbers of lost ones differ
// by more than one fetch may lose.
func (l *Loss) alike(other *Loss, maxLoss int) bool {
	near := func(a, b int) bool { return !suspicious(max(a, b)-min(a, b), max(a, b), maxLoss) }
	return near(l.Found, other.Found) && near(l.Lost, other.Lost)
}

// guard holds back a complete fetch that lacks too many of the known records, and changes that remove too many.
func (t *step) guard(o *outcome) {
	changes := o.complete && o.since != nil
	if changes && len(o.gone) == 0 {
		return // the next full fetch shows a loss
	}
	accepted, start := t.accept && !changes, t.started
	t.accept = t.accept && changes // that is for the next full fetch
	snap := t.kept(&t.collectionState, t.now)
	if !o.complete || snap == nil {
		return
	}
	found := o.records
	if changes {
		found = t.kind.merge(snap.Records, o.records, o.gone)
	}
	loss := &Loss{Since: start, At: start, Known: snap.Records.Len(), Found: found.Len(), Lost: t.kind.lost(snap.Records, found)}
	if !suspicious(loss.Lost, loss.Known, t.settings.MaxLoss) {
		return
	}
	if was := snap.Loss; was != nil && was.alike(loss, t.settings.MaxLoss) {
		same := *was
		same.At, loss = start, &same
	}
	if accepted || !start.Before(t.acceptAt(loss)) {
		t.report(slog.LevelWarn, "a large loss of records is accepted", slog.Int("known", loss.Known), slog.Int("found", loss.Found),
			slog.Int("lost", loss.Lost), slog.Bool("accepted", accepted))
		return
	}
	o.complete, o.loss, o.err = false, loss, t.lossError(loss)
}

// acceptAt returns the time from which a fetch with that loss is accepted.
func (r *rules) acceptAt(l *Loss) time.Time { return l.Since.Add(r.settings.AcceptAfter) }

func (r *rules) lossError(l *Loss) *connectors.Error {
	return r.failure(connectors.KindSuspiciousLoss, fmt.Sprintf(
		"it shows %d records, and %d of the %d known ones are not among them; the known ones are kept until %s, unless the loss is accepted or the source shows them again",
		l.Found, l.Lost, l.Known, r.acceptAt(l).UTC().Format(time.RFC3339)))
}

// expires returns when a snapshot is too old to serve. While a loss is held back, the snapshot does not expire before the fetch that
// accepts the loss is due: keep_for does not drop what the guard keeps.
func (r *rules) expires(readAt time.Time, l *Loss, s *collectionState) time.Time {
	end := readAt.Add(r.settings.KeepFor)
	if l == nil {
		return end
	}
	return later(end, r.acceptAt(l).Add(staleFactor*r.freshFor(s)))
}

// dueSince returns the time from which the next fetch is scheduled.
func (s *Snapshot) dueSince() time.Time {
	if s.Loss != nil {
		return later(s.OldestAt, s.Loss.At)
	}
	return s.OldestAt
}

// Began returns when the latest fetch began that contributed to the snapshot, or was held back.
func (s *Snapshot) Began() time.Time { return began(s.FetchedAt, s.Loss) }

// Began returns the same for a stored snapshot.
func (m *Meta) Began() time.Time { return began(m.FetchedAt, m.Loss) }

func began(readAt time.Time, l *Loss) time.Time {
	if l == nil {
		return readAt
	}
	return later(readAt, l.At)
}
