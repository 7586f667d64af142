package httpapi

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"

	"roster/internal/bounds"
	"roster/internal/freshness"
)

// requirement takes what a client says of freshness where there are no headers of an operation's own: what was said for all of them. What the operation says
// itself, in its extensions, goes before it; see begin.
func (d *door) requirement(op *operation, control string) *refusal {
	var err error
	if op.exchange.Requirement, err = freshness.Parse([]string{control}, time.Now()); err != nil {
		return badRequest(http.StatusBadRequest, "%s", err)
	}
	return nil
}

// run runs an operation for one answer, among those that may run at a time.
func (d *door) run(ctx context.Context, op *operation, params *graphql.RawParams, g guest) (resp *graphql.Response, e *refusal) {
	e = d.within(ctx, op, params, g, func() {}, func(answer *graphql.Response) bool {
		resp = answer
		return false
	})
	return resp, e
}

// stream runs an operation and hands out its answers: the one of a query or mutation, or those of a subscription, until there are no more, the context
// ends, or they are no longer taken. Endless is told of a subscription before it begins. A panic is told as a client may know it.
func (d *door) stream(
	ctx context.Context, op *operation, params *graphql.RawParams, g guest, endless func(), each func(*graphql.Response) error,
) (e *refusal) {
	defer func() {
		if p := recover(); p != nil {
			e = &refusal{given: d.panicked(ctx, p)}
		}
	}()
	var lost *refusal
	e = d.within(ctx, op, params, g, endless, func(answer *graphql.Response) bool {
		lost = undelivered(each(answer))
		return lost == nil
	})
	if e != nil {
		return e
	}
	return lost
}

// within is the one way in which an operation runs: it has a place from before its document is read until it has been executed, and what it costs is
// counted before it begins. Each is called with its answers until it is false. The room that they take up is the caller's to release.
func (d *door) within(
	ctx context.Context, op *operation, params *graphql.RawParams, g guest, endless func(), each func(*graphql.Response) bool,
) *refusal {
	e := d.enter(op, &g)
	if e != nil {
		return e
	}
	defer op.place.leave()
	op.bounds = bounds.New(d.limits.Errors, d.limits.AnswerBytes, &op.room, leastAnswer)
	one, stop := true, func() {}
	defer func() { stop() }()
	next, ctx, e := d.begin(ctx, op, params, func(ctx context.Context, kind ast.Operation) (context.Context, *refusal) {
		if kind == ast.Subscription && op.streamed {
			one = false
			if e := op.place.endure(d, &g); e != nil {
				return ctx, e
			}
			endless()
			return ctx, op.place.take(d, op.cost)
		}
		op.mutation = kind == ast.Mutation
		ctx, stop = context.WithTimeout(ctx, d.limits.OperationTime) //nolint:gosec // called when within ends
		return ctx, op.place.take(d, op.cost)
	})
	if e != nil {
		return e
	}
	for {
		resp := next(ctx)
		if one { // it has been executed; what its answer takes up while it is written is counted by itself
			op.place.leave()
		}
		switch {
		case resp == nil && one: // its time was over before it began
			return tookTooLong
		case resp != nil && op.room.full != nil && !op.mutation:
			return op.room.full
		case resp == nil || !each(d.finish(op, resp)) || one:
			return nil
		}
		op.bounds.Next()
		op.room.Resize(0)
	}
}

// undelivered gives why an answer was not handed on.
func undelivered(err error) *refusal {
	if err == nil {
		return nil
	}
	if refused, ok := errors.AsType[*requestError](err); ok {
		return &refusal{given: refused.errs}
	}
	return &refusal{code: codeTimeout, message: "the client does not take the answer"}
}
