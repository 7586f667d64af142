package writes

import "context"

type stepsKey struct{}

// WithSteps returns a context that calls at with each step of a write, because faults can occur between any two steps. It is for tests, and costs
// nothing otherwise.
func WithSteps(ctx context.Context, at func(step string)) context.Context {
	return context.WithValue(ctx, stepsKey{}, at)
}

func reached(ctx context.Context, step string) {
	if at, ok := ctx.Value(stepsKey{}).(func(string)); ok {
		at(step)
	}
}
