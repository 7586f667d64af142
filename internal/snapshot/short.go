package snapshot

import "roster/connectors"

// shortError returns why a fetch without an error is known to be incomplete; nil for any other fetch.
func (r *rules) shortError(o *outcome) *connectors.Error {
	if o.err != nil || o.complete || o.loss != nil || o.since != nil {
		return nil
	}
	return r.incomplete(o.expected, o.records.Len(), o.anomalies)
}

func (r *rules) incomplete(expected *int, read int, odd []connectors.Anomaly) *connectors.Error {
	return r.failure(connectors.KindBadResponse, connectors.ShortDetail(expected, read, odd)+
		". Until it is read whole, nothing counts as removed; roster check shows what the credential may see")
}

// shortage returns why incomplete data lacks records without an error; nil if it does not, or while a fetch is in progress.
func (r *rules) shortage(s *collectionState, snap *Snapshot) *connectors.Error {
	switch {
	case s.err != nil:
		return nil
	case s.short != nil:
		return s.short
	case s.fetching || snap.Expected == nil: // another replica may still be fetching it
		return nil
	}
	return r.incomplete(snap.Expected, snap.Records.Len(), snap.Anomalies)
}
