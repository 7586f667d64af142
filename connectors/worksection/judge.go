package worksection

import (
	"net/http"
	"regexp"
	"slices"
	"strings"
	"time"

	"roster/connectors"
	"roster/connectors/decode"
	"roster/connectors/rest"
)

// pause is the pause after "too many requests" without a time. The window of the vendor is one second.
const pause = 2 * time.Second

// codeExpired is the code of a 401 after which a new token helps. The vendor has no number for it.
const codeExpired = "token_expired"

// tooManyRows matches "Too many tasks (10000 max)". Unlike "Too many requests", this does not go away after a pause.
var tooManyRows = regexp.MustCompile(`\d\s*max`)

// judge returns what a reply means. Worksection reports most failures in the body of an HTTP 200, by a number that is not unique and a
// message in English.
//
// https://worksection.com/en/faq/api-start.html
func judge(r *rest.Response) *connectors.Error {
	body, err := r.Document()
	if r.Status != http.StatusOK {
		e := judgeStatus(r)
		if err == nil {
			e.Code = code(body)
			if e.Kind == connectors.KindUnauthorized && expired(body) {
				e.Code, e.Detail = codeExpired, "the access token has expired"
			}
		}
		return e
	}
	if err != nil {
		return connectors.AsError("", err)
	}
	switch body.Text("status") {
	case "ok":
		return nil
	case "error":
		return judgeBody(r, body)
	}
	return r.Fail(connectors.KindBadResponse, "the answer says neither ok nor error")
}

// expired reports whether the message has the words by which the vendor's own clients recognise an expired token.
func expired(body decode.Value) bool {
	const words = "token is expired"
	return strings.Contains(strings.ToLower(body.Text("message")), words) || strings.Contains(strings.ToLower(body.Text("errorDescription")), words)
}

// judgeStatus returns the meaning of an answer that is not from the API itself, but from a server in front of it.
func judgeStatus(r *rest.Response) *connectors.Error {
	e := r.Fail(rest.StatusKind(r.Status), "")
	switch {
	case e.Kind == connectors.KindRateLimited:
		e.RetryAfter = retryAfter(r)
	case e.Kind == connectors.KindUnauthorized:
		e.Detail = "the credential is not accepted; check api_key or oauth"
	case e.Kind == connectors.KindNotFound:
		e.Detail = "check url"
	case r.Status >= 300 && r.Status < 400:
		e.Detail = "it redirects elsewhere, which is not followed; check url"
	}
	return e
}

// judgeBody returns the meaning of the vendor's own error. It searches the message only for "too many", which has no documented number.
func judgeBody(r *rest.Response, body decode.Value) *connectors.Error {
	e := r.Fail(connectors.KindInvalid, "")
	e.Code = code(body)
	if text := strings.ToLower(body.Text("message")); strings.Contains(text, "too many") {
		if tooManyRows.MatchString(text) {
			e.Kind, e.Detail = connectors.KindUnsupported, "the list is longer than the source can give"
		} else {
			e.Kind, e.RetryAfter = connectors.KindRateLimited, retryAfter(r)
		}
		return e
	}
	e.Input = atFault(e.Code, text(body, "message_details"))
	switch e.Code {
	case "2":
		e.Kind, e.Detail = connectors.KindUnauthorized, "the signature was not accepted; check api_key"
	case "20": // known from clients, not from the documentation
		e.Kind = connectors.KindForbidden
	case "30": // likewise
		e.Kind = connectors.KindNotFound
	case "4", "5", "6", "7", "8", "10", "11", "12", "13", "14", "16":
		// The request was wrong. One number has several meanings, so there is no detail.
	default:
		e.Kind, e.Detail = connectors.KindBadResponse, "an error that this program does not know"
	}
	return e
}

// atFault returns the vendor's name of the invalid parameter, if it is one of parameters; otherwise empty. With code 10 the details have the name,
// with code 11 they have the address itself.
func atFault(code, details string) string {
	switch code {
	case "5":
		return "id_task"
	case "10":
		if slices.Contains(parameters, details) {
			return details
		}
	case "11":
		return "email"
	}
	return ""
}

// parameters are the parameters of writes.
var parameters = []string{
	"email", "first_name", "last_name", "title", "group", "department", "role", "client", "name", "phone", "phone2", "phone3", "phone4", "address",
	"address2", "id_task", "email_user",
}

// code returns the number of the error; empty if it is not a small number. It is shown and logged.
func code(body decode.Value) string {
	c := body.Text("status_code")
	if len(c) > 4 || strings.Trim(c, "0123456789") != "" {
		return ""
	}
	return c
}

func retryAfter(r *rest.Response) time.Duration {
	if d := r.RetryAfter(); d > 0 {
		return d
	}
	return pause
}
