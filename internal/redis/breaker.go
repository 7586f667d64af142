package redis

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
	// bulkTimeout bounds a call that transfers parts.
	bulkTimeout = 10 * time.Second
	// tolerance is the number of consecutive calls that may fail before the breaker opens, if the failure may affect only a single call.
	tolerance = 3
)

// ErrAway reports that Redis is known to be unavailable, so no call was made.
var ErrAway = errors.New("redis is away")

// breaker records the results of the last calls.
type breaker struct {
	mu      sync.Mutex
	failed  int // number of consecutive failures
	opened  chan struct{}
	settled time.Time // from when a smaller number of replicas is trusted
}

// do calls Redis unless Redis is known to be unavailable, and updates that state by the result of the call.
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
		return err // the caller has gone; the error does not describe the state of Redis
	}
	r.stats.called(err)
	r.breaker.mu.Lock()
	if err == nil {
		r.breaker.failed = 0
	} else {
		r.breaker.failed++
	}
	open := r.breaker.failed >= tolerance || err != nil && isPersistent(err)
	r.breaker.mu.Unlock()
	if open {
		r.setDisconnected(err)
	}
	if err != nil {
		return &callError{err}
	}
	return nil
}

// callError is a failed call, described in this package's own words. The text from Redis may contain keys and names.
type callError struct{ err error }

// Error returns the reason of the failure.
func (e *callError) Error() string { return "redis: " + reason(e.err) }

// Unwrap returns the error of the Redis client.
func (e *callError) Unwrap() error { return e.err }

// setDisconnected records that Redis is unavailable, and starts probes.
func (r *Redis) setDisconnected(err error) {
	r.breaker.mu.Lock()
	was := *r.membership.Load()
	if was.Connected {
		now := time.Now()
		r.lostAt.Store(now.UnixNano())
		r.membership.Store(&snapshot.Membership{Size: was.Size, Rank: was.Rank, Since: now})
	}
	r.breaker.failed = 0
	r.breaker.mu.Unlock()
	if !was.Connected {
		return
	}
	r.stats.lost.Add(1)
	r.log.LogAttrs(context.Background(), slog.LevelWarn, "redis is away: each replica reads by itself, and less often",
		slog.String("reason", reason(err)), slog.Int("replicas", was.Size))
	signal(r.breaker.opened)
}

// setConnected records that Redis works, and how many replicas share it.
func (r *Redis) setConnected(size, rank int) {
	r.breaker.mu.Lock()
	was := *r.membership.Load()
	since := was.Since
	if now := time.Now(); !was.Connected {
		r.breaker.settled = now.Add(absentAfter)
		if !since.IsZero() {
			since = now
		}
	} else if now.After(r.breaker.settled) {
		was.Size = 0
	}
	if size < was.Size { // after Redis has lost its data, it learns of the live replicas only gradually
		size, rank = was.Size, was.Rank
	}
	r.membership.Store(&snapshot.Membership{Connected: true, Size: size, Rank: rank, Since: since})
	r.breaker.mu.Unlock()
	if !was.Connected {
		r.stats.found.Add(1)
		r.log.LogAttrs(context.Background(), slog.LevelInfo, "redis is there: snapshots are shared", slog.Int("replicas", size))
		r.notify()
	}
}

// isPersistent reports whether a failure affects other calls too, so that a retry would only cost time.
func isPersistent(err error) bool {
	if e, ok := errors.AsType[*net.OpError](err); ok && e.Op == "dial" && !e.Timeout() {
		return true
	}
	switch reason(err) {
	case "unreachable", "timed out", "refused the call", "moving":
		return false
	}
	return true
}

// scriptDenied is the start of the message of Redis 7.0 for a script whose user lacks a permission. Later versions return NOPERM.
const scriptDenied = "ERR The user executing the script can't "

// reason maps a failure to one of a fixed set of texts. The text from Redis may contain keys and names.
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
