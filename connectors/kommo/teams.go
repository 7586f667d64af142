package kommo

import (
	"context"
	"net/http"
	"slices"

	"roster/connectors"
	"roster/connectors/decode"
	"roster/connectors/rest"
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
	var account decode.Value
	if resp.Status != http.StatusNoContent {
		var err error
		if account, err = resp.Document(); err != nil {
			return connectors.Listing[connectors.Team]{}, err
		}
	}
	// Every account has the default group at least: no list is not an empty one.
	groups, ok, err := resp.Rows(account.Object("_embedded"), "users_groups")
	if err != nil {
		return connectors.Listing[connectors.Team]{}, err
	}
	if !ok {
		return connectors.Listing[connectors.Team]{}, resp.Fail(connectors.KindBadResponse, "the account came without its groups")
	}
	var got connectors.Collector[connectors.Team]
	for _, row := range groups {
		got.Add(convertTeam(row.Noting(&got.Anomalies)))
	}
	l := got.Listing(nil, true)
	slices.SortFunc(l.Records, func(a, b connectors.Team) int { return compareIDs(a.ID, b.ID) })
	return l, nil
}
