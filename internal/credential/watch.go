package credential

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"roster/connectors"
)

// remindEvery is how often the same thing is said again.
const remindEvery = 24 * time.Hour

// Reminders say what credentials need somebody. They remember what they have said, for whoever watches next. The zero value has said nothing.
type Reminders struct {
	mu   sync.Mutex
	said map[string]time.Time
}

// Watch says once a day for each source whose credential needs somebody that it does, until ctx ends.
func (r *Reminders) Watch(ctx context.Context, sources []*connectors.Source, log *slog.Logger) {
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	for {
		for _, s := range sources {
			r.remind(ctx, s, log)
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
	}
}

// due says whether something is to be said now, and notes that it is.
func (r *Reminders) due(what string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if time.Since(r.said[what]) < remindEvery {
		return false
	}
	if r.said == nil {
		r.said = make(map[string]time.Time)
	}
	r.said[what] = time.Now()
	return true
}

func (r *Reminders) remind(ctx context.Context, s *connectors.Source, log *slog.Logger) {
	if s.Credential == nil {
		return
	}
	st := s.Credential()
	if st.State == connectors.CredentialGood || !r.due(s.Name+" "+s.Fingerprint+" "+st.State.String()) { // of another credential it is said at once
		return
	}
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
