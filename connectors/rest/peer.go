package rest

import (
	"crypto/tls"
	"net/http"
	"time"
)

// date is the source's clock by the header of that name; zero if there is none.
func (r *Response) date() time.Time {
	t, err := http.ParseTime(r.Header.Get("Date"))
	if err != nil {
		return time.Time{}
	}
	return t
}

// certExpiry is when the first of the certificates ends that the other side has shown; zero without any.
func certExpiry(state *tls.ConnectionState) time.Time {
	var first time.Time
	if state == nil {
		return first
	}
	for _, c := range state.PeerCertificates {
		if first.IsZero() || c.NotAfter.Before(first) {
			first = c.NotAfter
		}
	}
	return first
}
