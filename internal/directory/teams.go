package directory

import (
	"time"

	"roster/connectors"
)

// TeamFilter selects teams. A field that is nil or empty does not filter.
type TeamFilter struct {
	Search  *string
	Sources []string
	Kinds   []connectors.TeamKind
	// ChangedSince selects teams whose records are new or have other values since then.
	ChangedSince *time.Time
}

func (b *builder) indexTeams() {
	l := &b.dir.teams
	for i, s := range b.teams {
		l.add(b.dir.sources[i], s.catalogue)
	}
	l.index(teamID, b.names)
}

// Team returns the team with this ID, or nil. If a source first only mentioned the team's name, the ID from then still finds it.
func (d *Directory) Team(id string) *Team { return d.teams.find(id, teamNameID) }

// Teams returns a page of teams, sorted by name.
func (d *Directory) Teams(f *TeamFilter, args PageArgs) (*TeamConnection, error) {
	if f == nil {
		f = new(TeamFilter)
	}
	return groupPage(d, &d.teams, f.Search, f.Sources, f.Kinds, func(s *set) { d.keepChangedTeams(s, f.ChangedSince) }, args)
}
