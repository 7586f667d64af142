package httpapi

import (
	"context"
	"math"
	"net/http"
	"net/netip"
	"strconv"
	"time"

	"roster/internal/access"
	"roster/internal/admission"
)

// guest is who asks, as far as the way in is concerned.
type guest struct {
	// counted is what their requests are counted by: who they are, or for nobody in particular the address that they connect from.
	counted admission.Caller
	// own are the limits of this caller; nil for those of everybody.
	own *access.Limits
	// expires is until when what they have shown is good; zero for ever.
	expires time.Time
}

// meet finds out who sends a request, by what they show. Whoever is turned away has used up one of the requests of their address, so that nobody
// can go on guessing.
func (d *door) meet(ctx context.Context, r *http.Request, s shown) (context.Context, guest, *refusal) {
	ctx, p, e := d.letIn(ctx, s)
	if e == nil && p.Method != access.ByNothing {
		return ctx, guest{counted: Named(p.Method, p.Subject), own: p.Limits, expires: p.Expires}, nil
	}
	var g guest
	if from, err := netip.ParseAddrPort(r.RemoteAddr); err == nil {
		g.counted = admission.At(from.Addr())
	}
	if e != nil {
		if _, tooMany := d.count(g); tooMany != nil {
			e = tooMany
		}
	}
	return ctx, g, e
}

// Named gives the caller with a name, as they are counted.
func Named(by access.Method, subject string) admission.Caller {
	return admission.Caller{Name: string(by) + " " + subject}
}

// of gives the door as it is for one caller, who may have limits of their own. What is counted and kept is the same for all.
func (d *door) of(g guest) *door {
	if g.own == nil {
		return d
	}
	own := *d
	for _, l := range [...]struct {
		limit *int
		own   int
	}{
		{&own.limits.BodyBytes, g.own.BodyBytes}, {&own.limits.VariablesBytes, g.own.VariablesBytes}, {&own.limits.Cost, g.own.Cost},
		{&own.limits.ListItems, g.own.ListItems}, {&own.limits.AnswerBytes, g.own.AnswerBytes},
		{&own.limits.CallerOperations, g.own.Operations}, {&own.limits.CallerShare, g.own.Share}, {&own.limits.Requests, g.own.Requests},
	} {
		if l.own > 0 {
			*l.limit = l.own
		}
	}
	own.policy = policyOf(own.limits)
	return &own
}

// count takes one request of a caller's rate.
func (d *door) count(g guest) (admission.Rate, *refusal) {
	rate, ok := d.gate.Count(g.counted)
	if ok {
		return rate, nil
	}
	return rate, exceeded("requests", d.limits.Requests, -1, "more than %d requests in %s: ask again in %d s",
		d.limits.Requests, d.limits.RequestsPer, seconds(rate.RetryAfter)).withStatus(http.StatusTooManyRequests).retryIn(rate.RetryAfter)
}

// tellRate sets the headers of draft-ietf-httpapi-ratelimit-headers.
func (d *door) tellRate(h http.Header, rate admission.Rate) {
	if d.limits.Requests <= 0 {
		return
	}
	b := make([]byte, 0, 32)
	b = append(b, `"caller";r=`...)
	b = strconv.AppendInt(b, int64(rate.Remaining), 10)
	b = append(b, ";t="...)
	b = strconv.AppendInt(b, int64(seconds(rate.Reset)), 10)
	h["Ratelimit"] = []string{string(b)}
	h["Ratelimit-Policy"] = d.policy
}

func policyOf(l Limits) []string {
	return []string{`"caller";q=` + strconv.Itoa(l.Requests) + ";w=" + strconv.Itoa(seconds(l.RequestsPer))}
}

func seconds(t time.Duration) int { return int(math.Ceil(t.Seconds())) }
