package httpapi

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"

	"roster/internal/freshness"
)

// requirement sets the freshness requirement of an operation without headers: that of the whole connection. The operation's own, in its extensions, overrides
// it; see begin.
func (h *handler) requirement(op *operation, control string) *refusal {
	var err error
	if op.exchange.Requirement, err = freshness.Parse([]string{control}, time.Now()); err != nil {
		return badRequest(http.StatusBadRequest, "%s", err)
	}
	return nil
}

// run runs an operation with one answer.
func (h *handler) run(ctx context.Context, op *operation, params *graphql.RawParams, c caller) (resp *graphql.Response, e *refusal) {
	e = h.execute(ctx, op, params, c, func() {}, func(answer *graphql.Response) bool {
		resp = answer
		return false
	})
	return resp, e
}

// stream runs an operation and passes its answers to each: one for a query or mutation, or those of a subscription until it ends, the context ends, or each
// fails. OnSubscription is called before a subscription begins. After a panic, stream returns the error for clients.
func (h *handler) stream(
	ctx context.Context, op *operation, params *graphql.RawParams, c caller, onSubscription func(), each func(*graphql.Response) error,
) (e *refusal) {
	defer func() {
		if p := recover(); p != nil {
			e = &refusal{given: h.panicked(ctx, p)}
		}
	}()
	var lost *refusal
	e = h.execute(ctx, op, params, c, onSubscription, func(answer *graphql.Response) bool {
		lost = undelivered(each(answer))
		return lost == nil
	})
	if e != nil {
		return e
	}
	return lost
}

// execute runs an operation for all transports. The operation holds its slots from before its document is read until it has been executed, and its cost is
// acquired before it begins, or before each answer of a subscription. Each is called with the answers until it returns false. The caller must release the
// operation's memory.
func (h *handler) execute(
	ctx context.Context, op *operation, params *graphql.RawParams, c caller, onSubscription func(), each func(*graphql.Response) bool,
) *refusal {
	e := h.acquire(op, &c)
	if e != nil {
		return e
	}
	defer op.slots.release()
	op.parts.bounds.Init(h.limits.Errors, h.limits.AnswerBytes, &op.memory, minAnswerMemory)
	op.bounds = &op.parts.bounds
	one, admitted := true, false
	defer func() {
		if admitted {
			op.parts.context.end()
		}
	}()
	next, ctx, e := h.begin(ctx, op, params, func(of *operationContext, kind ast.Operation) *refusal {
		if kind == ast.Subscription && op.streamed {
			one, op.subscription = false, true
			if e := op.slots.moveToStreams(h, &c); e != nil {
				return e
			}
			onSubscription()
			return nil
		}
		op.mutation = kind == ast.Mutation
		admitted = true
		of.endIn(h.limits.OperationTime)
		return op.slots.acquireCost(h, op.cost)
	})
	if e != nil || next == nil {
		return e
	}
	if !one {
		op.lists = nil // with which the cost was checked: a stream must not keep the directory of its beginning in memory
	}
	for {
		resp := next(ctx)
		if one { // executed; the memory of the answer is counted separately
			op.slots.release()
		}
		if !one && h.isRetired() {
			<-ctx.Done() // which comes soon: the change that the answer tells may be one of a newer configuration, whose data the answer does not have
			return nil
		}
		switch {
		case resp == nil && one: // its time was over before it began
			return tookTooLong
		case resp != nil && op.memory.full != nil && !op.mutation:
			return op.memory.full
		case resp == nil || !each(h.finish(op, resp)) || one:
			return nil
		}
		op.bounds.Next()
		op.memory.Resize(0)
	}
}

// isRetired reports whether a handler of a newer configuration has replaced this one.
func (h *handler) isRetired() bool {
	select {
	case <-h.retired:
		return true
	default:
		return false
	}
}

// undelivered returns the refusal for an answer that could not be sent.
func undelivered(err error) *refusal {
	if err == nil {
		return nil
	}
	if refused, ok := errors.AsType[*requestError](err); ok {
		return &refusal{given: refused.errs}
	}
	return &refusal{code: codeTimeout, message: "the client does not take the answer"}
}
