package rocketchat

import (
	"context"

	"roster/connectors"
)

// scopeRooms is the scope of roles that people have in single rooms, such as owner and moderator: they say nothing about an account. If
// one should stand in a user's row all the same, the account's own reference to it is enough for the directory.
const scopeRooms = "Subscriptions"

// roles lists the roles that accounts can have: GET roles.list, which has no pages.
func (c *client) roles(ctx context.Context, _ connectors.Progress[connectors.Role]) (connectors.Listing[connectors.Role], error) {
	none := connectors.Listing[connectors.Role]{}
	resp, err := c.get(ctx, routeRoles, nil)
	if err != nil {
		return none, err
	}
	var list roles
	if err := resp.JSON(&list); err != nil {
		return none, err
	}
	if list.Roles == nil {
		return none, missing(resp, "roles")
	}
	return convertRoles(*list.Roles), nil
}

func convertRoles(rows []role) connectors.Listing[connectors.Role] {
	var read connectors.Collector[connectors.Role]
	for _, r := range rows {
		if r.Scope != scopeRooms {
			read.Add(convertRole(r))
		}
	}
	return finish(&read, connectors.End{Whole: true}, nil)
}
