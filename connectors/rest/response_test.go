package rest_test

import (
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"roster/connectors"
	"roster/connectors/rest"
)

func TestStatusKind(t *testing.T) {
	t.Parallel()
	tests := map[int]connectors.ErrorKind{
		204: connectors.KindBadResponse, 302: connectors.KindBadResponse, 304: connectors.KindBadResponse,
		400: connectors.KindInvalid, 401: connectors.KindUnauthorized, 403: connectors.KindForbidden, 404: connectors.KindNotFound,
		405: connectors.KindUnsupported, 408: connectors.KindTimeout, 409: connectors.KindConflict, 410: connectors.KindNotFound,
		418: connectors.KindInvalid, 422: connectors.KindInvalid, 429: connectors.KindRateLimited,
		500: connectors.KindUnavailable, 501: connectors.KindUnsupported, 502: connectors.KindUnavailable, 503: connectors.KindUnavailable,
		504: connectors.KindTimeout, 599: connectors.KindUnavailable,
	}
	for status, want := range tests {
		if got := rest.StatusKind(status); got != want {
			t.Errorf("%d means %q, want %q", status, got, want)
		}
	}
}

func TestIsJSON(t *testing.T) {
	t.Parallel()
	tests := map[string]bool{
		"application/json": true, "application/json; charset=utf-8": true, "Application/JSON": true, "application/hal+json": true,
		"application/problem+json": true, "text/html": false, "text/json": false, "application/jsonp": false, "": false, ";": false,
	}
	for header, want := range tests {
		r := &rest.Response{Header: http.Header{"Content-Type": {header}}}
		if got := r.IsJSON(); got != want {
			t.Errorf("%q: %v, want %v", header, got, want)
		}
	}
}

func TestRetryAfter(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		now := time.Now().UTC()
		tests := map[string]time.Duration{
			"": 0, "7": 7 * time.Second, "0": 0, "-7": 0, "soon": 0, "1.5": 0, "9999999999": 24 * time.Hour,
			now.Add(time.Minute).Format(http.TimeFormat):     time.Minute,
			now.Add(-time.Minute).Format(http.TimeFormat):    0,
			now.Add(999 * time.Hour).Format(http.TimeFormat): 24 * time.Hour,
		}
		for header, want := range tests {
			r := &rest.Response{Header: http.Header{"Retry-After": {header}}}
			if got := r.RetryAfter(); got != want {
				t.Errorf("%q: %s, want %s", header, got, want)
			}
		}
	})
}

func TestDocumentTellsWhereTheFaultLies(t *testing.T) {
	t.Parallel()
	tests := map[string]struct{ body, want string }{
		"cut off":       {`{"id":"1","age":3`, "not JSON, or cut off, at byte 17"},
		"a page":        {`<html>canary</html>`, "not JSON, or cut off, at byte 1"},
		"nothing":       {``, "not JSON, or cut off, at byte 0"},
		"more after it": {`{} canary`, "not JSON, or cut off, at byte 4"},
		"a mark alone":  {"\ufeff", "not JSON, or cut off, at byte 0"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := &rest.Response{Status: 200, Body: []byte(tt.body)}
			for range 2 { // it is read once, and told as often as it is asked for
				_, err := r.Document()
				if !connectors.IsKind(err, connectors.KindBadResponse) {
					t.Fatalf("got %v", err)
				}
				if want := "answer not understood, HTTP 200: " + tt.want; err.Error() != want {
					t.Errorf("got %q, want %q", err, want)
				}
				// Whoever does print the cause, for want of better knowledge, must not crash.
				_ = connectors.AsError("", err).Err.Error()
			}
		})
	}
}
