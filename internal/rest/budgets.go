package rest

import (
	"cmp"
	"time"

	"roster/connectors"
)

// Resume ends the pauses of the source, and has the next call find out whether it works where it has failed.
func (c *Client) Resume() {
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

// budgetKeys are those that the source can have paused.
func (c *Client) budgetKeys() []string {
	keys := []string{c.opt.Counted}
	c.buckets.Range(func(bucket, _ any) bool {
		if name, ok := bucket.(string); ok {
			keys = append(keys, c.bucketKey(name))
		}
		return true
	})
	return keys
}

func (c *Client) maxPause() time.Duration {
	return cmp.Or(c.opt.Runtime.MaxPause, connectors.MaxPause)
}

// budgets gives what a call counts in: all of the source's calls, those of its bucket, and what else there is.
func (c *Client) budgets(bucket string) []connectors.Budget {
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

func (c *Client) budget(key string, limit connectors.RateLimit) connectors.Budget {
	return connectors.Budget{Key: key, Limit: limit, MaxPause: c.opt.Runtime.MaxPause, Source: c.opt.Source}
}

func (c *Client) bucketKey(bucket string) string {
	if bucket == "" {
		return c.opt.Counted
	}
	return c.opt.Counted + "/" + bucket
}

// applyReply does what a reply asks for.
func (c *Client) applyReply(budgets []connectors.Budget, bucket string, resp *Response, e *connectors.Error) {
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
		c.limits.Pause(c.bucketKey(bucket), e)
	case resp != nil && c.opt.Told != nil:
		told := c.opt.Told(resp)
		if told.Calls > 0 && told.Calls < c.opt.Limit.Calls {
			c.calls.Store(int64(told.Calls))
		} else if told.Calls > 0 {
			c.calls.Store(0)
		}
		if told.Pause > 0 {
			c.limits.Pause(c.bucketKey(bucket), &connectors.Error{Source: c.opt.Source, Kind: connectors.KindRateLimited, RetryAfter: min(told.Pause, c.maxPause()),
				Detail: "not sent: the source allows no more calls for now"})
		}
	}
}
