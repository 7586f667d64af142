package writes

import (
	"context"
	"errors"

	"roster/connectors"
	"roster/internal/address"
	"roster/internal/backoff"
	"roster/internal/directory"
)

// Subscribe is the input of subscribeToTask and unsubscribeFromTask.
type Subscribe struct {
	TaskID string
	Off    bool // unsubscribe
	// User finds the person. It returns nil or a *directory.InputError if it finds nobody.
	User func(*directory.Directory) (*directory.User, error) `json:"-"`
	// Who is the user's identification in the input, for the audit.
	Who any
}

// SubscribeToTask subscribes a user to a task's notifications, or unsubscribes them. User is the person, if one was found. A repeated subscription
// does no harm: a call without an answer is repeated once, if the task does not show that the first one was executed. The error is ErrUnavailable.
func (w *Writer) SubscribeToTask(ctx context.Context, r Request, in Subscribe) (res Result, user *directory.User, err error) {
	checked := w.prepare(ctx, r, capability(func(s *connectors.Source) (connectors.TaskSubscriber, bool) {
		return s.TaskSubscriber, s.TaskSubscriber != nil
	}),
		connectors.Accounts)
	c := &change{Request: r, field: "subscribeToTask", source: checked.source, began: checked.began, values: in}
	if in.Off {
		c.field = "unsubscribeFromTask"
	}
	var s connectors.Subscription
	if checked.ready() {
		if checked.terms.TaskID != nil && !checked.terms.TaskID(in.TaskID) {
			checked.fault(Invalid, "is not what the source uses for the ID of a task", "taskId")
		}
		user = checked.user(in.User)
		s = connectors.Subscription{TaskID: in.TaskID, Email: checked.addressOf(user), Off: in.Off}
		c.preview = func() connectors.Preview { return c.source.TaskSubscriber.Preview(s) }
	}
	if len(checked.faults) > 0 {
		res = checked.rejected()
		w.audit(ctx, c, res, nil)
		return res, nil, nil
	}
	if r.DryRun {
		res = Result{Outcome: Checked, WouldSend: c.wouldSend()}
		w.audit(ctx, c, res, nil)
		return res, user, nil
	}
	c.thing = "task\x00" + s.TaskID + "\x00" + address.Key(s.Email)
	res, err = w.detached(ctx, c, func(ctx context.Context) (Result, error) { return w.subscribe(ctx, c, s) })
	return res, user, err
}

// user checks and returns the user of the input.
func (c *checks) user(find func(*directory.Directory) (*directory.User, error)) *directory.User {
	u, err := find(c.dir)
	if fault, ok := errors.AsType[*directory.InputError](err); ok {
		c.fault(Invalid, fault.Message, "user")
		return nil
	}
	if u == nil {
		c.fault(NotFound, "there is no such user", "user")
	}
	return u
}

// addressOf returns the address by which the source knows a user: that of the user's account there.
func (c *checks) addressOf(u *directory.User) string {
	if u == nil {
		return ""
	}
	address, found := "", 0
	for _, a := range u.Accounts {
		if a.Core().Source.Name == c.source.Name {
			address = string(a.Core().Email)
			found++
		}
	}
	switch {
	case found == 0:
		c.fault(NotFound, "the user has no account in this source", "user")
	case found > 1:
		c.fault(Invalid, "the user has several accounts in this source", "user")
	case address == "":
		c.fault(Invalid, "the user's account in this source has no address", "user")
	}
	return address
}

// subscribe sets the subscription to the wanted state.
func (w *Writer) subscribe(ctx context.Context, c *change, s connectors.Subscription) (Result, error) {
	by := c.source.TaskSubscriber
	locked, err := w.ledger.lock(ctx, intentPrefix+c.name())
	if err != nil {
		return Result{}, err
	}
	defer locked.release(ctx)
	is, err := by.Subscribed(ctx, s)
	switch failure := connectors.AsError(c.source.Name, err); {
	case err == nil && is != s.Off:
		return Result{Outcome: AlreadyDone}, nil
	case err != nil && failure.Input != "":
		return rejected(refusal(failure)), nil
	}
	reached(ctx, "noted")
	unanswered := false // a call that may have been executed
	for n := 1; ; n++ {
		err := by.Subscribe(locked.guard(ctx), s)
		if errors.Is(err, errNotOurs) && !unanswered {
			return Result{}, err // another write may have set the opposite state meanwhile
		}
		reached(ctx, "sent")
		if err == nil {
			return Result{Outcome: Done}, nil
		}
		failure := connectors.AsError(c.source.Name, err)
		if failure.Undone() {
			if failure.Kind == connectors.KindRateLimited && n < attempts && failure.RetryAfter <= maxRetryAfter && backoff.Wait(ctx, failure.RetryAfter) {
				continue
			}
			if !unanswered {
				return rejected(refusal(failure)), nil
			}
		}
		is, unread := by.Subscribed(ctx, s)
		switch {
		case unread == nil && is != s.Off:
			return Result{Outcome: Done}, nil
		case !failure.Undone() && !unanswered:
			unanswered = true // a repeated subscription does no harm
		default:
			return w.reconcileSubscription(ctx, c, s, failure), nil
		}
	}
}

// reconcileSubscription determines the outcome of a call without an answer, after the time in which the source may still execute it.
func (w *Writer) reconcileSubscription(ctx context.Context, c *change, s connectors.Subscription, failure *connectors.Error) Result {
	if backoff.Wait(ctx, w.opt.SettleAfter) {
		switch is, err := c.source.TaskSubscriber.Subscribed(ctx, s); {
		case err == nil && is != s.Off:
			return Result{Outcome: Done}
		case err == nil:
			return rejected(refusal(failure))
		}
	}
	return unknownOutcome("The source gave no answer that tells, and its task does not tell either.")
}
