package rocketchat

import (
	"context"
	"slices"
	"strings"

	"roster/connectors"
)

// byID makes the order one that no insertion moves rows back in: new IDs are random.
const byID = `{"_id":1}`

// accounts lists the users: GET users.list.
func (c *client) accounts(
	ctx context.Context, progress connectors.Progress[connectors.Account],
) (connectors.Listing[connectors.Account], error) {
	var read reading
	w := walk[user]{
		fetch:   c.usersPage,
		key:     func(u user) string { return u.ID },
		ordered: true,
		begin:   func() { read = reading{root: c.root} },
		take:    func(rows []user) { read.add(rows) },
		tell: func(total *int) {
			if progress != nil {
				progress(read.Listing(total, false))
			}
		},
	}
	end, err := w.run(ctx)
	return finish(&read.Collector, end, err), err
}

func (c *client) usersPage(ctx context.Context, offset int) (page[user], error) {
	query := paging(offset, pageSize)
	query.Set("sort", byID)
	resp, err := c.get(ctx, routeUsers, query)
	if err != nil {
		return page[user]{}, err
	}
	var list users
	if err := resp.JSON(&list); err != nil {
		return page[user]{}, err
	}
	if list.Users == nil {
		return page[user]{}, missing(resp, "users")
	}
	return page[user]{resp: resp, rows: *list.Users, offset: list.Offset, total: list.Total}, nil
}

// reading gathers accounts, and finds out on the way whether the credential may see e-mail addresses and roles.
type reading struct {
	connectors.Collector[connectors.Account]
	root  string
	shown bool
}

func (r *reading) add(rows []user) {
	if !r.shown && slices.ContainsFunc(rows, user.private) {
		r.reveal()
	}
	for _, u := range rows {
		r.Add(convertUser(u, r.shown, r.root))
	}
}

// reveal corrects the accounts so far: none of their rows had any of the keys, and now that is known to mean none.
func (r *reading) reveal() {
	r.shown = true
	before := r.Collector
	r.Collector = connectors.Collector[connectors.Account]{}
	for _, a := range before.Listing(nil, false).Records {
		r.Add(revealed(a))
	}
	if !before.Whole() {
		r.Add(connectors.Account{}) // still counts as one that cannot be told from others
	}
}

// finish gives the listing at the end of a walk, in the order of the IDs. It is complete where the walk came to the end and the server's
// own count does not say more.
func finish[T connectors.Record](read *connectors.Collector[T], end end, err error) connectors.Listing[T] {
	complete := err == nil && end.whole && (end.total == nil || read.Len() >= *end.total)
	listing := read.Listing(end.total, complete)
	byKey := func(a, b T) int { return strings.Compare(a.Key(), b.Key()) }
	if !slices.IsSortedFunc(listing.Records, byKey) { // the slice may have been handed out as progress: it is not sorted in place
		listing.Records = slices.SortedFunc(slices.Values(listing.Records), byKey)
	}
	return listing
}
