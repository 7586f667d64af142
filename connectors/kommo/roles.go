package kommo

import (
	"context"

	"roster/connectors"
)

// roles lists the roles with their rights. It needs an administrator's token.
//
// GET /api/v4/roles: https://developers.kommo.com/reference/user-roles-list
func (c *client) roles(ctx context.Context, progress connectors.Progress[connectors.Role]) (connectors.Listing[connectors.Role], error) {
	listing, err := list(ctx, c, endpoint[connectors.Role]{
		op:      opRoles,
		path:    pathRoles,
		query:   "limit=" + pageSize,
		key:     "roles",
		convert: convertRole,
	}, progress)
	return listing, c.explainRefusal(ctx, err)
}
