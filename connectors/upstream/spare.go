package upstream

import (
	"time"

	"roster/connectors"
)

// spareBucket names the budget and the breaker of spare calls.
const spareBucket = "spare"

// bucket returns the bucket in which a call counts.
func (c *Call) bucket() string {
	if c.Spare {
		return spareBucket
	}
	return c.Bucket
}

// tenth returns the share of spare calls in a limit, in which they count too: a tenth of its calls, or one call in ten times the window; one
// at a time.
func tenth(of connectors.RateLimit) connectors.RateLimit {
	if of.Calls >= 10 {
		return connectors.RateLimit{Calls: of.Calls / 10, Per: of.Per, Parallel: 1}
	}
	return connectors.RateLimit{Calls: min(of.Calls, 1), Per: 10 * of.Per / time.Duration(max(of.Calls, 1)), Parallel: 1}
}
