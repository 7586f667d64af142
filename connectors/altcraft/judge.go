package altcraft

import (
	"net/http"
	"strconv"

	"roster/connectors"
	"roster/connectors/rest"
)

// maxCode keeps what is shown as a code to what can be one.
const maxCode = 999_999

// judge returns what a reply means. Success is a 2xx status, and the form that was asked for, and an error field of 0, all three: the vendor puts
// its verdict in the body, yet proxies and the platform itself are known to answer with other statuses, HTML, or nothing at all. The
// Content-Type does not count, because the body itself shows what it is. The error_text is never looked at: its wording is no contract.
func (f *form) judge(r *rest.Response) *connectors.Error {
	if r.Status >= 300 && r.Status < 400 {
		return r.Fail(connectors.KindBadResponse, "it redirects elsewhere, which is never followed; check url")
	}
	answer, decodeErr := f.decode(r)
	if decodeErr == nil && !answer.IsObject() {
		decodeErr = r.Fail(connectors.KindBadResponse, "not what was expected of an answer")
	}
	code, coded := errorCode(answer)
	if decodeErr != nil {
		// Nobody says in which form a request is refused whose wish was not read yet. A refusal counts in either, a success does not.
		if other, err := f.other().decode(r); err == nil {
			if c, ok := errorCode(other); ok && c != 0 {
				code, coded, decodeErr = c, true, nil
			}
		}
	}
	if r.Status >= 200 && r.Status < 300 {
		switch {
		case decodeErr != nil:
			return connectors.AsError("", decodeErr)
		case !coded:
			// The official mobile SDK takes a missing code into account; silence is no success.
			return r.Fail(connectors.KindBadResponse, "the answer has no error code to tell success from failure")
		case code == 0:
			return nil
		}
	}
	kind, known := codeKind(code)
	// "Too many" is obeyed whatever else the reply says: ignoring it makes things worse.
	if !known || r.Status == http.StatusTooManyRequests {
		kind = statusKind(r.Status)
	}
	e := r.Fail(kind, advice(kind))
	if code > 0 && code <= maxCode {
		e.Code = strconv.Itoa(code)
	}
	if kind == connectors.KindRateLimited || kind == connectors.KindUnavailable {
		e.RetryAfter = r.RetryAfter()
	}
	return e
}

// codeKind returns the meaning of a code in the body. Known is false for 0 and for every code that the vendor does not explain.
func codeKind(code int) (kind connectors.ErrorKind, known bool) {
	switch code {
	case 400:
		return connectors.KindInvalid, true
	case 401:
		return connectors.KindUnauthorized, true
	case 403:
		return connectors.KindForbidden, true
	case 404:
		return connectors.KindNotFound, true
	case 402, 429: // 402: the tariff's limit is reached
		return connectors.KindRateLimited, true
	}
	return connectors.KindUnavailable, code >= 500 && code <= 599
}

// statusKind returns the meaning of the HTTP status where the body's code has none. A success with an unexplained code is a bad response.
func statusKind(status int) connectors.ErrorKind {
	if status == http.StatusPaymentRequired {
		return connectors.KindRateLimited
	}
	return rest.StatusKind(status)
}

func advice(kind connectors.ErrorKind) string {
	switch kind {
	case connectors.KindUnauthorized:
		return "check token; it must be an admin token, made in the administration panel"
	case connectors.KindForbidden:
		return "the token may not list users; it must be an admin token, not one of an account's own"
	case connectors.KindNotFound:
		return "check url and account_id"
	case connectors.KindInvalid:
		return "check account_id"
	case connectors.KindRateLimited:
		return "too many calls, or the tariff's limit is reached"
	case connectors.KindBadResponse:
		return "a code that the vendor does not explain"
	}
	return ""
}
