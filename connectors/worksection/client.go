package worksection

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"roster/connectors"
	"roster/internal/rest"
)

// The vendor's names of the lists.
const (
	actionUsers         = "get_users"
	actionUserGroups    = "get_user_groups"
	actionContacts      = "get_contacts"
	actionContactGroups = "get_contact_groups"
)

const (
	// apiPath is the interface for administrators' keys. Every action has the same one.
	apiPath = "api/admin/v2/"
	// maxRows is the most that one list gives. More should be refused, yet some have seen the list cut silently: so many rows exactly are
	// not taken for the whole.
	maxRows = 10_000
)

// client calls one account.
type client struct {
	rest *rest.Client
	key  connectors.Secret
}

func (c *client) call(ctx context.Context, action string) (*rest.Response, error) {
	return c.read(ctx, action)
}

// read makes a call that changes nothing.
func (c *client) read(ctx context.Context, action string, params ...param) (*rest.Response, error) {
	return c.rest.Do(ctx, rest.Request{Op: action, Path: apiPath, Query: sign(query(action, params...), c.key)})
}

// list gives the lister of one action. There is one page, so nobody is ever told of progress.
func list[W any, R connectors.Record](c *client, action string, convert func(W) R) connectors.Lister[R] {
	return connectors.ListFunc[R](func(ctx context.Context, _ connectors.Progress[R]) (connectors.Listing[R], error) {
		resp, err := c.call(ctx, action)
		if err != nil {
			return connectors.Listing[R]{}, err
		}
		return gather(resp, convert)
	})
}

// gather turns a good reply into records. An empty list may come without its data. The vendor does not document the order of the rows:
// they are put in that of their IDs.
func gather[W any, R connectors.Record](resp *rest.Response, convert func(W) R) (connectors.Listing[R], error) {
	var body struct {
		Data []W `json:"data"`
	}
	if err := resp.JSON(&body); err != nil {
		return connectors.Listing[R]{}, err
	}
	var all connectors.Collector[R]
	for _, row := range body.Data {
		all.Add(convert(row))
	}
	listing := all.Listing(nil, len(body.Data) != maxRows)
	slices.SortFunc(listing.Records, func(a, b R) int { return compareIDs(a.Key(), b.Key()) })
	return listing, nil
}

// compareIDs puts digits in the order of their numbers, whatever their size: a shorter number is a smaller one.
func compareIDs(a, b string) int {
	return cmp.Or(cmp.Compare(len(a), len(b)), strings.Compare(a, b))
}
