package directory

import (
	"cmp"
	"slices"
	"time"

	"roster/connectors"
	"roster/internal/names"
)

// TeamProvenanceFields are the fields of a team that have a provenance, in the order of the schema.
func TeamProvenanceFields() []string { return fieldNames(teamFields) }

// ProvenanceOfTeam says where a field of a team comes from. It returns nil if the field has no provenance.
func (d *Directory) ProvenanceOfTeam(t *Team, field string, sight Sight) *FieldProvenance {
	return recordExplainer[Team]{d: d, object: t, source: t.Source, collection: connectors.Teams, listed: t.listed(), sight: sight}.explain(teamFields, field)
}

// RoleProvenanceFields are the fields of a role that have a provenance, in the order of the schema.
func RoleProvenanceFields() []string { return fieldNames(roleFields) }

// ProvenanceOfRole says where a field of a role comes from. It returns nil if the field has no provenance.
func (d *Directory) ProvenanceOfRole(r *Role, field string, sight Sight) *FieldProvenance {
	return recordExplainer[Role]{d: d, object: r, source: r.Source, collection: connectors.Roles, listed: r.record != nil, sight: sight}.explain(roleFields, field)
}

var teamFields = []recordField[Team]{
	{
		name: "name", rule: RuleFallback, others: []connectors.Collection{connectors.Accounts},
		of: func(e *recordExplainer[Team]) []contributed {
			t := e.object
			var own string
			if t.listed() {
				own = t.record.Name
			}
			return e.names(string(t.ExternalID), own, func() time.Time { return t.ChangedAt(FieldName) }, e.d.inTeam(t), func(a *AccountCore) []named {
				var out []named
				for _, ref := range a.record.Teams {
					if ref.ID == string(t.ExternalID) && (ref.ID != "" || names.Key(ref.Name) == names.Key(t.Name)) {
						out = append(out, named{ref.Name, 0})
					}
				}
				return out
			})
		},
	},
	{
		name: "kind", rule: RulePrecedence,
		of: func(e *recordExplainer[Team]) []contributed {
			return e.own(value(e.object.Kind, true), func() time.Time { return e.object.ChangedAt(FieldKind) })
		},
	},
	{
		name: "members", rule: RuleUnion, others: []connectors.Collection{connectors.Accounts},
		hidden: func(t *Team) bool { return t.Source.Restricts(connectors.Teams) },
		of: func(e *recordExplainer[Team]) []contributed {
			return e.people(e.d.users.having(UserFacetTeam, e.object.ID), func(a *AccountCore) (bool, CandidateReason) {
				return slices.Contains(a.Teams, e.object), reasonNone
			})
		},
	},
}

var roleFields = []recordField[Role]{
	{
		name: "name", rule: RuleFallback, others: []connectors.Collection{connectors.Accounts},
		of: func(e *recordExplainer[Role]) []contributed {
			var own string
			if e.listed {
				own = e.object.record.Name
			}
			return e.names(e.object.ExternalID, own, nil, e.d.withRole(e.object), e.mentions)
		},
	},
	{
		name: "description", rule: RulePrecedence, offered: connectors.FieldDescription,
		of: func(e *recordExplainer[Role]) []contributed { return e.own(textValue(e.object.Description), nil) },
	},
	{
		name: "accessLevel", rule: RulePrecedence, others: []connectors.Collection{connectors.Accounts},
		of: func(e *recordExplainer[Role]) []contributed {
			var all []contributed
			if e.listed {
				all = e.own(stated(e.object.record.Access), nil)
			}
			return e.distinct(all, e.d.withRole(e.object), func(a *AccountCore) []contribution {
				var out []contribution
				for _, m := range e.mentions(a) {
					out = append(out, stated(m.access))
				}
				return out
			})
		},
	},
	{
		name: "permissions", rule: RulePrecedence, offered: connectors.FieldPermissions,
		hidden: func(r *Role) bool { return r.record != nil && r.Permissions == nil },
		of:     func(e *recordExplainer[Role]) []contributed { return e.own(listValue(e.object.Permissions), nil) },
	},
	{
		name: "holders", rule: RuleUnion, others: []connectors.Collection{connectors.Accounts},
		hidden: func(r *Role) bool { return r.Source.Restricts(connectors.Roles) },
		of: func(e *recordExplainer[Role]) []contributed {
			has := func(active bool, reason CandidateReason) func(*AccountCore) (bool, CandidateReason) {
				return func(a *AccountCore) (bool, CandidateReason) {
					return a.Active == active && slices.Contains(a.Roles, e.object), reason
				}
			}
			all := e.people(e.d.users.having(UserFacetRole, e.object.ID), has(true, reasonNone))
			if len(all) == MaxRecordCandidates {
				return all
			}
			return append(all, e.people(e.d.withRole(e.object), has(false, ReasonInactive))...)
		},
	},
}

// named is what an account says of a team or a role that it mentions.
type named struct {
	name   string
	access connectors.AccessLevel
}

// mentions returns what an account says of the role.
func (e *recordExplainer[T]) mentions(a *AccountCore) []named {
	r, ok := any(e.object).(*Role)
	if !ok {
		return nil
	}
	var out []named
	for _, ref := range a.record.Roles {
		if ref.ID == r.ExternalID {
			out = append(out, named{ref.Name, ref.Access})
		}
	}
	return out
}

// stated is an access level that a source states. One that it does not report is none.
func stated(l connectors.AccessLevel) contribution {
	if l <= connectors.AccessUnknown {
		return contribution{}
	}
	return contribution{value: l, key: string(rune(l))}
}

func (d *Directory) inTeam(t *Team) *set { return d.users.having(UserFacetTeam, t.ID) }

// withRole is the people who have a role, also by an inactive account.
func (d *Directory) withRole(r *Role) *set { return d.users.having(userAnyRole, r.ID) }

// names returns the names of a team or a role: that of its own record, those that accounts mention, and the ID that takes the place of a name. As the
// build does it (see catalogue), a name that is the ID is none.
func (e *recordExplainer[T]) names(
	id, own string, changedAt func() time.Time, people *set, mentions func(*AccountCore) []named,
) []contributed {
	name := func(s string) contribution {
		if s = names.Clean(s); s == id {
			return contribution{}
		}
		return textOf(Text(s), 0)
	}
	all := e.distinct(e.own(name(own), changedAt), people, func(a *AccountCore) []contribution {
		var out []contribution
		for _, m := range mentions(a) {
			out = append(out, name(m.name))
		}
		return out
	})
	if id != "" {
		c := textOf(Text(id), 1)
		all = append(all, contributed{contribution: c, source: e.source, observedAt: e.idFetchedAt()})
	}
	return all
}

// idFetchedAt returns when the record was fetched by whose ID the object is known.
func (e *recordExplainer[T]) idFetchedAt() time.Time {
	if e.listed {
		return e.fetchedAt(e.source, e.collection)
	}
	return e.fetchedAt(e.source, connectors.Accounts)
}

// distinct adds to what the own record has what accounts say, in their order. Of accounts that say the same, it adds the first.
func (e *recordExplainer[T]) distinct(all []contributed, people *set, of func(*AccountCore) []contribution) []contributed {
	type claim struct {
		contribution
		account Account
		place   int // among what the account says
	}
	order := func(x, y claim) int {
		return cmp.Or(compareIDs(x.account.Core().ExternalID, y.account.Core().ExternalID), cmp.Compare(x.place, y.place))
	}
	first := make(map[any]claim)
	for i := range people.items {
		for _, a := range e.d.users.all[i].Accounts {
			core := a.Core()
			if core.Source != e.source {
				continue
			}
			for place, c := range of(core) {
				if c.value == nil {
					continue
				}
				one := claim{c, a, place}
				if known, ok := first[c.value]; !ok || order(one, known) < 0 {
					first[c.value] = one
				}
			}
		}
	}
	claims := make([]claim, 0, len(first))
	for value, c := range first {
		if !slices.ContainsFunc(all, func(own contributed) bool { return own.value == value }) {
			claims = append(claims, c)
		}
	}
	slices.SortFunc(claims, order)
	for _, c := range claims {
		all = append(all, e.by(c.account, c.contribution))
	}
	return all
}

// people returns the first accounts of some people that have something to do with the object, with the people.
func (e *recordExplainer[T]) people(of *set, has func(*AccountCore) (bool, CandidateReason)) []contributed {
	var all []contributed
	for i := range of.items {
		u := e.d.users.all[i]
		for _, a := range u.Accounts {
			if is, against := has(a.Core()); is {
				if all = append(all, e.by(a, contribution{value: u, against: against})); len(all) == MaxRecordCandidates {
					return all
				}
			}
		}
	}
	return all
}
