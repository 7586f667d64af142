package httpapi

import (
	"context"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"roster/internal/bounds"
)

// boundedAnswers applies the bounds to each answer while it is made. It is the last extension, so that the other extensions see the bounded answer.
type boundedAnswers struct{}

var _ interface {
	graphql.HandlerExtension
	graphql.RootFieldInterceptor
	graphql.ResponseInterceptor
} = boundedAnswers{}

// ExtensionName implements graphql.HandlerExtension.
func (boundedAnswers) ExtensionName() string { return "BoundedAnswers" }

// Validate implements graphql.HandlerExtension.
func (boundedAnswers) Validate(graphql.ExecutableSchema) error { return nil }

// InterceptRootField bounds the data of a root field.
func (boundedAnswers) InterceptRootField(ctx context.Context, next graphql.RootResolver) graphql.Marshaler {
	return bounds.FromContext(ctx).Data(next(ctx))
}

// InterceptResponse replaces an answer that is too long, or for which there is not enough memory, with one error.
func (boundedAnswers) InterceptResponse(ctx context.Context, next graphql.ResponseHandler) *graphql.Response {
	return bounded(ctx, next(ctx))
}

func bounded(ctx context.Context, resp *graphql.Response) *graphql.Response {
	if of := bounds.FromContext(ctx); resp != nil && of.TooLong(resp.Data) {
		most := of.MaxBytes()
		return &graphql.Response{Data: []byte("null"), Errors: exceeded("answer_bytes", most, -1,
			"the answer is longer than the limit of %d bytes: ask for fewer fields, or smaller pages", most).list()}
	}
	if op, ok := ctx.Value(operationKey{}).(*operation); ok && resp != nil && !op.hasRoom(resp) {
		return &graphql.Response{Data: []byte("null"), Errors: op.memory.full.list()}
	}
	return resp
}

// hasRoom reports whether there is memory for the answer, and reserves exactly the size of its buffer. If there is none, the error has a retryAfter, except
// for a mutation, which has been carried out and must not be repeated.
func (op *operation) hasRoom(resp *graphql.Response) bool {
	if op.memory.full == nil && op.memory.Resize(cap(resp.Data)+bounds.Length(resp.Errors)) {
		return true
	}
	if e := op.memory.full; op.mutation {
		e.status, e.retryAfter = 0, 0
		e.message += "; the mutation has been carried out"
	}
	return false
}

// presenter presents errors as the graph does, up to the bounds of the answer.
func presenter(present graphql.ErrorPresenterFunc) graphql.ErrorPresenterFunc {
	return func(ctx context.Context, err error) *gqlerror.Error {
		e := present(ctx, err)
		if e == nil || !bounds.FromContext(ctx).Admit(e) {
			return nil
		}
		return e
	}
}
