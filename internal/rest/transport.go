package rest

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"syscall"

	"roster/connectors"
)

// transportError says in our own words why no whole answer came. The cause's text is never printed: it holds the URL, and the URL may hold
// a signature.
func transportError(err error) *connectors.Error {
	if u, ok := errors.AsType[*url.Error](err); ok {
		err = u.Err
	}
	e := &connectors.Error{Kind: connectors.KindUnavailable, Err: err}
	var netErr net.Error
	switch {
	case errors.Is(err, context.Canceled):
		e.Kind, e.Detail = connectors.KindTimeout, "given up by the caller"
	case errors.Is(err, context.DeadlineExceeded), errors.As(err, &netErr) && netErr.Timeout():
		e.Kind, e.Detail = connectors.KindTimeout, "no answer in time"
	case isA[*net.DNSError](err):
		e.Detail = "the host name is not known; check url"
	case errors.Is(err, syscall.ECONNREFUSED):
		e.Detail = "connection refused; check url and whether the source is up"
	case isA[*tls.CertificateVerificationError](err), isA[x509.UnknownAuthorityError](err), isA[x509.HostnameError](err):
		e.Detail = "its TLS certificate is not trusted"
	case errors.Is(err, http.ErrSchemeMismatch), isA[tls.RecordHeaderError](err):
		e.Detail = "it does not speak TLS; check the scheme in url"
	case errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, io.EOF), errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE):
		e.Detail = "the connection was cut"
	default:
		e.Detail = "the connection failed"
	}
	return e
}

func isA[E error](err error) bool {
	_, ok := errors.AsType[E](err)
	return ok
}
