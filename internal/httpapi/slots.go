package httpapi

import (
	"time"

	"roster/internal/admission"
)

// retryAfterFull is the retryAfter of a refusal because a resource is full. Most operations end within that time.
const retryAfterFull = time.Second

// slots are the resources that an operation holds while it is executed.
type slots struct {
	running admission.Hold // of operations or, for a subscription, of streams
	cost    admission.Hold
}

// acquire acquires the resources of an operation. If it succeeds, slots must be released after the operation's execution, and memory after its last
// answer has been written.
func (h *handler) acquire(op *operation, c *caller) *refusal {
	op.slots = slots{running: h.hold(admission.Operations, c), cost: h.hold(admission.Cost, c)}
	if e := h.refusalOf(admission.Operations, op.slots.running.Resize(1)); e != nil {
		return e
	}
	op.memory = memory{handler: h, held: h.hold(admission.AnswerBytes, c), request: requestMemoryFactor * op.request}
	if !op.memory.Resize(0) {
		op.slots.release()
		return op.memory.full
	}
	return nil
}

// moveToStreams makes the operation a subscription: it counts as a stream. Subscriptions mostly wait, and must not block queries.
func (p *slots) moveToStreams(h *handler, c *caller) *refusal {
	stream := h.hold(admission.Streams, c)
	if e := h.refusalOf(admission.Streams, stream.Resize(1)); e != nil {
		return e
	}
	p.running.Release()
	p.running = stream
	return nil
}

// acquireCost acquires the operation's cost.
func (p *slots) acquireCost(h *handler, cost int) *refusal {
	return h.refusalOf(admission.Cost, p.cost.Resize(cost))
}

// release releases the resources after the execution. It may be called again.
func (p *slots) release() {
	p.cost.Release()
	p.running.Release()
}

// minAnswerMemory is the memory that is counted at least for an answer, for the request or message with which it is held until it is written.
const minAnswerMemory = 16 << 10

// requestMemoryFactor is the number of bytes of memory for each byte of a request while its operation waits or is executed: text, document and variables.
const requestMemoryFactor = 4

// memory is the memory that an operation holds from before its execution until its answer is written: for its request and its answer.
type memory struct {
	handler *handler
	held    admission.Hold
	request int      // memory of the request in bytes
	full    *refusal // the refusal, if there was not enough
}

// Resize reserves memory for the request and an answer of that length. It returns false if there is not enough.
func (r *memory) Resize(bytes int) bool {
	r.full = r.handler.refusalOf(admission.AnswerBytes, r.held.Resize(max(minAnswerMemory, r.request+bytes)))
	return r.full == nil
}

// release releases the memory after the last answer.
func (r *memory) release() { r.held.Release() }
