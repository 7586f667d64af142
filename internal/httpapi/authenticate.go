package httpapi

import (
	"context"
	"errors"
	"net/http"
	"time"

	"roster/internal/access"
)

// Authenticator authenticates by the value of an Authorization header. Its errors are those of package access.
type Authenticator interface {
	Authenticate(ctx context.Context, authorization string) (*access.Principal, error)
}

// The codes of rejected callers.
const (
	codeUnauthenticated = "UNAUTHENTICATED"
	codeForbidden       = "FORBIDDEN"
	codeUnavailable     = "AUTHENTICATION_UNAVAILABLE"
)

// rejection is the response to a rejected caller.
type rejection struct {
	status    int
	code      string
	challenge string // RFC 6750
}

var rejections = map[error]rejection{
	access.ErrMissing:     {http.StatusUnauthorized, codeUnauthenticated, ""},
	access.ErrMalformed:   {http.StatusBadRequest, codeUnauthenticated, `error="invalid_request"`},
	access.ErrInvalid:     {http.StatusUnauthorized, codeUnauthenticated, `error="invalid_token"`},
	access.ErrExpired:     {http.StatusUnauthorized, codeUnauthenticated, `error="invalid_token"`},
	access.ErrForbidden:   {http.StatusForbidden, codeForbidden, `error="insufficient_scope", scope="` + access.ScopeRead + `"`},
	access.ErrUnavailable: {http.StatusServiceUnavailable, codeUnavailable, ""},
}

// credentials are from the headers of a request or, because browsers cannot set those, from the first message of a WebSocket.
type credentials struct {
	authorization string
	malformed     bool // the header is empty or repeated
	tokens        access.SourceTokens
	unread        error // the tokens for sources could not be read
}

// credentialsOf returns the credentials of a request. Several Authorization headers are malformed, because it is unknown which of them is meant.
func credentialsOf(r *http.Request) credentials {
	var s credentials
	s.tokens, s.unread = access.ParseSourceTokens(func(header string) []string { return r.Header[header] })
	switch given := r.Header["Authorization"]; len(given) {
	case 0:
	case 1:
		s.authorization, s.malformed = given[0], given[0] == ""
	default:
		s.malformed = true
	}
	return s
}

// authenticate returns the principal, and a context with it. Without an authenticator everyone has all scopes.
func (h *handler) authenticate(ctx context.Context, s credentials) (context.Context, *access.Principal, *refusal) {
	p, err := h.everyone, error(nil)
	switch {
	case h.access == nil:
	case s.malformed:
		err = access.ErrMalformed
	default:
		p, err = h.access.Authenticate(ctx, s.authorization)
	}
	if err != nil {
		return ctx, nil, reject(err)
	}
	if s.unread != nil {
		return ctx, nil, badRequest(http.StatusBadRequest, "%s", s.unread)
	}
	return access.WithSourceTokens(access.NewContext(ctx, p), s.tokens), p, nil
}

// issuerRetryAfter is the retryAfter while tokens cannot be checked.
const issuerRetryAfter = 10 * time.Second

// reject returns the refusal for an error of authentication. Unknown errors are not shown.
func reject(err error) *refusal {
	for is, how := range rejections {
		if !errors.Is(err, is) {
			continue
		}
		e := &refusal{status: how.status, code: how.code, message: is.Error()}
		switch {
		case how.status == http.StatusServiceUnavailable:
			e.retryAfter = issuerRetryAfter
		case how.challenge == "":
			e.challenge = `Bearer realm="roster"`
		default:
			e.challenge = `Bearer realm="roster", ` + how.challenge + `, error_description="` + is.Error() + `"`
		}
		return e
	}
	return reject(access.ErrInvalid)
}
