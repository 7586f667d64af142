package rest

import (
	"bytes"
	"encoding/json"
	"errors"
	"mime"
	"net/http"
	"strconv"
	"strings"
	"time"

	"roster/connectors"
	"roster/connectors/decode"
)

// Fail makes an error about this reply.
func (r *Response) Fail(kind connectors.ErrorKind, detail string) *connectors.Error {
	return &connectors.Error{Source: r.source, Op: r.op, Kind: kind, Status: r.Status, Detail: detail}
}

// Document reads the whole body as JSON, once however often it is asked for. The error is a *connectors.Error of KindBadResponse and tells where
// the fault lies, but nothing of what stands there.
func (r *Response) Document() (decode.Value, error) {
	if r.document == nil {
		v, err := decode.JSON(r.Body)
		r.document = &document{v, err}
	}
	if r.document.err == nil {
		return r.document.value, nil
	}
	detail := "not JSON"
	if e, ok := errors.AsType[*json.SyntaxError](r.document.err); ok {
		detail = "not JSON, or cut off, at byte " + strconv.FormatInt(e.Offset, 10)
	}
	e := r.Fail(connectors.KindBadResponse, detail)
	e.Err = r.document.err
	return decode.Value{}, e
}

// document is what a body was read as.
type document struct {
	value decode.Value
	err   error
}

// Rows returns the rows of a list of the answer; see decode.Value.Rows. The error is for more of them than a collection of the source may have.
func (r *Response) Rows(list decode.Value, key string) (rows []decode.Value, ok bool, err error) {
	most := connectors.Bounds{Rows: r.maxRows}.OrDefault().Rows
	rows, more, ok := list.Rows(key, most)
	if more {
		return nil, false, r.Fail(connectors.KindBadResponse, connectors.DetailTooManyRows(most))
	}
	return rows, ok, nil
}

// Unexpected is the error for a field of another type than can be read, where nothing can be made of the answer without it.
func (r *Response) Unexpected(field string) *connectors.Error {
	return r.Fail(connectors.KindBadResponse, "unexpected type in field "+field)
}

// IsJSON reports whether the reply calls itself JSON, as application/json or with a suffix as in application/hal+json.
func (r *Response) IsJSON() bool {
	t, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	return err == nil && (t == "application/json" || strings.HasSuffix(t, "+json"))
}

// isPage reports whether the reply is a web page, whatever it calls itself.
func (r *Response) isPage() bool {
	head := bytes.ToLower(bytes.TrimLeft(r.Body[:min(len(r.Body), 256)], "\xef\xbb\xbf \t\r\n"))
	if bytes.HasPrefix(head, []byte("<!doctype html")) || bytes.HasPrefix(head, []byte("<html")) {
		return true
	}
	t, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	return err == nil && t == "text/html"
}

// StatusKind returns the usual meaning of an HTTP status that is not a success. A redirect is a bad response: none is followed.
func StatusKind(status int) connectors.ErrorKind {
	switch status {
	case http.StatusUnauthorized:
		return connectors.KindUnauthorized
	case http.StatusForbidden:
		return connectors.KindForbidden
	case http.StatusNotFound, http.StatusGone:
		return connectors.KindNotFound
	case http.StatusConflict:
		return connectors.KindConflict
	case http.StatusRequestTimeout, http.StatusGatewayTimeout:
		return connectors.KindTimeout
	case http.StatusTooManyRequests:
		return connectors.KindRateLimited
	case http.StatusNotImplemented, http.StatusMethodNotAllowed:
		return connectors.KindUnsupported
	}
	switch {
	case status >= 500:
		return connectors.KindUnavailable
	case status >= 400:
		return connectors.KindInvalid
	}
	return connectors.KindBadResponse
}

// RetryAfter reads the header of that name, in seconds or as a date; 0 if there is none or it is past.
func (r *Response) RetryAfter() time.Duration {
	h := r.Header.Get("Retry-After")
	if s, err := strconv.Atoi(h); err == nil {
		return max(0, time.Duration(min(s, 86400))*time.Second)
	}
	if t, err := http.ParseTime(h); err == nil {
		return max(0, min(time.Until(t), 24*time.Hour))
	}
	return 0
}
