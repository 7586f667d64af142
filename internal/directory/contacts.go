package directory

import (
	"cmp"
	"strconv"
	"time"

	"roster/connectors"
)

// ContactOrderField is a field by which contacts can be sorted.
type ContactOrderField int

// The sort fields of contacts.
const (
	ContactByName ContactOrderField = iota
	ContactByEmail
	ContactByCreatedAt
	ContactByUpdatedAt
)

// ContactOrder is a sort order of contacts.
type ContactOrder struct {
	Field     ContactOrderField
	Direction Direction
}

// ContactFacet is a property by which contacts can be counted.
type ContactFacet int

// The facets of contacts.
const (
	ContactFacetSource ContactFacet = iota
	ContactFacetFolder
	ContactFacetTag
	ContactFacetOwner
	contactHasEmail // for filters only
)

// ContactFilter selects contacts. A field that is nil or empty does not filter.
type ContactFilter struct {
	Search  *string
	Sources []string
	Folders []string
	Tags    []string
	Owners  []string

	HasEmail                     *bool
	CreatedAfter, UpdatedAfter   *time.Time // at this time or later
	CreatedBefore, UpdatedBefore *time.Time
	Attributes                   []*AttributeFilter
	ChangedSince                 *time.Time // the record is new or has other values since then
}

// contactList is all contacts.
type contactList struct {
	*table
	all  []*Contact
	byID map[string]*Contact
}

// collectContacts adds the contacts, linked to their folders, owners and users.
func (b *builder) collectContacts() {
	l := &b.dir.contacts
	n := 0
	for _, records := range b.contacts {
		n += len(records)
	}
	l.all, l.byID = make([]*Contact, 0, n), make(map[string]*Contact, n)
	for s := range b.contacts {
		for _, r := range b.contacts[s] {
			c := b.contact(s, r)
			l.byID[c.ID] = c
			l.all = append(l.all, c)
		}
	}
	b.holders = nil
}

func (b *builder) contact(s int, r *connectors.Contact) *Contact {
	b.step(1 + len(r.Emails) + len(r.Tags))
	source := b.dir.sources[s]
	name, first, last := private{r.Phones, r.Addresses}.names(r.Name, r.FirstName, r.LastName)
	c := &Contact{
		ID: encodeID(contactID, source.Name, r.ID), Source: source, ExternalID: r.ID, FirstName: text(first), LastName: text(last),
		Title: text(r.Title), Phones: nonNil(r.Phones), Addresses: nonNil(r.Addresses), Folder: b.folders[s].of(r),
		Tags: nonNil(r.Tags), URL: text(r.URL), CreatedAt: r.CreatedAt, UpdatedAt: r.UpdatedAt, record: r,
	}
	c.emails = b.emails(TrustNothing, r.Emails)
	for i := range c.emails {
		e := &c.emails[i]
		c.Emails = append(c.Emails, e.shown)
		if c.User == nil {
			c.User = b.dir.personWith(e)
		}
		b.keepUnlinked(e)
	}
	if len(c.Emails) > 0 {
		c.Email = Text(c.Emails[0])
	}
	// A contact without a name is not named by its phone number: everyone sees, searches and sorts by names, but not everyone may see phone numbers.
	c.Name = cmp.Or(fullName(name, first, last), string(c.Email), r.ID)
	if owner := b.dir.ownerOf(c); owner != nil {
		c.Owner = owner.Core().User
	}
	return c
}

// ownerOf returns the account to which a contact's record refers as its owner, or nil.
func (d *Directory) ownerOf(c *Contact) Account {
	return d.accounts[connectors.Ref{Source: c.Source.Name, ID: c.record.OwnerID}]
}

// personWith returns the person whom a contact's address finds, or nil.
func (d *Directory) personWith(e *accountEmail) *User {
	if e.shared {
		return nil
	}
	return d.byEmail[e.key]
}

// keepUnlinked keeps the accounts that have a contact's address and by which it finds nobody: the first few, those first for whose address the source
// vouches, and one of each source.
func (b *builder) keepUnlinked(e *accountEmail) {
	holders := b.holders[e.key]
	if _, known := b.dir.unlinked[e.key]; known || len(holders) == 0 {
		return
	}
	var kept []Account
	sources := make(map[*Source]bool)
	finds := b.dir.personWith(e) != nil
	for _, vouched := range []bool{true, false} {
		for _, h := range holders {
			source := b.accounts[h.account].Source
			if vouches := h.trust > connectors.TrustNone; vouches != vouched || finds && vouches || len(kept) >= MaxRecordCandidates && sources[source] {
				continue
			}
			kept, sources[source] = append(kept, b.outer[h.account]), true
		}
	}
	if len(kept) > 0 {
		b.dir.unlinked[e.key] = kept
	}
}

func (b *builder) indexContacts() {
	l := &b.dir.contacts
	l.table = numbered('C', l.all, b.names,
		func(c *Contact) string { return c.Name }, func(c *Contact) string { return c.ID }, func(c *Contact, i uint32) { c.index = i })
	l.orderBy(func(i int) (string, bool) {
		if len(l.all[i].emails) == 0 {
			return "", false
		}
		return l.all[i].emails[0].key, true
	})
	l.orderByTime(func(i int) time.Time { return l.all[i].CreatedAt })
	l.orderByTime(func(i int) time.Time { return l.all[i].UpdatedAt })
	n := len(l.all)
	l.attrs = []attribute{
		ContactFacetSource: sourceAttribute(l.all, func(c *Contact) *Source { return c.Source }),
		ContactFacetFolder: attributeBy(n, func(i int, add func(value, label string)) {
			if f := l.all[i].Folder; f != nil {
				add(f.ID, f.Name)
			}
		}),
		ContactFacetTag: attributeBy(n, func(i int, add func(value, label string)) {
			b.step(1 + len(l.all[i].Tags))
			for _, t := range l.all[i].Tags {
				add(t, t)
			}
		}),
		ContactFacetOwner: attributeBy(n, func(i int, add func(value, label string)) {
			if o := l.all[i].Owner; o != nil {
				add(o.ID, o.Name)
			}
		}),
		contactHasEmail: attributeBy(n, func(i int, add func(value, label string)) { add(strconv.FormatBool(l.all[i].Email != ""), "") }),
	}
	l.custom = b.indexCustom(b.custom.contacts, n, func(i int, wanted customName) *AttributeValue { return l.all[i].attribute(wanted) })
	l.words = indexWords(n, func(i int, add func(string)) {
		c := l.all[i]
		b.step(1 + len(c.Tags) + len(c.Emails))
		for _, t := range []string{c.Name, string(c.FirstName), string(c.LastName), string(c.Title)} {
			add(t)
		}
		for _, e := range c.emails {
			e.texts(add)
		}
		for _, t := range c.Tags {
			add(t)
		}
		if c.Folder != nil {
			add(c.Folder.Name)
		}
	})
}

// Contact returns the contact with this ID, or nil.
func (d *Directory) Contact(id string) *Contact { return d.contacts.byID[id] }

// Contacts returns a page of contacts.
func (d *Directory) Contacts(f *ContactFilter, o ContactOrder, args PageArgs) (*ContactConnection, error) {
	return d.contactsAmong("", d.contacts.everything(), f, o, args)
}

// ContactsIn returns a page of a folder's contacts.
func (d *Directory) ContactsIn(folder *ContactFolder, f *ContactFilter, o ContactOrder, args PageArgs) (*ContactConnection, error) {
	return d.contactsAmong(folder.ID, d.contacts.having(ContactFacetFolder, folder.ID), f, o, args)
}

func (l *contactList) having(attr ContactFacet, values ...string) *set {
	return l.table.having(int(attr), values...)
}

func (d *Directory) contactsAmong(parent string, s *set, f *ContactFilter, o ContactOrder, args PageArgs) (*ContactConnection, error) {
	s.check = newStopCheck(d.stop)
	if f != nil {
		if err := d.filterContacts(s, f); err != nil {
			return nil, err
		}
	}
	p, err := d.contacts.page(parent, s, int(o.Field), bool(o.Direction), args)
	if err != nil {
		return nil, err
	}
	return &ContactConnection{Connection[Contact]{page: p, all: d.contacts.all}}, nil
}

// filterContacts removes from s the contacts that the filter does not select.
func (d *Directory) filterContacts(s *set, f *ContactFilter) error {
	l := &d.contacts
	folders, err := presentIDs("filter.folders", f.Folders, func(id string) string {
		if x := d.Folder(id); x != nil {
			return x.ID
		}
		return ""
	}, folderID, folderNameID)
	if err != nil {
		return err
	}
	owners, err := presentIDs("filter.owners", f.Owners, func(id string) string {
		if u, _ := d.User(id); u != nil {
			return u.ID
		}
		return ""
	}, userID, accountID)
	if err != nil {
		return err
	}
	if err := d.keepSources(l.table, s, int(ContactFacetSource), f.Sources); err != nil {
		return err
	}
	if len(f.Folders) > 0 {
		s.intersect(l.having(ContactFacetFolder, folders...))
	}
	if len(f.Owners) > 0 {
		s.intersect(l.having(ContactFacetOwner, owners...))
	}
	if len(f.Tags) > 0 {
		s.intersect(l.having(ContactFacetTag, f.Tags...))
	}
	if f.HasEmail != nil {
		s.intersect(l.having(contactHasEmail, strconv.FormatBool(*f.HasEmail)))
	}
	l.keepTimes(s, int(ContactByCreatedAt), f.CreatedAfter, f.CreatedBefore)
	l.keepTimes(s, int(ContactByUpdatedAt), f.UpdatedAfter, f.UpdatedBefore)
	if err := l.keepAttributes(s, f.Attributes); err != nil {
		return err
	}
	d.keepChangedContacts(s, f.ChangedSince)
	return l.search(s, f.Search)
}

// ContactConnection is a page of contacts.
type ContactConnection struct{ Connection[Contact] }

// Facets counts all matching contacts by one property.
func (c *ContactConnection) Facets(by ContactFacet, first int) ([]*Facet, error) {
	return c.page.facets(int(by), first)
}
