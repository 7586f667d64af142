package rocketchat

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"roster/connectors"
	"roster/connectors/decode"
	"roster/connectors/rest"
)

// teams lists all teams with their members: GET teams.listAll, then GET teams.members for each, since asking each user for their teams
// would take many more calls. A reading that was broken off goes on with the team at which that happened.
//
// Members are nil if the server refuses to tell them. If it refuses for every team, the credential or the server cannot do it: then
// the listing is complete as it is. If it tells some and refuses others, the listing is incomplete and comes with the refusal, since a
// team's members then cannot be told from none. A team that was dissolved after it had been listed is left out. Progress tells only of
// teams whose members have been asked for: one without them would look like one that nobody is in.
func (c *client) teams(ctx context.Context, progress connectors.Progress[connectors.Team]) (connectors.Listing[connectors.Team], error) {
	fetch := c.groups.Resume(func() *teamList { return &teamList{} })
	list := fetch.State
	tell := func() {
		if progress != nil {
			progress(connectors.Resumed(list.read.Listing(list.end.Total, false), fetch))
		}
	}
	listing, err := list.run(ctx, c, tell)
	if err != nil && list.listed && list.next < len(list.found) {
		c.groups.Keep(fetch, list.next, err)
	}
	return connectors.Resumed(listing, fetch), err
}

// teamList is a fetch of the teams on its way.
type teamList struct {
	found         []connectors.Team // without their members
	listed        bool              // found has them all
	end           connectors.End
	next          int // of found
	read          connectors.Collector[connectors.Team]
	refusal       error
	refused, gone int
	members       int // of all teams so far
}

func (l *teamList) run(ctx context.Context, c *client, tell func()) (connectors.Listing[connectors.Team], error) {
	if !l.listed {
		var err error
		var odd connectors.Anomalies
		if l.found, odd, l.end, err = c.teamRows(ctx); err != nil {
			return finish(&l.read, l.end, err), err
		}
		l.read.Anomalies.Add(&odd)
		l.listed = true
	}
	for l.next < len(l.found) {
		if err := l.ask(ctx, c, l.found[l.next]); err != nil {
			return finish(&l.read, l.end, err), err
		}
		if l.next++; l.next < len(l.found) {
			tell()
		}
	}
	if l.end.Total != nil {
		left := *l.end.Total - l.gone
		l.end.Total = &left
	}
	if l.refused == l.read.Len() {
		l.refusal = nil
	}
	return finish(&l.read, l.end, l.refusal), l.refusal
}

// ask reads the members of one team, and takes it.
func (l *teamList) ask(ctx context.Context, c *client, record connectors.Team) error {
	if record.ID != "" {
		members, odd, whole, err := c.members(ctx, record.ID, l.members)
		l.members += len(members)
		switch e := connectors.AsError("", err); {
		case err == nil:
			record.Members, l.end.Whole = members, l.end.Whole && whole
			l.read.Anomalies.Add(&odd)
		case e.Code == codeTeamGone:
			l.gone++
			return nil
		case errors.Is(err, errForeign): // says nothing of what the credential may see
			return err
		case e.Kind == connectors.KindForbidden || e.Kind == connectors.KindNotFound:
			l.refusal = err
			l.refused++
		default:
			return err
		}
	}
	l.read.Add(record)
	return nil
}

// teamRows reads the teams themselves. They come in no order that could be asked for.
func (c *client) teamRows(ctx context.Context) (found []connectors.Team, odd connectors.Anomalies, end connectors.End, err error) {
	var resp *rest.Response
	w := connectors.Walk[decode.Value]{
		Fetch: func(ctx context.Context, offset int) (p connectors.Page[decode.Value], err error) {
			if resp, err = c.get(ctx, routeTeams, paging(offset, pageSize)); err != nil {
				return p, err
			}
			return page(resp, "teams", offset, &odd)
		},
		Key:     rowID,
		MaxRows: c.rest.MaxRows(),
		Fail:    func(detail string) error { return resp.Fail(connectors.KindBadResponse, detail) },
		Begin:   func() { found, odd = nil, connectors.Anomalies{} },
		Take: func(rows []decode.Value) {
			for _, row := range rows {
				row = row.Noting(&odd)
				found = append(found, connectors.Team{ID: rowID(row), Name: strings.TrimSpace(row.Text("name")), Kind: connectors.TeamGroup})
			}
		},
		Tell: func(*int) {},
	}
	end, err = w.Run(ctx)
	return found, odd, end, err
}

// members reads the IDs of a team's members, in their order. Whole says that nobody is known to be missing. A row without a user is what
// is left of one who was deleted; a user who cannot be read is missing.
//
// Before is how many members the teams before it have: those of all teams together are bounded as a collection's rows are, since one person may be
// in every team.
func (c *client) members(ctx context.Context, teamID string, before int) (ids []string, odd connectors.Anomalies, whole bool, err error) {
	var resp *rest.Response
	deleted, left := 0, max(1, c.rest.MaxRows()-before)
	tooMany := func(resp *rest.Response) error {
		return resp.Fail(connectors.KindBadResponse, fmt.Sprintf("the teams have more than %d members together, which max_rows of the source allows", c.rest.MaxRows()))
	}
	w := connectors.Walk[decode.Value]{
		Fetch: func(ctx context.Context, offset int) (p connectors.Page[decode.Value], err error) {
			query := paging(offset, pageSize)
			query.Set("teamId", teamID)
			if resp, err = c.get(ctx, routeMembers, query); err != nil {
				return p, err
			}
			return page(resp, "members", offset, &odd)
		},
		Key:     memberID,
		MaxRows: left,
		Fail: func(detail string) error {
			if detail == connectors.DetailTooManyRows(left) {
				return tooMany(resp)
			}
			return resp.Fail(connectors.KindBadResponse, detail)
		},
		Begin: func() { ids, odd, deleted = []string{}, connectors.Anomalies{}, 0 },
		Take: func(rows []decode.Value) {
			for _, row := range rows {
				if id := memberID(row.Noting(&odd)); id != "" {
					ids = append(ids, id)
				} else {
					deleted++
				}
			}
		},
		Tell: func(*int) {},
	}
	end, err := w.Run(ctx)
	if err != nil {
		return nil, odd, false, err
	}
	if before+len(ids) > c.rest.MaxRows() {
		return nil, odd, false, tooMany(resp)
	}
	slices.Sort(ids)
	return ids, odd, odd.All() == nil && end.Complete(len(ids)+deleted), nil
}

// memberID returns the user of a row of teams.members. The user's settings, which the row gives away, are not even read.
func memberID(row decode.Value) string {
	row = row.In("members")
	if !row.IsObject() {
		return rowID(row)
	}
	user := row.Object("user")
	if !user.IsObject() {
		return ""
	}
	return rowID(user)
}
