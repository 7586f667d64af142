package kommo

import (
	"net/http"
	"time"

	"roster/connectors"
	"roster/connectors/rest"
)

const (
	detailForbidden = "the token's user lacks the right; users and roles need an administrator"
	detailUnpaid    = "the account is unpaid"
	detailBlocked   = "blocked, after too many calls or by address; its support must lift it"
)

// judge returns what an answer means, by its status and by whether the body is JSON. The texts in it are localised and misleading.
func judge(r *rest.Response) *connectors.Error {
	switch r.Status {
	case http.StatusNoContent: // a list, or the rest of it, is empty
		return nil
	case http.StatusOK, http.StatusCreated, http.StatusAccepted:
		if !r.IsJSON() {
			return r.Fail(connectors.KindBadResponse, "not JSON; is url the account's own address?")
		}
		if _, err := r.Document(); err != nil && len(r.Body) > 0 { // an error here, so that the call is retried
			return connectors.AsError("", err)
		}
		return nil
	case http.StatusUnauthorized:
		return r.Fail(connectors.KindUnauthorized, "the access token is not accepted, or has expired")
	case http.StatusPaymentRequired:
		return r.Fail(connectors.KindUnavailable, detailUnpaid)
	case http.StatusForbidden:
		if isObject(r) {
			return r.Fail(connectors.KindForbidden, detailForbidden)
		}
		// A missing right is reported in JSON. The page of the web server in front means that we are blocked, and more calls prolong the block.
		e := r.Fail(connectors.KindRateLimited, detailBlocked)
		e.Blocked = true
		return e
	case http.StatusNotFound:
		return r.Fail(connectors.KindNotFound, "no such record or endpoint; is url the account's own address?")
	case http.StatusTooManyRequests:
		e := r.Fail(connectors.KindRateLimited, "too many calls")
		e.RetryAfter = retryAfter(r)
		return e
	case http.StatusServiceUnavailable:
		e := r.Fail(connectors.KindUnavailable, "")
		e.RetryAfter = r.RetryAfter()
		return e
	}
	if r.Status >= 300 && r.Status < 400 {
		return r.Fail(connectors.KindBadResponse, "it redirects, which is not followed; the account may have moved, check url")
	}
	return r.Fail(rest.StatusKind(r.Status), "")
}

func isObject(r *rest.Response) bool {
	body, err := r.Document()
	return err == nil && body.IsObject()
}

// retryAfter returns the pause in the body, or else in the header.
func retryAfter(r *rest.Response) time.Duration {
	body, _ := r.Document() // it need not be JSON
	seconds := body.Float("retry_after")
	if seconds == nil || *seconds <= 0 {
		return r.RetryAfter()
	}
	const day = 86400
	return time.Duration(min(*seconds, day) * float64(time.Second))
}
