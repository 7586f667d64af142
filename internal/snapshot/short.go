package snapshot

import "roster/connectors"

// shortError says why a reading that nothing has failed in is known to lack something; nil for any other.
func (c *collection) shortError(o *outcome) *connectors.Error {
	if o.err != nil || o.complete || o.loss != nil || o.since != nil {
		return nil
	}
	return c.short(o.expected, o.records.Len(), o.odd)
}

func (c *collection) short(expected *int, read int, odd []connectors.Anomaly) *connectors.Error {
	return &connectors.Error{Source: c.key.Source, Op: c.key.Collection.String(), Kind: connectors.KindBadResponse,
		Detail: connectors.ShortDetail(expected, read, odd) +
			". Until it is read whole, nothing counts as removed; roster check shows what the credential may see"}
}

// shortage is why the view's data is incomplete although nothing has failed; nil where it is not, or a reading is still under way.
func (c *collection) shortage(v *view, r *Result) *connectors.Error {
	switch {
	case r.Status.State != Incomplete || v.err != nil:
		return nil
	case v.short != nil:
		return v.short
	case v.reading || r.Snapshot.Expected == nil: // as another replica has read it, which may go on
		return nil
	}
	return c.short(r.Snapshot.Expected, r.Snapshot.Records.Len(), r.Snapshot.Anomalies)
}
