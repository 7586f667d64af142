package httpapi

import (
	"context"
	"errors"
	"net/http"
	"strings"

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

// door lets in whom auth knows, and says to whoever is behind it who is asking. Without auth everyone may do everything.
func door(next http.Handler, auth Authenticator) http.Handler {
	if auth == nil {
		auth = openDoor{access.Everyone()}
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodOptions { // a browser asks without credentials what it may send
			next.ServeHTTP(w, r)
			return
		}
		p, err := enter(r, auth)
		if err != nil {
			turnAway(w, r, err)
			return
		}
		ctx := access.NewContext(r.Context(), p)
		ctx = access.WithWorksectionToken(ctx, connectors.Secret(strings.TrimSpace(r.Header.Get(access.WorksectionHeader))))
		next.ServeHTTP(w, r.WithContext(ctx))
	})
}

// enter takes one Authorization header: of several, nobody could say which counts.
func enter(r *http.Request, auth Authenticator) (*access.Principal, error) {
	switch given := r.Header.Values("Authorization"); len(given) {
	case 0:
		return auth.Authenticate(r.Context(), "")
	case 1:
		if given[0] == "" {
			return nil, access.ErrMalformed
		}
		return auth.Authenticate(r.Context(), given[0])
	}
	return nil, access.ErrMalformed
}

func turnAway(w http.ResponseWriter, r *http.Request, err error) {
	header(w, mediaType(r.Header.Get("Accept")))
	for is, how := range turnedAwayFor {
		if !errors.Is(err, is) {
			continue
		}
		switch {
		case how.status == http.StatusServiceUnavailable:
			w.Header().Set("Retry-After", "10")
		case how.challenge == "":
			w.Header().Set("WWW-Authenticate", `Bearer realm="roster"`)
		default:
			w.Header().Set("WWW-Authenticate", `Bearer realm="roster", `+how.challenge+`, error_description="`+err.Error()+`"`)
		}
		refuse(w, how.status, how.code, err.Error())
		return
	}
	refuse(w, http.StatusUnauthorized, codeUnauthenticated, access.ErrInvalid.Error())
}

// openDoor lets everyone in as one and the same.
type openDoor struct{ everyone *access.Principal }

// Authenticate does not look at credentials: there are none to know.
func (d openDoor) Authenticate(context.Context, string) (*access.Principal, error) {
	return d.everyone, nil
}
