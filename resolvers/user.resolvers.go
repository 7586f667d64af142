package resolvers

import (
	"context"
	"slices"
	"time"

	"roster/connectors"
	"roster/graph/generated"
	"roster/graph/model"
	"roster/internal/directory"
	"roster/internal/writes"
)

func (r *mutationResolver) InviteUser(ctx context.Context, input model.InviteUserInput) (*model.InviteUserPayload, error) {
	res, err := r.Writer.InviteUser(ctx, request(ctx, input.Source, input.IdempotencyKey, input.DryRun), writes.Invite{
		Email: input.Email, FirstName: input.FirstName, LastName: input.LastName, Title: input.Title, TeamID: input.TeamID, Department: input.Department,
		Access: input.AccessLevel,
	})
	if err != nil {
		return nil, err
	}
	return &model.InviteUserPayload{
		Outcome: model.Outcome(res.Outcome), Account: found(res, r.after(ctx).AccountOf), WouldSend: res.WouldSend, UserErrors: userErrors(res.Errors),
	}, nil
}

func (r *queryResolver) User(ctx context.Context, by model.UserLookup) (*directory.User, error) {
	u, err := r.lookUpUser(operationOf(ctx).view.Directory, by)
	if u == nil && err == nil && by.ID != nil {
		noteRemoval(ctx, *by.ID)
	}
	r.prefetchPresence(ctx, u)
	return u, err
}

func (r *queryResolver) Users(ctx context.Context, first *int, after *string, last *int, before *string, filter *directory.UserFilter, orderBy *directory.UserOrder) (*directory.UserConnection, error) {
	args := directory.PageArgs{First: first, After: after, Last: last, Before: before}
	return r.userPage(ctx, func(d *directory.Directory) (*directory.UserConnection, error) {
		return d.Users(filter, orderOr(orderBy), args)
	})
}

func (r *userResolver) Presence(ctx context.Context, obj *directory.User) (*connectors.PresenceState, error) {
	p := r.presenceOf(ctx, obj).Presence
	return &p.State, nil
}

func (r *userResolver) PresenceAsOf(ctx context.Context, obj *directory.User) (*time.Time, error) {
	at := r.presenceOf(ctx, obj).At
	if at.IsZero() {
		return nil, nil //nolint:nilnil // no source was called
	}
	return &at, nil
}

func (r *userResolver) FormerIds(ctx context.Context, obj *directory.User) ([]string, error) { //nolint:revive // gqlgen makes the name
	return operationOf(ctx).view.Directory.FormerIDs(obj), nil
}

func (r *userResolver) Completeness(ctx context.Context, obj *directory.User) (*directory.Completeness, error) {
	return operationOf(ctx).view.Completeness(requiredForPeople), nil
}

func (r *userResolver) AsOf(ctx context.Context, obj *directory.User) (*time.Time, error) {
	return known(operationOf(ctx).view.FetchedAt(requiredForPeople, func(source string) bool {
		return slices.ContainsFunc(obj.Accounts, func(a directory.Account) bool { return a.Core().Source.Name == source })
	})), nil
}

func (r *userResolver) Provenance(ctx context.Context, obj *directory.User, fields []string) ([]*directory.FieldProvenance, error) {
	sight, d := sightOf(ctx, "User"), operationOf(ctx).view.Directory
	return provenance("User", fields, func(field string) *directory.FieldProvenance { return d.ProvenanceOfUser(obj, field, sight) }), nil
}

func (r *userResolver) Identity(ctx context.Context, obj *directory.User) (*directory.Identity, error) {
	return operationOf(ctx).view.Identities().Of(obj), nil
}

func (r *Resolver) User() generated.UserResolver { return &userResolver{r} }

type userResolver struct{ *Resolver }

// Accounts of kinds with a type of their own ask the context: see model.WithObserved.
func (r *directoryAccountResolver) ObservedAt(ctx context.Context, obj *directory.AccountCore) (*time.Time, error) {
	return known(observedAt(ctx, obj)), nil
}

func (r *Resolver) DirectoryAccount() generated.DirectoryAccountResolver {
	return &directoryAccountResolver{r}
}

type directoryAccountResolver struct{ *Resolver }
