package rocketchat

import (
	"context"
	"errors"
	"slices"
	"strings"

	"roster/connectors"
)

// teams lists all teams with their members: GET teams.listAll, then GET teams.members for each, since asking each user for their teams
// would take many more calls.
//
// Members are nil where the server refuses to tell them. If it refuses for every team, the credential or the server cannot do it: then
// the listing is complete as it is. If it tells some and refuses others, the listing is incomplete and comes with the refusal, since a
// team's members then cannot be told from none. A team that was dissolved after it had been listed is left out. Progress tells only of
// teams whose members have been asked for: one without them would look like one that nobody is in.
func (c *client) teams(ctx context.Context, progress connectors.Progress[connectors.Team]) (connectors.Listing[connectors.Team], error) {
	found, end, err := c.teamRows(ctx)
	var read connectors.Collector[connectors.Team]
	if err != nil {
		return finish(&read, end, err), err
	}
	var refusal error
	refused, gone := 0, 0
	for i, t := range found {
		record := connectors.Team{ID: t.ID, Name: strings.TrimSpace(t.Name), Kind: connectors.TeamGroup}
		if t.ID != "" {
			var whole bool
			record.Members, whole, err = c.members(ctx, t.ID)
			switch e := connectors.AsError("", err); {
			case err == nil:
				end.whole = end.whole && whole
			case e.Code == codeTeamGone:
				gone++
				continue
			case errors.Is(err, errForeign): // says nothing of what the credential may see
				return finish(&read, end, err), err
			case e.Kind == connectors.KindForbidden || e.Kind == connectors.KindNotFound:
				refusal = err
				refused++
			default:
				return finish(&read, end, err), err
			}
		}
		read.Add(record)
		if progress != nil && i+1 < len(found) {
			progress(read.Listing(end.total, false))
		}
	}
	if end.total != nil {
		left := *end.total - gone
		end.total = &left
	}
	if refused == read.Len() {
		refusal = nil
	}
	return finish(&read, end, refusal), refusal
}

// teamRows reads the teams themselves. They come in no order that could be asked for.
func (c *client) teamRows(ctx context.Context) ([]team, end, error) {
	var found []team
	w := walk[team]{
		fetch: func(ctx context.Context, offset int) (page[team], error) {
			resp, err := c.get(ctx, routeTeams, paging(offset, pageSize))
			if err != nil {
				return page[team]{}, err
			}
			var list teams
			if err := resp.JSON(&list); err != nil {
				return page[team]{}, err
			}
			if list.Teams == nil {
				return page[team]{}, missing(resp, "teams")
			}
			return page[team]{resp: resp, rows: *list.Teams, offset: list.Offset, total: list.Total}, nil
		},
		key:   func(t team) string { return t.ID },
		begin: func() { found = nil },
		take:  func(rows []team) { found = append(found, rows...) },
		tell:  func(*int) {},
	}
	end, err := w.run(ctx)
	return found, end, err
}

// members reads the IDs of a team's members, in their order. Whole says that nobody is known to be missing. A row without a user is what
// is left of one who was deleted.
func (c *client) members(ctx context.Context, teamID string) (ids []string, whole bool, err error) {
	w := walk[member]{
		fetch: func(ctx context.Context, offset int) (page[member], error) {
			query := paging(offset, pageSize)
			query.Set("teamId", teamID)
			resp, err := c.get(ctx, routeMembers, query)
			if err != nil {
				return page[member]{}, err
			}
			var list members
			if err := resp.JSON(&list); err != nil {
				return page[member]{}, err
			}
			if list.Members == nil {
				return page[member]{}, missing(resp, "members")
			}
			return page[member]{resp: resp, rows: *list.Members, offset: list.Offset, total: list.Total}, nil
		},
		key:   func(m member) string { return m.User.ID },
		begin: func() { ids = []string{} },
		take: func(rows []member) {
			for _, m := range rows {
				if m.User.ID != "" {
					ids = append(ids, m.User.ID)
				}
			}
		},
		tell: func(*int) {},
	}
	end, err := w.run(ctx)
	if err != nil {
		return nil, false, err
	}
	slices.Sort(ids)
	return ids, end.whole, nil
}
