package httpapi

import (
	"context"
	"time"

	"github.com/99designs/gqlgen/graphql"

	"roster/internal/backoff"
)

// An answer of a subscription that finds no room for its cost tries again after firstCostPause, and then less and less often, up to lastCostPause.
const (
	firstCostPause = 5 * time.Millisecond
	lastCostPause  = 500 * time.Millisecond
)

// answerCosts has a subscription hold its cost only while one of its answers is made. It comes after the extension that waits for what the answer tells.
type answerCosts struct{}

var _ interface {
	graphql.HandlerExtension
	graphql.ResponseInterceptor
} = answerCosts{}

// ExtensionName implements graphql.HandlerExtension.
func (answerCosts) ExtensionName() string { return "AnswerCosts" }

// Validate implements graphql.HandlerExtension.
func (answerCosts) Validate(graphql.ExecutableSchema) error { return nil }

// InterceptResponse waits until there is room for the cost of an answer, for the time that an operation may take at most. After that it returns the refusal,
// and the client can subscribe again with its last cursor.
func (answerCosts) InterceptResponse(ctx context.Context, next graphql.ResponseHandler) *graphql.Response {
	op, ok := ctx.Value(operationKey{}).(*operation)
	if !ok || !op.subscription {
		return next(ctx)
	}
	if e := op.awaitCost(ctx); e != nil {
		return &graphql.Response{Data: []byte("null"), Errors: e.list()}
	}
	defer op.slots.cost.Release()
	return next(ctx)
}

func (op *operation) awaitCost(ctx context.Context) *refusal {
	h := op.memory.handler
	last := time.Now().Add(h.limits.OperationTime)
	for failures := 0; ; failures++ {
		e := op.slots.acquireCost(h, op.cost)
		if e == nil || time.Now().After(last) || !backoff.Wait(ctx, backoff.Jitter(backoff.After(failures, firstCostPause, lastCostPause))) {
			return e
		}
	}
}
