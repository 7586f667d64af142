package httpapi

import (
	"context"
	"math"
	"net/http"
	"net/netip"
	"strconv"
	"time"

	"roster/internal/admission"
)

// Caller is who asks, as far as the way in is concerned.
type Caller struct {
	// Name is what their requests are counted by; empty for nobody in particular: then the address counts that they connect from.
	Name string
	// Expires is until when what they have shown is good; zero for ever.
	Expires time.Time
}

// Authenticate says who asks by the value of Authorization, which is empty where nothing is shown, and gives the context in which they are known to
// what answers them. An error turns them away; its text is not shown.
type Authenticate func(ctx context.Context, authorization string) (context.Context, Caller, error)

const codeUnauthenticated = "UNAUTHENTICATED"

var notAuthenticated = &refusal{status: http.StatusUnauthorized, code: codeUnauthenticated,
	message: "the request shows no credentials in Authorization that are accepted here"}

// guest is a caller, and how they are counted.
type guest struct {
	Caller
	counted admission.Caller
}

// meet finds out who sends a request, by what they show.
func (d *door) meet(ctx context.Context, r *http.Request, authorization string) (context.Context, guest, *refusal) {
	var g guest
	if d.authenticate != nil {
		known, caller, err := d.authenticate(ctx, authorization)
		if err != nil {
			return ctx, g, notAuthenticated
		}
		ctx, g.Caller = known, caller
	}
	if g.counted.Name = g.Name; g.Name == "" {
		if from, err := netip.ParseAddrPort(r.RemoteAddr); err == nil {
			g.counted = admission.At(from.Addr())
		}
	}
	return ctx, g, nil
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

// again is when to ask again where too much is under way: most of it is over by then.
const again = time.Second

// enter lets an operation of a caller begin. Where it does, it has to leave.
func (d *door) enter(g guest) *refusal {
	switch d.gate.Enter(g.counted) {
	case admission.CallerAt:
		return exceeded("caller_operations", d.limits.CallerOperations, -1, "%d operations of this caller are under way, which is the limit",
			d.limits.CallerOperations).withStatus(http.StatusTooManyRequests).retryIn(again)
	case admission.AllAt:
		return exceeded("operations", d.limits.Operations, -1, "%d operations are under way, which is the limit of this server",
			d.limits.Operations).withStatus(http.StatusServiceUnavailable).retryIn(again)
	case admission.Free:
	}
	return nil
}

func (d *door) leave(g guest) { d.gate.Leave(g.counted) }

func seconds(t time.Duration) int { return int(math.Ceil(t.Seconds())) }
