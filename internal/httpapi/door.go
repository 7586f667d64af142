package httpapi

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"time"

	"roster/connectors"
	"roster/internal/access"
)

// Authenticator says who is asking by the value of an Authorization header. The error is one of package access's.
type Authenticator interface {
	Authenticate(ctx context.Context, authorization string) (*access.Principal, error)
}

// The codes of those who are not let in.
const (
	codeUnauthenticated = "UNAUTHENTICATED"
	codeForbidden       = "FORBIDDEN"
	codeUnavailable     = "AUTHENTICATION_UNAVAILABLE"
)

// turnedAway is how a caller who is not let in is answered.
type turnedAway struct {
	status    int
	code      string
	challenge string // RFC 6750
}

var turnedAwayFor = map[error]turnedAway{
	access.ErrMissing:     {http.StatusUnauthorized, codeUnauthenticated, ""},
	access.ErrMalformed:   {http.StatusBadRequest, codeUnauthenticated, `error="invalid_request"`},
	access.ErrInvalid:     {http.StatusUnauthorized, codeUnauthenticated, `error="invalid_token"`},
	access.ErrExpired:     {http.StatusUnauthorized, codeUnauthenticated, `error="invalid_token"`},
	access.ErrForbidden:   {http.StatusForbidden, codeForbidden, `error="insufficient_scope", scope="` + access.ScopeRead + `"`},
	access.ErrUnavailable: {http.StatusServiceUnavailable, codeUnavailable, ""},
}

// shown is what a caller shows of themselves: in headers, or where a browser cannot set those, in the first message of a WebSocket.
type shown struct {
	authorization string
	malformed     bool              // there is an Authorization, but not one
	worksection   connectors.Secret // their own token there
}

// shownBy takes one Authorization header: of several, nobody could say which counts.
func shownBy(r *http.Request) shown {
	s := shown{worksection: connectors.Secret(strings.TrimSpace(r.Header.Get(access.WorksectionHeader)))}
	switch given := r.Header["Authorization"]; len(given) {
	case 0:
	case 1:
		s.authorization, s.malformed = given[0], given[0] == ""
	default:
		s.malformed = true
	}
	return s
}

// letIn says who asks by what they show, and gives the context in which whoever is behind the door knows it. Without an authenticator everyone may
// do everything.
func (d *door) letIn(ctx context.Context, s shown) (context.Context, *access.Principal, *refusal) {
	p, err := d.everyone, error(nil)
	switch {
	case d.access == nil:
	case s.malformed:
		err = access.ErrMalformed
	default:
		p, err = d.access.Authenticate(ctx, s.authorization)
	}
	if err != nil {
		return ctx, nil, turnAway(err)
	}
	return access.WithWorksectionToken(access.NewContext(ctx, p), s.worksection), p, nil
}

// askIssuerAgain is when to come back where tokens cannot be checked.
const askIssuerAgain = 10 * time.Second

// turnAway says why somebody is not let in. Of an error that is none of access's, nothing is said.
func turnAway(err error) *refusal {
	for is, how := range turnedAwayFor {
		if !errors.Is(err, is) {
			continue
		}
		e := &refusal{status: how.status, code: how.code, message: is.Error()}
		switch {
		case how.status == http.StatusServiceUnavailable:
			e.retryAfter = askIssuerAgain
		case how.challenge == "":
			e.challenge = `Bearer realm="roster"`
		default:
			e.challenge = `Bearer realm="roster", ` + how.challenge + `, error_description="` + is.Error() + `"`
		}
		return e
	}
	return turnAway(access.ErrInvalid)
}
