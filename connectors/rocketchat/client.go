package rocketchat

import (
	"context"
	"net/url"
	"strconv"
	"sync/atomic"

	"roster/connectors"
	"roster/connectors/decode"
	"roster/connectors/rest"
)

// The routes that are read; each has a limit of its own on the server.
const (
	routeMe       = "me"
	routeUsers    = "users.list"
	routeUser     = "users.info"
	routePresence = "users.presence"
	routeRoles    = "roles.list"
	routeTeams    = "teams.listAll"
	routeMembers  = "teams.members"
)

// client calls one server as one user. Safe for concurrent use.
type client struct {
	rest   *rest.Client
	root   string // where people open the server, without a slash at the end
	userID string
	keep   decode.Keep
	custom customReader
	idForm atomic.Int32 // how this server takes several IDs, as far as that is known
	users  connectors.Checkpoint[*userList]
	groups connectors.Checkpoint[*teamList]
}

// pageSize is the most that a server gives unless told otherwise.
const pageSize = 100

// get makes one call. The reply has been found good.
func (c *client) get(ctx context.Context, route string, query url.Values) (*rest.Response, error) {
	return c.rest.Do(ctx, rest.Request{Op: route, Path: "api/v1/" + route, Query: query.Encode(), Bucket: route})
}

// paging are the parameters of one page. More rows than the server allows are cut by it without a word, so that asking for this many is
// only a wish.
func paging(offset, count int) url.Values {
	return url.Values{"count": {strconv.Itoa(count)}, "offset": {strconv.Itoa(offset)}}
}

// missing says that a reply lacks what it is for.
func missing(resp *rest.Response, key string) *connectors.Error {
	return resp.Fail(connectors.KindBadResponse, "the answer lacks "+key)
}
