package directory

import (
	"slices"
	"time"

	"roster/connectors"
)

// ContactProvenanceFields are the fields of a contact that have a provenance, in the order of the schema.
func ContactProvenanceFields() []string { return fieldNames(contactFields) }

// ProvenanceOfContact says where a field of a contact comes from. It returns nil if the field has no provenance.
func (d *Directory) ProvenanceOfContact(c *Contact, field string, sight Sight) *FieldProvenance {
	return recordExplainer[Contact]{d: d, object: c, source: c.Source, collection: connectors.Contacts, listed: true, sight: sight}.explain(contactFields, field)
}

var contactFields = []recordField[Contact]{
	ofContact("name", RuleFallback, "", FieldName, func(c *Contact) contribution { return value(c.Name, true) }),
	ofContact("firstName", RulePrecedence, connectors.FieldFirstName, FieldFirstName, func(c *Contact) contribution { return textValue(c.FirstName) }),
	ofContact("lastName", RulePrecedence, connectors.FieldLastName, FieldLastName, func(c *Contact) contribution { return textValue(c.LastName) }),
	ofContact("title", RulePrecedence, connectors.FieldTitle, FieldTitle, func(c *Contact) contribution { return textValue(c.Title) }),
	ofContact("email", RulePrecedence, connectors.FieldEmails, FieldEmail, func(c *Contact) contribution { return textValue(c.Email) }),
	ofContact("emails", RulePrecedence, connectors.FieldEmails, FieldEmail, func(c *Contact) contribution { return listValue(c.Emails) }),
	ofContact("phones", RulePrecedence, connectors.FieldPhones, FieldPhones, func(c *Contact) contribution { return listValue(c.Phones) }),
	ofContact("addresses", RulePrecedence, connectors.FieldAddresses, FieldAddresses, func(c *Contact) contribution { return listValue(c.Addresses) }),
	ofContact("folder", RuleReference, connectors.FieldFolder, FieldFolder, func(c *Contact) contribution { return value(c.Folder, c.Folder != nil) }),
	ofContact("tags", RulePrecedence, connectors.FieldTags, FieldTags, func(c *Contact) contribution { return listValue(c.Tags) }),
	{
		name: "owner", rule: RuleReference, offered: connectors.FieldOwner,
		of: func(e *recordExplainer[Contact]) []contributed {
			c, a := e.object, e.d.ownerOf(e.object)
			changedAt := func() time.Time { return c.ChangedAt(FieldOwner) }
			if a == nil {
				return e.own(contribution{value: nonEmpty(c.record.OwnerID), against: ReasonNotFound}, nil)
			}
			refers := e.own(value(a.Core().User, true), changedAt)
			refers[0].account = a
			refers[0].observedAt = earlier(refers[0].observedAt, e.fetchedAt(c.Source, connectors.Accounts))
			return refers
		},
		states: func(e *recordExplainer[Contact], p *FieldProvenance, all []contributed) {
			if len(all) > 0 && all[0].against == ReasonNotFound { // the account may be there
				e.recordField = &recordField[Contact]{offered: e.offered, others: []connectors.Collection{connectors.Accounts}}
			}
			p.setStates([]*Source{e.source}, func(*Source) (FieldState, time.Time) { return e.state(all) })
		},
	},
	ofContact("url", RulePrecedence, connectors.FieldURL, FieldURL, func(c *Contact) contribution { return textValue(c.URL) }),
	ofContact("createdAt", RulePrecedence, connectors.FieldCreatedAt, FieldCreatedAt, func(c *Contact) contribution { return timeValue(c.CreatedAt) }),
	ofContact("updatedAt", RulePrecedence, connectors.FieldUpdatedAt, FieldUpdatedAt, func(c *Contact) contribution { return timeValue(c.UpdatedAt) }),
	{name: "user", rule: RuleReference, offered: connectors.FieldEmails, of: sameAddress, states: statesOfSameAddress},
}

// ofContact is a field that only the contact's own record has.
func ofContact(name string, rule FieldRule, offered connectors.RecordField, times Field, get func(*Contact) contribution) recordField[Contact] {
	return recordField[Contact]{name: name, rule: rule, offered: offered, of: func(e *recordExplainer[Contact]) []contributed {
		return e.own(get(e.object), func() time.Time { return e.object.ChangedAt(times) })
	}}
}

// nonEmpty returns a text as a value; nil if it is empty.
func nonEmpty(s string) any {
	if s == "" {
		return nil
	}
	return s
}

// sameAddress returns the accounts with an address of the contact, in the order of these: those by which it is a person, and those that do not count.
func sameAddress(e *recordExplainer[Contact]) []contributed {
	var all []contributed
	var known connectors.Distinct[Account]
	add := func(a Account, against CandidateReason) {
		if _, added := known.Add(a); added {
			u := a.Core().User
			c := e.by(a, contribution{value: u, key: u.ID, against: against})
			c.observedAt = earlier(c.observedAt, e.fetchedAt(e.source, e.collection))
			all = append(all, c)
		}
	}
	emails := e.object.emails
	for i := range emails {
		if u := e.d.personWith(&emails[i]); u != nil {
			for _, a := range u.Accounts {
				if a.Core().trustIn(emails[i].key) > connectors.TrustNone {
					add(a, reasonNone)
				}
			}
		}
	}
	for i := range emails {
		for _, a := range e.d.unlinked[emails[i].key] {
			switch {
			case emails[i].shared:
				add(a, ReasonSharedMailbox)
			case a.Core().trustIn(emails[i].key) == connectors.TrustNone:
				add(a, ReasonUntrusted)
			default:
				add(a, ReasonAmbiguous)
			}
		}
	}
	return all
}

// trustIn returns the trust of the account's source in an address, by its key.
func (a *AccountCore) trustIn(key string) connectors.Trust {
	i := slices.IndexFunc(a.emails, func(e accountEmail) bool { return e.key == key })
	if i < 0 {
		return connectors.TrustNone
	}
	return a.emails[i].trust
}

// statesOfSameAddress sets the state in each source that can have an account with the contact's address.
func statesOfSameAddress(e *recordExplainer[Contact], p *FieldProvenance, all []contributed) {
	if len(e.object.emails) == 0 {
		p.setStates([]*Source{e.source}, func(*Source) (FieldState, time.Time) { return e.state(nil) })
		return
	}
	p.setStates(e.d.sources, func(s *Source) (FieldState, time.Time) {
		fetched, at := e.sight.Fetched(s, connectors.Accounts)
		switch {
		case slices.ContainsFunc(all, func(c contributed) bool { return c.source == s && c.against == reasonNone }):
			return StatePresent, time.Time{}
		case fetched == FetchedNever, !offers(s, connectors.Accounts, connectors.FieldEmails):
			return StateNotOffered, time.Time{}
		case fetched == FetchedForbidden, s.emailsHidden:
			return StateRestricted, time.Time{}
		case fetched == FetchedPart:
			return StateUnavailable, time.Time{}
		case slices.ContainsFunc(all, func(c contributed) bool { return c.source == s }):
			return StateEmpty, at
		}
		return StateNoAccount, at
	})
}
