package resolvers

import (
	"context"

	"github.com/vektah/gqlparser/v2/gqlerror"

	"roster/graph/model"
	"roster/internal/access"
	"roster/internal/directory"
	"roster/internal/edits"
)

func (r *queryResolver) IdentityPreview(ctx context.Context, input model.IdentityPreviewInput) (*directory.Preview, error) {
	view := operationOf(ctx).view
	if input.Anchors != nil && !access.FromContext(ctx).May(access.ScopeSensitive) {
		// Without its anchors, the configuration would show whom they join.
		if now, _ := view.Directory.Rules(&directory.Change{}); len(input.Anchors)+len(now.Anchors) > 0 {
			return nil, &gqlerror.Error{Message: "input.anchors needs " + access.ScopeSensitive, Extensions: map[string]any{"code": codeForbidden}}
		}
	}
	c, err := changeOf(view.Directory, &input)
	if err != nil {
		return nil, err
	}
	if text := edits.Contradiction(view.Directory.Rules(c)); text != "" {
		return nil, &directory.InputError{Argument: "input", Message: text}
	}
	return r.Publisher.Preview(ctx, view, c)
}
