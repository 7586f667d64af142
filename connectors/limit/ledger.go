package limit

import (
	"context"
	"time"

	"roster/connectors"
)

// Ledger keeps budgets for all replicas together. It is asked only for calls that this process's own account of the budgets allows. Safe
// for concurrent use.
type Ledger interface {
	// Ask asks for a call. It bounds its own time, and gives an answer always: where the ledger cannot be read, it says what this replica
	// may do by itself.
	Ask(ctx context.Context, ask Ask) Verdict
	// Settle says that a call which was granted is over. It does not wait.
	Settle(ask Ask, answered bool)
	// Pause tells the others that a source wants to be left alone. It does not wait.
	Pause(key string, p Pause)
	// Resume ends what Pause has told. It waits for a short while at most.
	Resume(key string)
}

// Ask is a wish for a call.
type Ask struct {
	// ID names the wish; one that is asked again keeps it.
	ID      string
	Budgets []connectors.Budget
	// Within is how long the call takes at most.
	Within time.Duration
	// Urgent says that somebody waits for it.
	Urgent bool
}

// Verdict is what a ledger says to a wish.
type Verdict struct {
	Granted bool
	// On is the budget that speaks against it, and Wait for how long at least.
	On   int
	Wait time.Duration
	// Pause is set where that is because the source wants to be left alone.
	Pause *Pause
}

// Pause is a source's wish to be left alone.
type Pause struct {
	For     time.Duration
	Blocked bool
	// Status is the HTTP status that came with it.
	Status int
	// Source is whose call was told, by its name in the configuration.
	Source string
}
