package httpapi

import (
	"time"

	"roster/internal/admission"
)

// again is when to ask again where too much is under way: most of it is over by then.
const again = time.Second

// place is what an operation takes up while it is executed.
type place struct {
	running admission.Hold // among the operations, or for a subscription among the streams
	cost    admission.Hold
}

// enter lets an operation of a caller begin. Where it does, the operation's place is to be left when it has been executed, and its room to be released when
// its last answer has been written.
func (d *door) enter(op *operation, g *guest) *refusal {
	op.place = place{running: d.hold(admission.Operations, g), cost: d.hold(admission.Cost, g)}
	if e := d.full(admission.Operations, op.place.running.Resize(1)); e != nil {
		return e
	}
	op.room = room{door: d, held: d.hold(admission.AnswerBytes, g), request: memoryOfRequest * op.request}
	if !op.room.Resize(0) {
		op.place.leave()
		return op.room.full
	}
	return nil
}

// endure makes it the place of a subscription. Most of the time these wait, and must keep no query out.
func (p *place) endure(d *door, g *guest) *refusal {
	stream := d.hold(admission.Streams, g)
	if e := d.full(admission.Streams, stream.Resize(1)); e != nil {
		return e
	}
	p.running.Release()
	p.running = stream
	return nil
}

// take has the operation run for what it costs, beside all others.
func (p *place) take(d *door, cost int) *refusal {
	return d.full(admission.Cost, p.cost.Resize(cost))
}

// leave says that the operation has been executed. It may be called again.
func (p *place) leave() {
	p.cost.Release()
	p.running.Release()
}

// leastAnswer is what any answer counts: what a request or a message takes up beside it until it has been written.
const leastAnswer = 16 << 10

// memoryOfRequest is how many bytes of memory a byte of a request takes up while its operation waits for data or is executed: its text, its document
// and its variables.
const memoryOfRequest = 4

// room is what an operation takes up from before it is executed until its answer has been written: its request, and its answer.
type room struct {
	door    *door
	held    admission.Hold
	request int      // bytes of memory
	full    *refusal // why there was none
}

// Resize has room for an answer of that length beside the request, and is false where there is none.
func (r *room) Resize(bytes int) bool {
	r.full = r.door.full(admission.AnswerBytes, r.held.Resize(max(leastAnswer, r.request+bytes)))
	return r.full == nil
}

// release says that the answer has been written, or never will be.
func (r *room) release() { r.held.Release() }
