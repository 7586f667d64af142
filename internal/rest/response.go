package rest

import (
	"bytes"
	"encoding/json"
	"errors"
	"mime"
	"net/http"
	"reflect"
	"strconv"
	"strings"
	"time"

	"roster/connectors"
)

// Fail makes an error about this reply.
func (r *Response) Fail(kind connectors.ErrorKind, detail string) *connectors.Error {
	return &connectors.Error{Source: r.source, Op: r.op, Kind: kind, Status: r.Status, Detail: detail}
}

// JSON decodes the whole body into v. The error is a *connectors.Error of KindBadResponse and tells where the fault lies, but nothing
// of what stands there.
func (r *Response) JSON(v any) error {
	err := json.Unmarshal(r.Body, v)
	if err == nil {
		return nil
	}
	detail := "not the JSON that was expected"
	if e, ok := errors.AsType[*json.UnmarshalTypeError](err); ok && e.Field != "" {
		detail = "unexpected type in field " + e.Field
	} else if e, ok := errors.AsType[*json.SyntaxError](err); ok {
		detail = "not JSON, or cut off, at byte " + strconv.FormatInt(e.Offset, 10)
	}
	e := r.Fail(connectors.KindBadResponse, detail)
	e.Err = err
	return e
}

// IsJSON says whether the reply calls itself JSON, as application/json or with a suffix as in application/hal+json.
func (r *Response) IsJSON() bool {
	t, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	return err == nil && (t == "application/json" || strings.HasSuffix(t, "+json"))
}

// isPage says whether the reply is a web page, whatever it calls itself.
func (r *Response) isPage() bool {
	head := bytes.ToLower(bytes.TrimLeft(r.Body[:min(len(r.Body), 256)], "\xef\xbb\xbf \t\r\n"))
	if bytes.HasPrefix(head, []byte("<!doctype html")) || bytes.HasPrefix(head, []byte("<html")) {
		return true
	}
	t, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	return err == nil && t == "text/html"
}

// StatusKind gives the usual meaning of an HTTP status that is not a success. A redirect is a bad response: none is followed.
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

// RetryAfter reads the header of that name, in seconds or as a date; 0 where there is none or it is past.
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

// Scalar is a JSON string, number or boolean, kept as text: sources disagree with themselves about which one an ID is. Null gives the
// empty text; anything else is refused.
type Scalar string

// UnmarshalJSON takes any JSON scalar. Numbers keep their digits: none passes through a float.
func (s *Scalar) UnmarshalJSON(b []byte) error {
	switch b[0] {
	case '"':
		var t string
		if err := json.Unmarshal(b, &t); err != nil {
			return err
		}
		*s = Scalar(t)
	case '{', '[':
		return &json.UnmarshalTypeError{Value: "object or array", Type: reflect.TypeFor[Scalar]()}
	case 'n':
		*s = ""
	default:
		*s = Scalar(b)
	}
	return nil
}
