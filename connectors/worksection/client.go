package worksection

import (
	"cmp"
	"context"
	"net/http"
	"slices"
	"strings"
	"time"

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
	// apiPath is the interface for administrators' keys, userPath that for users' tokens. Every action has the same one.
	apiPath  = "api/admin/v2/"
	userPath = "api/oauth2"
	// maxRows is the most that one list gives. More should be refused, yet some have seen the list cut silently: so many rows exactly are
	// not taken for the whole.
	maxRows = 10_000
)

// client calls one account.
type client struct {
	rest *rest.Client
	// send makes one call as who the credential says.
	send func(ctx context.Context, action string) (*rest.Response, error)
}

func (c *client) call(ctx context.Context, action string) (*rest.Response, error) {
	return c.send(ctx, action)
}

// signed calls with a hash in the query.
func (c *client) signed(key connectors.Secret) func(context.Context, string) (*rest.Response, error) {
	return func(ctx context.Context, action string) (*rest.Response, error) {
		return c.rest.Do(ctx, rest.Request{Op: action, Path: apiPath, Query: sign(query(action), key)})
	}
}

// stamped calls with a header that holds the time: it is made anew for each attempt. The vendor's clients send parameters as a JSON object,
// and nothing where there are none.
func (c *client) stamped(key connectors.Secret) func(context.Context, string) (*rest.Response, error) {
	return func(ctx context.Context, action string) (*rest.Response, error) {
		return c.rest.Do(ctx, rest.Request{
			Op: action, Method: http.MethodPost, Path: strings.TrimSuffix(apiPath, "/"), Query: query(action), ContentType: "application/json; charset=utf-8",
			Sign: func(r *http.Request) error {
				r.Header.Set("Authorization", stamp(action, key, time.Now()))
				return nil
			},
		})
	}
}

// asUser calls with the token of a user. One that has expired is renewed, once.
func (c *client) asUser(tokens connectors.Tokens) func(context.Context, string) (*rest.Response, error) {
	return func(ctx context.Context, action string) (*rest.Response, error) {
		return c.rest.DoAs(ctx, rest.Request{Op: action, Path: userPath, Query: query(action)}, tokens, func(e *connectors.Error) bool {
			return e.Code == codeExpired
		})
	}
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
