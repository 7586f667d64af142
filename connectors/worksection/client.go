package worksection

import (
	"cmp"
	"context"
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"time"

	"roster/connectors"
	"roster/connectors/decode"
	"roster/connectors/rest"
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
	send func(context.Context, sending) (*rest.Response, error)
}

func (c *client) call(ctx context.Context, action string) (*rest.Response, error) {
	return c.send(ctx, sending{action: action})
}

// sending is a call: its action, its parameters, and whether it changes something.
type sending struct {
	action string
	params []param
	write  bool
}

func (s sending) query() string { return query(s.action, s.params...) }

// object returns the parameters as JSON; nothing where there are none.
func (s sending) object() []byte {
	if len(s.params) == 0 {
		return nil
	}
	fields := make(map[string]string, len(s.params))
	for _, p := range s.params {
		fields[p.name] = p.value
	}
	b, _ := json.Marshal(fields) //nolint:errchkjson // texts only
	return b
}

// signed calls with a hash in the query. What changes something goes by POST, with the same text in a form: a GET would be sent again by the
// HTTP library itself when a connection that was kept turns out to be closed, and would leave people's data in every log on its way.
func (c *client) signed(key connectors.Secret) func(context.Context, sending) (*rest.Response, error) {
	return func(ctx context.Context, s sending) (*rest.Response, error) {
		if s.write {
			return c.rest.Do(ctx, rest.Request{
				Op: s.action, Method: http.MethodPost, Path: apiPath, Write: true,
				Body: []byte(sign(s.query(), key)), ContentType: "application/x-www-form-urlencoded",
			})
		}
		return c.rest.Do(ctx, rest.Request{Op: s.action, Path: apiPath, Query: sign(s.query(), key)})
	}
}

// stamped calls with a header that holds the time: it is made anew for each attempt. The vendor's clients send parameters as a JSON object,
// and nothing where there are none.
func (c *client) stamped(key connectors.Secret) func(context.Context, sending) (*rest.Response, error) {
	return func(ctx context.Context, s sending) (*rest.Response, error) {
		return c.rest.Do(ctx, rest.Request{
			Op: s.action, Method: http.MethodPost, Path: strings.TrimSuffix(apiPath, "/"), Query: query(s.action), Write: s.write,
			Body: s.object(), ContentType: jsonType,
			Sign: func(r *http.Request) error {
				r.Header.Set("Authorization", stamp(s.action, key, time.Now()))
				return nil
			},
		})
	}
}

// jsonType is how the vendor's own clients call what they send.
const jsonType = "application/json; charset=utf-8"

// asUser calls with the token of a user. One that has expired is renewed, once. What changes something goes by POST, as signed says.
func (c *client) asUser(tokens connectors.Tokens) func(context.Context, sending) (*rest.Response, error) {
	return func(ctx context.Context, s sending) (*rest.Response, error) {
		r := rest.Request{Op: s.action, Path: userPath, Query: s.query()}
		if s.write {
			r = rest.Request{
				Op: s.action, Method: http.MethodPost, Path: userPath, Query: query(s.action), Write: true, Body: s.object(), ContentType: jsonType,
			}
		}
		return c.rest.DoAs(ctx, r, tokens, func(e *connectors.Error) bool { return e.Code == codeExpired })
	}
}

// list returns the lister of one action. There is one page, so nobody is ever told of progress.
func list[R connectors.Record](c *client, action string, convert func(decode.Value) R) connectors.Lister[R] {
	return connectors.ListFunc[R](func(ctx context.Context, _ connectors.Progress[R]) (connectors.Listing[R], error) {
		resp, err := c.call(ctx, action)
		if err != nil {
			return connectors.Listing[R]{}, err
		}
		return gather(resp, convert)
	})
}

// gather turns a good reply into records. An empty list may come without its data, but data of another type are none. The vendor does not
// document the order of the rows: they are put in that of their IDs.
func gather[R connectors.Record](resp *rest.Response, convert func(decode.Value) R) (connectors.Listing[R], error) {
	body, err := resp.Document()
	if err != nil {
		return connectors.Listing[R]{}, err
	}
	rows, ok, err := resp.Rows(body, "data")
	if err != nil {
		return connectors.Listing[R]{}, err
	}
	if !ok && body.Has("data") {
		return connectors.Listing[R]{}, resp.Unexpected("data")
	}
	var all connectors.Collector[R]
	for _, row := range rows {
		all.Add(convert(row.Noting(&all.Anomalies)))
	}
	listing := all.Listing(nil, len(rows) < maxRows)
	slices.SortFunc(listing.Records, func(a, b R) int { return compareIDs(a.Key(), b.Key()) })
	return listing, nil
}

// compareIDs puts digits in the order of their numbers, whatever their size: a shorter number is a smaller one.
func compareIDs(a, b string) int {
	return cmp.Or(cmp.Compare(len(a), len(b)), strings.Compare(a, b))
}
