package limit

import (
	"context"
	"time"

	"roster/connectors"
)

// SharedBudgets keeps budgets for all replicas together. Limits asks it only for calls that this process's own count allows. It is safe for
// concurrent use.
type SharedBudgets interface {
	// Acquire requests a call. It bounds its own time, and always decides: if the shared budgets cannot be read, it decides what this
	// replica may do by itself.
	Acquire(ctx context.Context, request Request) Decision
	// Release reports the end of a granted call. It does not wait.
	Release(request Request, answered bool)
	// Pause tells the other replicas that a source asks for a pause. It does not wait.
	Pause(key string, p Pause)
	// Resume ends such a pause. It waits for a short time at most.
	Resume(key string)
}

// Request is a request for a call.
type Request struct {
	// ID names the request, also when it is repeated.
	ID      string
	Budgets []connectors.Budget
	// Within is how long the call takes at most.
	Within time.Duration
	// Urgent is true if somebody waits for the call.
	Urgent bool
}

// Decision is the answer to a request.
type Decision struct {
	Granted bool
	// On is the index of the budget that does not allow the call, and Wait for how long at least.
	On   int
	Wait time.Duration
	// Pause is set if the reason is that the source asks for a pause.
	Pause *Pause
}

// Pause is a pause that a source asks for.
type Pause struct {
	For     time.Duration
	Blocked bool
	// Status is the HTTP status that came with it.
	Status int
	// Source is the source whose call was answered so, by its name in the configuration.
	Source string
}
