package upstream

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"syscall"

	"roster/connectors"
)

// NetworkError describes why an answer is missing or cut. Its text is Roster's own: the text of err may contain an address or a credential.
func NetworkError(err error) *connectors.Error {
	e := &connectors.Error{Kind: connectors.KindUnavailable, Err: err}
	var netErr net.Error
	switch {
	case errors.Is(err, context.Canceled): // nothing is wrong with the source: transient and the breaker exclude this case
		e.Kind, e.Detail = connectors.KindTimeout, "given up by the caller"
	case errors.Is(err, context.DeadlineExceeded), errors.As(err, &netErr) && netErr.Timeout():
		e.Kind, e.Detail = connectors.KindTimeout, "no answer in time"
	case isA[*net.DNSError](err):
		e.Detail = "the host name is not known; check url"
	case errors.Is(err, syscall.ECONNREFUSED):
		e.Detail = "connection refused; check url and whether the source is up"
	case untrusted(err):
		e.Detail = "its TLS certificate is not trusted"
	case isA[tls.RecordHeaderError](err):
		e.Detail = "it does not speak TLS; check the scheme in url"
	case errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, io.EOF), errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE):
		e.Detail = "the connection was cut"
	default:
		e.Detail = "the connection failed"
	}
	return e
}

// untrusted reports whether the source's certificate was not accepted.
func untrusted(err error) bool {
	return isA[*tls.CertificateVerificationError](err) || isA[x509.UnknownAuthorityError](err) || isA[x509.HostnameError](err)
}

func isA[E error](err error) bool {
	_, ok := errors.AsType[E](err)
	return ok
}

// transient reports whether the call may succeed when it is repeated.
func transient(e *connectors.Error) bool {
	switch e.Kind {
	case connectors.KindTimeout:
		return !errors.Is(e.Err, context.Canceled)
	case connectors.KindUnavailable, connectors.KindBadResponse:
		// it depends on the cause
	default:
		return false
	}
	if dns, ok := errors.AsType[*net.DNSError](e.Err); ok && dns.IsNotFound {
		return false
	}
	return !untrusted(e.Err) && !isA[tls.RecordHeaderError](e.Err)
}
