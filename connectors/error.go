package connectors

import (
	"errors"
	"fmt"
	"strings"
	"time"
)

// ErrorKind is the meaning of a failure, whatever HTTP status it came with.
type ErrorKind uint8

// The kinds of errors: a closed set.
const (
	KindUnavailable    ErrorKind = iota // it did not answer, or with a fault of its own
	KindUnauthorized                    // the credential is not accepted
	KindForbidden                       // the credential may not see this
	KindNotFound                        // there is no such place or record
	KindInvalid                         // our request was wrong
	KindConflict                        // something else has that name or address
	KindRateLimited                     // too many calls
	KindTimeout                         // no answer in time
	KindBadResponse                     // the answer could not be understood
	KindUnsupported                     // this source cannot do that
	KindSuspiciousLoss                  // it shows far fewer records than are known
)

var errorKindNames = [...]string{
	"unavailable", "unauthorized", "forbidden", "not found", "invalid request", "conflict", "rate limited", "timed out",
	"answer not understood", "not supported", "suspicious loss",
}

// String returns the kind in words.
func (k ErrorKind) String() string { return errorKindNames[k] }

// MaxPause is the longest pause that a source may ask for. A longer one may be a mistake of the source: after MaxPause, Roster calls the source
// again, and it can repeat the request.
const MaxPause = 15 * time.Minute

// Error is a failure of a source. It is safe to log and to show: it holds no credential, no URL and none of the source's own words.
type Error struct {
	Source string    // the source's name in the configuration
	Op     string    // the vendor's name for the call, such as users.list
	Kind   ErrorKind // what it means
	Status int       // the HTTP status; 0 when no answer came
	Code   string    // the vendor's own code from a closed set; never free text
	Detail string    // what happened or what to do, in our words
	// RetryAfter is the pause that the source asks for; 0 if it does not say.
	RetryAfter time.Duration
	// Blocked is true if the source refuses every call from us, and that each further one makes it worse.
	Blocked bool
	// Unsent is true if the call was not made: it tells nothing new about the source.
	Unsent bool
	// Input names what the source found wrong in a change, by our name for it, as in email; empty if it does not say.
	Input string
	// Err is the cause, for errors.Is and errors.As only: its text may hold a secret and is never printed.
	Err error
}

// Error describes the failure without any secret.
func (e *Error) Error() string {
	var b strings.Builder
	for _, s := range []string{e.Source, e.Op} {
		if s != "" {
			b.WriteString(s + ": ")
		}
	}
	b.WriteString(e.Kind.String())
	if e.Status != 0 {
		fmt.Fprintf(&b, ", HTTP %d", e.Status)
	}
	if e.Code != "" {
		b.WriteString(", code " + e.Code)
	}
	if e.Detail != "" {
		b.WriteString(": " + e.Detail)
	}
	if e.RetryAfter > 0 {
		fmt.Fprintf(&b, "; retry after %s", e.RetryAfter.Round(time.Second))
	}
	return b.String()
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// AsError finds the *Error in err's chain; any other error becomes KindUnavailable of the named source, with its text hidden.
func AsError(source string, err error) *Error {
	if err == nil {
		return nil
	}
	if e, ok := errors.AsType[*Error](err); ok {
		return e
	}
	return &Error{Source: source, Kind: KindUnavailable, Err: err}
}

// IsKind reports whether err is an *Error of that kind.
func IsKind(err error, kind ErrorKind) bool {
	e, ok := errors.AsType[*Error](err)
	return ok && e.Kind == kind
}
