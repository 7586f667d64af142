package directory

import (
	"cmp"
	"strings"
	"time"

	"roster/connectors"
)

// ContactOrderField is what to sort contacts by.
type ContactOrderField int

// The fields that contacts can be sorted by.
const (
	ContactByName ContactOrderField = iota
	ContactByEmail
	ContactByCreatedAt
	ContactByUpdatedAt
)

// ContactOrder is how to sort contacts.
type ContactOrder struct {
	Field     ContactOrderField
	Direction Direction
}

// ContactFacet is what to count contacts by.
type ContactFacet int

// What contacts can be counted by.
const (
	ContactFacetSource ContactFacet = iota
	ContactFacetFolder
	ContactFacetTag
	ContactFacetOwner
)

// ContactFilter says which contacts; what is not given does not filter.
type ContactFilter struct {
	Search  *string
	Sources []string
	Folders []string
	Tags    []string
	Owners  []string
}

// contactList is all contacts.
type contactList struct {
	*table
	all  []*Contact
	byID map[string]*Contact
}

// collectContacts makes the contacts, linked to their folders, owners and users, and then the folders, since contacts may name new ones.
func (b *builder) collectContacts() {
	l := &b.dir.contacts
	l.byID = make(map[string]*Contact)
	for s := range b.data {
		for _, r := range sortedByID(b.data[s].Contacts) {
			c := b.contact(s, r)
			if r.ID == "" || l.byID[c.ID] != nil {
				continue
			}
			l.byID[c.ID] = c
			l.all = append(l.all, c)
		}
		b.dir.folders.all = append(b.dir.folders.all, b.folders[s].all()...)
	}
	b.indexFolders()
	b.indexContacts()
}

func (b *builder) contact(s int, r *connectors.Contact) *Contact {
	source := b.dir.sources[s]
	c := &Contact{
		ID: encodeID(contactID, source.Name, r.ID), Source: source, ExternalID: r.ID, FirstName: Text(r.FirstName), LastName: Text(r.LastName),
		Title: Text(r.Title), Phones: emptied(r.Phones), Addresses: emptied(r.Addresses), Folder: b.folders[s].resolve(r.Folder),
		Tags: r.Tags, URL: Text(r.URL), CreatedAt: r.CreatedAt, UpdatedAt: r.UpdatedAt,
	}
	for _, e := range b.emails(TrustNothing, r.Emails) {
		c.Emails = append(c.Emails, e.address)
		if c.User == nil {
			c.User = b.dir.byEmail[e.address]
		}
	}
	if len(c.Emails) > 0 {
		c.Email = Text(c.Emails[0])
	}
	var phone string
	if len(c.Phones) > 0 {
		phone = c.Phones[0].Raw
	}
	c.Name = cmp.Or(strings.TrimSpace(r.Name), strings.TrimSpace(r.FirstName+" "+r.LastName), string(c.Email), phone, r.ID)
	if owner, ok := b.dir.accounts[connectors.Ref{Source: source.Name, ID: r.OwnerID}]; ok {
		c.Owner = owner.Core().User
	}
	return c
}

func (b *builder) indexContacts() {
	l := &b.dir.contacts
	l.table = numbered('C', l.all, b.names,
		func(c *Contact) string { return c.Name }, func(c *Contact) string { return c.ID }, func(c *Contact, i uint32) { c.index = i })
	l.orderBy(func(i int) (string, bool) { return string(l.all[i].Email), l.all[i].Email != "" })
	byTime := func(value func(*Contact) time.Time) {
		l.orderBy(func(i int) (string, bool) { t := value(l.all[i]); return numberKey(t.UnixMicro()), !t.IsZero() })
	}
	byTime(func(c *Contact) time.Time { return c.CreatedAt })
	byTime(func(c *Contact) time.Time { return c.UpdatedAt })
	n := len(l.all)
	l.attrs = []attribute{
		ContactFacetSource: sourceAttribute(l.all, func(c *Contact) *Source { return c.Source }),
		ContactFacetFolder: attributeBy(n, func(i int, add func(value, label string)) {
			if f := l.all[i].Folder; f != nil {
				add(f.ID, f.Name)
			}
		}),
		ContactFacetTag: attributeBy(n, func(i int, add func(value, label string)) {
			for _, t := range l.all[i].Tags {
				add(t, t)
			}
		}),
		ContactFacetOwner: attributeBy(n, func(i int, add func(value, label string)) {
			if o := l.all[i].Owner; o != nil {
				add(o.ID, o.Name)
			}
		}),
	}
	l.words = indexWords(n, func(i int, add func(string)) {
		c := l.all[i]
		for _, t := range []string{c.Name, string(c.FirstName), string(c.LastName), string(c.Title)} {
			add(t)
		}
		for _, t := range c.Emails {
			add(t)
		}
		for _, t := range c.Tags {
			add(t)
		}
		if c.Folder != nil {
			add(c.Folder.Name)
		}
	})
}

// Contact finds a contact by its ID.
func (d *Directory) Contact(id string) *Contact { return d.contacts.byID[id] }

// Contacts gives a page of contacts.
func (d *Directory) Contacts(f *ContactFilter, o ContactOrder, args PageArgs) (*ContactConnection, error) {
	return d.contactsAmong(everything(len(d.contacts.all)), f, o, args)
}

// ContactsIn gives a page of a folder's contacts.
func (d *Directory) ContactsIn(folder *ContactFolder, f *ContactFilter, o ContactOrder, args PageArgs) (*ContactConnection, error) {
	return d.contactsAmong(d.contacts.having(ContactFacetFolder, folder.ID), f, o, args)
}

func (l *contactList) having(attr ContactFacet, values ...string) set {
	return l.attrs[attr].having(len(l.all), values)
}

func (d *Directory) contactsAmong(s set, f *ContactFilter, o ContactOrder, args PageArgs) (*ContactConnection, error) {
	if f != nil {
		if err := d.filterContacts(s, f); err != nil {
			return nil, err
		}
	}
	p, err := d.contacts.page(s, int(o.Field), bool(o.Direction), args)
	if err != nil {
		return nil, err
	}
	return &ContactConnection{page: p, all: d.contacts.all}, nil
}

// filterContacts removes from s what the filter does not want.
func (d *Directory) filterContacts(s set, f *ContactFilter) error {
	l := &d.contacts
	folders, err := d.groupIDs("filter.folders", f.Folders, folderID, func(id string) (string, bool) { x := d.Folder(id); return idOf(x, x != nil) })
	if err != nil {
		return err
	}
	owners, err := d.groupIDs("filter.owners", f.Owners, userID, func(id string) (string, bool) { u, _ := d.User(id); return idOf(u, u != nil) })
	if err != nil {
		return err
	}
	if err := d.keepSources(l.table, s, int(ContactFacetSource), f.Sources); err != nil {
		return err
	}
	if len(f.Folders) > 0 {
		s.keep(l.having(ContactFacetFolder, folders...))
	}
	if len(f.Owners) > 0 {
		s.keep(l.having(ContactFacetOwner, owners...))
	}
	if len(f.Tags) > 0 {
		s.keep(l.having(ContactFacetTag, f.Tags...))
	}
	keepSearch(l.table, s, f.Search)
	return nil
}

// ContactConnection is a page of contacts.
type ContactConnection struct {
	page         *page
	all          []*Contact
	Completeness *Completeness
}

// ContactEdge is a contact and its place in the list.
type ContactEdge struct {
	Node   *Contact
	Cursor string
}

// Nodes are the page's contacts.
func (c *ContactConnection) Nodes() []*Contact { return pick(c.page, c.all) }

// Edges are the page's contacts with their places.
func (c *ContactConnection) Edges() []*ContactEdge {
	return edges(c.page, c.all, func(x *Contact, cursor string) *ContactEdge { return &ContactEdge{x, cursor} })
}

// PageInfo is where the page lies.
func (c *ContactConnection) PageInfo() PageInfo { return c.page.info() }

// TotalCount is how many match in all.
func (c *ContactConnection) TotalCount() int { return c.page.total }

// Facets counts all that match by one of their values.
func (c *ContactConnection) Facets(by ContactFacet, first int) ([]*Facet, error) {
	return c.page.facets(int(by), first)
}
