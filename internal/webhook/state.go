package webhook

import (
	"context"
	"encoding/json"
	"time"
)

// State is where a webhook is: what was delivered, and what is being delivered. It is stored before and after each message.
type State struct {
	// Cursor is the last change that was delivered, or that the receiver does not get. Empty before the first message.
	Cursor string `json:"cursor,omitempty"`
	// Pending is the message that is being delivered; nil if none is.
	Pending *Pending `json:"pending,omitempty"`
	// Lost is true if a message was given up and the receiver was not yet told.
	Lost bool `json:"lost,omitempty"`
	// For is the fingerprint of the hook to which all of this is about, and Settings identifies the settings with which it was last tried.
	For      string `json:"for,omitempty"`
	Settings string `json:"settings,omitempty"`
	// Ended is the fingerprint of the hook whose receiver has answered that it wants no more (HTTP 410); otherwise empty.
	Ended string `json:"ended,omitempty"`
	// Dead are the last messages that were given up, the latest last.
	Dead []DeadLetter `json:"dead,omitempty"`
}

// Pending is a message that is being delivered. It does not have the payload, which is read from the log again after a restart.
type Pending struct {
	ID string `json:"id"`
	// Reason is that of a reset; empty for a message with changes.
	Reason string `json:"reason,omitempty"`
	// Until is the cursor up to which everything is delivered when this message is.
	Until string `json:"until"`
	// Changes is the number of changes, and Body a hash of the payload with them: the ID is for this payload only.
	Changes int    `json:"changes,omitempty"`
	Body    string `json:"body,omitempty"`
	// Since is when the message was made, Attempts the number of attempts that failed, Next when the next one is due, and Problem why the last one failed.
	Since    time.Time `json:"since"`
	Attempts int       `json:"attempts,omitempty"`
	Next     time.Time `json:"next,omitzero"`
	Problem  string    `json:"problem,omitempty"`
	// Unrecorded is for how long it was not sent because that could not be recorded. It does not count as a time in which the receiver fails.
	Unrecorded time.Duration `json:"unrecorded,omitempty"`
	// UnrecordedSince is since when that is so; zero if it is not. It is stored, because another process can be the next one that delivers.
	UnrecordedSince time.Time `json:"unrecordedSince,omitzero"`
}

// unrecordedUntil returns for how long the message was not sent because that could not be recorded.
func (p *Pending) unrecordedUntil(now time.Time) time.Duration {
	if p.UnrecordedSince.IsZero() {
		return p.Unrecorded
	}
	return p.Unrecorded + max(0, now.Sub(p.UnrecordedSince))
}

// DeadLetter is a message that was given up.
type DeadLetter struct {
	ID string `json:"id"`
	// After and Until are cursors: the message had the changes after the one, up to the other.
	After    string    `json:"after"`
	Until    string    `json:"until"`
	Changes  int       `json:"changes"`
	Attempts int       `json:"attempts"`
	Problem  string    `json:"problem"`
	At       time.Time `json:"at"`
}

// mostDead is the number of dead letters that are kept of one webhook.
const mostDead = 20

// parse reads a stored state. A state that cannot be read counts as none, so that the receiver is told to read anew.
func parse(data []byte) State {
	var s State
	if json.Unmarshal(data, &s) != nil {
		return State{}
	}
	return s
}

// Store keeps the state of webhooks. It is safe for concurrent use.
type Store interface {
	// Acquire makes this process the one that delivers a webhook; nil if another one does. The error says why that is not known.
	Acquire(ctx context.Context, name string) (Lease, error)
	// Load returns the stored state of a webhook, or nil if there is none.
	Load(ctx context.Context, name string) ([]byte, error)
}

// Lease is the right to deliver a webhook.
type Lease interface {
	// Held reports whether no other process can have the right.
	Held() bool
	// Save stores the state; nil removes it. It fails if another process may have the right.
	Save(ctx context.Context, state []byte) error
	// Release gives the right back. A second call does nothing.
	Release(ctx context.Context)
}
