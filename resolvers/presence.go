package resolvers

import (
	"roster/connectors"
	"roster/internal/directory"
)

// presenceRefs gives those of a person's accounts whose sources can tell whether they are there.
func (r *Resolver) presenceRefs(u *directory.User) []connectors.Ref {
	var refs []connectors.Ref
	for _, a := range u.Accounts {
		core := a.Core()
		if s := r.Roster.Source(core.Source.Name); s != nil && s.Presence != nil && core.Active {
			refs = append(refs, refOf(a))
		}
	}
	return refs
}

func refOf(a directory.Account) connectors.Ref {
	return connectors.Ref{Source: a.Core().Source.Name, ID: a.Core().ExternalID}
}

// moreThere gives the state in which someone is more there.
func moreThere(a, b connectors.PresenceState) connectors.PresenceState {
	rank := func(s connectors.PresenceState) int {
		switch s {
		case connectors.PresenceOnline:
			return 4
		case connectors.PresenceBusy:
			return 3
		case connectors.PresenceAway:
			return 2
		case connectors.PresenceOffline:
			return 1
		default:
			return 0
		}
	}
	if rank(b) > rank(a) {
		return b
	}
	return a
}
