package directory

import (
	"slices"
	"time"

	"roster/connectors"
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
			return e.named(t.names, string(t.ExternalID), func() time.Time { return t.ChangedAt(FieldName) })
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
			return e.people(UserFacetTeam, e.object.ID, reasonNone, func(a *AccountCore) bool { return slices.Contains(a.Teams, e.object) })
		},
	},
}

var roleFields = []recordField[Role]{
	{
		name: "name", rule: RuleFallback, others: []connectors.Collection{connectors.Accounts},
		of: func(e *recordExplainer[Role]) []contributed { return e.named(e.object.names, e.object.ExternalID, nil) },
	},
	{
		name: "description", rule: RulePrecedence, offered: connectors.FieldDescription,
		of: func(e *recordExplainer[Role]) []contributed { return e.own(textValue(e.object.Description), nil) },
	},
	{
		name: "accessLevel", rule: RulePrecedence, others: []connectors.Collection{connectors.Accounts},
		of: func(e *recordExplainer[Role]) (all []contributed) {
			for _, s := range e.object.levels {
				all = append(all, e.stated(s.by, contribution{value: s.value, key: string(rune(s.value))}, nil))
			}
			return all
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
			holds := func(active bool) func(*AccountCore) bool {
				return func(a *AccountCore) bool { return a.Active == active && slices.Contains(a.Roles, e.object) }
			}
			all := e.people(UserFacetRole, e.object.ID, reasonNone, holds(true))
			if len(all) < MaxRecordCandidates { // so there are few people without an inactive account to pass over
				all = append(all, e.people(userAnyRole, e.object.ID, ReasonInactive, holds(false))...)
			}
			return all
		},
	},
}

// named returns the names of a team or a role, and the ID that takes the place of a name.
func (e *recordExplainer[T]) named(said statements[string], id string, changedAt func() time.Time) (all []contributed) {
	for _, s := range said {
		all = append(all, e.stated(s.by, textOf(Text(s.value), 0), changedAt))
	}
	if id != "" {
		all = append(all, contributed{contribution: textOf(Text(id), 1), source: e.source, observedAt: e.idFetchedAt()})
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

// stated is what an account states; the object's own record if by is nil, for which changedAt is the time of the value.
func (e *recordExplainer[T]) stated(by *connectors.Account, c contribution, changedAt func() time.Time) contributed {
	if by == nil {
		return contributed{contribution: c, source: e.source, observedAt: e.fetchedAt(e.source, e.collection), changedAt: changedAt}
	}
	return e.by(e.d.accounts[connectors.Ref{Source: e.source.Name, ID: by.ID}], c)
}

// people returns the first accounts that have something to do with the object, with their people. Every person with the value of the attribute has such an
// account, or there are few others, so that this does not read all of them.
func (e *recordExplainer[T]) people(attr UserFacet, value string, against CandidateReason, has func(*AccountCore) bool) []contributed {
	var all []contributed
	for _, i := range e.d.users.itemsHaving(int(attr), value) {
		u := e.d.users.all[i]
		for _, a := range u.Accounts {
			if !has(a.Core()) {
				continue
			}
			if all = append(all, e.by(a, contribution{value: u, against: against})); len(all) == MaxRecordCandidates {
				return all
			}
		}
	}
	return all
}
