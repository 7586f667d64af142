package resolvers

import (
	"context"
	"fmt"
	"math"
	"sync"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"roster/graph/model"
	"roster/internal/access"
	"roster/internal/bounds"
	"roster/internal/cost"
	"roster/internal/freshness"
	"roster/internal/generation"
	"roster/internal/snapshot"
)

// operation is what one operation sees from beginning to end.
type operation struct {
	view     *generation.View
	presence *presenceLoader // nil where no field asks for it
	oneAsks  bool            // for presence: a single one of the operation's own fields
	statuses func() []snapshot.Status
	anew     func(context.Context) *generation.View // what a mutation's next field sees
	required generation.Required                    // of all its fields
	onlyKept bool                                   // nothing may be read for its sake
	refused  gqlerror.List                          // representations that name nothing
	withheld *withheld                              // fields that the caller may not see
	selves   selves                                 // whom sources take the caller for, by their own token
	began    time.Time
	record   *access.Entry // nil where none is kept
	extent
}

type operationKey struct{}

// operationOf gives the operation that ctx belongs to.
func operationOf(ctx context.Context) *operation {
	op, ok := ctx.Value(operationKey{}).(*operation)
	if !ok {
		panic("resolvers: the server does not use the resolver's Extension")
	}
	return op
}

// Extension prepares each operation before its first resolver runs, and adds the sources' failures to its answer. Affords refuses, by its errors, an
// operation that costs more than it may where lists are that long.
func (r *Resolver) Extension(affords func(context.Context, cost.Lists) gqlerror.List) graphql.HandlerExtension {
	return &extension{Resolver: r, affords: affords}
}

type extension struct {
	*Resolver
	affords func(context.Context, cost.Lists) gqlerror.List
	policy  *policy
}

var _ interface {
	graphql.HandlerExtension
	graphql.OperationInterceptor
	graphql.ResponseInterceptor
} = (*extension)(nil)

// ExtensionName names the extension.
func (*extension) ExtensionName() string { return "Operation" }

// Validate reads from the schema which fields need which scopes.
func (e *extension) Validate(schema graphql.ExecutableSchema) (err error) {
	if e.policy, err = newPolicy(schema.Schema()); err == nil {
		e.policy.coordinate = e.presented().Coordinate
	}
	return err
}

// InterceptOperation withholds what the caller may not see, loads what the operation required, and fixes what it sees.
func (e *extension) InterceptOperation(ctx context.Context, next graphql.OperationHandler) graphql.ResponseHandler {
	document, caller, began := graphql.GetOperationContext(ctx), access.FromContext(ctx), time.Now()
	withheld := e.policy.withheld(document, caller)
	if refusal := withheld.refusal(document, caller); refusal != nil {
		return refusal
	}
	if e.AccessLog.Refuses() && !onlyAboutSchema(document) {
		return refuse(unrecorded())
	}
	withheld.from(document)
	e.state(document)
	refused := checkRepresentations(document, e.presented(), bounds.FromContext(ctx))
	n := requiredOf(document)
	exchange := freshness.FromContext(ctx)
	requirement := exchange.Requirement
	results, waited := loadCollections(ctx, e.Keeper, e.Publisher.Keys(n.collections),
		snapshot.Requirement{NotBefore: requirement.NotBefore(), IfError: requirement.StaleIfError, OnlyKept: requirement.OnlyIfCached})
	view := e.Publisher.View(ctx, results, waited)
	if errs := e.affords(ctx, sizes{view.Directory}); len(errs) > 0 {
		return refuse(errs...)
	}
	op := &operation{view: viewUntil(ctx, view), required: n.collections, onlyKept: requirement.OnlyIfCached, refused: refused, withheld: withheld,
		statuses: sync.OnceValue(e.Publisher.Statuses), began: began, record: e.record(document, n, withheld)}
	if document.Operation.Operation == ast.Query && access.WorksectionToken(ctx) == "" { // else what a source says of the caller may be in it, which is good for this moment only
		exchange.Answer = answerOf(op.view, n)
	}
	op.anew = func(ctx context.Context) *generation.View {
		results, waited := loadCollections(ctx, e.Keeper, e.Publisher.Keys(n.collections), snapshot.Requirement{})
		return viewUntil(ctx, e.Publisher.View(ctx, results, waited))
	}
	if n.presence > 0 {
		op.presence, op.oneAsks = loadPresence(e.Presence), n.presence == 1
		if op.onlyKept {
			op.presence = knownPresence(e.Presence)
		}
	}
	return next(context.WithValue(ctx, operationKey{}, op))
}

// viewUntil gives a view whose directory answers nothing more once the operation's time is over, or its client has gone.
func viewUntil(ctx context.Context, v *generation.View) *generation.View {
	v.Directory = v.Directory.Until(func() bool { return ctx.Err() != nil })
	return v
}

// InterceptResponse adds an error for each malformed representation and each field that is withheld, and one for each source and field of the
// operation's own that lacks data of it, or has it older than the caller wishes. Some clients throw away any answer with errors: what concerns the
// sources may be told beside them instead, in the same form, once for each source.
func (e *extension) InterceptResponse(ctx context.Context, next graphql.ResponseHandler) *graphql.Response {
	resp := next(ctx)
	op, ok := ctx.Value(operationKey{}).(*operation)
	if resp == nil || !ok { // the operation was refused before it began
		return resp
	}
	resp.Data = e.presented().Answer(resp.Data)
	resp.Errors = bounds.FromContext(ctx).AddAll(append(resp.Errors, op.refused...), op.withheld.errors())
	lacking := op.lacking(op.required)
	e.tell(ctx, resp, lacking)
	return e.write(ctx, op, resp, len(lacking) > 0)
}

// tell says what sources lack, in the place that the request has chosen, or that is configured.
func (e *extension) tell(ctx context.Context, resp *graphql.Response, lacking gqlerror.List) {
	if len(lacking) == 0 {
		return
	}
	exchange := freshness.FromContext(ctx)
	exchange.Lacking = true
	apart := e.SourcesApart
	if exchange.Place != "" {
		apart = exchange.Place == freshness.InExtensions
	}
	if !apart {
		resp.Errors = bounds.FromContext(ctx).AddAll(resp.Errors, operationOf(ctx).lackingByField(graphql.GetOperationContext(ctx)))
		return
	}
	if resp.Extensions == nil {
		resp.Extensions = make(map[string]any)
	}
	resp.Extensions["sources"] = lacking
}

// missing says which source lacks what, why, and when it is worth asking again.
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
	if !st.RetryAt.IsZero() { // where it is being read already, asking again soon may help
		ext["retryAfter"] = max(1, int(math.Ceil(st.RetryAt.Sub(now).Seconds())))
	}
	return &gqlerror.Error{
		Message:    fmt.Sprintf("%s of source %s are %s: %s", collectionName(st.Collection), st.Source, verb, why),
		Extensions: ext,
	}
}

// older says which source has data older than the caller wishes, why, and when it is worth asking again.
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

// answerOf says how old an operation's data is; nil where it needs none. Who is there is never good for longer than the moment.
func answerOf(view *generation.View, n required) *freshness.Answer {
	oldestAt, freshUntil, ok := view.Freshness()
	if !ok {
		return nil
	}
	if n.presence > 0 {
		freshUntil = oldestAt
	}
	return &freshness.Answer{OldestAt: oldestAt, FreshUntil: freshUntil}
}
