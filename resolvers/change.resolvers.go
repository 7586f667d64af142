package resolvers

import (
	"context"

	"roster/graph/generated"
	"roster/graph/model"
	"roster/internal/access"
	"roster/internal/changes"
	"roster/internal/directory"
)

func (r *queryResolver) ChangeCursor(ctx context.Context) (string, error) {
	op := operationOf(ctx)
	return r.changes().CursorOf(op.view.Directory, op.cursor), nil
}

func (r *subscriptionResolver) Changes(
	ctx context.Context, kinds []changes.Kind, sources []string, after *string, filter *model.ChangeFilter,
) (<-chan *changes.Event, error) {
	op := operationOf(ctx)
	for _, name := range sources {
		if err := op.view.Directory.CheckSource("sources", name); err != nil {
			return nil, err
		}
	}
	return r.openStream(ctx, op, newChangeFilter(kinds, sources, filter), after)
}

func (r *changeResolver) RelatedID(_ context.Context, obj *changes.Event) (*string, error) {
	return orNil(obj.RelatedID), nil
}

func (r *changeResolver) Node(ctx context.Context, obj *changes.Event) (directory.Node, error) {
	id := obj.ID
	if obj.Action == changes.Merged {
		id = obj.RelatedID
	}
	n := operationOf(ctx).view.Directory.Node(id)
	r.prefetchPresence(ctx, n)
	return n, nil
}

func (r *changeResolver) Fields(ctx context.Context, obj *changes.Event) ([]string, error) {
	return operationOf(ctx).policy.visible(access.FromContext(ctx), obj), nil
}

func (r *Resolver) Change() generated.ChangeResolver             { return &changeResolver{r} }
func (r *Resolver) Subscription() generated.SubscriptionResolver { return &subscriptionResolver{r} }

type (
	changeResolver       struct{ *Resolver }
	subscriptionResolver struct{ *Resolver }
)
