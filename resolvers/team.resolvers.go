package resolvers

import (
	"context"

	"roster/graph/generated"
	"roster/graph/model"
	"roster/internal/directory"
	"roster/internal/writes"
)

func (r *mutationResolver) CreateTeam(ctx context.Context, input model.CreateTeamInput) (*model.CreateTeamPayload, error) {
	res, err := r.Writer.CreateTeam(ctx, request(ctx, input.Source, input.IdempotencyKey, input.DryRun), writes.CreateTeam{Name: input.Name, Kind: input.Kind})
	if err != nil {
		return nil, err
	}
	return &model.CreateTeamPayload{
		Outcome: model.Outcome(res.Outcome), Team: found(res, r.after(ctx).TeamOf), WouldSend: res.WouldSend, UserErrors: userErrors(res.Errors),
	}, nil
}

func (r *queryResolver) Team(ctx context.Context, id string) (*directory.Team, error) {
	t, err := operationOf(ctx).view.Directory.TeamByID(id)
	return orGone(ctx, id, t, err)
}

func (r *queryResolver) Teams(ctx context.Context, first *int, after *string, last *int, before *string, filter *directory.TeamFilter) (*directory.TeamConnection, error) {
	page, err := operationOf(ctx).view.Directory.Teams(filter, directory.PageArgs{First: first, After: after, Last: last, Before: before})
	return listPage(ctx, page, err)
}

func (r *teamResolver) Members(ctx context.Context, obj *directory.Team, first *int, after *string, last *int, before *string, filter *directory.UserFilter, orderBy *directory.UserOrder) (*directory.UserConnection, error) {
	args := directory.PageArgs{First: first, After: after, Last: last, Before: before}
	return r.userPage(ctx, func(d *directory.Directory) (*directory.UserConnection, error) {
		return d.Members(obj, filter, orderOr(orderBy), args)
	})
}

func (r *teamResolver) Provenance(ctx context.Context, obj *directory.Team, fields []string) ([]*directory.FieldProvenance, error) {
	sight, d := sightOf(ctx, "Team"), operationOf(ctx).view.Directory
	return provenance("Team", fields, func(field string) *directory.FieldProvenance { return d.ProvenanceOfTeam(obj, field, sight) }), nil
}

func (r *Resolver) Team() generated.TeamResolver { return &teamResolver{r} }

type teamResolver struct{ *Resolver }
