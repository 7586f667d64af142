package writes

import (
	"context"
	"slices"
	"time"

	"roster/connectors"
	"roster/internal/address"
	"roster/internal/names"
)

// Invite is the input of inviteUser.
type Invite struct {
	Email      string
	FirstName  *string
	LastName   *string
	Title      *string
	TeamID     *string // a global ID
	Department *string
	Access     *connectors.AccessLevel
}

// CreateTeam is the input of createTeam.
type CreateTeam struct {
	Name string
	Kind *connectors.TeamKind
}

// CreateContact is the input of createContact.
type CreateContact struct {
	Name, Email string
	Title       *string
	FolderID    *string // a global ID
	Phones      []connectors.Phone
	Addresses   []string
}

const noSource = "there is no source of that name"

// prepare begins the checks of a write with those that all writes have in common. If the source lacks the capability, the other checks do not run.
func (w *Writer) prepare(ctx context.Context, r Request, capable func(*connectors.Source) (connectors.Terms, bool), cs ...connectors.Collection) *checks {
	c := &checks{source: w.opt.Publisher.Source(r.Source), began: time.Now()}
	if c.source == nil {
		c.fault(NotFound, noSource, "source")
	} else if terms, is := capable(c.source); !is {
		c.fault(NotSupported, "this source cannot do that", "source")
	} else {
		c.terms, c.dir = terms, w.loadDirectory(ctx, r.Source, cs...)
	}
	c.key(r.Key)
	return c
}

// ready reports whether the rest of the input can be checked.
func (c *checks) ready() bool { return c.dir != nil }

func capability[C interface{ Terms() connectors.Terms }](of func(*connectors.Source) (C, bool)) func(*connectors.Source) (connectors.Terms, bool) {
	return func(s *connectors.Source) (terms connectors.Terms, is bool) {
		by, is := of(s)
		if is {
			terms = by.Terms()
		}
		return terms, is
	}
}

// finish performs a write whose input has been checked.
func (w *Writer) finish(ctx context.Context, checked *checks, c *change) (Result, error) {
	if len(checked.faults) > 0 {
		r, ok := w.answered(ctx, c)
		if c.replayed = ok; !ok {
			r = checked.rejected()
		}
		w.audit(ctx, c, r, nil)
		return r, nil
	}
	return w.perform(ctx, c)
}

// answered returns the stored answer of a key for the same input: what the input names may have been deleted since, or may not be readable now.
func (w *Writer) answered(ctx context.Context, c *change) (Result, bool) {
	if c.Key == nil || c.source == nil || c.DryRun {
		return Result{}, false
	}
	name, input, err := c.keyAndInput()
	if err != nil {
		return Result{}, false
	}
	r, ok, err := w.replay(ctx, name, input)
	if err != nil || !ok || mismatched(r) {
		return Result{}, false // the errors of the input are more useful
	}
	return r, true
}

// InviteUser invites a person into a source. The error is ErrUnavailable.
func (w *Writer) InviteUser(ctx context.Context, r Request, in Invite) (Result, error) {
	checked := w.prepare(ctx, r, capability(func(s *connectors.Source) (connectors.UserInviter, bool) { return s.UserInviter, s.UserInviter != nil }),
		connectors.Accounts, connectors.Teams)
	c := &change{Request: r, field: "inviteUser", source: checked.source, began: checked.began, values: in}
	if checked.ready() {
		invitation := connectors.Invitation{
			Email: checked.email(in.Email, "email"), FirstName: checked.text(in.FirstName, "firstName"), LastName: checked.text(in.LastName, "lastName"),
			Title: checked.text(in.Title, "title"), Team: checked.team(in.TeamID, "teamId"), Department: checked.text(in.Department, "department"),
			Access: checked.access(in.Access, "accessLevel"),
		}
		c.thing = "account\x00" + address.Key(invitation.Email)
		setCreate(c, ofAccounts, c.source.UserInviter, invitation, func(a *connectors.Account) match {
			if holds(a.Emails, invitation.Email) {
				return same
			}
			return absent
		})
	}
	return w.finish(ctx, checked, c)
}

// CreateTeam creates a team, unless the source has one of that name. The error is ErrUnavailable.
func (w *Writer) CreateTeam(ctx context.Context, r Request, in CreateTeam) (Result, error) {
	checked := w.prepare(ctx, r, capability(func(s *connectors.Source) (connectors.TeamCreator, bool) { return s.TeamCreator, s.TeamCreator != nil }),
		connectors.Teams)
	c := &change{Request: r, field: "createTeam", source: checked.source, began: checked.began, values: in,
		conflict: UserError{input("kind"), Exists, "the source has a team of that name, of another kind"}}
	if checked.ready() {
		team := connectors.NewTeam{Name: checked.required(in.Name, "name"), Kind: connectors.TeamCompany}
		if in.Kind != nil {
			if team.Kind = *in.Kind; !slices.Contains(checked.terms.TeamKinds, team.Kind) {
				checked.fault(Invalid, "the source has no teams of this kind", "kind")
			}
		}
		c.thing = "team\x00" + names.Key(team.Name)
		setCreate(c, ofTeams, c.source.TeamCreator, team, func(t *connectors.Team) match {
			switch {
			case !sameName(t.Name, team.Name):
				return absent
			case in.Kind != nil && t.Kind != team.Kind:
				return other
			}
			return same
		})
	}
	return w.finish(ctx, checked, c)
}

// CreateContact creates an address-book entry. The error is ErrUnavailable.
func (w *Writer) CreateContact(ctx context.Context, r Request, in CreateContact) (Result, error) {
	checked := w.prepare(ctx, r, capability(func(s *connectors.Source) (connectors.ContactCreator, bool) {
		return s.ContactCreator, s.ContactCreator != nil
	}),
		connectors.Contacts, connectors.ContactFolders)
	c := &change{Request: r, field: "createContact", source: checked.source, began: checked.began, values: in,
		conflict: UserError{input("email"), Exists, "the source has a contact with that address, of another name"}}
	if checked.ready() {
		contact := connectors.NewContact{
			Name: checked.required(in.Name, "name"), Email: checked.email(in.Email, "email"), Title: checked.text(in.Title, "title"),
			Folder: checked.folder(in.FolderID, "folderId"), Phones: checked.phones(in.Phones), Addresses: checked.addresses(in.Addresses),
		}
		c.thing = "contact\x00" + address.Key(contact.Email)
		setCreate(c, ofContacts, c.source.ContactCreator, contact, func(k *connectors.Contact) match {
			switch {
			case !holds(k.Emails, contact.Email):
				return absent
			case !sameName(nameOfContact(k), contact.Name):
				return other
			}
			return same
		})
	}
	return w.finish(ctx, checked, c)
}

func nameOfContact(k *connectors.Contact) string {
	if names.Visible(k.Name) {
		return k.Name
	}
	return k.FirstName + " " + k.LastName
}

// CreateContactFolder creates a contact folder, unless the source has one of that name. The error is ErrUnavailable.
func (w *Writer) CreateContactFolder(ctx context.Context, r Request, name string) (Result, error) {
	checked := w.prepare(ctx, r, capability(func(s *connectors.Source) (connectors.ContactFolderCreator, bool) {
		return s.ContactFolderCreator, s.ContactFolderCreator != nil
	}), connectors.ContactFolders)
	c := &change{Request: r, field: "createContactFolder", source: checked.source, began: checked.began, values: map[string]string{"name": name}}
	if checked.ready() {
		folder := connectors.NewContactFolder{Name: checked.required(name, "name")}
		c.thing = "folder\x00" + names.Key(folder.Name)
		setCreate(c, ofFolders, c.source.ContactFolderCreator, folder, func(f *connectors.ContactFolder) match {
			if sameName(f.Name, folder.Name) {
				return same
			}
			return absent
		})
	}
	return w.finish(ctx, checked, c)
}
