package snapshot

import (
	"context"
	"log/slog"
	"slices"

	"roster/connectors"
)

// tellOdd logs each kind of anomaly once: a field and the type that stood there. The metrics and the graph tell how often.
func (c *collection) tellOdd(ctx context.Context, snap *Snapshot) {
	for _, a := range c.knowOdd(snap) {
		c.keeper.log.LogAttrs(ctx, slog.LevelWarn, "source gives values that cannot be read", slog.String("source", c.key.Source),
			slog.String("collection", c.key.Collection.String()), slog.String("field", a.Field), slog.String("type", a.Example), slog.Int("count", a.Count))
	}
}

// knowOdd notes the kinds of anomalies of a snapshot and gives those that are new. What another replica has read, that one has told.
func (c *collection) knowOdd(snap *Snapshot) (fresh []connectors.Anomaly) {
	if snap == nil {
		return nil
	}
	for _, a := range snap.Anomalies {
		if !slices.ContainsFunc(c.odd, func(known connectors.Anomaly) bool { return known.Field == a.Field && known.Example == a.Example }) {
			c.odd, fresh = append(c.odd, a), append(fresh, a)
		}
	}
	return fresh
}
