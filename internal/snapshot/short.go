package snapshot

import "roster/connectors"

// shortError returns why a fetch without an error is known to be incomplete; nil for any other fetch.
func (c *collection) shortError(o *outcome) *connectors.Error {
	if o.err != nil || o.complete || o.loss != nil || o.since != nil {
		return nil
	}
	return c.short(o.expected, o.records.Len(), o.anomalies)
}

func (c *collection) short(expected *int, read int, odd []connectors.Anomaly) *connectors.Error {
	return &connectors.Error{Source: c.key.Source, Op: c.key.Collection.String(), Kind: connectors.KindBadResponse,
		Detail: connectors.ShortDetail(expected, read, odd) +
			". Until it is read whole, nothing counts as removed; roster check shows what the credential may see"}
}

// shortage returns why the view's data is incomplete without an error; nil if it is not, or while a fetch is in progress.
func (c *collection) shortage(v *view, r *Result) *connectors.Error {
	switch {
	case r.Status.State != Incomplete || v.err != nil:
		return nil
	case v.short != nil:
		return v.short
	case v.reading || r.Snapshot.Expected == nil: // another replica may still be fetching it
		return nil
	}
	return c.short(r.Snapshot.Expected, r.Snapshot.Records.Len(), r.Snapshot.Anomalies)
}
