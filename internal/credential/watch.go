package credential

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"roster/connectors"
)

// remindEvery is the time between two log entries about the same state of a credential.
const remindEvery = 24 * time.Hour

// Reminders log which credentials need an operator's attention. They remember what they have logged, so that the next call of Watch does not repeat
// it. The zero value is ready to use.
type Reminders struct {
	mu   sync.Mutex
	said map[string]time.Time
}

// Watch logs each source whose credential needs an operator's attention, once a day, until ctx ends.
func (r *Reminders) Watch(ctx context.Context, sources []*connectors.Source, log *slog.Logger) {
	tick := time.NewTicker(checkInterval)
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

// due reports whether an entry is due now, and records that it is logged.
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
	if st.State == connectors.CredentialGood || !r.due(s.Name+" "+s.Fingerprint+" "+st.State.String()) { // a changed credential is logged at once
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
	log.LogAttrs(ctx, level, "a credential needs attention", attrs...)
}
