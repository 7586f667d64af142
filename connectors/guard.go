package connectors

import "context"

type guardKey struct{}

// WithGuard gives a context under which a call that changes something is sent only if guard lets it. It is asked at the last moment, after all
// waiting for a turn, each time that such a call is sent: what allowed the call when it was asked for may be over by then. Its error comes back
// wrapped in an *Error that says the call is Unsent.
func WithGuard(ctx context.Context, guard func(context.Context) error) context.Context {
	return context.WithValue(ctx, guardKey{}, guard)
}

// Guarded says whether there is a guard to ask.
func Guarded(ctx context.Context) bool {
	_, ok := ctx.Value(guardKey{}).(func(context.Context) error)
	return ok
}

// AskGuard says whether a call that changes something may be sent now. Where nobody guards it, it may.
func AskGuard(ctx context.Context) error {
	guard, ok := ctx.Value(guardKey{}).(func(context.Context) error)
	if !ok {
		return nil
	}
	if err := guard(ctx); err != nil {
		return &Error{Kind: KindUnavailable, Unsent: true, Err: err, Detail: "not sent: whoever asked for it no longer has the right to"}
	}
	return nil
}
