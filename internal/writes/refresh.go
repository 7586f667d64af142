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
}

// RefreshSource has collections of a source read again, as soon as its limits allow. It waits for nothing: DONE says that a reading is on its way, and
// ALREADY_DONE that all were read so lately that none is.
func (w *Writer) RefreshSource(ctx context.Context, r Request, in Refresh) Result {
	var names []string
	for _, c := range in.Collections {
		names = append(names, c.String())
	}
	c := &change{Request: r, field: "refreshSource", source: w.opt.Roster.Source(r.Source), values: map[string]any{"Collections": names}, began: time.Now()}
	res := w.refresh(c.source, in.Collections)
	w.audit(ctx, c, res, nil)
	return res
}

func (w *Writer) refresh(source *connectors.Source, wanted []connectors.Collection) Result {
	checked := &checks{source: source}
	if source == nil {
		checked.fault(NotFound, noSource, "source")
		return rejected(checked.faults...)
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
		return rejected(checked.faults...)
	}
	outcome, alone := AlreadyDone, false
	for _, c := range wanted {
		key := snapshot.Key{Source: source.Name, Collection: c}
		if w.opt.Keeper.Refresh(key) {
			outcome = Done
		}
		alone = alone || w.leftAlone(key)
	}
	if outcome == AlreadyDone && alone {
		checked.fault(Refused, "the source has failed, or asked for it, and is left alone for now; try again later", "source")
		return rejected(checked.faults...)
	}
	return Result{Outcome: outcome}
}

// leftAlone says whether the last reading of a collection has failed.
func (w *Writer) leftAlone(key snapshot.Key) bool {
	for _, st := range w.opt.Keeper.Statuses() {
		if st.Key == key {
			return st.Err != nil
		}
	}
	return false
}
