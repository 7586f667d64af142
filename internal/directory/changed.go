package directory

import (
	"slices"
	"time"

	"roster/connectors"
)

// The fields of records that everybody may see. Whoever may not see the others must not learn either that they have changed. A field that is new in package
// connectors counts as private until it is here.
var (
	openAccountFields = []string{
		"Name", "FirstName", "LastName", "Username", "Title", "Department", "Emails", "AvatarURL", "Locale", "Active", "Bot", "Access", "Roles", "Teams", "URL",
		"CreatedAt",
	}
	openContactFields = []string{"Name", "FirstName", "LastName", "Title", "Emails", "Folder", "Tags", "OwnerID", "URL", "CreatedAt", "UpdatedAt"}
)

// OpenFields returns the fields of the records of a collection, by their names in package connectors, whose changes everybody may know.
func OpenFields(c connectors.Collection) []string {
	switch c {
	case connectors.Accounts:
		return openAccountFields
	case connectors.Contacts:
		return openContactFields
	}
	return nil
}

// keepChangedUsers keeps only people who have changed at that time or later: a record of one of their accounts was first seen then, or first seen as it is,
// or an account that was theirs was removed. Nil keeps everybody. What is unknown has not changed.
func (d *Directory) keepChangedUsers(s *set, since *time.Time) {
	if since == nil {
		return
	}
	kept := newSet(len(d.users.all))
	d.changedSince(s, connectors.Accounts, *since, openAccountFields, func(source *Source, id string) {
		if a := d.accounts[connectors.Ref{Source: source.Name, ID: id}]; a != nil {
			kept.add(a.Core().User.index)
		}
	}, func(yield func(*Source, string) bool) {
		for _, a := range d.accounts {
			if c := a.Core(); !yield(c.Source, c.ExternalID) {
				return
			}
		}
	})
	for _, r := range d.removed {
		if r.At.Before(*since) {
			continue
		}
		if r.open != nil {
			kept.add(r.open.index)
		}
		if r.user != nil && d.seesPrivate { // a value of an anchor may say so, which not everybody may see
			kept.add(r.user.index)
		}
	}
	s.intersect(kept)
}

// keepChangedContacts does the same for contacts.
func (d *Directory) keepChangedContacts(s *set, since *time.Time) {
	if since == nil {
		return
	}
	kept := newSet(len(d.contacts.all))
	d.changedSince(s, connectors.Contacts, *since, openContactFields, func(source *Source, id string) {
		if c := d.contacts.byID[encodeID(contactID, source.Name, id)]; c != nil {
			kept.add(c.index)
		}
	}, func(yield func(*Source, string) bool) {
		for _, c := range d.contacts.all {
			if !yield(c.Source, c.ExternalID) {
				return
			}
		}
	})
	s.intersect(kept)
}

// keepChangedTeams does the same for teams. A team without a record, which accounts only mention, is not kept.
func (d *Directory) keepChangedTeams(s *set, since *time.Time) {
	if since == nil {
		return
	}
	kept := newSet(len(d.teams.all))
	d.changedSince(s, connectors.Teams, *since, nil, func(source *Source, id string) {
		if t := d.teams.byID[encodeID(teamID, source.Name, id)]; t != nil && t.listed() {
			kept.add(t.index)
		}
	}, func(yield func(*Source, string) bool) {
		for _, t := range d.teams.all {
			if t.listed() && !yield(t.Source, string(t.ExternalID)) {
				return
			}
		}
	})
	s.intersect(kept)
}

// changedSince calls changed for the records of a collection that have changed at that time or later. Open are the fields that everybody may see; nil for
// all. The function all yields all records of the collection.
func (d *Directory) changedSince(
	s *set, c connectors.Collection, since time.Time, open []string, changed func(*Source, string), all func(yield func(*Source, string) bool),
) {
	if d.seesPrivate {
		open = nil
	}
	var whole []*Source // since before their first fetch
	except := make(map[connectors.Ref]bool)
	for _, source := range d.sources {
		ids, every, unless := source.history(c).ChangedSince(since, open...)
		for _, id := range ids {
			if !s.check.advance(1) {
				return
			}
			changed(source, id)
		}
		if every {
			whole = append(whole, source)
			for _, id := range unless {
				except[connectors.Ref{Source: source.Name, ID: id}] = true
			}
		}
	}
	if len(whole) == 0 {
		return
	}
	for source, id := range all {
		if !s.check.advance(1) {
			return
		}
		if slices.Contains(whole, source) && !except[connectors.Ref{Source: source.Name, ID: id}] {
			changed(source, id)
		}
	}
}
