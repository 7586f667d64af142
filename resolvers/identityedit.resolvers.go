package resolvers

import (
	"context"

	"roster/graph/model"
	"roster/internal/edits"
)

func (r *mutationResolver) LinkAccounts(ctx context.Context, input model.LinkAccountsInput) (*model.IdentityEditPayload, error) {
	res, err := r.Identity.LinkAccounts(ctx, editRequest(ctx, input.Reason, input.IdempotencyKey, input.DryRun), input.Accounts)
	return r.edited(ctx, res, err)
}

func (r *mutationResolver) SplitAccount(ctx context.Context, input model.SplitAccountInput) (*model.IdentityEditPayload, error) {
	res, err := r.Identity.SplitAccount(ctx, editRequest(ctx, input.Reason, input.IdempotencyKey, input.DryRun), input.Account, input.From)
	return r.edited(ctx, res, err)
}

func (r *mutationResolver) UndoIdentity(ctx context.Context, input model.UndoIdentityInput) (*model.IdentityEditPayload, error) {
	res, err := r.Identity.Undo(ctx, editRequest(ctx, input.Reason, input.IdempotencyKey, input.DryRun), input.ID)
	return r.edited(ctx, res, err)
}

func (r *queryResolver) IdentityEdits(
	ctx context.Context, first *int, after *string, last *int, before *string, filter *model.IdentityEditFilter,
) (*model.IdentityEditConnection, error) {
	page, err := r.Identity.Edits().Page(edits.PageArgs{First: first, After: after, Last: last, Before: before}, func(e *edits.Edit) bool {
		return filter == nil || filter.InForce == nil || *filter.InForce == (e.Undone == nil)
	})
	if err != nil {
		return nil, err
	}
	if ok, err := operationOf(ctx).admit(ctx, len(page.Edits)); !ok {
		return nil, err
	}
	return identityEdits(operationOf(ctx).view.Directory, page), nil
}
