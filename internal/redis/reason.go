package redis

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"strings"

	"github.com/redis/go-redis/v9"
)

// ErrAnswer reports that Redis answered in a form that is not understood.
var ErrAnswer = errors.New("redis answered something else")

// IsWrongType reports whether a key holds a value of another type, which this program did not write.
func IsWrongType(err error) bool { return err != nil && strings.HasPrefix(err.Error(), "WRONGTYPE") }

// IgnoreNil returns nil for an error that only means that the requested value is absent.
func IgnoreNil(err error) error {
	if errors.Is(err, redis.Nil) || IsWrongType(err) {
		return nil
	}
	return err
}

// IsPersistent reports whether a failure affects other calls too, so that a retry would only cost time.
func IsPersistent(err error) bool {
	if e, ok := errors.AsType[*net.OpError](err); ok && e.Op == "dial" && !e.Timeout() {
		return true
	}
	switch Reason(err) {
	case "unreachable", "timed out", "refused the call", "moving":
		return false
	}
	return true
}

// scriptDenied is the start of the message of Redis 7.0 for a script whose user lacks a permission. Later versions return NOPERM.
const scriptDenied = "ERR The user executing the script can't "

// Reason maps a failure to one of a fixed set of texts. The text from Redis may contain keys and names.
func Reason(err error) string {
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
