package httpapi

import (
	"net/http"
	"time"

	"roster/internal/admission"
)

// again is when to ask again where too much is under way: most of it is over by then.
const again = time.Second

// place is what an operation takes up while it runs.
type place struct {
	door  *door
	guest guest
	gate  *admission.Gate // that it has come in by
	held  admission.Held  // what that gate has given
	cost  int             // that the gate counts
}

// enter lets an operation of a caller begin. Where it does, it has to leave.
func (d *door) enter(g guest) (*place, *refusal) {
	held, by := d.gate.Acquire(g.counted)
	if e := d.full(by, ""); e != nil {
		return nil, e
	}
	return &place{door: d, guest: g, gate: d.gate, held: held}, nil
}

// endure makes it the place of a subscription. As many of these as of others may be under way, counted apart: most of the time they wait, and must keep
// no query out.
func (p *place) endure() *refusal {
	held, by := p.door.endless.Acquire(p.guest.counted)
	if e := p.door.full(by, "that are subscriptions "); e != nil {
		return e
	}
	p.held.Release()
	p.gate, p.held = p.door.endless, held
	return nil
}

// take has the operation run for what it costs, beside all others.
func (p *place) take(cost int) *refusal {
	if !p.gate.Take(cost) {
		maximum := p.door.limits.RunningCost
		return exceeded("running_cost", maximum, -1, "the operations under way cost as much together as they may, which is %d", maximum).
			withStatus(http.StatusServiceUnavailable).retryIn(again)
	}
	p.cost += cost
	return nil
}

func (p *place) leave() {
	p.gate.Give(p.cost)
	p.held.Release()
}

// full says by which bound an operation is kept out; nil for none.
func (d *door) full(by admission.Full, of string) *refusal {
	switch by {
	case admission.CallerAt:
		n := d.limits.CallerOperations
		return exceeded("caller_operations", n, -1, "%d operations %sof this caller are under way, which is the limit", n, of).
			withStatus(http.StatusTooManyRequests).retryIn(again)
	case admission.AllAt:
		n := d.limits.Operations
		return exceeded("operations", n, -1, "%d operations %sare under way, which is the limit of this server", n, of).
			withStatus(http.StatusServiceUnavailable).retryIn(again)
	case admission.Free:
	}
	return nil
}
