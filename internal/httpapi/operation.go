package httpapi

import (
	"context"
	"net/http"
	"sync"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"roster/internal/bounds"
	"roster/internal/cost"
	"roster/internal/freshness"
	"roster/internal/plan"
)

// operation is the state of one operation, over any transport.
type operation struct {
	exchange freshness.Exchange
	began    time.Time
	name     string // of the operation in the document
	ownReuse reuse  // to which reuse points
	reuse    *reuse // nil if the answer is for this operation only
	bounds   *bounds.Answer
	body     []byte // the whole answer, if it has nothing but the data of the response
	slots    slots
	memory   memory
	input    request // until it has been parsed, or is not needed
	request  int     // the length of the request in bytes
	readOnly bool    // only queries are allowed
	builtIn  bool    // the document is the server's own, which is always trusted
	mutation bool
	// subscription is true for a stream of answers.
	subscription bool
	chosen       *preparedOperation // nil until it is found
	cost         int
	lists        cost.Lists // with which cost was calculated
	wantsCost    bool       // the client requests the cost
	streamed     bool       // answers have no headers, so the age is in their extensions
	parts        parts
}

// parts are what an operation needs at most once, so that it is one piece of memory with the operation.
type parts struct {
	params  graphql.RawParams
	bounds  bounds.Answer
	context operationContext
	running graphql.OperationContext
	// variables is the empty map for the variables; nil if there is none yet.
	variables map[string]any
}

var operations = sync.Pool{New: func() any { return new(operation) }}

func newOperation(readOnly bool) *operation {
	op, _ := operations.Get().(*operation)
	op.readOnly, op.began = readOnly, time.Now()
	return op
}

// recycle makes the memory of an operation available to others. Nothing may use the operation any more.
func (op *operation) recycle() {
	variables := op.parts.variables
	if used := op.parts.params.Variables; used != nil {
		variables = used
	}
	*op = operation{}
	if len(variables) <= mostVariables { // a map keeps the room of all that it has ever had
		clear(variables)
		op.parts.variables = variables
	}
	operations.Put(op)
}

// mostVariables is the number of variables up to which their map is used again.
const mostVariables = 8

// isOver reports whether nothing can use an operation any more whose answer has been kept: a plan made it, in one goroutine and from what was in memory, nothing
// waited for the operation's context, and no other operation for its answer.
func (op *operation) isOver() bool {
	of := &op.parts.context
	of.mu.Lock()
	defer of.mu.Unlock()
	return op.body != nil && of.timed.Load() == nil && of.errors == nil && !op.reuse.flight.Joined()
}

// releaseInput forgets the request, which is needed until its answer has been found or made.
func (op *operation) releaseInput() {
	op.input.release()
	op.ownReuse.request = nil
}

var (
	onlyByPost  = badRequest(http.StatusMethodNotAllowed, "GET is for queries: what changes something goes by POST")
	tookTooLong = &refusal{status: http.StatusServiceUnavailable, code: codeTimeout, message: "the operation took too long"}
	noQuery     = badRequest(http.StatusBadRequest, "the request has no query")
)

// admit admits an operation whose cost is known, and may set the deadline of its context.
type admit func(*operationContext, ast.Operation) *refusal

// begin prepares an operation, and starts it if it is admitted. It returns a function and a context; the function must be called in that context, and returns
// the next answer, or nil at the end. If the graph rejects the operation, its errors are the only answer.
func (h *handler) begin(ctx context.Context, op *operation, params *graphql.RawParams, admit admit) (graphql.ResponseHandler, context.Context, *refusal) {
	op.exchange.Began = op.began
	var hash string
	if !op.builtIn {
		var e *refusal
		if hash, e = h.resolve(ctx, params); e != nil {
			return nil, ctx, e
		}
	}
	if control, ok := params.Extensions["Cache-Control"].(string); ok {
		if e := h.requirement(op, control); e != nil {
			return nil, ctx, e
		}
	}
	if place, ok := params.Extensions[freshness.SourceErrorsHeader]; ok {
		if e := op.choosePlace(place); e != nil {
			return nil, ctx, e
		}
	}
	of := &op.parts.context
	*of = operationContext{Context: ctx, op: op}
	ctx = of
	doc, errs := h.documents.read(ctx, params.Query)
	if len(errs) > 0 {
		return h.refused(ctx, &graphql.OperationContext{}, errs)
	}
	if doc.service && !h.mayReadSchema(ctx) {
		return h.refused(ctx, &graphql.OperationContext{}, schemaForbidden.list())
	}
	if hash != "" {
		h.trusted.Register(of.Context, params.Query, hash) // the operation has no deadline yet
		op.reuse.forgetRequest()                           // each such request registers the document
	}
	chosen := doc.operation(params.OperationName)
	switch {
	case chosen == nil:
		return h.refused(ctx, &graphql.OperationContext{}, noSuchOperation(params.OperationName))
	case op.readOnly && chosen.Operation != ast.Query && (chosen.Operation != ast.Subscription || !op.streamed):
		return nil, ctx, onlyByPost
	}
	of.plans = doc.plans
	running := &op.parts.running
	h.setRunning(running, params, doc, chosen.OperationDefinition)
	if e := h.limits.checkItems(doc.items + itemsIn(params.Variables)); e != nil {
		return h.refused(ctx, running, e.list())
	}
	if running.Variables, errs = doc.coerce.Values(chosen.OperationDefinition, params.Variables); len(errs) > 0 {
		return h.refused(ctx, running, errs)
	}
	op.name, op.lists, op.chosen = chosen.Name, h.lists(), chosen
	op.cost = chosen.cost.Estimate(running.Variables, op.lists)
	op.wantsCost, _ = params.Extensions["cost"].(bool)
	if e := h.limits.checkCost(op.cost); e != nil {
		return h.refused(ctx, running, e.list())
	}
	if shared, e := h.reuseOrJoin(of, doc, chosen, running.Variables); shared || e != nil {
		return nil, ctx, e
	}
	if e := admit(of, chosen.Operation); e != nil { // before observers see that it begins
		return nil, ctx, e
	}
	if h.planner != nil && chosen.Operation == ast.Query {
		if variant := h.planner.PlanOf(of, running); variant != nil {
			of.running, of.handler = running, h
			return func(ctx context.Context) *graphql.Response { return h.byPlan(ctx, op, running, variant) }, ctx, nil
		}
	}
	next, ctx := h.exec.DispatchOperation(ctx, running)
	return next, ctx, nil
}

// planner executes queries without gqlgen's executor, with the same answers. The extension of the API implements it, if it can.
type planner interface {
	// PlanOf returns the plan with which Execute can execute a query; nil for none.
	PlanOf(ctx context.Context, running *graphql.OperationContext) *plan.Variant
	// Execute executes a query. Bound is applied to the answer before errors of sources are added. Body is the whole answer if it has nothing but data. The
	// answer is nil if the context has ended before the query has begun.
	Execute(ctx context.Context, running *graphql.OperationContext, variant *plan.Variant,
		bound func(context.Context, *graphql.Response) *graphql.Response) (resp *graphql.Response, body []byte)
}

// byPlan executes a query by its plan.
func (h *handler) byPlan(ctx context.Context, op *operation, running *graphql.OperationContext, variant *plan.Variant) (resp *graphql.Response) {
	if h.observer == nil {
		resp, op.body = h.planner.Execute(ctx, running, variant, bounded)
		return resp
	}
	ctx, ended := h.observer.Begin(ctx, Operation{Type: string(running.Operation.Operation), Name: running.Operation.Name})
	outcome := OutcomeFailed // by a panic
	defer func() { ended(outcome) }()
	resp, op.body = h.planner.Execute(ctx, running, variant, bounded)
	outcome = outcomeOf(ctx, resp)
	return resp
}

// setRunning sets gqlgen's context of an operation. Unlike gqlgen's executor, it does not read the document and the variables again.
func (h *handler) setRunning(running *graphql.OperationContext, params *graphql.RawParams, doc *document, chosen *ast.OperationDefinition) {
	*running = graphql.OperationContext{
		RawQuery: params.Query, OperationName: params.OperationName, Extensions: params.Extensions, Headers: params.Headers,
		Doc: doc.ast, Operation: chosen, DisableIntrospection: h.template.DisableIntrospection, RecoverFunc: h.template.RecoverFunc,
		ResolverMiddleware: h.template.ResolverMiddleware, RootResolverMiddleware: h.template.RootResolverMiddleware,
	}
}

// choosePlace sets where the errors of sources are reported, from the operation's extensions.
func (op *operation) choosePlace(value any) *refusal {
	text, _ := value.(string)
	var err error
	if op.exchange.Place, err = freshness.ParsePlace([]string{text}); err != nil {
		return badRequest(http.StatusBadRequest, "%s", err)
	}
	return nil
}

type operationKey struct{}

// checkCost calculates the cost of an operation again if its data has changed since, because it has waited for newer data.
func (h *handler) checkCost(ctx context.Context, lists cost.Lists) gqlerror.List {
	op, ok := ctx.Value(operationKey{}).(*operation)
	if !ok || op.lists == lists {
		return nil
	}
	running := graphql.GetOperationContext(ctx)
	op.lists = lists
	if running.Operation == op.chosen.OperationDefinition {
		op.cost = op.chosen.cost.Estimate(running.Variables, lists)
	} else { // its literals have become variables
		op.cost = h.costs.Estimate(running.Operation, running.Variables, lists)
	}
	if e := h.limits.checkCost(op.cost); e != nil {
		return e.list()
	}
	return nil
}

// complete reports whether an answer has no errors, so that its client may store it.
func (op *operation) complete(resp *graphql.Response) bool {
	return len(resp.Errors) == 0 && !op.exchange.Lacking
}

// finish adds to the graph's answer what the client should get beside its data.
func (h *handler) finish(op *operation, resp *graphql.Response) *graphql.Response {
	age, control := -1, ""
	if op.streamed {
		age, control = ageOf(op.exchange.Answer, op.complete(resp), false)
	}
	resp.Errors = h.limits.cut(resp.Errors, op.bounds.Omitted())
	set := func(name string, value any) {
		if resp.Extensions == nil {
			resp.Extensions = make(map[string]any, 1)
		}
		resp.Extensions[name] = value
	}
	if op.wantsCost && op.cost > 0 {
		set("cost", map[string]int{"requested": op.cost, "maximum": h.limits.Cost})
	}
	if age >= 0 {
		set("Age", age)
	}
	if control != "" {
		set("Cache-Control", control)
	}
	return resp
}

func (h *handler) refused(ctx context.Context, running *graphql.OperationContext, errs gqlerror.List) (graphql.ResponseHandler, context.Context, *refusal) {
	ctx = graphql.WithOperationContext(ctx, running)
	return graphql.OneShot(h.exec.DispatchError(ctx, errs)), ctx, nil
}

func noSuchOperation(name string) gqlerror.List {
	message := "the document has several operations: name one in operationName"
	if name != "" {
		message = "the document has no operation of the name in operationName"
	}
	return invalid(message)
}
