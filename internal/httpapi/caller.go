package httpapi

import (
	"context"
	"math"
	"net/http"
	"net/netip"
	"strconv"
	"sync"
	"time"

	"roster/internal/access"
	"roster/internal/admission"
)

// caller is who sends a request.
type caller struct {
	// counted is the identity by which requests are counted: the name or, for an anonymous caller, the address.
	counted admission.Caller
	// limits are the limits of this caller; nil for the general ones.
	limits *access.Limits
	// expires is when the credentials expire; zero for never.
	expires time.Time
}

// identify authenticates a request and returns its caller. A rejected request counts for its address, which limits attempts to guess credentials.
func (h *handler) identify(ctx context.Context, r *http.Request, s credentials) (context.Context, caller, *refusal) {
	ctx, p, e := h.authenticate(ctx, s)
	if e == nil && p.Method != access.ByNothing {
		return ctx, caller{counted: Named(p.Method, p.Subject), limits: p.Limits, expires: p.Expires}, nil
	}
	var c caller
	if from, err := netip.ParseAddrPort(r.RemoteAddr); err == nil {
		c.counted = admission.At(from.Addr())
	}
	if e != nil {
		if _, tooMany := h.count(c); tooMany != nil {
			e = tooMany
		}
	}
	return ctx, c, e
}

// Named returns the identity of a caller with a name.
func Named(by access.Method, subject string) admission.Caller {
	return admission.Caller{Name: string(by) + " " + subject}
}

// forCaller returns the handler with the limits of one caller. It shares all other state with the original. Callers with the same limits have the same one.
func (h *handler) forCaller(c caller) *handler {
	if c.limits == nil {
		return h
	}
	if known, ok := h.byLimits.Load(*c.limits); ok {
		own, _ := known.(*handler)
		return own
	}
	limited := *h
	limited.byLimits = new(sync.Map)
	for _, l := range [...]struct {
		limit *int
		own   int
	}{
		{&limited.limits.BodyBytes, c.limits.BodyBytes}, {&limited.limits.VariablesBytes, c.limits.VariablesBytes}, {&limited.limits.Cost, c.limits.Cost},
		{&limited.limits.ListItems, c.limits.ListItems}, {&limited.limits.AnswerBytes, c.limits.AnswerBytes},
		{&limited.limits.CallerOperations, c.limits.Operations}, {&limited.limits.CallerShare, c.limits.Share}, {&limited.limits.Requests, c.limits.Requests},
	} {
		if l.own > 0 {
			*l.limit = l.own
		}
	}
	h.byLimits.Store(*c.limits, &limited)
	return &limited
}

// count counts one request of a caller.
func (h *handler) count(c caller) (admission.Rate, *refusal) {
	rate, ok := h.limiter.Count(c.counted)
	if ok {
		return rate, nil
	}
	return rate, exceeded("requests", h.limits.Requests, -1, "more than %d requests in %s: ask again in %d s",
		h.limits.Requests, h.limits.RequestsPer, seconds(rate.RetryAfter)).withStatus(http.StatusTooManyRequests).retryIn(rate.RetryAfter)
}

// setRateHeaders sets the headers of draft-ietf-httpapi-ratelimit-headers. Only a refusal says what the limit is.
func (h *handler) setRateHeaders(headers http.Header, rate admission.Rate) {
	if h.limits.Requests <= 0 {
		return
	}
	b := make([]byte, 0, 32)
	b = append(b, `"caller";r=`...)
	b = strconv.AppendInt(b, int64(rate.Remaining), 10)
	b = append(b, ";t="...)
	b = strconv.AppendInt(b, int64(seconds(rate.Reset)), 10)
	headers["Ratelimit"] = []string{string(b)}
	if rate.RetryAfter > 0 {
		headers["Ratelimit-Policy"] = []string{`"caller";q=` + strconv.Itoa(h.limits.Requests) + ";w=" + strconv.Itoa(seconds(h.limits.RequestsPer))}
	}
}

func seconds(t time.Duration) int { return int(math.Ceil(t.Seconds())) }
