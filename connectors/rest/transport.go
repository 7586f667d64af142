package rest

import (
	"errors"
	"net/http"
	"net/url"

	"roster/connectors"
	"roster/connectors/upstream"
)

// transportError describes why an answer is missing or cut, in Roster's own words.
func transportError(err error) *connectors.Error {
	if u, ok := errors.AsType[*url.Error](err); ok {
		err = u.Err
	}
	e := upstream.NetworkError(err)
	if errors.Is(err, http.ErrSchemeMismatch) {
		e.Detail = "it does not speak TLS; check the scheme in url"
	}
	return e
}

// final reports whether the same request would fail again: the source has refused it, the answer is too large, or there is no TLS.
func final(e *connectors.Error) bool {
	return errors.Is(e.Err, errBound) || errors.Is(e.Err, http.ErrSchemeMismatch) || e.Status >= 300 && e.Status < http.StatusInternalServerError
}
