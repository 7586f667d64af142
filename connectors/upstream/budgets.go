package upstream

import (
	"cmp"
	"time"

	"roster/connectors"
)

// Resume ends the pauses of the source. If a breaker is open, the next call finds out whether the source works again.
func (c *Caller) Resume() {
	for _, key := range c.budgetKeys() {
		c.limits.Resume(key)
	}
	c.breaker.resume()
	c.elsewhere.mu.Lock()
	defer c.elsewhere.mu.Unlock()
	for _, b := range c.elsewhere.by {
		b.resume()
	}
}

// budgetKeys returns the keys of the budgets that the source can pause.
func (c *Caller) budgetKeys() []string {
	keys := []string{c.opt.Counted}
	c.buckets.Range(func(bucket, _ any) bool {
		if name, ok := bucket.(string); ok {
			keys = append(keys, c.bucketKey(name))
		}
		return true
	})
	return keys
}

// budgets returns the budgets in which a call counts: that of all calls of the source, that of its bucket, and the further ones.
func (c *Caller) budgets(bucket string) []connectors.Budget {
	whole, own := c.opt.Limit, c.opt.Limit
	if n := int(c.calls.Load()); n > 0 {
		whole.Calls, own.Calls = n, n
	}
	budgets := make([]connectors.Budget, 0, 2+len(c.opt.Also))
	if bucket != "" {
		c.buckets.Store(bucket, true)
	}
	if bucket == spareBucket {
		budgets = append(budgets, c.budget(c.opt.Counted, whole), c.budget(c.bucketKey(bucket), tenth(whole)))
		budgets[1].Spare = true
	} else if bucket != "" {
		whole, own.Parallel = connectors.RateLimit{Parallel: whole.Parallel}, 0
		budgets = append(budgets, c.budget(c.opt.Counted, whole), c.budget(c.bucketKey(bucket), own))
	} else {
		budgets = append(budgets, c.budget(c.opt.Counted, whole))
	}
	return append(budgets, c.opt.Also...)
}

func (c *Caller) budget(key string, limit connectors.RateLimit) connectors.Budget {
	return connectors.Budget{Key: key, Limit: limit, MaxPause: c.opt.Runtime.MaxPause, Source: c.opt.Source}
}

func (c *Caller) bucketKey(bucket string) string {
	if bucket == "" {
		return c.opt.Counted
	}
	return c.opt.Counted + "/" + bucket
}

// applyAnswer does what an answer asks for.
func (c *Caller) applyAnswer(budgets []connectors.Budget, call *Call, x *Exchange, e *connectors.Error) {
	if e != nil && !e.Unsent {
		e.RetryAfter = min(e.RetryAfter, c.longestPause(e))
	}
	if e != nil {
		e.Source = c.opt.Source
	}
	switch {
	case e != nil && e.Blocked:
		if e.RetryAfter <= 0 {
			e.RetryAfter = defaultBlock
		}
		c.limits.Pause(budgets[0].Key, e)
	case e != nil && e.Kind == connectors.KindRateLimited:
		if e.RetryAfter <= 0 {
			e.RetryAfter = defaultPause
		}
		c.limits.Pause(c.bucketKey(call.bucket()), e)
	case x.Answered:
		calls := 0
		if x.Told.Calls < c.opt.Limit.Calls {
			calls = x.Told.Calls
		}
		if x.Told.Calls > 0 {
			c.calls.Store(int64(calls))
		}
		if x.Told.Pause > 0 {
			c.limits.Pause(c.bucketKey(call.bucket()), &connectors.Error{Source: c.opt.Source, Kind: connectors.KindRateLimited,
				RetryAfter: min(x.Told.Pause, c.maxPause()), Detail: "not sent: the source allows no more calls for now"})
		}
	}
}

// longestPause returns how long a pause may be that an error asks for.
func (c *Caller) longestPause(e *connectors.Error) time.Duration {
	if e.Blocked {
		return defaultBlock
	}
	return c.maxPause()
}

func (c *Caller) maxPause() time.Duration { return cmp.Or(c.opt.Runtime.MaxPause, connectors.MaxPause) }
