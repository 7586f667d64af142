package altcraft

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"roster/connectors"
)

// List reads every user of the account. The API has no pages, so there is no progress to tell. A total_count that is not the number of rows
// makes the listing incomplete, not the fetch a failure: the count may also be of something else.
func (c *client) List(ctx context.Context, _ connectors.Progress[connectors.Account]) (connectors.Listing[connectors.Account], error) {
	list, err := c.listUsers(ctx)
	if err != nil {
		return connectors.Listing[connectors.Account]{}, err
	}
	return c.convert(list), nil
}

func (c *client) convert(list userList) connectors.Listing[connectors.Account] {
	var found connectors.Collector[connectors.Account]
	found.Anomalies.Add(&list.odd)
	for _, row := range list.rows {
		row = row.Noting(&found.Anomalies)
		a := convertUser(row, c.accountID, c.region)
		a.Extra = c.keep.Extra(row)
		found.Add(a)
	}
	// A username that comes twice stands for one user, so it does not make up for a missing one.
	listing := found.Listing(list.total, list.counted && (list.total == nil || *list.total == found.Len() && *list.total == len(list.rows)))
	// The vendor promises no order. One account's IDs differ in the username only.
	slices.SortFunc(listing.Records, func(a, b connectors.Account) int { return cmp.Compare(a.Username, b.Username) })
	return listing
}

// Probe asks for the users, since no lesser call tells whether the token may list them, and looks for what an installation may hold
// back without saying so.
func (c *client) Probe(ctx context.Context) ([]connectors.Finding, error) {
	list, err := c.listUsers(ctx)
	if err != nil {
		return nil, err
	}
	listing := c.convert(list)
	all := connectors.Finding{What: "all users of the account", OK: listing.Complete}
	switch {
	case listing.Complete:
	case listing.Expected != nil && *listing.Expected > len(listing.Records):
		all.Note = fmt.Sprintf("it lists %d of %d; ask whoever runs it for a row limit on this call", len(listing.Records), *listing.Expected)
	case listing.Expected != nil && *listing.Expected < len(list.rows):
		all.Note = fmt.Sprintf("it lists %d and counts %d: whether some are missing cannot be told", len(list.rows), *listing.Expected)
	default:
		all.Note = "a row has no username, or total_count is not a number: whether some are missing cannot be told"
	}
	inactive := connectors.Finding{
		What: "inactive users",
		OK:   slices.ContainsFunc(listing.Records, func(a connectors.Account) bool { return !a.Active }),
	}
	if !inactive.OK {
		inactive.Note = "it lists none: there are none, or this installation leaves them out"
	}
	return []connectors.Finding{all, inactive}, nil
}
