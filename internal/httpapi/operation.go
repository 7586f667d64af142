package httpapi

import (
	"context"
	"net/http"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"roster/internal/bounds"
	"roster/internal/cost"
	"roster/internal/freshness"
)

// operation is one operation, however it has come.
type operation struct {
	exchange freshness.Exchange
	bounds   *bounds.Answer
	place    place
	room     room
	request  int  // bytes of what asks for it
	readOnly bool // only a query may come in this way
	mutation bool
	cost     int
	lists    cost.Lists // that cost was worked out by
	tellCost bool       // the client wants to know
	streamed bool       // there are no headers to an answer, so that it tells its age itself
}

var (
	onlyByPost  = badRequest(http.StatusMethodNotAllowed, "GET is for queries: what changes something goes by POST")
	tookTooLong = &refusal{status: http.StatusServiceUnavailable, code: codeTimeout, message: "the operation took too long"}
	noQuery     = badRequest(http.StatusBadRequest, "the request has no query")
)

// admit lets an operation of a type begin whose cost is known, and gives the context to run it in.
type admit func(context.Context, ast.Operation) (context.Context, *refusal)

// begin checks an operation, and has it begin if it is admitted. What it gives is called for each answer, in the context that it gives, until there is
// none. An operation that the graph refuses has one answer: that it does.
func (d *door) begin(ctx context.Context, op *operation, params *graphql.RawParams, admit admit) (graphql.ResponseHandler, context.Context, *refusal) {
	hash, e := d.resolve(ctx, params)
	if e != nil {
		return nil, ctx, e
	}
	if control, ok := params.Extensions["Cache-Control"].(string); ok {
		if e := d.requirement(op, control); e != nil {
			return nil, ctx, e
		}
	}
	if place, ok := params.Extensions[freshness.SourceErrorsHeader]; ok {
		if e := op.choosePlace(place); e != nil {
			return nil, ctx, e
		}
	}
	ctx = bounds.NewContext(freshness.NewContext(graphql.StartOperationTrace(ctx), &op.exchange), op.bounds)
	ctx = context.WithValue(ctx, operationKey{}, op)
	doc, errs := d.documents.read(ctx, params.Query)
	if len(errs) > 0 {
		return d.refused(ctx, &graphql.OperationContext{}, errs)
	}
	if doc.service && !d.mayReadSchema(ctx) {
		return d.refused(ctx, &graphql.OperationContext{}, schemaForbidden.list())
	}
	if hash != "" {
		d.trusted.Register(ctx, params.Query, hash)
	}
	chosen := doc.ast.Operations.ForName(params.OperationName)
	switch {
	case chosen == nil:
		return d.refused(ctx, &graphql.OperationContext{}, noSuchOperation(params.OperationName))
	case op.readOnly && chosen.Operation != ast.Query:
		return nil, ctx, onlyByPost
	}
	running, errs := d.exec.CreateOperationContext(context.WithValue(ctx, documentKey{}, doc), params)
	if len(errs) > 0 {
		return d.refused(ctx, running, errs)
	}
	running.Doc, running.Operation = doc.ast, chosen
	if e := d.limits.fitItems(doc.items + itemsIn(params.Variables)); e != nil {
		return d.refused(ctx, running, e.list())
	}
	if running.Variables, errs = doc.coerce.Values(chosen, params.Variables); len(errs) > 0 {
		return d.refused(ctx, running, errs)
	}
	op.lists = d.lists()
	op.cost = d.costs.Estimate(chosen, running.Variables, op.lists)
	op.tellCost, _ = params.Extensions["cost"].(bool)
	if e := d.limits.afford(op.cost); e != nil {
		return d.refused(ctx, running, e.list())
	}
	ctx, e = admit(ctx, chosen.Operation)
	if e != nil { // before anybody is told that it begins
		return nil, ctx, e
	}
	next, ctx := d.exec.DispatchOperation(ctx, running)
	return next, ctx, nil
}

// choosePlace takes where the operation's answer is to tell what sources lack from what its extensions say.
func (op *operation) choosePlace(said any) *refusal {
	text, _ := said.(string)
	var err error
	if op.exchange.Place, err = freshness.ParsePlace([]string{text}); err != nil {
		return badRequest(http.StatusBadRequest, "%s", err)
	}
	return nil
}

type operationKey struct{}

// affords works an operation's cost out again where it does not see the data any more that it was worked out by, since it has waited for newer.
func (d *door) affords(ctx context.Context, lists cost.Lists) gqlerror.List {
	op, ok := ctx.Value(operationKey{}).(*operation)
	if !ok || op.lists == lists {
		return nil
	}
	running := graphql.GetOperationContext(ctx)
	op.lists, op.cost = lists, d.costs.Estimate(running.Operation, running.Variables, lists)
	if e := d.limits.afford(op.cost); e != nil {
		return e.list()
	}
	return nil
}

// faultless says whether an answer has all that was asked for, so that its client may keep it.
func (op *operation) faultless(resp *graphql.Response) bool {
	return len(resp.Errors) == 0 && !op.exchange.Lacking
}

// finish makes of what the graph has answered what the client gets.
func (d *door) finish(op *operation, resp *graphql.Response) *graphql.Response {
	age, control := -1, ""
	if op.streamed {
		age, control = ageOf(op.exchange.Answer, op.faultless(resp))
	}
	resp.Errors = d.limits.cut(resp.Errors, op.bounds.Omitted())
	tell := func(name string, value any) {
		if resp.Extensions == nil {
			resp.Extensions = make(map[string]any, 1)
		}
		resp.Extensions[name] = value
	}
	if op.tellCost && op.cost > 0 {
		tell("cost", map[string]int{"requested": op.cost, "maximum": d.limits.Cost})
	}
	if age >= 0 {
		tell("Age", age)
	}
	if control != "" {
		tell("Cache-Control", control)
	}
	return resp
}

func (d *door) refused(ctx context.Context, running *graphql.OperationContext, errs gqlerror.List) (graphql.ResponseHandler, context.Context, *refusal) {
	ctx = graphql.WithOperationContext(ctx, running)
	return graphql.OneShot(d.exec.DispatchError(ctx, errs)), ctx, nil
}

func noSuchOperation(name string) gqlerror.List {
	message := "the document has several operations: name one in operationName"
	if name != "" {
		message = "the document has no operation of the name in operationName"
	}
	return invalid(message)
}
