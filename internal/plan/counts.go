package plan

import (
	"sync/atomic"
	"time"
)

// Counts counts how operations have been executed. It is safe for concurrent use.
type Counts struct {
	planned, left, panics atomic.Int64
	lastLog               atomic.Int64 // Unix time in nanoseconds; 0 for never
}

// Stats are the values of Counts.
type Stats struct {
	// Planned counts the operations that plans have executed, and Left those that were left to gqlgen.
	Planned, Left int64
	// Panics counts the plans that have panicked. They are not used again.
	Panics int64
}

// Planned counts an operation that a plan has executed.
func (c *Counts) Planned() { c.planned.Add(1) }

// Left counts an operation that gqlgen executes.
func (c *Counts) Left() { c.left.Add(1) }

// logInterval is the least time between two logged panics, because clients can send any number of documents.
const logInterval = time.Minute

// Panicked counts a plan that has panicked, and reports whether to log it.
func (c *Counts) Panicked(now time.Time) bool {
	c.panics.Add(1)
	last := c.lastLog.Load()
	return (last == 0 || now.UnixNano()-last >= int64(logInterval)) && c.lastLog.CompareAndSwap(last, now.UnixNano())
}

// Stats returns the counts.
func (c *Counts) Stats() Stats { return Stats{c.planned.Load(), c.left.Load(), c.panics.Load()} }
