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

// wish takes what a client says of freshness where there are no headers of an operation's own: what was said for all of them. What the operation says
// itself, in its extensions, goes before it; see begin.
func (d *door) wish(op *operation, control string) *refusal {
	var err error
	if op.exchange.Wish, err = freshness.Parse([]string{control}, time.Now()); err != nil {
		return badRequest(http.StatusBadRequest, "%s", err)
	}
	return nil
}

// run runs an operation that has one answer, among those that may run at a time.
func (d *door) run(ctx context.Context, op *operation, params *graphql.RawParams, g guest) (*graphql.Response, *refusal) {
	if e := d.enter(g); e != nil {
		return nil, e
	}
	defer d.leave(g)
	ctx, cancel := context.WithTimeout(ctx, d.limits.OperationTime)
	defer cancel()
	next, ctx, e := d.begin(ctx, op, params)
	if e != nil {
		return nil, e
	}
	if !d.gate.Take(op.cost) {
		return nil, exceeded("running_cost", d.limits.RunningCost, -1, "the operations under way cost as much together as they may, which is %d",
			d.limits.RunningCost).withStatus(http.StatusServiceUnavailable).retryIn(again)
	}
	defer d.gate.Give(op.cost)
	resp := next(ctx)
	if resp == nil { // its time was over before it began
		return nil, tookTooLong
	}
	return d.finish(op, resp), nil
}

// stream runs an operation and hands out its answers: the one of a query or mutation, or where it is endless those of a subscription, until there are
// no more, the context ends, or they are no longer taken. A subscription does not count among the operations that run at a time. A panic is told as a client may know it.
func (d *door) stream(ctx context.Context, op *operation, params *graphql.RawParams, g guest, endless bool, each func(*graphql.Response) error) (e *refusal) {
	defer func() {
		if p := recover(); p != nil {
			e = &refusal{given: d.panicked(ctx, p)}
		}
	}()
	if !endless {
		resp, e := d.run(ctx, op, params, g)
		if e != nil {
			return e
		}
		return undelivered(each(resp))
	}
	next, ctx, e := d.begin(ctx, op, params)
	if e != nil {
		return e
	}
	for {
		resp := next(ctx)
		if resp == nil {
			return nil
		}
		if e := undelivered(each(d.finish(op, resp))); e != nil {
			return e
		}
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

// subscribes says whether a request is for a subscription. A document that cannot be read, or has no such operation, is none: running it tells why.
func (d *door) subscribes(ctx context.Context, params *graphql.RawParams) bool {
	if d.documents.schema.Subscription == nil {
		return false
	}
	if _, e := d.resolve(ctx, params); e != nil {
		return false
	}
	doc, errs := d.documents.read(ctx, params.Query)
	if len(errs) > 0 {
		return false
	}
	op := doc.ast.Operations.ForName(params.OperationName)
	return op != nil && op.Operation == ast.Subscription
}
