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
}

// RefreshSource has collections of a source read again, as soon as its limits allow. It waits for nothing: DONE says that a reading is on its way, and
// ALREADY_DONE that all were read so lately that none is. A loss is accepted by another reading in any case.
func (w *Writer) RefreshSource(ctx context.Context, r Request, in Refresh) Result {
	var names []string
	for _, c := range in.Collections {
		names = append(names, c.String())
	}
	c := &change{Request: r, field: "refreshSource", source: w.opt.Roster.Source(r.Source), values: map[string]any{"Collections": names, "AcceptLoss": in.AcceptLoss}, began: time.Now()}
	res := w.refresh(c.source, in)
	w.audit(ctx, c, res, nil)
	return res
}

func (w *Writer) refresh(source *connectors.Source, in Refresh) Result {
	checked := &checks{source: source}
	if source == nil {
		checked.fault(NotFound, noSource, "source")
		return checked.rejected()
	}
	wanted, refresh := in.Collections, w.opt.Keeper.Refresh
	if in.AcceptLoss {
		refresh = w.opt.Keeper.AcceptLoss
	}
	if len(wanted) == 0 {
		wanted = source.Collections()
	}
	for i, c := range wanted {
		if !source.Has(c) {
			checked.fault(Invalid, "the source does not have it, or it is not read", "collections", strconv.Itoa(i))
		}
	}
	if len(checked.faults) > 0 {
		return checked.rejected()
	}
	outcome, alone := AlreadyDone, false
	for _, c := range wanted {
		key := snapshot.Key{Source: source.Name, Collection: c}
		if refresh(key) {
			outcome = Done
		}
		alone = alone || w.leftAlone(key)
	}
	if outcome == AlreadyDone && alone {
		checked.fault(Refused, "the source has failed, or asked for it, and is left alone for now; try again later", "source")
		return checked.rejected()
	}
	return Result{Outcome: outcome}
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
