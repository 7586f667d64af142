package resolvers

import (
	"context"

	"roster/graph/generated"
	"roster/graph/model"
	"roster/internal/directory"
)

func (r *entityResolver) FindContactByID(ctx context.Context, id string) (*directory.Contact, error) {
	return operationOf(ctx).view.Directory.Contact(id), nil
}

func (r *entityResolver) FindContactFolderByID(ctx context.Context, id string) (*directory.ContactFolder, error) {
	return operationOf(ctx).view.Directory.Folder(id), nil
}

func (r *entityResolver) FindRoleByID(ctx context.Context, id string) (*directory.Role, error) {
	return operationOf(ctx).view.Directory.Role(id), nil
}

func (r *entityResolver) FindTeamByID(ctx context.Context, id string) (*directory.Team, error) {
	return operationOf(ctx).view.Directory.Team(id), nil
}

func (r *entityResolver) FindUserByID(ctx context.Context, id string) (*directory.User, error) {
	return operationOf(ctx).view.Directory.User(id)
}

func (r *entityResolver) FindUserByEmail(ctx context.Context, email *string) (*directory.User, error) {
	if email == nil {
		return nil, nil //nolint:nilnil // a user without an address has no entity
	}
	return operationOf(ctx).view.Directory.UserByEmail(*email), nil
}

func (r *Resolver) Entity() generated.EntityResolver {
	return &entityResolver{r, model.AccountEntities{Account: accountByID}}
}

type entityResolver struct {
	*Resolver
	model.AccountEntities
}
