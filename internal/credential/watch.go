package credential

import (
	"context"
	"log/slog"
	"time"

	"roster/connectors"
)

// remindEvery is how often the same thing is said again.
const remindEvery = 24 * time.Hour

// Watch says once a day for each source whose credential needs somebody that it does, until ctx ends.
func Watch(ctx context.Context, sources []*connectors.Source, log *slog.Logger) {
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	said := make(map[string]time.Time)
	for {
		for _, s := range sources {
			remind(ctx, s, said, log)
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
	}
}

func remind(ctx context.Context, s *connectors.Source, said map[string]time.Time, log *slog.Logger) {
	if s.Credential == nil {
		return
	}
	st := s.Credential()
	key := s.Name + " " + st.State.String()
	if st.State == connectors.CredentialGood || time.Since(said[key]) < remindEvery {
		return
	}
	said[key] = time.Now()
	level := slog.LevelWarn
	if st.State > connectors.CredentialExpiring {
		level = slog.LevelError
	}
	attrs := []slog.Attr{slog.String("source", s.Name), slog.String("state", st.State.String()), slog.String("what", st.Detail)}
	if !st.ExpiresAt.IsZero() {
		attrs = append(attrs, slog.Time("expires", st.ExpiresAt))
	}
	log.LogAttrs(ctx, level, "a credential needs somebody", attrs...)
}
