package resolvers

import (
	"context"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"roster/connectors"
	"roster/graph/model"
	"roster/internal/access"
	"roster/internal/bounds"
	"roster/internal/cost"
	"roster/internal/directory"
	"roster/internal/freshness"
	"roster/internal/generation"
	"roster/internal/snapshot"
)

// operation is the state of one operation.
type operation struct {
	view    *generation.View
	ownView generation.View
	// generation is that of the view, if other operations may get the same answer; otherwise nil. Shows says what the answer shows besides content.
	generation *generation.Generation
	shows      generation.Shows
	cursor     string          // in the log of changes, from before the view; empty if no field needs it
	presence   *presenceLoader // nil if no field needs it
	// singleRoot is true if all presence is below one root field.
	singleRoot bool
	statuses   statuses
	fetches    fetches
	required   generation.Required // of all fields; none for a subscription, which reports no errors of sources
	policy     *policy             // says which fields of changes, and which provenance, the caller may see
	// collections are those of the view, and stream has the changes: for a subscription.
	collections generation.Required
	stream      *changeStream
	onlyCached  bool          // nothing may be fetched for this operation
	refused     gqlerror.List // errors of malformed representations
	denied      *deniedFields
	selves      selves // the accounts that sources have found for the caller's own tokens
	began       time.Time
	entry       *access.Entry // of the access log; nil without one
	planned     bool          // a plan executes the operation
	turn        chan struct{} // holds one root field at a time; nil if a plan executes the operation
	pageLimit
	removals removals

	// What an operation with a plan needs, so that it is one piece of memory with the operation.
	execution execution
	response  graphql.Response
}

type operationKey struct{}

// withOperation returns a context with an operation. The context of a plan's operation has room for it, so that it need not be looked for in several contexts.
func withOperation(ctx context.Context, op *operation) context.Context {
	if roomy, ok := ctx.(interface{ Keep(key, value any) bool }); ok && roomy.Keep(operationKey{}, op) {
		return ctx
	}
	return context.WithValue(ctx, operationKey{}, op)
}

// operationOf returns the operation of a context.
func operationOf(ctx context.Context) *operation {
	op, ok := ctx.Value(operationKey{}).(*operation)
	if !ok {
		panic("resolvers: the server does not use the resolver's Extension")
	}
	return op
}

// Extension returns an extension that prepares each operation before its first resolver runs, and adds errors of sources to its answer. CheckCost returns
// errors if the operation's cost, with the present lengths of lists, is too high. The operation is then refused.
func (r *Resolver) Extension(checkCost func(context.Context, cost.Lists) gqlerror.List) graphql.HandlerExtension {
	return &extension{Resolver: r, checkCost: checkCost}
}

type extension struct {
	*Resolver
	checkCost func(context.Context, cost.Lists) gqlerror.List
	policy    *policy
	schema    *executable // nil if the executor has another schema than the resolver's
}

var _ interface {
	graphql.HandlerExtension
	graphql.OperationInterceptor
	graphql.RootFieldInterceptor
	graphql.ResponseInterceptor
} = (*extension)(nil)

// ExtensionName implements graphql.HandlerExtension.
func (*extension) ExtensionName() string { return "Operation" }

// Validate reads from the schema which fields need which scopes.
func (e *extension) Validate(schema graphql.ExecutableSchema) (err error) {
	if e.policy, err = newPolicy(schema.Schema()); err == nil {
		e.policy.coordinate = e.servedGraph().Coordinate
	}
	e.schema, _ = schema.(*executable)
	return err
}

// InterceptOperation denies fields that the caller may not see, loads the collections that the operation requires, and fixes its view.
func (e *extension) InterceptOperation(ctx context.Context, next graphql.OperationHandler) graphql.ResponseHandler {
	document := graphql.GetOperationContext(ctx)
	ctx, _, errs := e.prepare(ctx, document, e.factsFor(ctx, document))
	if errs != nil {
		return graphql.OneShot(&graphql.Response{Errors: errs})
	}
	return next(ctx)
}

// prepare returns the context for the resolvers of an operation, and the operation's state. If the operation is refused, it returns errors.
func (e *extension) prepare(ctx context.Context, document *graphql.OperationContext, known *facts) (context.Context, *operation, gqlerror.List) {
	caller, now := access.FromContext(ctx), time.Now()
	denied := e.policy.denied(document, caller)
	if errs := denied.refusal(document, caller); errs != nil {
		return ctx, nil, errs
	}
	if errs := e.policy.deniedInputs(known.scoped, document.Variables, caller); errs != nil {
		return ctx, nil, errs
	}
	if e.AccessLog.Refuses() && !known.schemaOnly {
		return ctx, nil, gqlerror.List{unrecorded()}
	}
	if errs := unexplainable(known.provenances, document.Variables); errs != nil {
		return ctx, nil, errs
	}
	denied.nullify(document)
	if known.service {
		e.answerService(document)
	}
	var refused gqlerror.List
	if known.entities {
		refused = checkRepresentations(document, e.servedGraph(), bounds.FromContext(ctx))
		known = factsOf(document) // its representations can be variables now
	}
	n := known.needs(document.Variables)
	exchange := freshness.FromContext(ctx)
	began := now
	if !exchange.Began.IsZero() { // the request may have come slowly
		began = exchange.Began
	}
	requirement := exchange.Requirement
	subscribes := document.Operation.Operation == ast.Subscription
	cursor := ""
	if slices.Contains(known.fields, "changeCursor") {
		cursor = e.changes().Cursor()
	}
	var current *generation.Generation
	view := viewOf(exchange.Series)
	if view == nil {
		view, current = e.viewFor(ctx, n.collections, requirement, now, subscribes)
	}
	if errs := e.checkCost(ctx, sizes{view.Directory}); len(errs) > 0 {
		return ctx, nil, errs
	}
	op := &operation{policy: e.policy, required: n.collections, onlyCached: requirement.OnlyIfCached, refused: refused, denied: denied,
		began: began, cursor: cursor, entry: e.beginEntry(document, known, n, denied)}
	if subscribes {
		op.required, op.collections = 0, n.collections
	}
	op.setView(ctx, view)
	op.join(exchange.Series, view)
	// With a token of the caller's own, the answer may have what a source says of the caller, which must not be cached.
	cacheable := document.Operation.Operation == ast.Query && !access.SourceTokensOf(ctx).Any()
	if cacheable && !n.private {
		op.generation, op.shows = current, n.shows
	}
	if cacheable && cursor == "" {
		if answer, ok := answerOf(op.view, n); ok {
			exchange.SetAnswer(answer)
		}
	}
	ctx = withOperation(ctx, op)
	if n.observed {
		ctx = model.WithObserved(ctx, observedAt)
	}
	if n.presence > 0 {
		ctx = model.WithPresence(ctx, func(ctx context.Context, n directory.Node) connectors.Presence { return e.presenceOf(ctx, n).Presence })
		op.presence, op.singleRoot = loadPresence(e.Presence), n.presence == 1
		if op.onlyCached {
			op.presence = cachedPresence(e.Presence)
		}
	}
	return ctx, op, nil
}

// viewFor returns the view of an operation that requires these collections. If nothing is missing or too old, it is that of
// the current generation, which viewFor returns too. With noWait, it is that of the current generation in any case.
func (e *extension) viewFor(
	ctx context.Context, n generation.Required, requirement freshness.Requirement, now time.Time, noWait bool,
) (*generation.View, *generation.Generation) {
	if requirement.AcceptsAny() || noWait {
		g := e.Publisher.CurrentAt(now)
		if view, ok := g.View(n); ok || noWait {
			g.Ask(n, now)
			return view, g
		}
	}
	results, waited := loadCollections(ctx, e.Keeper, e.Publisher.Keys(n),
		snapshot.Requirement{NotBefore: requirement.NotBefore(), IfError: requirement.StaleIfError, OnlyKept: requirement.OnlyIfCached})
	return e.Publisher.View(ctx, results, waited), nil
}

// setView sets the view, with a directory whose queries stop when the operation's time is over or its client disconnects.
func (op *operation) setView(ctx context.Context, v *generation.View) {
	op.ownView = *v
	op.ownView.Directory = v.Directory.For(func() bool { return ctx.Err() != nil }, access.FromContext(ctx).May(access.ScopeSensitive))
	op.view = &op.ownView
}

// InterceptRootField resolves the root fields of an operation that has no plan one after another, except those that may wait for a source. gqlgen starts a
// goroutine for each item of each list: 100 root fields with 1,000 items each would have 100,000 goroutines at once, whose stacks take hundreds of MiB.
func (e *extension) InterceptRootField(ctx context.Context, next graphql.RootResolver) graphql.Marshaler {
	if op, ok := ctx.Value(operationKey{}).(*operation); ok && !op.mayWait(ctx) {
		op.turn <- struct{}{}
		defer func() { <-op.turn }()
	}
	return next(ctx)
}

// mayWait reports whether the root field that is being resolved, or a field below it, may call a source: for presence, or for what it says of the caller.
func (op *operation) mayWait(ctx context.Context) bool {
	root := graphql.GetRootFieldContext(ctx).Field
	return root.Name == "viewer" || op.presence != nil && presenceBelow(graphql.GetOperationContext(ctx), root.SelectionSet, func(*ast.Field) bool { return true })
}

// InterceptResponse completes an answer.
func (e *extension) InterceptResponse(ctx context.Context, next graphql.ResponseHandler) *graphql.Response {
	op, ok := ctx.Value(operationKey{}).(*operation)
	if ok && op.stream != nil {
		return e.streamed(ctx, op, next)
	}
	resp := next(ctx)
	if resp == nil || !ok { // the operation was refused before its first resolver
		return resp
	}
	return e.complete(ctx, op, resp)
}

// complete adds an error for each malformed representation and each denied field, and the errors of sources. Some clients discard an answer that has errors, so
// the errors of sources may be in the answer's extensions instead, in the same form and once for each source.
func (e *extension) complete(ctx context.Context, op *operation, resp *graphql.Response) *graphql.Response {
	resp.Data = e.servedGraph().Answer(resp.Data)
	resp.Errors = bounds.FromContext(ctx).AddAll(append(resp.Errors, op.refused...), op.denied.errors())
	op.removals.addTo(resp)
	errs := op.sourceErrors(op.required)
	e.addSourceErrors(ctx, resp, errs)
	resp, entry := e.endEntry(ctx, op, resp, len(errs) > 0)
	if op.generation != nil {
		if len(errs) > 0 {
			op.shows |= generation.ShowsRetries
		}
		freshness.FromContext(ctx).Reusable = &reusable{e.Resolver, op.generation.Version().Of(op.shows), op.shows, op.required, entry}
	}
	return resp
}

// addSourceErrors adds the errors of sources to the answer's errors or extensions, as the request or the configuration says.
func (e *extension) addSourceErrors(ctx context.Context, resp *graphql.Response, errs gqlerror.List) {
	if len(errs) == 0 {
		return
	}
	exchange := freshness.FromContext(ctx)
	exchange.Lacking = true
	inExtensions := e.SourceErrorsInExtensions
	if exchange.Place != "" {
		inExtensions = exchange.Place == freshness.InExtensions
	}
	if !inExtensions {
		resp.Errors = bounds.FromContext(ctx).AddAll(resp.Errors, operationOf(ctx).sourceErrorsByField(graphql.GetOperationContext(ctx)))
		return
	}
	if resp.Extensions == nil {
		resp.Extensions = make(map[string]any)
	}
	resp.Extensions["sources"] = errs
}

// missing returns the error for a source that lacks data: which collection, why, and when to try again.
func missing(st snapshot.Status, onlyKept bool, now time.Time) *gqlerror.Error {
	code, verb := codeSourceUnavailable, "missing"
	switch {
	case st.State == snapshot.Incomplete:
		code, verb = codeSourceIncomplete, "incomplete"
	case onlyKept:
		code = codeOnlyIfCached
	}
	why := "they have not been read yet"
	if verb == "incomplete" {
		why = "they have not been read to the end"
	}
	ext := map[string]any{"code": code, "source": st.Source}
	if st.Err != nil {
		why = reason(st.Err)
		ext["reason"] = model.SourceErrorCode(st.Err.Kind)
	} else if st.Short != nil {
		why = st.Short.Detail
		ext["reason"] = model.SourceErrorCode(st.Short.Kind)
	}
	if !st.RetryAt.IsZero() { // zero while a fetch is running: then an early retry may help
		ext["retryAfter"] = max(1, int(math.Ceil(st.RetryAt.Sub(now).Seconds())))
	}
	return &gqlerror.Error{
		Message:    fmt.Sprintf("%s of source %s are %s: %s", collectionName(st.Collection), st.Source, verb, why),
		Extensions: ext,
	}
}

// older returns the error for a source whose data is older than required: which collection, why, and when to try again.
func older(o generation.Older, now time.Time) *gqlerror.Error {
	why := "they could not be read again in time"
	if o.NextAt.After(now) {
		why = "they have been read so lately that they may not be read again yet"
	}
	ext := map[string]any{"code": codeSourceStale, "source": o.Source, "retryAfter": max(1, int(math.Ceil(o.NextAt.Sub(now).Seconds())))}
	if o.Err != nil {
		why = reason(o.Err)
		ext["reason"] = model.SourceErrorCode(o.Err.Kind)
	}
	return &gqlerror.Error{
		Message:    fmt.Sprintf("%s of source %s are older than asked: %s", collectionName(o.Collection), o.Source, why),
		Extensions: ext,
	}
}

// answerOf returns the age of an operation's data, and false if it needs none. Presence is never cacheable.
func answerOf(view *generation.View, n required) (freshness.Answer, bool) {
	oldestAt, freshUntil, ok := view.Freshness()
	if n.presence > 0 {
		freshUntil = oldestAt
	}
	return freshness.Answer{OldestAt: oldestAt, FreshUntil: freshUntil}, ok
}
