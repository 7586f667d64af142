package kommo

import (
	"context"

	"roster/connectors"
)

// accounts lists the users, also inactive users and users with a free seat. It needs an administrator's token.
//
// GET /api/v4/users: https://developers.kommo.com/reference/users-list
func (c *client) accounts(ctx context.Context, progress connectors.Progress[connectors.Account]) (connectors.Listing[connectors.Account], error) {
	listing, err := list(ctx, c, endpoint[connectors.Account]{
		op:      opUsers,
		path:    pathUsers,
		query:   "with=role,group,uuid,amojo_id,user_rank,phone_number&limit=" + pageSize,
		key:     "users",
		convert: accountConverter{c.region, c.keep}.convert,
	}, progress)
	return listing, c.explainRefusal(ctx, err)
}
