package httpapi

import "time"

// Limits bound what a request may ask. Zero is no value of theirs: where all are zero, those of DefaultLimits hold.
type Limits struct {
	// BodyBytes is how long a request's body, or a message of a WebSocket, may be.
	BodyBytes int
	// OperationTime bounds one operation.
	OperationTime time.Duration
}

// DefaultLimits are those of a configuration that says nothing of them.
func DefaultLimits() Limits {
	return Limits{
		BodyBytes:     1 << 20,
		OperationTime: 15 * time.Second,
	}
}

func (d *door) tooLarge() *refusal {
	return badRequest(413, "the body is larger than the limit of %d bytes", d.limits.BodyBytes)
}

func (d *door) tooSlow() *refusal { return badRequest(408, "the body did not come in time") }

func (d *door) fitVariables([]byte) *refusal { return nil }
