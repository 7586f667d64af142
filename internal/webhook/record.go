package webhook

import (
	"context"
	"time"
)

// Recorder records who is sent what: the access log.
type Recorder interface {
	// Ready returns false while Begin would.
	Ready() bool
	// Begin returns false if the attempt must not be made now, because it cannot be recorded.
	Begin(context.Context, Attempt) bool
	// Record records an attempt that was made.
	Record(context.Context, Attempt)
}

// Attempt is one attempt to send a message. It has no part of the address, and nothing of the payload.
type Attempt struct {
	// Webhook is the name of the webhook, and Message the ID of the message.
	Webhook, Message string
	// Reason is that of a reset; empty for a message with changes.
	Reason string
	// Changes is the number of changes in the message, and Number that of the attempt; the first one is 1.
	Changes, Number int
	// Status is that of the answer; 0 if there is none.
	Status int
	Took   time.Duration
}

// Accepted reports whether the receiver has accepted the message.
func (a *Attempt) Accepted() bool { return a.Status >= 200 && a.Status < 300 }

type noRecorder struct{}

func (noRecorder) Ready() bool                         { return true }
func (noRecorder) Begin(context.Context, Attempt) bool { return true }
func (noRecorder) Record(context.Context, Attempt)     {}
