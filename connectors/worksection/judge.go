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

// pause is how long a source is left alone that says "too many" and not for how long. Its window is one second.
const pause = 2 * time.Second

// codeExpired marks the one 401 that another token mends; the vendor has no number for it.
const codeExpired = "token_expired"

// tooManyRows tells "Too many tasks (10000 max)", which waiting does not mend, from "Too many requests", which it does.
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

// expired looks for the words by which the vendor's own clients know an access token's end.
func expired(body decode.Value) bool {
	const words = "token is expired"
	return strings.Contains(strings.ToLower(body.Text("message")), words) || strings.Contains(strings.ToLower(body.Text("errorDescription")), words)
}

// judgeStatus is for what does not come from the interface itself, but from what stands before it.
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

// judgeBody reads the vendor's own error. The text of the message is looked at for "too many" alone: no number is documented for it.
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
	case "20": // known from clients in the field, not from the vendor
		e.Kind = connectors.KindForbidden
	case "30": // likewise
		e.Kind = connectors.KindNotFound
	case "4", "5", "6", "7", "8", "10", "11", "12", "13", "14", "16":
		// The request was wrong: nothing to add, since one number stands for several faults.
	default:
		e.Kind, e.Detail = connectors.KindBadResponse, "an error that this program does not know"
	}
	return e
}

// atFault returns the vendor's name of the parameter that an error is about, from a closed set; empty if it does not say. With 10 the
// details name it, with 11 they hold the address itself.
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

// parameters are those of the calls that change something.
var parameters = []string{
	"email", "first_name", "last_name", "title", "group", "department", "role", "client", "name", "phone", "phone2", "phone3", "phone4", "address",
	"address2", "id_task", "email_user",
}

// code is the error's number, or nothing where it is not a number of the vendor's small ones: it is shown and logged.
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
