package rocketchat

import (
	"context"
	"errors"
	"slices"
	"strings"

	"roster/connectors"
	"roster/internal/rest"
)

// teams lists all teams with their members: GET teams.listAll, then GET teams.members for each, since asking each user for their teams
// would take many more calls. A reading that was broken off goes on with the team at which that happened.
//
// Members are nil where the server refuses to tell them. If it refuses for every team, the credential or the server cannot do it: then
// the listing is complete as it is. If it tells some and refuses others, the listing is incomplete and comes with the refusal, since a
// team's members then cannot be told from none. A team that was dissolved after it had been listed is left out. Progress tells only of
// teams whose members have been asked for: one without them would look like one that nobody is in.
func (c *client) teams(ctx context.Context, progress connectors.Progress[connectors.Team]) (connectors.Listing[connectors.Team], error) {
	course := c.groups.Resume(func() *teamList { return &teamList{} })
	list := course.State
	tell := func() {
		if progress != nil {
			progress(connectors.Resumed(list.read.Listing(list.end.Total, false), course))
		}
	}
	listing, err := list.run(ctx, c, tell)
	if err != nil && list.listed && list.next < len(list.found) {
		c.groups.Keep(course, list.next, err)
	}
	return connectors.Resumed(listing, course), err
}

// teamList is a reading of the teams on its way.
type teamList struct {
	found         []team
	listed        bool // found has them all
	end           connectors.End
	next          int // of found
	read          connectors.Collector[connectors.Team]
	refusal       error
	refused, gone int
}

func (l *teamList) run(ctx context.Context, c *client, tell func()) (connectors.Listing[connectors.Team], error) {
	if !l.listed {
		var err error
		if l.found, l.end, err = c.teamRows(ctx); err != nil {
			return finish(&l.read, l.end, err), err
		}
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
func (l *teamList) ask(ctx context.Context, c *client, t team) error {
	record := connectors.Team{ID: t.ID, Name: strings.TrimSpace(t.Name), Kind: connectors.TeamGroup}
	if t.ID != "" {
		members, whole, err := c.members(ctx, t.ID)
		switch e := connectors.AsError("", err); {
		case err == nil:
			record.Members, l.end.Whole = members, l.end.Whole && whole
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
func (c *client) teamRows(ctx context.Context) ([]team, connectors.End, error) {
	var found []team
	var resp *rest.Response
	w := connectors.Walk[team]{
		Fetch: func(ctx context.Context, offset int) (connectors.Page[team], error) {
			reply, err := c.get(ctx, routeTeams, paging(offset, pageSize))
			if err != nil {
				return connectors.Page[team]{}, err
			}
			var list teams
			if err := reply.JSON(&list); err != nil {
				return connectors.Page[team]{}, err
			}
			if list.Teams == nil {
				return connectors.Page[team]{}, missing(reply, "teams")
			}
			resp = reply
			return pageOf(*list.Teams, offset, list.numbers), nil
		},
		Key:   func(t team) string { return t.ID },
		Fail:  func(detail string) error { return resp.Fail(connectors.KindBadResponse, detail) },
		Begin: func() { found = nil },
		Take:  func(rows []team) { found = append(found, rows...) },
		Tell:  func(*int) {},
	}
	end, err := w.Run(ctx)
	return found, end, err
}

// members reads the IDs of a team's members, in their order. Whole says that nobody is known to be missing. A row without a user is what
// is left of one who was deleted.
func (c *client) members(ctx context.Context, teamID string) (ids []string, whole bool, err error) {
	var resp *rest.Response
	deleted := 0
	w := connectors.Walk[member]{
		Fetch: func(ctx context.Context, offset int) (connectors.Page[member], error) {
			query := paging(offset, pageSize)
			query.Set("teamId", teamID)
			reply, err := c.get(ctx, routeMembers, query)
			if err != nil {
				return connectors.Page[member]{}, err
			}
			var list members
			if err := reply.JSON(&list); err != nil {
				return connectors.Page[member]{}, err
			}
			if list.Members == nil {
				return connectors.Page[member]{}, missing(reply, "members")
			}
			resp = reply
			return pageOf(*list.Members, offset, list.numbers), nil
		},
		Key:   func(m member) string { return m.User.ID },
		Fail:  func(detail string) error { return resp.Fail(connectors.KindBadResponse, detail) },
		Begin: func() { ids, deleted = []string{}, 0 },
		Take: func(rows []member) {
			for _, m := range rows {
				if m.User.ID == "" {
					deleted++
				} else {
					ids = append(ids, m.User.ID)
				}
			}
		},
		Tell: func(*int) {},
	}
	end, err := w.Run(ctx)
	if err != nil {
		return nil, false, err
	}
	slices.Sort(ids)
	return ids, end.Complete(len(ids) + deleted), nil
}
