package rest

import (
	"time"

	"roster/connectors"
)

// spareBucket names the budget and the breaker of spare calls.
const spareBucket = "spare"

// tenth is what spare calls have of a limit, which they count in too: a tenth of its calls, or one call in ten times what one may take; one at
// a time.
func tenth(of connectors.RateLimit) connectors.RateLimit {
	if of.Calls >= 10 {
		return connectors.RateLimit{Calls: of.Calls / 10, Per: of.Per, Parallel: 1}
	}
	return connectors.RateLimit{Calls: min(of.Calls, 1), Per: 10 * of.Per / time.Duration(max(of.Calls, 1)), Parallel: 1}
}
