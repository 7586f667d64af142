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
	var items []snapshot.StoreKey
	for _, s := range sources {
		for _, c := range s.Collections() {
			items = append(items, snapshot.StoreKeyOf(s, c, maxPauseOf(cfg, s.Name)))
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
		k := check.Known{Count: m.Count}
		settings := settingsOf(cfg, items[i].Key)
		k.MaxLoss = settings.MaxLoss
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

func settingsOf(cfg *config.Config, key snapshot.Key) config.Collection {
	for i := range cfg.Sources {
		if cfg.Sources[i].Name == key.Source {
			return cfg.Sources[i].Collections[key.Collection]
		}
	}
	return config.Collection{}
}

func maxPauseOf(cfg *config.Config, source string) time.Duration {
	for i := range cfg.Sources {
		if cfg.Sources[i].Name == source {
			return cfg.Sources[i].MaxPause
		}
	}
	return 0
}
