package rocketchat

import (
	"context"

	"roster/connectors"
	"roster/connectors/decode"
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
	list, err := resp.Document()
	if err != nil {
		return none, err
	}
	found, err := rows(resp, list, "roles")
	if err != nil {
		return none, err
	}
	return convertRoles(found), nil
}

func convertRoles(rows []decode.Value) connectors.Listing[connectors.Role] {
	var read connectors.Collector[connectors.Role]
	for _, row := range rows {
		if row = row.Noting(&read.Anomalies); row.Text("scope") != scopeRooms {
			read.Add(convertRole(row))
		}
	}
	return finish(&read, connectors.End{Whole: true}, nil)
}
