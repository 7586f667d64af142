package resolvers

import (
	"context"
	"fmt"

	"roster/graph/generated"
	"roster/graph/model"
	"roster/internal/access"
	"roster/internal/directory"
)

func (r *queryResolver) Viewer(ctx context.Context) (*model.Viewer, error) {
	return r.viewer(operationOf(ctx).view.Directory, access.FromContext(ctx)), nil
}

func (r *queryResolver) Node(ctx context.Context, id string) (directory.Node, error) {
	n := operationOf(ctx).view.Directory.Node(id)
	if n == nil {
		noteRemoval(ctx, id)
	}
	r.prefetchPresence(ctx, n)
	return n, nil
}

func (r *queryResolver) Nodes(ctx context.Context, ids []string) ([]directory.Node, error) {
	if len(ids) > maxNodes {
		return nil, &directory.InputError{Argument: "ids", Message: fmt.Sprintf("at most %d, not %d", maxNodes, len(ids))}
	}
	d := operationOf(ctx).view.Directory
	out := make([]directory.Node, len(ids))
	for i, id := range ids {
		if out[i] = d.Node(id); out[i] == nil {
			noteRemoval(ctx, id)
		}
	}
	r.prefetchPresence(ctx, out...)
	return out, nil
}

func (r *Resolver) Mutation() generated.MutationResolver { return &mutationResolver{r} }

func (r *Resolver) Query() generated.QueryResolver { return &queryResolver{r} }

type (
	mutationResolver struct{ *Resolver }
	queryResolver    struct{ *Resolver }
)
