package webhook

import (
	"context"
	"fmt"
	"net/url"
	"time"
)

// States of a webhook, for operators.
const (
	// StateNew means that nothing was stored yet.
	StateNew = "new"
	// StateDelivering means that the last attempt has not failed.
	StateDelivering = "delivering"
	// StateRetrying means that the last attempt has failed.
	StateRetrying = "retrying"
	// StateEnded means that the receiver wants no more messages.
	StateEnded = "ended"
)

// Status is where a webhook is, for operators. It has no secret, and nothing of the payloads.
type Status struct {
	Name string `json:"name"`
	// Host is that of the URL. Paths and queries can be secret.
	Host  string `json:"host"`
	State string `json:"state"`
	// Pending is the message that is being delivered.
	Pending *Pending `json:"pending,omitempty"`
	// DeadLetters are the last messages that were given up, the latest last.
	DeadLetters []DeadLetter `json:"deadLetters,omitempty"`
}

// StatusOf returns where a webhook is, as it was last stored.
func StatusOf(ctx context.Context, store Store, h *Hook) (Status, error) {
	st := Status{Name: h.Name, State: StateNew}
	if u, err := url.Parse(h.URL.Reveal()); err == nil {
		st.Host = u.Host
	}
	data, err := store.Load(ctx, h.Name)
	if err != nil {
		return st, fmt.Errorf("webhook %s: %w", h.Name, err)
	}
	if data == nil {
		return st, nil
	}
	s := parse(data)
	st.Pending, st.DeadLetters = s.Pending, s.Dead
	if p := s.Pending; p != nil && !p.UnrecordedSince.IsZero() {
		p.Problem = "the access log cannot be written, and so nothing is sent"
	}
	switch {
	case s.Ended == h.fingerprint():
		st.State = StateEnded
	case s.Pending != nil && s.Pending.Attempts > 0:
		st.State = StateRetrying
	default:
		st.State = StateDelivering
	}
	return st, nil
}

// Statuses returns where each webhook is, in the order of the configuration.
func (d *Deliverer) Statuses(ctx context.Context) ([]Status, error) {
	d.mu.Lock()
	hooks := d.hooks
	d.mu.Unlock()
	all := make([]Status, 0, len(hooks))
	for i := range hooks {
		st, err := StatusOf(ctx, d.opt.Store, &hooks[i])
		if err != nil {
			return nil, err
		}
		all = append(all, st)
	}
	return all, nil
}

// Test sends one message of TypeTest to a receiver, which has no data.
func Test(ctx context.Context, h *Hook) (Result, error) {
	s, err := newSender(h, nil)
	if err != nil {
		return Result{}, err
	}
	defer s.close()
	return s.send(ctx, message{newID(), encodeMessage(TypeTest, time.Now(), struct{}{})}), nil
}
