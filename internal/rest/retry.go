package rest

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"math/rand/v2"
	"net"
	"net/http"
	"sync"
	"time"

	"roster/connectors"
)

const (
	// maxAttempts is how often one call is sent in all when the source asks to wait.
	maxAttempts = 3
	// defaultRetries is how often it is sent again when it has failed.
	defaultRetries = 2
	// patience is the longest that a call waits because a source asked for it; beyond it, the caller is better told.
	patience = 90 * time.Second
	// backoffFirst and backoffMost bound the pause before a repetition, which doubles.
	backoffFirst = 500 * time.Millisecond
	backoffMost  = 10 * time.Second

	// share is what each call adds to the allowance for repetitions, floor what there is at the beginning, and ceiling the most that is saved.
	// One is added in each refill without any calls, up to the floor: a source that is seldom called has its hiccups too.
	share   = 0.2
	floor   = 3
	ceiling = 10
	refill  = time.Minute
)

// allowance bounds how many calls to one source are repetitions, since those hurt most when a source can bear them least: a fifth of its
// calls, and a few.
type allowance struct {
	mu     sync.Mutex
	left   float64
	filled time.Time
}

// earn notes a first attempt.
func (a *allowance) earn() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.fill()
	a.left = min(a.left+share, ceiling)
}

// spend says whether a call may be repeated.
func (a *allowance) spend() bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.fill()
	if a.left < 1 {
		return false
	}
	a.left--
	return true
}

func (a *allowance) fill() {
	now := time.Now()
	if a.filled.IsZero() {
		a.left, a.filled = floor, now
	}
	if n := now.Sub(a.filled) / refill; n > 0 {
		a.filled = a.filled.Add(n * refill)
		if a.left < floor {
			a.left = min(a.left+float64(n), floor)
		}
	}
}

// again says whether a call that has failed is sent once more, and after which pause. Attempt is how often it has been sent, garbled how
// often the answer could not be understood.
func (c *Client) again(ctx context.Context, req *Request, e *connectors.Error, attempt, garbled int) (wait time.Duration, yes bool) {
	switch {
	case req.Write, req.Spare, e.Unsent, e.Blocked, ctx.Err() != nil:
		return 0, false
	case e.Kind == connectors.KindRateLimited:
		return 0, attempt < maxAttempts && e.RetryAfter <= patience && c.allowance.spend() // the limits keep it back
	case attempt > c.retries, !transient(e), garbled > 1, c.breakerOf(req).open():
		return 0, false
	}
	wait = rand.N(min(backoffFirst<<(attempt-1), backoffMost) + 1) //nolint:gosec // spreads load; nothing secret depends on it
	wait = max(wait, e.RetryAfter)
	if deadline, ok := ctx.Deadline(); wait > backoffMost || ok && time.Until(deadline) <= wait {
		return 0, false
	}
	return wait, c.allowance.spend()
}

// transient says whether a failure may be gone in a moment.
func transient(e *connectors.Error) bool {
	switch e.Kind {
	case connectors.KindTimeout:
		return !errors.Is(e.Err, context.Canceled)
	case connectors.KindUnavailable, connectors.KindBadResponse:
	default:
		return false
	}
	if errors.Is(e.Err, errBound) || e.Status >= 300 && e.Status < http.StatusInternalServerError {
		return false
	}
	if dns, ok := errors.AsType[*net.DNSError](e.Err); ok && dns.IsNotFound {
		return false
	}
	return !isA[*tls.CertificateVerificationError](e.Err) && !isA[x509.UnknownAuthorityError](e.Err) && !isA[x509.HostnameError](e.Err) &&
		!isA[tls.RecordHeaderError](e.Err) && !errors.Is(e.Err, http.ErrSchemeMismatch)
}

// pause waits before a repetition. It is false where the caller has gone.
func pause(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}
