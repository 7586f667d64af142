package httpapi

import (
	"net/http"

	"roster/internal/admission"
	"roster/internal/bounds"
)

// leastStreams is the number of streams that every caller may have: a WebSocket with one subscription.
const leastStreams = 2

// sizes returns the size of each shared resource.
func (l *Limits) sizes() (sizes [admission.NumResources]int) {
	sizes[admission.Operations] = l.Operations
	sizes[admission.Cost] = l.RunningCost
	sizes[admission.LargeBodies] = largeBodies
	sizes[admission.AnswerBytes] = l.PendingAnswerBytes
	sizes[admission.Streams] = l.Streams
	sizes[admission.Exports] = l.Exports
	return sizes
}

// anonymous returns how much of each resource all anonymous callers may hold together.
func (l *Limits) anonymous() (most [admission.NumResources]int) {
	for r, size := range l.sizes() {
		if size > 0 {
			most[r] = max(1, size*l.AnonymousShare/100)
		}
	}
	return most
}

// share returns how much of a resource one caller may hold.
func (l *Limits) share(r admission.Resource) int {
	part := func(size int) int { return max(1, size*l.CallerShare/100) }
	switch r {
	case admission.Operations:
		return l.CallerOperations
	case admission.Cost:
		return part(l.RunningCost)
	case admission.LargeBodies:
		return part(largeBodies)
	case admission.AnswerBytes:
		return max(part(l.PendingAnswerBytes), l.AnswerBytes+l.Errors*bounds.BytesOfError)
	case admission.Exports:
		return part(l.Exports)
	default:
		return max(part(l.Streams), leastStreams)
	}
}

// hold returns a caller's hold on a resource.
func (h *handler) hold(r admission.Resource, c *caller) admission.Hold {
	return h.limiter.Pool(r).Hold(c.counted, h.limits.share(r))
}

// resourceNames are the names of the resources' limits.
var resourceNames = [admission.NumResources]string{
	admission.Operations: "operations", admission.Cost: "running_cost", admission.LargeBodies: "large_bodies", admission.AnswerBytes: "pending_answer_bytes",
	admission.Streams: "streams", admission.Exports: "exports",
}

// ResourceStats is the use of a resource.
type ResourceStats struct {
	// Limit is the name of the limit that sets the resource's size.
	Limit string
	admission.PoolStats
}

// StatsOf returns the use of each resource.
func StatsOf(limiter *admission.Limiter) []ResourceStats {
	uses := make([]ResourceStats, 0, len(resourceNames))
	for r, name := range resourceNames {
		uses = append(uses, ResourceStats{name, limiter.Pool(admission.Resource(r)).Stats()})
	}
	return uses
}

// refusalOf returns the refusal if a caller cannot hold more of a resource, or nil. The status tells whether the caller's own use is the reason, or that of all
// callers.
func (h *handler) refusalOf(r admission.Resource, by admission.Bound) *refusal {
	if by == admission.NoBound {
		return nil
	}
	if by == admission.CallerBound {
		share := h.limits.share(r)
		var e *refusal
		if r == admission.Operations {
			e = exceeded("caller_operations", share, -1, "%d operations of this caller are under way, which is the limit", share)
		} else {
			e = exceeded("caller_share", share, -1, ofCaller[r]+", which is the share of one caller", share)
			e.more["of"] = resourceNames[r]
		}
		return e.withStatus(http.StatusTooManyRequests).retryIn(retryAfterFull)
	}
	if by == admission.AnonymousBound {
		e := exceeded("anonymous_share", h.limits.anonymous()[r], -1, ofAnonymous, h.limits.AnonymousShare, resourceNames[r])
		e.more["of"] = resourceNames[r]
		return e.withStatus(http.StatusServiceUnavailable).retryIn(retryAfterFull)
	}
	size := h.limits.sizes()[r]
	return exceeded(resourceNames[r], size, -1, ofAll[r], size).withStatus(http.StatusServiceUnavailable).retryIn(retryAfterFull)
}

// The message for a resource that is full because of all anonymous callers.
const ofAnonymous = "callers without a key or token hold %d percent of %s together, which is their share: ask again, or show a key or token"

// The messages for a full resource, because of one caller and because of all.
var (
	ofCaller = [admission.NumResources]string{
		admission.Cost:        "the operations of this caller that are under way may cost %d together",
		admission.LargeBodies: "%d requests of this caller with more than 65536 bytes may be read at a time",
		admission.AnswerBytes: "the answers to this caller that are made, or wait to be read, may have %d bytes together",
		admission.Streams:     "%d WebSockets and subscriptions of this caller may be open",
		admission.Exports:     "%d exports of this caller may run at a time",
	}
	ofAll = [admission.NumResources]string{
		admission.Operations:  "%d operations are under way, which is the limit of this server",
		admission.Cost:        "the operations under way cost as much together as they may, which is %d",
		admission.LargeBodies: "%d requests of more than 65536 bytes are being read, which is the limit",
		admission.AnswerBytes: "the answers that are made, or wait to be read, have as many bytes together as they may, which is %d",
		admission.Streams:     "%d WebSockets and subscriptions are open, which is the limit of this server",
		admission.Exports:     "%d exports are running, which is the limit of this server",
	}
)
