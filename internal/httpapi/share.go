package httpapi

import (
	"net/http"

	"roster/internal/admission"
	"roster/internal/bounds"
)

// leastStreams is how many streams every caller may have open: a WebSocket with one subscription.
const leastStreams = 2

// sizes gives how much there is of each resource that callers share.
func (l *Limits) sizes() (sizes [admission.NumResources]int) {
	sizes[admission.Operations] = l.Operations
	sizes[admission.Cost] = l.RunningCost
	sizes[admission.LargeBodies] = largeBodies
	sizes[admission.AnswerBytes] = l.PendingAnswerBytes
	sizes[admission.Streams] = l.Streams
	return sizes
}

// unnamed returns how much of each resource all anonymous callers may hold together.
func (l *Limits) unnamed() (most [admission.NumResources]int) {
	for r, size := range l.sizes() {
		if size > 0 {
			most[r] = max(1, size*l.AnonymousShare/100)
		}
	}
	return most
}

// share gives how much of a resource one caller may hold.
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
	default:
		return max(part(l.Streams), leastStreams)
	}
}

// hold gives a caller's hold on a resource.
func (d *door) hold(r admission.Resource, g *guest) admission.Hold {
	return d.gate.Pool(r).Hold(g.counted, d.limits.share(r))
}

// resourceNames are the names of the resources, as the limits call them.
var resourceNames = [admission.NumResources]string{
	admission.Operations: "operations", admission.Cost: "running_cost", admission.LargeBodies: "large_bodies", admission.AnswerBytes: "pending_answer_bytes",
	admission.Streams: "streams",
}

// Use is how much of a resource is in use.
type Use struct {
	// Limit is the name of the limit that says how much there is.
	Limit string
	admission.PoolStats
}

// UsesOf tells how much of each resource callers hold.
func UsesOf(gate *admission.Limiter) []Use {
	uses := make([]Use, 0, len(resourceNames))
	for r, name := range resourceNames {
		uses = append(uses, Use{name, gate.Pool(admission.Resource(r)).Stats()})
	}
	return uses
}

// full says why a caller cannot hold more of a resource; nil where they can. What is full by one caller alone is that caller's to mend; what is full by
// all is not.
func (d *door) full(r admission.Resource, by admission.Full) *refusal {
	if by == admission.Free {
		return nil
	}
	if by == admission.CallerAt {
		share := d.limits.share(r)
		var e *refusal
		if r == admission.Operations {
			e = exceeded("caller_operations", share, -1, "%d operations of this caller are under way, which is the limit", share)
		} else {
			e = exceeded("caller_share", share, -1, ofCaller[r]+", which is the share of one caller", share)
			e.more["of"] = resourceNames[r]
		}
		return e.withStatus(http.StatusTooManyRequests).retryIn(again)
	}
	if by == admission.UnnamedAt {
		e := exceeded("anonymous_share", d.limits.unnamed()[r], -1, ofUnnamed, d.limits.AnonymousShare, resourceNames[r])
		e.more["of"] = resourceNames[r]
		return e.withStatus(http.StatusServiceUnavailable).retryIn(again)
	}
	size := d.limits.sizes()[r]
	return exceeded(resourceNames[r], size, -1, ofAll[r], size).withStatus(http.StatusServiceUnavailable).retryIn(again)
}

// What is full, by all anonymous callers.
const ofUnnamed = "callers without a key or token hold %d percent of %s together, which is their share: ask again, or show a key or token"

// What is full, by one caller and by all.
var (
	ofCaller = [admission.NumResources]string{
		admission.Cost:        "the operations of this caller that are under way may cost %d together",
		admission.LargeBodies: "%d requests of this caller with more than 65536 bytes may be read at a time",
		admission.AnswerBytes: "the answers to this caller that are made, or wait to be read, may have %d bytes together",
		admission.Streams:     "%d WebSockets and subscriptions of this caller may be open",
	}
	ofAll = [admission.NumResources]string{
		admission.Operations:  "%d operations are under way, which is the limit of this server",
		admission.Cost:        "the operations under way cost as much together as they may, which is %d",
		admission.LargeBodies: "%d requests of more than 65536 bytes are being read, which is the limit",
		admission.AnswerBytes: "the answers that are made, or wait to be read, have as many bytes together as they may, which is %d",
		admission.Streams:     "%d WebSockets and subscriptions are open, which is the limit of this server",
	}
)
