package kommo

import (
	"context"
	"net/http"
	"slices"

	"roster/connectors"
	"roster/internal/rest"
)

// teams reads the groups of users, the default one included. There is no endpoint for them: they stand in the account, which any user may
// read. Who is in them, only the users tell.
//
// GET /api/v4/account: https://developers.kommo.com/reference/account-parameters
func (c *client) teams(ctx context.Context, _ connectors.Progress[connectors.Team]) (connectors.Listing[connectors.Team], error) {
	resp, err := c.get(ctx, opAccount, pathAccount, "with=users_groups")
	if err != nil {
		return connectors.Listing[connectors.Team]{}, err
	}
	return decodeTeams(resp)
}

func decodeTeams(resp *rest.Response) (connectors.Listing[connectors.Team], error) {
	var a account
	if resp.Status != http.StatusNoContent {
		if err := resp.JSON(&a); err != nil {
			return connectors.Listing[connectors.Team]{}, err
		}
	}
	// Every account has the default group at least: no list is not an empty one.
	if a.Embedded.UsersGroups == nil {
		return connectors.Listing[connectors.Team]{}, resp.Fail(connectors.KindBadResponse, "the account came without its groups")
	}
	var got connectors.Collector[connectors.Team]
	for _, g := range a.Embedded.UsersGroups {
		got.Add(convertTeam(g))
	}
	l := got.Listing(nil, true)
	slices.SortFunc(l.Records, func(a, b connectors.Team) int { return compareIDs(a.ID, b.ID) })
	return l, nil
}
