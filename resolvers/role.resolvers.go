package resolvers

import (
	"context"

	"roster/graph/generated"
	"roster/internal/directory"
)

func (r *queryResolver) Role(ctx context.Context, id string) (*directory.Role, error) {
	role, err := operationOf(ctx).view.Directory.RoleByID(id)
	return orGone(ctx, id, role, err)
}

func (r *queryResolver) Roles(ctx context.Context, first *int, after *string, last *int, before *string, filter *directory.RoleFilter) (*directory.RoleConnection, error) {
	page, err := operationOf(ctx).view.Directory.Roles(filter, directory.PageArgs{First: first, After: after, Last: last, Before: before})
	return listPage(ctx, page, err)
}

func (r *roleResolver) Holders(ctx context.Context, obj *directory.Role, includeInactive bool, first *int, after *string, last *int, before *string, filter *directory.UserFilter, orderBy *directory.UserOrder) (*directory.UserConnection, error) {
	args := directory.PageArgs{First: first, After: after, Last: last, Before: before}
	return r.userPage(ctx, func(d *directory.Directory) (*directory.UserConnection, error) {
		return d.Holders(obj, includeInactive, filter, orderOr(orderBy), args)
	})
}

func (r *roleResolver) Provenance(ctx context.Context, obj *directory.Role, fields []string) ([]*directory.FieldProvenance, error) {
	sight, d := sightOf(ctx, "Role"), operationOf(ctx).view.Directory
	return provenance("Role", fields, func(field string) *directory.FieldProvenance { return d.ProvenanceOfRole(obj, field, sight) }), nil
}

func (r *Resolver) Role() generated.RoleResolver { return &roleResolver{r} }

type roleResolver struct{ *Resolver }
