package httpapi

import (
	"context"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"roster/internal/bounds"
)

// boundedAnswers holds each answer to its bounds while it is made. It comes behind the other extensions, so that they see what becomes of it.
type boundedAnswers struct{}

var _ interface {
	graphql.HandlerExtension
	graphql.RootFieldInterceptor
	graphql.ResponseInterceptor
} = boundedAnswers{}

// ExtensionName names the extension.
func (boundedAnswers) ExtensionName() string { return "BoundedAnswers" }

// Validate has nothing to check.
func (boundedAnswers) Validate(graphql.ExecutableSchema) error { return nil }

// InterceptRootField bounds what is written of a field.
func (boundedAnswers) InterceptRootField(ctx context.Context, next graphql.RootResolver) graphql.Marshaler {
	return bounds.FromContext(ctx).Data(next(ctx))
}

// InterceptResponse puts one error in the place of an answer that is too long, or for which there is no room beside others.
func (boundedAnswers) InterceptResponse(ctx context.Context, next graphql.ResponseHandler) *graphql.Response {
	resp := next(ctx)
	if of := bounds.FromContext(ctx); resp != nil && of.TooLong(resp.Data) {
		most := of.MaxBytes()
		return &graphql.Response{Data: []byte("null"), Errors: exceeded("answer_bytes", most, -1,
			"the answer is longer than the limit of %d bytes: ask for fewer fields, or smaller pages", most).list()}
	}
	if op, ok := ctx.Value(operationKey{}).(*operation); ok && resp != nil && !op.hasRoom(resp) {
		return &graphql.Response{Data: []byte("null"), Errors: op.room.full.list()}
	}
	return resp
}

// hasRoom says whether there is room for an answer, and holds as much as its buffer has and no more. Where there is none, the caller is told when to ask again,
// unless what was asked for has been done.
func (op *operation) hasRoom(resp *graphql.Response) bool {
	if op.room.full == nil && op.room.Resize(cap(resp.Data)+bounds.Length(resp.Errors)) {
		return true
	}
	if e := op.room.full; op.mutation {
		e.status, e.retryAfter = 0, 0
		e.message += "; the mutation has been carried out"
	}
	return false
}

// presenter gives errors as the graph shows them, as long as there is room for them in the answer.
func presenter(present graphql.ErrorPresenterFunc) graphql.ErrorPresenterFunc {
	return func(ctx context.Context, err error) *gqlerror.Error {
		e := present(ctx, err)
		if e == nil || !bounds.FromContext(ctx).Admit(e) {
			return nil
		}
		return e
	}
}
