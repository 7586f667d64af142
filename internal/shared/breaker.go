package shared

import (
	"context"
	"crypto/tls"
	"errors"
	"log/slog"
	"net"
	"strings"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"

	"roster/internal/snapshot"
)

const (
	// bulk bounds a call that moves parts.
	bulk = 10 * time.Second
	// tolerance is how many calls in a row may fail before Redis counts as away, where the failure may be a single one's.
	tolerance = 3
)

// ErrAway says that Redis is known to be away, and was not asked.
var ErrAway = errors.New("redis is away")

// breaker remembers how the last calls went.
type breaker struct {
	mu      sync.Mutex
	failed  int // in a row
	opened  chan struct{}
	settled time.Time // from when the number of replicas is to be believed
}

// do calls Redis, unless it is known to be away, and judges by how that went whether it is.
func (r *Redis) do(ctx context.Context, within time.Duration, call func(context.Context) error) error {
	if !r.Membership().Connected {
		return ErrAway
	}
	bounded, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	err := call(bounded)
	if errors.Is(err, redis.Nil) {
		err = nil
	}
	if err != nil && ctx.Err() != nil {
		return err // the caller has gone: that says nothing of Redis
	}
	r.stats.called(err)
	r.breaker.mu.Lock()
	if err == nil {
		r.breaker.failed = 0
	} else {
		r.breaker.failed++
	}
	open := r.breaker.failed >= tolerance || err != nil && certain(err)
	r.breaker.mu.Unlock()
	if open {
		r.away(err)
	}
	if err != nil {
		return &callError{err}
	}
	return nil
}

// callError is a call's failure in our words: Redis's own may quote keys and names.
type callError struct{ err error }

// Error says what was wrong with Redis.
func (e *callError) Error() string { return "redis: " + reason(e.err) }

// Unwrap gives the client's error.
func (e *callError) Unwrap() error { return e.err }

// away notes that Redis is away, and has it probed.
func (r *Redis) away(err error) {
	r.breaker.mu.Lock()
	was := *r.crowd.Load()
	if was.Connected {
		now := time.Now()
		r.lostAt.Store(now.UnixNano())
		r.crowd.Store(&snapshot.Membership{Size: was.Size, Rank: was.Rank, Since: now})
	}
	r.breaker.failed = 0
	r.breaker.mu.Unlock()
	if !was.Connected {
		return
	}
	r.stats.lost.Add(1)
	r.log.LogAttrs(context.Background(), slog.LevelWarn, "redis is away: each replica reads by itself, and less often",
		slog.String("reason", reason(err)), slog.Int("replicas", was.Size))
	tell(r.breaker.opened)
}

// present notes that Redis works, and how many replicas share it.
func (r *Redis) present(size, rank int) {
	r.breaker.mu.Lock()
	was := *r.crowd.Load()
	since := was.Since
	if now := time.Now(); !was.Connected {
		r.breaker.settled = now.Add(absentAfter)
		if !since.IsZero() {
			since = now
		}
	} else if now.After(r.breaker.settled) {
		was.Size = 0
	}
	if size < was.Size { // after a loss of its data, Redis learns only by and by who is there
		size, rank = was.Size, was.Rank
	}
	r.crowd.Store(&snapshot.Membership{Connected: true, Size: size, Rank: rank, Since: since})
	r.breaker.mu.Unlock()
	if !was.Connected {
		r.stats.found.Add(1)
		r.log.LogAttrs(context.Background(), slog.LevelInfo, "redis is there: snapshots are shared", slog.Int("replicas", size))
		r.notify()
	}
}

// certain says that a failure is not this one call's, so that asking again would only take time.
func certain(err error) bool {
	if e, ok := errors.AsType[*net.OpError](err); ok && e.Op == "dial" && !e.Timeout() {
		return true
	}
	switch reason(err) {
	case "unreachable", "timed out", "refused the call", "moving":
		return false
	}
	return true
}

// scriptDenied begins what Redis 7.0 says where a script does what its user may not; later ones say NOPERM.
const scriptDenied = "ERR The user executing the script can't "

// reason names a failure from a closed set: Redis's own words may quote keys and names.
func reason(err error) string {
	var word string
	if e, ok := errors.AsType[redis.Error](err); ok {
		if word, _, _ = strings.Cut(e.Error(), " "); strings.HasPrefix(e.Error(), scriptDenied) {
			word = "NOPERM"
		}
	}
	switch word {
	case "LOADING":
		return "it is loading its data"
	case "READONLY":
		return "it is a replica, and read-only"
	case "OOM":
		return "its memory is full"
	case "NOAUTH", "WRONGPASS":
		return "it does not accept the credentials"
	case "NOPERM":
		return "the user may not do what is needed"
	case "CLUSTERDOWN":
		return "the cluster is down"
	case "MISCONF":
		return "it cannot save its data"
	case "MASTERDOWN":
		return "it has no master"
	case "MOVED", "ASK", "TRYAGAIN":
		return "moving"
	case "":
	default:
		return "refused the call"
	}
	if _, ok := errors.AsType[*tls.CertificateVerificationError](err); ok {
		return "its certificate is not trusted"
	}
	if e, ok := errors.AsType[net.Error](err); errors.Is(err, context.DeadlineExceeded) || ok && e.Timeout() {
		return "timed out"
	}
	return "unreachable"
}
