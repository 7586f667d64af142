package rocketchat

import (
	"context"
	"slices"
	"strings"

	"roster/connectors"
	"roster/internal/rest"
)

// byID makes the order one that no insertion moves rows back in: new IDs are random.
const byID = `{"_id":1}`

// accounts lists the users: GET users.list. A reading that was broken off goes on.
func (c *client) accounts(
	ctx context.Context, progress connectors.Progress[connectors.Account],
) (connectors.Listing[connectors.Account], error) {
	course := c.users.Resume(c.newUserList)
	list := course.State
	list.walk.Tell = func(total *int) {
		if progress != nil {
			progress(connectors.Resumed(list.read.Listing(total, false), course))
		}
	}
	end, err := list.walk.Run(ctx)
	listing := connectors.Resumed(finish(&list.read.Collector, end, err), course)
	if err != nil && list.walk.Resumable() {
		c.users.Keep(course, list.walk.Pages(), err)
	}
	return listing, err
}

// userList is a reading of the users on its way.
type userList struct {
	walk connectors.Walk[user]
	read reading
	resp *rest.Response // the latest
}

func (c *client) newUserList() *userList {
	list := &userList{}
	list.walk = connectors.Walk[user]{
		Fetch: func(ctx context.Context, offset int) (p connectors.Page[user], err error) {
			p, list.resp, err = c.usersPage(ctx, offset)
			return p, err
		},
		Key:     func(u user) string { return u.ID },
		Compare: strings.Compare,
		Fail:    func(detail string) error { return list.resp.Fail(connectors.KindBadResponse, detail) },
		Begin:   func() { list.read = reading{root: c.root} },
		Take:    func(rows []user) { list.read.add(rows) },
	}
	return list
}

func (c *client) usersPage(ctx context.Context, offset int) (connectors.Page[user], *rest.Response, error) {
	query := paging(offset, pageSize)
	query.Set("sort", byID)
	resp, err := c.get(ctx, routeUsers, query)
	if err != nil {
		return connectors.Page[user]{}, nil, err
	}
	var list users
	if err := resp.JSON(&list); err != nil {
		return connectors.Page[user]{}, nil, err
	}
	if list.Users == nil {
		return connectors.Page[user]{}, nil, missing(resp, "users")
	}
	return pageOf(*list.Users, offset, list.numbers), resp, nil
}

// pageOf makes a page of a reply. Not every version says where its rows stand.
func pageOf[R any](rows []R, offset int, n numbers) connectors.Page[R] {
	p := connectors.Page[R]{Rows: rows, Offset: offset, Total: n.Total, Asked: pageSize, Contradicts: n.Count != nil && *n.Count != len(rows)}
	if n.Offset != nil && *n.Offset != offset {
		p.Offset = -1 // another page than the one asked for
	}
	return p
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

// finish gives the listing at the end of a walk, in the order of the IDs. It is complete where the walk has shown that it is.
func finish[T connectors.Record](read *connectors.Collector[T], end connectors.End, err error) connectors.Listing[T] {
	listing := read.Listing(end.Total, err == nil && end.Complete(read.Len()))
	byKey := func(a, b T) int { return strings.Compare(a.Key(), b.Key()) }
	if !slices.IsSortedFunc(listing.Records, byKey) { // the slice may have been handed out as progress: it is not sorted in place
		listing.Records = slices.SortedFunc(slices.Values(listing.Records), byKey)
	}
	return listing
}
