package access

import (
	"context"
	"log/slog"
	"sync"
	"time"
)

// noteEvery is how often refused credentials are noted at most: whoever tries many must not fill the log.
const noteEvery = time.Minute

// refusals notes that credentials were refused. Why is one of this package's own phrases.
type refusals struct {
	log *slog.Logger

	mu      sync.Mutex
	noted   time.Time
	unnoted int
}

func (r *refusals) note(ctx context.Context, why string) {
	now := time.Now()
	r.mu.Lock()
	if !r.noted.IsZero() && now.Sub(r.noted) < noteEvery {
		r.unnoted++
		r.mu.Unlock()
		return
	}
	others := r.unnoted
	r.noted, r.unnoted = now, 0
	r.mu.Unlock()
	r.log.WarnContext(ctx, "credentials were refused", slog.String("why", why), slog.Int("others_since", others))
}
