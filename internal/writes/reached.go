package writes

import "context"

type stepsKey struct{}

// WithSteps gives a context in which at is told of each step of a write as it is reached: what may go wrong, may go wrong between any two of them. It is
// for tests, and costs others nothing.
func WithSteps(ctx context.Context, at func(step string)) context.Context {
	return context.WithValue(ctx, stepsKey{}, at)
}

func reached(ctx context.Context, step string) {
	if at, ok := ctx.Value(stepsKey{}).(func(string)); ok {
		at(step)
	}
}
