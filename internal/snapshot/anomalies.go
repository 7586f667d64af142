package snapshot

import (
	"context"
	"log/slog"
	"slices"

	"roster/connectors"
)

// logAnomalies logs each kind of anomaly once: the field and the type of its value. The metrics and the graph report the counts.
func (c *collection) logAnomalies(ctx context.Context, snap *Snapshot) {
	for _, a := range c.noteAnomalies(snap) {
		c.keeper.log.LogAttrs(ctx, slog.LevelWarn, "source gives values that cannot be read", slog.String("source", c.key.Source),
			slog.String("collection", c.key.Collection.String()), slog.String("field", a.Field), slog.String("type", a.Example), slog.Int("count", a.Count))
	}
}

// noteAnomalies records the kinds of anomalies of a snapshot, and returns the new ones. The anomalies of another replica's fetch are
// logged by that replica.
func (c *collection) noteAnomalies(snap *Snapshot) (fresh []connectors.Anomaly) {
	if snap == nil {
		return nil
	}
	for _, a := range snap.Anomalies {
		if !slices.ContainsFunc(c.loggedAnomalies, func(known connectors.Anomaly) bool { return known.Field == a.Field && known.Example == a.Example }) {
			c.loggedAnomalies, fresh = append(c.loggedAnomalies, a), append(fresh, a)
		}
	}
	return fresh
}
