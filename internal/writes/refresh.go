package writes

import (
	"context"
	"strconv"
	"time"

	"roster/connectors"
	"roster/internal/snapshot"
)

// Refresh says which collections to read again; all of them where none is named.
type Refresh struct {
	Collections []connectors.Collection
	// AcceptLoss says that what is read is taken over however many of the known records it lacks.
	AcceptLoss bool
	// Force ends what leaves the source alone: the pause that it has asked for, and that after failures.
	Force bool
}

// RefreshSource has collections of a source read again, as soon as its limits allow. It waits for nothing: DONE says that a reading is on its way, which
// has begun or begins at startsAt, and ALREADY_DONE that all were read so lately that none is. A loss is accepted by another reading in any case.
func (w *Writer) RefreshSource(ctx context.Context, r Request, in Refresh) (res Result, startsAt time.Time) {
	var names []string
	for _, c := range in.Collections {
		names = append(names, c.String())
	}
	c := &change{Request: r, field: "refreshSource", source: w.opt.Publisher.Source(r.Source), values: map[string]any{"Collections": names, "AcceptLoss": in.AcceptLoss, "Force": in.Force}, began: time.Now()}
	res, startsAt = w.refresh(c.source, in)
	w.audit(ctx, c, res, nil)
	return res, startsAt
}

func (w *Writer) refresh(source *connectors.Source, in Refresh) (res Result, startsAt time.Time) {
	checked := &checks{source: source}
	if source == nil {
		checked.fault(NotFound, noSource, "source")
		return checked.rejected(), startsAt
	}
	wanted := in.Collections
	if len(wanted) == 0 {
		wanted = source.Collections()
	}
	for i, c := range wanted {
		if !source.Has(c) {
			checked.fault(Invalid, "the source does not have it, or it is not read", "collections", strconv.Itoa(i))
		}
	}
	if len(checked.faults) > 0 {
		return checked.rejected(), startsAt
	}
	if in.Force && source.Resume != nil {
		source.Resume()
	}
	pause, waits := pauseOf(source)
	if !waits {
		checked.fault(Refused, "the source is left alone for another "+pause.Round(time.Second).String()+"; force ends that", "source")
		return checked.rejected(), startsAt
	}
	alone := false
	for _, c := range wanted {
		key := snapshot.Key{Source: source.Name, Collection: c}
		if at, ok := w.again(key, in); ok && (startsAt.IsZero() || at.Before(startsAt)) {
			startsAt = at
		}
		alone = alone || w.leftAlone(key)
	}
	switch now := time.Now(); {
	case !startsAt.IsZero():
		if until := now.Add(pause); pause > 0 && startsAt.Before(until) {
			startsAt = until
		}
		return Result{Outcome: Done}, startsAt
	case alone:
		checked.fault(Refused, "the source has failed, or asked for it, and is left alone for now; try again later, or with force", "source")
		return checked.rejected(), startsAt
	}
	return Result{Outcome: AlreadyDone}, startsAt
}

// again has a collection read again in the way that is asked for.
func (w *Writer) again(key snapshot.Key, in Refresh) (startsAt time.Time, ok bool) {
	keeper := w.opt.Keeper
	if in.Force {
		startsAt, ok = keeper.Force(key)
	}
	if in.AcceptLoss {
		return keeper.AcceptLoss(key)
	}
	if in.Force {
		return startsAt, ok
	}
	return keeper.Refresh(key)
}

// longestWait is how long a call waits because its source has asked for it. What would wait longer fails at once.
const longestWait = 90 * time.Second

// pauseOf says for how long all calls of a source are kept back, and whether one that comes now waits for that and does not fail.
func pauseOf(s *connectors.Source) (pause time.Duration, waits bool) {
	if s.Health == nil {
		return 0, true
	}
	h := s.Health()
	if left := time.Until(h.RetryAt); left > 0 {
		return left, false
	}
	if h.Pause == nil || h.PartPaused {
		return 0, true
	}
	return h.Pause.RetryAfter, !h.Pause.Blocked && h.Pause.RetryAfter <= longestWait
}

// leftAlone says whether the last reading of a collection has failed. One that is held back has not.
func (w *Writer) leftAlone(key snapshot.Key) bool {
	for _, st := range w.opt.Keeper.Statuses() {
		if st.Key == key {
			return st.Err != nil && st.Err.Kind != connectors.KindSuspiciousLoss
		}
	}
	return false
}
