package connectors

import "context"

type consentKey struct{}

// WithConsent returns a context in which a call that changes something is sent only if consent returns nil. Consent is called after all waiting,
// right before the call is sent, and again before each repetition, because consent may end while the call waits. CheckConsent wraps the
// error of consent in an *Error with Unsent.
func WithConsent(ctx context.Context, consent func(context.Context) error) context.Context {
	return context.WithValue(ctx, consentKey{}, consent)
}

// NeedsConsent reports whether ctx is from WithConsent.
func NeedsConsent(ctx context.Context) bool {
	_, ok := ctx.Value(consentKey{}).(func(context.Context) error)
	return ok
}

// CheckConsent returns an error if a call that changes something must not be sent now. It returns nil if ctx is not from WithConsent.
func CheckConsent(ctx context.Context) error {
	consent, ok := ctx.Value(consentKey{}).(func(context.Context) error)
	if !ok {
		return nil
	}
	if err := consent(ctx); err != nil {
		return &Error{Kind: KindUnavailable, Unsent: true, Err: err, Detail: "not sent: whoever asked for it no longer has the right to"}
	}
	return nil
}
