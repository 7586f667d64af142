package rocketchat

import (
	"context"
	"slices"
	"strings"

	"roster/connectors"
	"roster/connectors/decode"
	"roster/connectors/rest"
)

// byID makes the order one that no insertion moves rows back in: new IDs are random.
const byID = `{"_id":1}`

// accounts lists the users: GET users.list. A reading that was broken off goes on.
func (c *client) accounts(
	ctx context.Context, progress connectors.Progress[connectors.Account],
) (connectors.Listing[connectors.Account], error) {
	fetch := c.users.Resume(c.newUserList)
	list := fetch.State
	list.walk.Tell = func(total *int) {
		if progress != nil {
			progress(connectors.Resumed(list.read.Listing(total, false), fetch))
		}
	}
	var err error
	if !list.walked {
		list.end, err = list.walk.Run(ctx)
		list.walked = err == nil
	}
	resumable := list.walked || list.walk.Resumable()
	if list.walked && c.custom.each {
		tell := func() {
			if progress != nil {
				listing := connectors.Resumed(list.read.Listing(list.end.Total, false), fetch)
				listing.Pending = list.read.Len() - len(list.asked)
				progress(listing)
			}
		}
		tell()
		err = c.readEach(ctx, list, tell)
	}
	if err == nil && list.end.Complete(list.read.Len()) {
		c.noteNotSent(list)
	}
	listing := connectors.Resumed(finish(&list.read.Collector, list.end, err), fetch)
	if err != nil && resumable {
		c.users.Keep(fetch, list.walk.Pages()+len(list.asked), err)
	}
	return listing, err
}

// userList is a fetch of the users on its way.
type userList struct {
	walk connectors.Walk[decode.Value]
	read reading
	resp *rest.Response // the latest

	walked  bool // the list has been read to its end, and only single users are to be asked for
	end     connectors.End
	asked   map[string]bool // the IDs of users who have been asked for
	refuses bool            // the server does not take the parameter fields
}

func (c *client) newUserList() *userList {
	list := &userList{}
	list.walk = connectors.Walk[decode.Value]{
		Fetch: func(ctx context.Context, offset int) (p connectors.Page[decode.Value], err error) {
			p, list.resp, err = c.usersPage(ctx, offset, &list.read.Anomalies, c.custom.listed && !list.refuses)
			if connectors.IsKind(err, connectors.KindInvalid) && c.custom.listed && !list.refuses { // servers from 9.0 refuse the parameter
				list.refuses = true
				p, list.resp, err = c.usersPage(ctx, offset, &list.read.Anomalies, false)
			}
			return p, err
		},
		Key:     rowID,
		MaxRows: c.rest.MaxRows(),
		Compare: strings.Compare,
		Fail:    func(detail string) error { return list.resp.Fail(connectors.KindBadResponse, detail) },
		Begin:   func() { list.read = reading{root: c.root, keep: c.keep, custom: c.custom.fields} },
		Take:    func(rows []decode.Value) { list.read.add(rows) },
	}
	return list
}

func (c *client) usersPage(
	ctx context.Context, offset int, notes *connectors.Anomalies, custom bool,
) (connectors.Page[decode.Value], *rest.Response, error) {
	query := paging(offset, pageSize)
	query.Set("sort", byID)
	if custom {
		query.Set("fields", withCustomFields)
	}
	resp, err := c.get(ctx, routeUsers, query)
	if err != nil {
		return connectors.Page[decode.Value]{}, nil, err
	}
	p, err := page(resp, "users", offset, notes)
	return p, resp, err
}

// reading gathers accounts, and finds out on the way whether the credential may see e-mail addresses and roles.
type reading struct {
	connectors.Collector[connectors.Account]
	root   string
	keep   decode.Keep
	custom []connectors.CustomField
	shown  bool
	told   bool              // a user has the key of custom fields
	odd    map[string]unread // by the account's ID
}

func (r *reading) add(rows []decode.Value) {
	if !r.shown && slices.ContainsFunc(rows, private) {
		r.reveal()
	}
	for _, row := range rows {
		row = row.Noting(&r.Anomalies)
		r.told = r.told || row.Has(customFields)
		a, odd := convertUser(row, r.root, r.custom)
		a.Extra = r.keep.Extra(row)
		if odd != (unread{}) {
			if r.odd == nil {
				r.odd = make(map[string]unread)
			}
			r.odd[a.ID] = odd
		}
		if r.shown {
			a = revealed(a, odd)
		}
		r.Add(a)
	}
}

// reveal corrects the accounts so far: none of their rows had any of the keys, and now that is known to mean none.
func (r *reading) reveal() {
	r.shown = true
	before := r.Collector
	r.Collector = connectors.Collector[connectors.Account]{Anomalies: before.Anomalies}
	for _, a := range before.Listing(nil, false).Records {
		r.Add(revealed(a, r.odd[a.ID]))
	}
	if !before.Whole() {
		r.Add(connectors.Account{}) // still counts as one that cannot be told from others
	}
}

// finish returns the listing at the end of a walk, in the order of the IDs. It is complete where the walk has shown that it is.
func finish[T connectors.Record](read *connectors.Collector[T], end connectors.End, err error) connectors.Listing[T] {
	listing := read.Listing(end.Total, err == nil && end.Complete(read.Len()))
	byKey := func(a, b T) int { return strings.Compare(a.Key(), b.Key()) }
	if !slices.IsSortedFunc(listing.Records, byKey) { // the slice may have been handed out as progress: it is not sorted in place
		listing.Records = slices.SortedFunc(slices.Values(listing.Records), byKey)
	}
	return listing
}
