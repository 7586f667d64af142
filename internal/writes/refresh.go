package writes

import (
	"context"
	"strconv"
	"time"

	"roster/connectors"
	"roster/internal/snapshot"
)

// Refresh names the collections to fetch again; all of them if none is named.
type Refresh struct {
	Collections []connectors.Collection
	// AcceptLoss has the fetch accepted, however many of the known records it lacks.
	AcceptLoss bool
	// Force ends the pauses of the source: the one that it asked for, and the one after failures.
	Force bool
}

// RefreshSource requests a new fetch of a source's collections, as soon as the source's limits allow. It does not wait. DONE means that a fetch has
// begun or begins at startsAt. ALREADY_DONE means that all collections were fetched so recently that no fetch is needed. Accepting a loss always needs
// another fetch.
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
		checked.fault(Refused, "the source is paused for another "+pause.Round(time.Second).String()+"; force ends that", "source")
		return checked.rejected(), startsAt
	}
	alone := false
	for _, c := range wanted {
		key := snapshot.Key{Source: source.Name, Collection: c}
		if at, ok := w.again(key, in); ok && (startsAt.IsZero() || at.Before(startsAt)) {
			startsAt = at
		}
		alone = alone || w.lastFetchFailed(key)
	}
	switch now := time.Now(); {
	case !startsAt.IsZero():
		if until := now.Add(pause); pause > 0 && startsAt.Before(until) {
			startsAt = until
		}
		return Result{Outcome: Done}, startsAt
	case alone:
		checked.fault(Refused, "the source has failed, or asked for it, and is paused for now; try again later, or with force", "source")
		return checked.rejected(), startsAt
	}
	return Result{Outcome: AlreadyDone}, startsAt
}

// again requests a new fetch of a collection, as the input asks.
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

// longestWait is how long a call waits because its source asked for a pause. A call that would wait longer fails at once.
const longestWait = 90 * time.Second

// pauseOf returns how long all calls of a source are paused, and whether a new call waits for the end of the pause or fails.
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

// lastFetchFailed reports whether the last fetch of a collection failed. A fetch that the guard holds back has not failed.
func (w *Writer) lastFetchFailed(key snapshot.Key) bool {
	for _, st := range w.opt.Keeper.Statuses() {
		if st.Key == key {
			return st.Err != nil && st.Err.Kind != connectors.KindSuspiciousLoss
		}
	}
	return false
}
