package access

import (
	"context"
	"log/slog"
	"sync"
	"time"
)

// reportEvery is the least time between two log lines about rejected credentials: an attacker with many attempts must not fill the log.
const reportEvery = time.Minute

// refusals logs rejected credentials. The reason is one of this package's own phrases.
type refusals struct {
	log *slog.Logger

	mu         sync.Mutex
	reported   time.Time
	unreported int
}

func (r *refusals) report(ctx context.Context, why string) {
	now := time.Now()
	r.mu.Lock()
	if !r.reported.IsZero() && now.Sub(r.reported) < reportEvery {
		r.unreported++
		r.mu.Unlock()
		return
	}
	others := r.unreported
	r.reported, r.unreported = now, 0
	r.mu.Unlock()
	r.log.WarnContext(ctx, "credentials were rejected", slog.String("why", why), slog.Int("others_since", others))
}
