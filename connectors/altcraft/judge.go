package altcraft

import (
	"net/http"
	"strconv"

	"roster/connectors"
	"roster/connectors/rest"
)

// maxCode is the largest number that is shown as a code.
const maxCode = 999_999

// judge returns what an answer means. Success needs a 2xx status, the requested format and an error field of 0. The vendor reports errors in the
// body, but proxies and the platform also answer with other statuses, HTML or an empty body. The Content-Type does not matter, because the body
// shows its format. The text in error_text is not used, because it is not documented.
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
		// It is not documented in which format a request is refused before its format is read. So a refusal is accepted in both formats.
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
			// A missing code is no success. The official mobile SDK expects that it may be missing.
			return r.Fail(connectors.KindBadResponse, "the answer has no error code to tell success from failure")
		case code == 0:
			return nil
		}
	}
	kind, known := codeKind(code)
	// "Too many" applies whatever else the answer says, because further calls would prolong it.
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

// codeKind returns the meaning of a code in the body. Known is false for 0 and for undocumented codes.
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
	case 402, 429: // 402: the limit of the plan is reached
		return connectors.KindRateLimited, true
	}
	return connectors.KindUnavailable, code >= 500 && code <= 599
}

// statusKind returns the meaning of the HTTP status if the code has none. A 2xx status with an undocumented code is a bad response.
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
