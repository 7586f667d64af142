package resolvers

import (
	"context"

	"github.com/vektah/gqlparser/v2/gqlerror"

	"roster/graph/model"
	"roster/internal/access"
	"roster/internal/directory"
)

func (r *queryResolver) IdentityPreview(ctx context.Context, input model.IdentityPreviewInput) (*directory.Preview, error) {
	view := operationOf(ctx).view
	if len(input.Anchors) > 0 && !access.FromContext(ctx).May(access.ScopeSensitive) {
		return nil, &gqlerror.Error{Message: "input.anchors needs " + access.ScopeSensitive, Extensions: map[string]any{"code": codeForbidden}}
	}
	c, err := changeOf(view.Directory, &input)
	if err != nil {
		return nil, err
	}
	return r.Publisher.Preview(ctx, view, c)
}
