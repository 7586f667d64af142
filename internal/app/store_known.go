package app

import (
	"context"
	"fmt"
	"time"

	"roster/connectors"
	"roster/internal/check"
	"roster/internal/config"
	"roster/internal/snapshot"
	"roster/internal/snapshot/localstore"
)

// knownCounts returns the record counts of the stored snapshots, for a check. It changes nothing. A snapshot that cannot be read has no count.
func knownCounts(ctx context.Context, shared snapshot.SharedStore, cfg *config.Config, sources []*connectors.Source) func(source string, c connectors.Collection) check.Known {
	configured := settings(cfg)
	var items []snapshot.StoreKey
	for _, s := range sources {
		for _, c := range s.Collections() {
			items = append(items, snapshot.StoreKeyOf(s, c, configured[snapshot.Key{Source: s.Name, Collection: c}].MaxPause))
		}
	}
	var marks []snapshot.Info
	switch {
	case shared != nil:
		marks, _ = shared.Stat(ctx, items)
	case cfg.CacheDir != "":
		marks = localstore.Stat(cfg.CacheDir, items)
	}
	known := make(map[snapshot.Key]check.Known)
	for i, m := range marks {
		if m.Stamp == 0 || !m.Complete {
			continue
		}
		settings := configured[items[i].Key]
		k := check.Known{Count: m.Count, MaxLoss: settings.MaxLoss}
		if l := m.Loss; l != nil {
			k.Held = fmt.Sprintf("since %s it shows %d, and %d of the %d known ones are not among them. They are taken over at %s, or at once by refreshSource with acceptLoss. See "+
				"whether the credential has lost a right", l.Since.UTC().Format(time.RFC3339), l.Found, l.Lost, l.Known, l.Since.Add(settings.AcceptAfter).UTC().Format(time.RFC3339))
		}
		known[items[i].Key] = k
	}
	return func(source string, c connectors.Collection) check.Known {
		return known[snapshot.Key{Source: source, Collection: c}]
	}
}
