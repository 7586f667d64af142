package resolvers

import (
	"context"

	"roster/graph/model"
)

func (r *mutationResolver) SubscribeToTask(ctx context.Context, input model.SubscribeToTaskInput) (*model.SubscribeToTaskPayload, error) {
	res, user, err := r.subscribe(ctx, &input, false)
	if err != nil {
		return nil, err
	}
	return &model.SubscribeToTaskPayload{Outcome: model.Outcome(res.Outcome), User: user, WouldSend: res.WouldSend, UserErrors: userErrors(res.Errors)}, nil
}

func (r *mutationResolver) UnsubscribeFromTask(ctx context.Context, input model.UnsubscribeFromTaskInput) (*model.UnsubscribeFromTaskPayload, error) {
	res, user, err := r.subscribe(ctx, (*model.SubscribeToTaskInput)(&input), true)
	if err != nil {
		return nil, err
	}
	return &model.UnsubscribeFromTaskPayload{Outcome: model.Outcome(res.Outcome), User: user, WouldSend: res.WouldSend, UserErrors: userErrors(res.Errors)}, nil
}
